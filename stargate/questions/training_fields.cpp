// From words to a recipe, and numbers of accelerators from their short forms.
#include "stargate/questions/training_fields.hpp"

#include <algorithm>
#include <charconv>

namespace stargate {
namespace {

constexpr std::size_t kMostCounts = 1000;
constexpr std::int64_t kMostGpus = 100'000'000;

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == at) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::optional<std::int64_t> parse_count(const std::string& text) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size() || out < 1 || out > kMostGpus) return std::nullopt;
  return out;
}

StateBytes states_of(const RecipeFields& fields) {
  StateBytes out = state_bytes(fields.optimizer_states);
  out.gradient = fields.main_grads_bytes.value_or(out.gradient);
  out.main_weight = fields.main_params_bytes.value_or(out.main_weight);
  out.first_moment = fields.exp_avg_bytes.value_or(out.first_moment);
  out.second_moment = fields.exp_avg_sq_bytes.value_or(out.second_moment);
  // LoRA: the adapters' own states are small beside the weights
  return fields.lora ? StateBytes{out.weight, 0, 0, 0, 0} : out;
}

}  // namespace

std::variant<GpuCounts, GpuCountsFault> parse_gpu_counts(const std::string& text) {
  GpuCounts out;
  for (const auto& part : split(text, ',')) {
    std::vector<std::int64_t> numbers;
    for (const auto& end : split(part, ':')) {
      const auto number = parse_count(end);
      if (!number) return GpuCountsFault{"'" + end + "' is not a number of accelerators from 1 to 100 million"};
      numbers.push_back(*number);
    }
    if (numbers.size() > 3) return GpuCountsFault{"'" + part + "' has more than a first, a last and a step"};
    const std::int64_t last = numbers.size() > 1 ? numbers[1] : numbers[0];
    if (last < numbers[0]) return GpuCountsFault{"'" + part + "' ends before it begins"};
    for (std::int64_t count = numbers[0]; count <= last; count += numbers.size() > 2 ? numbers[2] : count) {
      out.counts.push_back(count);
      if (out.counts.size() > kMostCounts) return GpuCountsFault{"'" + text + "' means more than 1000 searches"};
    }
  }
  std::sort(out.counts.begin(), out.counts.end());
  out.counts.erase(std::unique(out.counts.begin(), out.counts.end()), out.counts.end());
  return out;
}

void Codec<GpuCounts>::read(Reader& reader, const Node& node, GpuCounts& out, const Rule&) {
  const auto* text = read_scalar(reader, node, "a number of accelerators");
  if (text == nullptr) return;
  auto parsed = parse_gpu_counts(*text);
  if (const auto* fault = std::get_if<GpuCountsFault>(&parsed)) {
    return reader.fault(node, fault->message,
                        "write 4096, or 1024,2048, or 1024:16384 (doubling), or 1024:4096:512 (in steps)");
  }
  out = std::get<GpuCounts>(std::move(parsed));
}

bool LayoutFields::has_layout() const {
  const auto given = [](const auto&... sizes) { return (sizes.has_value() || ...); };
  return given(tp, pp, vpp, dp, cp, ep, etp, micro_batch_size, zero, shard_size);
}

Diagnostics set_recipe(const RecipeFields& fields, TrainingJob& job) {
  TrainingRecipe& r = job.recipe;
  r.precision = {fields.precision, fields.expert_precision.value_or(fields.precision)};
  r.bf16_attention = fields.bf16_attention;
  r.bf16_first_layers = fields.bf16_first_layers, r.bf16_last_layers = fields.bf16_last_layers;
  r.narrow_weights = fields.fp8_param_gather, r.narrow_activation_input = fields.fp8_activation_input;
  r.narrow_dispatch = fields.fp8_dispatch;
  r.states = states_of(fields);
  r.frozen_weights = fields.lora;
  r.host_optimizer = fields.offload_optimizer, r.keep_pipeline_outputs = fields.keep_pipeline_outputs;
  r.kernels = fields.kernels;
  const bool eager = r.kernels == KernelFusion::eager;
  r.launch = fields.launch.value_or(eager ? KernelLaunch::host : KernelLaunch::layer_graphs);
  if (eager) r.attention = AttentionGeneration::flash2, r.context_balanced = false;
  r.fused_attention = !fields.unfused_attention, r.dropout = fields.dropout;
  r.mtp_layers = fields.mtp_layers.value_or(r.mtp_layers);
  r.routing = {fields.moe_imbalance, fields.moe_capacity_factor, fields.moe_pad_to_capacity};
  r.one_copy_per_domain = fields.moe_dispatcher == MoeDispatcher::deepep;
  r.expert_overlap = fields.moe_overlap;
  r.tensor_overlap = !fields.no_tp_overlap, r.data_overlap = !fields.no_dp_overlap;
  return check_recipe(job);
}

}  // namespace stargate
