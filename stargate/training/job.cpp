// The rules of a layout, each with the numbers that break it.
#include "stargate/training/job.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stargate/catalogue/model_experts.hpp"

namespace stargate {
namespace {

Diagnostic fault(std::string message, std::string hint = {}) {
  return {{}, 0, 0, "layout", std::move(message), std::move(hint), {}};
}

/// Heads that tensor parallelism must split evenly; key-value heads may also be copied evenly.
bool heads_split(const AttentionShape& a, int tp) {
  switch (a.kind) {
    case AttentionKind::none:
      return true;
    case AttentionKind::linear:
      return a.heads % tp == 0 && a.kv_heads % tp == 0;
    case AttentionKind::state_space:
    case AttentionKind::latent:
      return a.heads % tp == 0;
    case AttentionKind::full:
    case AttentionKind::sliding:
      return a.heads % tp == 0 && a.kv_heads > 0 && (a.kv_heads % tp == 0 || tp % a.kv_heads == 0);
  }
  return false;
}

/// Experts are split by their own tensor size, shared experts by that of the dense layers.
bool widths_split(const FeedForwardShape& f, const TrainingLayout& layout) {
  switch (f.kind) {
    case FeedForwardKind::none:
      return true;
    case FeedForwardKind::dense:
      return f.width % layout.tp == 0;
    case FeedForwardKind::experts:
      return f.width % layout.etp == 0 && f.shared_width % layout.tp == 0;
  }
  return false;
}

bool experts_split(const FeedForwardShape& f, int ep) {
  return f.kind != FeedForwardKind::experts || f.experts % ep == 0;
}

template <class Test>
bool every_shape(const Model& model, Test test) {
  for (const auto& shape : model.shapes) {
    if (!test(shape)) return false;
  }
  return true;
}

/// Names the first shape that breaks the rule, since its numbers are what the user has to look at; so do the others
/// below.
std::string broken_heads(const Model& model, int tp) {
  for (const auto& shape : model.shapes) {
    const auto& a = shape.attention;
    if (!heads_split(a, tp)) {
      return fmt::format("{} attention heads with {} key-value heads do not split over tp {}", a.heads, a.kv_heads, tp);
    }
  }
  return {};
}

std::string broken_width(const Model& model, const TrainingLayout& l) {
  for (const auto& shape : model.shapes) {
    const auto& f = shape.feed_forward;
    if (widths_split(f, l)) continue;
    if (f.kind == FeedForwardKind::dense) return fmt::format("feed-forward width {} % tp {} is not 0", f.width, l.tp);
    if (f.width % l.etp != 0) return fmt::format("expert width {} % etp {} is not 0", f.width, l.etp);
    return fmt::format("shared experts' width {} % tp {} is not 0", f.shared_width, l.tp);
  }
  return {};
}

std::string broken_experts(const Model& model, const TrainingLayout& l) {
  if (!has_experts(model)) return fmt::format("ep {} and etp {}, but the model has no experts", l.ep, l.etp);
  for (const auto& shape : model.shapes) {
    const auto& f = shape.feed_forward;
    if (!experts_split(f, l.ep)) return fmt::format("{} experts % ep {} is not 0", f.experts, l.ep);
  }
  return {};
}

std::string broken_sequence(const TrainingJob& job, const TrainingLayout& l) {
  if (l.cp > 1 && job.seq_length % (2 * std::int64_t{l.cp}) != 0) {
    return fmt::format("sequence length {} % (2 * cp {}) is not 0", job.seq_length, l.cp);
  }
  return fmt::format("sequence length {} / cp {} does not split over tp {} for sequence parallelism", job.seq_length,
                     l.cp, l.tp);
}

std::string broken_schedule(const TrainingJob& job, const TrainingLayout& l) {
  const auto m = micro_batches(job, l);
  switch (l.schedule()) {
    case PipelineSchedule::interleaved_1f1b:
      if (l.vpp == 1) return "interleaved_1f1b needs vpp above 1";
      if (l.pp == 1) return fmt::format("vpp {} needs pp above 1", l.vpp);
      return fmt::format("vpp {}: {} micro-batches % pp {} is not 0", l.vpp, m, l.pp);
    case PipelineSchedule::dual_pipe:
      if (l.vpp == 1) {
        return fmt::format(
            "dual_pipe needs an even pp and an even number of at least 2 pp micro-batches, not {} and {}", l.pp, m);
      }
      [[fallthrough]];
    default:
      return l.vpp == 1 ? "this schedule needs pp above 1" : fmt::format("vpp {} is for interleaved_1f1b only", l.vpp);
  }
}

/// Empty when the rule is kept: asked by keeps_rule and for the message alike, so that both are the same condition.
std::string broken_shards(const TrainingLayout& l) {
  if (l.shard_size == 0) return {};
  if (l.shard_size < 1) return fmt::format("shard_size {} is less than 1", l.shard_size);
  const std::int64_t copies = std::int64_t{l.dp} * l.cp;
  if (copies % l.shard_size != 0) {
    return fmt::format("dp {} * cp {} % shard_size {} is not 0", l.dp, l.cp, l.shard_size);
  }
  if (l.zero_stage == 0 && l.shard_size > 1) {
    return fmt::format("shard_size {} with zero_stage 0: nothing is sharded", l.shard_size);
  }
  // Experts have fewer copies than the rest (their group is larger); each replica of the shards must hold whole ones.
  if (l.expert_dp() % l.replicas() == 0) return {};
  return fmt::format("{} copies of an expert do not split over {} replicas of shards of {}", l.expert_dp(),
                     l.replicas(), l.shard_size);
}

/// The first module that no layer has.
std::optional<RecomputeModule> absent_module(const Model& model, RecomputeModules modules) {
  for (const auto& [name, module] : EnumNames<RecomputeModule>::names) {
    const RecomputeModule wanted = module;
    if (!modules.has(wanted) || wanted == RecomputeModule::core_attn) continue;
    if (every_shape(model, [&](const LayerShape& s) { return !has_module(s, wanted); })) return wanted;
  }
  return std::nullopt;
}

std::string broken_recompute(const Model& model, const TrainingLayout& l) {
  if (l.recompute == Recompute::selective) {
    if (l.recompute_modules.empty()) return "selective recomputation needs a module";
    if (const auto absent = absent_module(model, l.recompute_modules)) {
      return fmt::format("the model has nothing that recomputing {} would leave out",
                         format_recompute_modules(RecomputeModules(*absent)));
    }
  }
  if (l.recompute_layers == 0) return {};
  if (l.recompute != Recompute::full) {
    return fmt::format("recompute_layers {} is for full recomputation", l.recompute_layers);
  }
  // The fullest chunk of an uneven pipeline has one layer more than the mean, hence the rounding up.
  const int chunks = l.pp * l.vpp, most = (layer_slots(model, l) + chunks - 1) / chunks;
  if (l.recompute_layers > 0 && l.recompute_layers <= most) return {};
  return fmt::format("recompute_layers {} is not 1 to the {} layers of a chunk (pp {} * vpp {} chunks)",
                     l.recompute_layers, most, l.pp, l.vpp);
}

std::string broken_offload(const TrainingJob& job, const TrainingLayout& l) {
  if (!(l.offload_activations >= 0 && l.offload_activations <= 1)) {
    return fmt::format("offload_activations {} is not a share from 0 to 1", l.offload_activations);
  }
  if (l.offload_activations > 0 && job.accelerator->host_bandwidth.base() <= 0) {
    return "offload_activations: the accelerator's record has no host_bandwidth";
  }
  return {};
}

/// Only asked of rules that are broken; keeps_rule says which, without making text.
Diagnostic explain_rule(const TrainingJob& job, const TrainingLayout& l, LayoutRule rule) {
  const Model& model = *job.model;
  switch (rule) {
    case LayoutRule::sizes:
      return fault("every parallel size, the micro-batch size, gpus, batch and sequence length must be at least 1",
                   "and within reason: tp, cp and etp to 1000, pp to 10,000, the others to 100 million");
    case LayoutRule::world_size:
      return fault(fmt::format("tp {} * pp {} * cp {} * dp {} = {}, but the job has {} gpus", l.tp, l.pp, l.cp, l.dp,
                               l.ranks(), job.gpus),
                   "dp is gpus / (tp * pp * cp)");
    case LayoutRule::attention_heads:
      return fault(broken_heads(model, l.tp));
    case LayoutRule::feed_forward_width:
      return fault(broken_width(model, l));
    case LayoutRule::sequence_length:
      return fault(broken_sequence(job, l));
    case LayoutRule::pipeline_layers:
      if (l.uneven_pipeline) {
        return fault(fmt::format("{} layers are fewer than pp {} * vpp {} chunks", layer_slots(model, l), l.pp, l.vpp));
      }
      return fault(
          fmt::format("{} layers % (pp {} * vpp {}) is not 0", layer_slots(model, l), l.pp, l.vpp),
          "embedding_as_layer and loss_as_layer each count one more; uneven_pipeline allows a difference of one");
    case LayoutRule::expert_count:
      return fault(broken_experts(model, l));
    case LayoutRule::expert_world:
      return fault(fmt::format("tp {} * cp {} * dp {} % (etp {} * ep {}) is not 0", l.tp, l.cp, l.dp, l.etp, l.ep));
    case LayoutRule::expert_tensor_sequence:
      return fault(fmt::format("experts with tp {} need sequence_parallel", l.tp));
    case LayoutRule::global_batch:
      return fault(fmt::format("global batch {} % (dp {} * micro-batch {}) is not 0", job.global_batch_size, l.dp,
                               l.micro_batch_size));
    case LayoutRule::pipeline_schedule:
      return fault(broken_schedule(job, l));
    case LayoutRule::zero_stage:
      return fault(fmt::format("zero_stage {} is not 0, 1, 2 or 3", l.zero_stage));
    case LayoutRule::shard_size:
      return fault(broken_shards(l), "shard_size is how many of the dp * cp ranks share the states");
    case LayoutRule::recompute:
      return fault(broken_recompute(model, l));
    case LayoutRule::offload:
      return fault(broken_offload(job, l));
  }
  return fault("unknown rule");
}

/// Core attention alone is what Megatron-Core calls selective without naming modules.
std::string recompute_text(const TrainingLayout& l) {
  switch (l.recompute) {
    case Recompute::none:
      return {};
    case Recompute::selective:
      if (l.recompute_modules == RecomputeModules(RecomputeModule::core_attn)) return " recompute selective";
      return " recompute " + format_recompute_modules(l.recompute_modules);
    case Recompute::full:
      return l.recompute_layers > 0 ? fmt::format(" recompute full of {}", l.recompute_layers) : " recompute full";
  }
  return {};
}

}  // namespace

std::string format_layout(const TrainingLayout& l) {
  std::string out = fmt::format("TP{} PP{}", l.tp, l.pp);
  if (l.vpp > 1) out += fmt::format("x{}", l.vpp);
  if (l.cp > 1) out += fmt::format(" CP{}", l.cp);
  if (l.ep > 1) out += fmt::format(" EP{}", l.ep);
  if (l.etp > 1) out += fmt::format(" ETP{}", l.etp);
  out += fmt::format(" DP{} micro-batch {} ZeRO-{}", l.dp, l.micro_batch_size, l.zero_stage);
  if (l.replicas() > 1 && l.zero_stage > 0) out += fmt::format(" shards of {}", l.shard_size);
  if (l.sequence_parallel) out += " SP";
  out += recompute_text(l);
  if (l.offload_activations > 0) out += fmt::format(" {:.3g} % offloaded", 100 * l.offload_activations);
  if (l.embedding_as_layer || l.loss_as_layer) out += " ends-as-layers";
  if (l.uneven_pipeline) out += " uneven";
  for (const auto& [name, schedule] : EnumNames<PipelineSchedule>::names) {
    if (l.pipeline_schedule == schedule && l.schedule() != PipelineSchedule::one_f_one_b &&
        l.schedule() != PipelineSchedule::interleaved_1f1b) {
      out += fmt::format(" {}", name);
    }
  }
  return out;
}

Result<TrainingJob> make_training_job(const Catalogue& catalogue, const std::string& model, const std::string& system) {
  Diagnostics faults;
  const auto missing = [&](const char* kind, const std::string& id, const std::vector<std::string>& known) {
    faults.push_back({{}, 0, 0, kind, fmt::format("'{}' is not in the catalogue", id), suggest_name(id, known), {}});
  };
  const auto m = catalogue.models.find(model);
  const auto s = catalogue.systems.find(system);
  if (m == catalogue.models.end()) missing("model", model, record_ids(catalogue, "model"));
  if (s == catalogue.systems.end()) missing("system", system, record_ids(catalogue, "system"));
  if (!faults.empty()) return faults;
  auto fabric = make_fabric(catalogue, s->second);
  if (!fabric) return fabric.faults();
  const Accelerator& accelerator = catalogue.accelerators.at(s->second.accelerator);
  TrainingRecipe recipe;
  recipe.mtp_layers = m->second.mtp_layers;  // trained as the model says
  TrainingJob job{
      &m->second, &s->second, &accelerator, *fabric, DeviceLaw(accelerator, catalogue, kTrainingKernels), 1, 1, 1,
      recipe};
  set_coefficients(job, training_coefficients(catalogue));
  return job;
}

void set_coefficients(TrainingJob& job, const TrainingCoefficients& coefficients) {
  job.coefficients = coefficients;
  job.law.set_activity(coefficients.activity);
}

std::int64_t micro_batches(const TrainingJob& job, const TrainingLayout& layout) {
  return job.global_batch_size / (std::int64_t{layout.dp} * layout.micro_batch_size);
}

const char* layout_rule_name(LayoutRule rule) {
  switch (rule) {
    case LayoutRule::sizes:
      return "sizes of at least 1";
    case LayoutRule::world_size:
      return "tp * pp * cp * dp = gpus";
    case LayoutRule::attention_heads:
      return "attention heads % tp";
    case LayoutRule::feed_forward_width:
      return "feed-forward width % tp (experts % etp)";
    case LayoutRule::sequence_length:
      return "sequence % (2 cp), with sequence parallelism also % tp";
    case LayoutRule::pipeline_layers:
      return "layers % (pp * vpp)";
    case LayoutRule::expert_count:
      return "experts % ep";
    case LayoutRule::expert_world:
      return "tp * cp * dp % (etp * ep)";
    case LayoutRule::expert_tensor_sequence:
      return "experts with tp need sequence parallelism";
    case LayoutRule::global_batch:
      return "batch % (dp * micro-batch)";
    case LayoutRule::pipeline_schedule:
      return "schedule: pp > 1, micro-batches % pp for vpp > 1, % 2 and 2 pp for dual_pipe";
    case LayoutRule::zero_stage:
      return "ZeRO stage 0 to 3";
    case LayoutRule::shard_size:
      return "dp * cp % shard size, with ZeRO, and experts' copies % replicas";
    case LayoutRule::recompute:
      return "recomputed modules and layers are there";
    case LayoutRule::offload:
      return "offloaded share 0 to 1, over a host link";
  }
  return "?";
}

namespace {

/// Bounds under which products of sizes stay in 64 bits.
bool sizes_within_reason(const TrainingJob& job, const TrainingLayout& l) {
  constexpr std::int64_t kMost = 100'000'000;
  return std::max({l.tp, l.cp, l.etp}) <= 1000 && std::max(l.pp, l.vpp) <= 10'000 &&
         std::max({l.dp, l.ep, l.micro_batch_size}) <= kMost &&
         std::max({job.gpus, job.global_batch_size, job.seq_length}) <= kMost;
}

}  // namespace

bool keeps_rule(const TrainingJob& job, const TrainingLayout& l, LayoutRule rule) {
  const Model& model = *job.model;
  switch (rule) {
    case LayoutRule::sizes:
      return std::min({l.tp, l.pp, l.vpp, l.dp, l.cp, l.ep, l.etp, l.micro_batch_size}) >= 1 &&
             std::min({job.gpus, job.global_batch_size, job.seq_length}) >= 1 && sizes_within_reason(job, l);
    case LayoutRule::world_size:
      return l.ranks() == job.gpus;
    case LayoutRule::attention_heads:
      return every_shape(model, [&](const LayerShape& s) { return heads_split(s.attention, l.tp); });
    case LayoutRule::feed_forward_width:
      return every_shape(model, [&](const LayerShape& s) { return widths_split(s.feed_forward, l); });
    case LayoutRule::sequence_length:
      // Each context-parallel rank takes a piece from the front and one from the back, hence 2 cp pieces.
      return (l.cp == 1 || job.seq_length % (2 * std::int64_t{l.cp}) == 0) &&
             (!l.sequence_parallel || job.seq_length / l.cp % l.tp == 0);
    case LayoutRule::pipeline_layers:
      return l.uneven_pipeline ? layer_slots(model, l) >= std::int64_t{l.pp} * l.vpp
                               : layer_slots(model, l) % (std::int64_t{l.pp} * l.vpp) == 0;
    case LayoutRule::expert_count:
      if (!has_experts(model)) return l.ep == 1 && l.etp == 1;
      return every_shape(model, [&](const LayerShape& s) { return experts_split(s.feed_forward, l.ep); });
    case LayoutRule::expert_world:
      return std::int64_t{l.tp} * l.cp * l.dp % (std::int64_t{l.etp} * l.ep) == 0;
    case LayoutRule::expert_tensor_sequence:
      return l.tp == 1 || l.sequence_parallel || !has_experts(model);
    case LayoutRule::global_batch:
      return job.global_batch_size % (std::int64_t{l.dp} * l.micro_batch_size) == 0;
    case LayoutRule::pipeline_schedule:
      return can_schedule(l.schedule(), l.pp, l.vpp, micro_batches(job, l)) &&
             (l.pp > 1 || l.schedule() == PipelineSchedule::one_f_one_b);
    case LayoutRule::zero_stage:
      return l.zero_stage >= 0 && l.zero_stage <= 3;
    case LayoutRule::shard_size:
      return broken_shards(l).empty();
    case LayoutRule::recompute:
      return broken_recompute(model, l).empty();
    case LayoutRule::offload:
      return broken_offload(job, l).empty();
  }
  return false;
}

Diagnostics check_recipe(const TrainingJob& job) {
  const TrainingRecipe& r = job.recipe;
  const Model& model = *job.model;
  Diagnostics faults;
  const auto refuse = [&](bool wrong, const char* path, std::string message) {
    if (wrong) faults.push_back({{}, 0, 0, path, std::move(message), {}, {}});
  };
  const bool narrow = bytes_per_element(r.precision.linear) < 2 || bytes_per_element(r.precision.expert) < 2;
  refuse(!narrow && r.narrow_weights, "fp8-param-gather", "needs a precision below bf16");
  refuse(r.bf16_first_layers < 0 || r.bf16_last_layers < 0 ||
             r.bf16_first_layers + r.bf16_last_layers > model.layer_count(),
         "bf16-layers",
         fmt::format("{} first and {} last layers in bf16 of {}", r.bf16_first_layers, r.bf16_last_layers,
                     model.layer_count()));
  const MoeRouting& routing = r.routing;
  refuse(!(routing.imbalance >= 1), "moe-imbalance",
         fmt::format("{} is below 1: it is the busiest rank's rows over the mean", routing.imbalance));
  refuse(routing.capacity_factor < 0, "moe-capacity-factor", "is negative");
  refuse(routing.pad_to_capacity && routing.capacity_factor <= 0, "moe-pad-to-capacity", "needs a capacity factor");
  const bool routed = routing.imbalance > 1 || routing.capacity_factor > 0 || r.narrow_dispatch;
  refuse(routed && !has_experts(model), "moe", "the model has no experts to route tokens to");
  refuse(r.mtp_layers < 0, "mtp-layers", "is negative");
  return faults;
}

Diagnostics check_layout(const TrainingJob& job, const TrainingLayout& layout) {
  Diagnostics faults = check_recipe(job);
  for (int i = 0; i < kLayoutRules; ++i) {
    const auto rule = static_cast<LayoutRule>(i);
    if (!keeps_rule(job, layout, rule)) faults.push_back(explain_rule(job, layout, rule));
    if (rule == LayoutRule::sizes && !keeps_rule(job, layout, rule)) return faults;  // the others divide by the sizes
  }
  return faults;
}

}  // namespace stargate
