// Words of a row into a layout and a recipe, and its metric.
#include "stargate/measured/training_run.hpp"

#include <algorithm>
#include <cctype>
#include <regex>

namespace stargate {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool mentions(const std::string& text, const char* word) { return text.find(word) != std::string::npos; }

/// "none", "ZeRO-1", "distributed optimizer", "SHARD_GRAD_OP", "FSDP FULL_SHARD (ZeRO-3)", "fsdp_transpose 256"; not
/// stated: the distributed optimizer, which every present framework turns on.
int stated_zero_stage(const std::string& text) {
  const std::string words = lower(text);
  if (words == "none") return 0;
  for (int stage = 1; stage <= 3; ++stage) {
    if (mentions(words, ("zero-" + std::to_string(stage)).c_str())) return stage;
  }
  if (mentions(words, "shard_grad_op")) return 2;
  return mentions(words, "fsdp") ? 3 : 1;
}

/// Ranks that share the states where they are not all of the `copies`: "FSDP 128 x DP 4", "FSDP 8 in node x DP 16
/// across nodes" (HSDP), "FSDP2 shard 64", "Megatron-FSDP (shard 8)". Some sources count two devices a chip in both
/// figures, so that the number of replicas is what holds.
int stated_shard_size(const std::string& text, std::int64_t copies) {
  std::smatch found;
  std::int64_t size = 0;
  if (std::regex_search(text, found, std::regex("(?:^|[^S])DP ([0-9]{1,6})"))) {
    const std::int64_t replicas = std::stoi(found[1]);
    if (replicas > 0 && copies % replicas == 0) size = copies / replicas;
  } else if (std::regex_search(text, found, std::regex("shard ([0-9]{1,6})"))) {
    size = std::stoi(found[1]);
  }
  return size > 0 && size < copies && copies % size == 0 ? static_cast<int>(size) : 0;
}

/// "selective recompute modules=['mla_up_proj', 'mlp']"; those the model does not have are passed over, and nothing is
/// left when the list is empty. No list: attention's scores.
RecomputeModules stated_modules(const MeasuredRow& row, const Model& model) {
  RecomputeModules out;
  const auto from = row.notes.find("modules=[");
  if (from == std::string::npos) return RecomputeModules(RecomputeModule::core_attn);
  const std::string list = row.notes.substr(from, row.notes.find(']', from) - from);
  for (const auto& [name, module] : EnumNames<RecomputeModule>::names) {
    if (!mentions(list, (std::string("'") + name + "'").c_str())) continue;
    const RecomputeModule wanted = module;
    const bool there = std::any_of(model.shapes.begin(), model.shapes.end(),
                                   [&](const LayerShape& shape) { return has_module(shape, wanted); });
    if (there) out.add(wanted);
  }
  return out;
}

/// Before FlashAttention (2022) and in the fp16 code of that time, attention wrote its scores to memory.
bool is_before_flash_attention(const MeasuredRow& row) {
  return lower(row.precision).starts_with("fp16") || (row.year > 0 && row.year <= 2022);
}

/// JAX's policies named selective keep the projections and repeat the rest of the layer, most of its work; one keeps
/// every product.
Recompute stated_recompute(const MeasuredRow& row) {
  if (row.recompute == "full") return Recompute::full;
  if (row.recompute != "selective") return Recompute::none;
  const bool keeps_products = mentions(row.notes, "SAVE_DOT_ONLY");
  return mentions(row.framework, "JAX") && !keeps_products ? Recompute::full : Recompute::selective;
}

/// XLA compiles the whole step; else the notes may name captured graphs ("cuda_graph=full_iteration").
KernelLaunch stated_launch(const MeasuredRow& row) {
  if (mentions(row.framework, "JAX") || mentions(row.notes, "cuda_graph=full")) return KernelLaunch::whole_step;
  const bool graphs = mentions(row.notes, "cuda_graph=") && !mentions(row.notes, "cuda_graph=none");
  return graphs ? KernelLaunch::layer_graphs : KernelLaunch::host;
}

/// FlashAttention (2022) spread in its first version until mid 2023; frameworks of 2024 call kernels made for the
/// device.
AttentionGeneration usual_attention(const MeasuredRow& row) {
  return row.year > 0 && row.year <= 2023 ? AttentionGeneration::flash1 : AttentionGeneration::native;
}

/// DeepEP (February 2025) and its successors, unless the notes name the plain all-to-all.
bool routes_once_per_domain(const MeasuredRow& row) {
  return row.year >= 2025 && !mentions(row.framework, "JAX") && !mentions(row.notes, "alltoall");
}

/// NVIDIA's performance recipes and MLPerf submissions sum gradients in bf16 (grad_reduce_in_fp32 off, grad_sync_dtype
/// bf16); Megatron-LM's own default is fp32.
bool reduces_in_bf16(const MeasuredRow& row) {
  return mentions(row.framework, "NeMo") || mentions(row.framework, "Megatron-Bridge");
}

TrainingRecipe stated_recipe(const MeasuredRow& row) {
  TrainingRecipe recipe;
  recipe.launch = stated_launch(row);
  recipe.attention = usual_attention(row);
  recipe.tensor_overlap = row.year >= 2023 && !mentions(row.notes, "no TP comm overlap");
  recipe.expert_overlap = mentions(row.notes, "overlap=True");
  recipe.one_copy_per_domain = routes_once_per_domain(row);
  // Megatron of the fp16 years reduced gradients after the last backward pass; sharded weights always came early
  recipe.data_overlap = !is_before_flash_attention(row) || stated_zero_stage(row.zero_or_fsdp) == 3;
  recipe.parameter_owners = row.year > 0 && row.year <= 2021 && stated_zero_stage(row.zero_or_fsdp) == 3;
  recipe.host_optimizer = mentions(lower(row.zero_or_fsdp), "cpu offload");
  const Precision precision = measured_precision(row);
  recipe.precision = {precision, precision};
  recipe.fused_attention = !is_before_flash_attention(row);
  recipe.dropout = !recipe.fused_attention;
  const std::string words = lower(row.precision);
  if (words.starts_with("fp16") || mentions(words, "pure") || reduces_in_bf16(row)) recipe.states.gradient = 2;
  recipe.frozen_weights = mentions(row.model, "LoRA");
  if (recipe.frozen_weights) recipe.states = {2, 0, 0, 0, 0};
  return recipe;
}

bool has_experts(const Model& model) {
  return std::any_of(model.shapes.begin(), model.shapes.end(),
                     [](const LayerShape& s) { return s.feed_forward.kind == FeedForwardKind::experts; });
}

/// Few wide experts are split by tensor parallelism like a dense feed-forward, many narrow ones are not.
int usual_expert_tensor_size(const Model& model, int tp) {
  for (const auto& shape : model.shapes) {
    const auto& f = shape.feed_forward;
    if (f.kind == FeedForwardKind::experts && f.width >= 2 * model.hidden) return tp;
  }
  return 1;
}

/// Layers that do not divide: first the ends as layers, then stages that differ by one.
void even_out_pipeline(const Model& model, TrainingLayout& layout) {
  const int chunks = layout.pp * layout.vpp, layers = model.layer_count();
  if (layers % chunks == 0) return;
  if ((layers + 2) % chunks == 0) {
    layout.embedding_as_layer = layout.loss_as_layer = true;
  } else if ((layers + 1) % chunks == 0) {
    layout.loss_as_layer = true;
  } else {
    layout.uneven_pipeline = true;
  }
}

TrainingLayout stated_layout(const MeasuredRow& row, const Model& model) {
  TrainingLayout l;
  l.tp = row.tp, l.pp = row.pp;
  l.vpp = std::max(1, row.vpp), l.cp = std::max(1, row.cp), l.ep = std::max(1, row.ep);
  l.dp = row.dp > 0 ? row.dp : static_cast<int>(row.gpus / (std::int64_t{l.tp} * l.pp * l.cp));
  l.micro_batch_size = std::max(1, row.microbatch);
  l.zero_stage = stated_zero_stage(row.zero_or_fsdp);
  l.shard_size = l.zero_stage > 0 ? stated_shard_size(row.zero_or_fsdp, std::int64_t{l.dp} * l.cp) : 0;
  l.recompute = stated_recompute(row);
  if (l.recompute == Recompute::selective) {
    l.recompute_modules = stated_modules(row, model);
    if (l.recompute_modules.empty()) l.recompute = Recompute::none;
  }
  const bool since_sequence_parallelism = row.year == 0 || row.year >= 2023;
  l.sequence_parallel = l.tp > 1 && (row.sp.empty() ? since_sequence_parallelism : row.sp == "yes");
  if (has_experts(model)) {
    l.etp = usual_expert_tensor_size(model, l.tp);
    if (std::int64_t{l.tp} * l.cp * l.dp % (std::int64_t{l.etp} * l.ep) != 0) l.etp = 1;
    l.sequence_parallel = l.tp > 1;  // experts with tensor parallelism need it
  } else {
    l.ep = 1;
  }
  even_out_pipeline(model, l);
  return l;
}

std::optional<SkippedRow> unusable(const MeasuredRow& row) {
  if (row.metric != "iteration_s" && row.metric != "tokens_per_s_per_gpu" && row.metric != "tflops_per_gpu") {
    return SkippedRow{"the metric '" + row.metric + "' is not of one step"};
  }
  if (!(row.value > 0)) return SkippedRow{"no value"};
  if (row.gpus == 0) return SkippedRow{"the number of accelerators is not stated"};
  if (row.seq_len == 0) return SkippedRow{"the sequence length is not stated"};
  if (row.global_batch_seqs == 0) return SkippedRow{"the global batch is not stated"};
  if (row.tp == 0 || row.pp == 0) return SkippedRow{"tensor or pipeline parallelism is not stated"};
  return std::nullopt;
}

/// Operations a token of the row's TFLOP/s counts, by its convention.
double counted_flops_per_token(const MeasuredRow& row, const MeasuredRun& run) {
  const Model& model = *run.model;
  const bool whole_square = mentions(row.notes, "non-causal") || mentions(row.notes, "NON-causal");
  const double context = whole_square ? static_cast<double>(row.seq_len) : (static_cast<double>(row.seq_len) + 1) / 2;
  const double forward = forward_flops_per_token(model, context).base();
  const double output = 2.0 * model.hidden * model.vocab;
  const bool repeated = row.flops_convention == "hardware" && run.layout.recompute == Recompute::full;
  return 3 * forward + (repeated ? forward - output : 0);
}

}  // namespace

Precision measured_precision(const MeasuredRow& row) {
  const std::string words = lower(row.precision);
  if (mentions(words, "fp4")) return Precision::fp4;
  if (mentions(words, "fp8")) return Precision::fp8;
  if (mentions(words, "int8")) return Precision::int8;
  if (words.starts_with("fp32")) return Precision::fp32;
  return Precision::bf16;
}

RunOrSkip make_measured_run(const MeasuredRow& row, const Catalogue& catalogue) {
  if (auto reason = unusable(row)) return *reason;
  auto model = measured_model(row, catalogue);
  if (auto* skip = std::get_if<SkippedRow>(&model)) return *skip;
  auto accelerator = measured_accelerator(row, catalogue);
  if (auto* skip = std::get_if<SkippedRow>(&accelerator)) return *skip;
  auto system = measured_system(row, catalogue, std::get<Accelerator>(accelerator));
  if (auto* skip = std::get_if<SkippedRow>(&system)) return *skip;
  auto fabric = make_fabric(catalogue, std::get<System>(system));
  if (!fabric) return SkippedRow{fabric.faults().front().message};
  if (const auto stated = stated_scale_out(row)) fabric->out.bandwidth = *stated;
  auto model_kept = std::make_unique<const Model>(std::move(std::get<Model>(model)));
  auto system_kept = std::make_unique<const System>(std::move(std::get<System>(system)));
  auto accelerator_kept = std::make_unique<const Accelerator>(std::move(std::get<Accelerator>(accelerator)));
  TrainingJob job{model_kept.get(),
                  system_kept.get(),
                  accelerator_kept.get(),
                  *fabric,
                  DeviceLaw(*accelerator_kept, catalogue, kTrainingKernels),
                  row.gpus,
                  row.global_batch_seqs,
                  row.seq_len,
                  stated_recipe(row),
                  training_coefficients(catalogue)};
  const bool predicts_more = mentions(row.notes, "w/ MTP") || mentions(row.notes, "MTP depth");
  if (predicts_more) job.recipe.mtp_layers = model_kept->mtp_layers;  // else without, as most tables state or mean
  const TrainingLayout layout = stated_layout(row, *model_kept);
  for (int i = 0; i < kLayoutRules; ++i) {
    const auto rule = static_cast<LayoutRule>(i);
    if (!keeps_rule(job, layout, rule)) return SkippedRow{std::string("breaks the rule: ") + layout_rule_name(rule)};
  }
  return MeasuredRun{std::move(model_kept), std::move(system_kept), std::move(accelerator_kept), std::move(job),
                     layout};
}

double predicted_metric(const MeasuredRow& row, const MeasuredRun& run, const StepReport& step) {
  if (row.metric == "iteration_s") return step.step_time().base();
  const double tokens = step.tokens_per_second_per_gpu().base();
  return row.metric == "tokens_per_s_per_gpu" ? tokens : tokens * counted_flops_per_token(row, run) / 1e12;
}

double measured_step_seconds(const MeasuredRow& row, const MeasuredRun& run) {
  if (row.metric == "iteration_s") return row.value;
  const double tokens = run.job.batch_tokens().base() / static_cast<double>(row.gpus);
  return row.metric == "tokens_per_s_per_gpu" ? tokens / row.value
                                              : tokens * counted_flops_per_token(row, run) / (row.value * 1e12);
}

}  // namespace stargate
