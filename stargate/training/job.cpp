// The rules of a layout, each with the numbers that break it, and the dealing of layers to stages.
#include "stargate/training/job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

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

bool has_experts(const Model& model) {
  for (const auto& shape : model.shapes) {
    if (shape.feed_forward.kind == FeedForwardKind::experts) return true;
  }
  return false;
}

template <class Test>
bool every_shape(const Model& model, Test test) {
  for (const auto& shape : model.shapes) {
    if (!test(shape)) return false;
  }
  return true;
}

int slots(const Model& model, const TrainingLayout& l) {
  return model.layer_count() + (l.embedding_as_layer ? 1 : 0) + (l.loss_as_layer ? 1 : 0);
}

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

Diagnostic explain_rule(const TrainingJob& job, const TrainingLayout& l, LayoutRule rule) {
  const Model& model = *job.model;
  switch (rule) {
    case LayoutRule::sizes:
      return fault("every parallel size, the micro-batch size, gpus, batch and sequence length must be at least 1");
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
        return fault(fmt::format("{} layers are fewer than pp {} * vpp {} chunks", slots(model, l), l.pp, l.vpp));
      }
      return fault(
          fmt::format("{} layers % (pp {} * vpp {}) is not 0", slots(model, l), l.pp, l.vpp),
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
  }
  return fault("unknown rule");
}

}  // namespace

std::string format_layout(const TrainingLayout& l) {
  std::string out = fmt::format("TP{} PP{}", l.tp, l.pp);
  if (l.vpp > 1) out += fmt::format("x{}", l.vpp);
  if (l.cp > 1) out += fmt::format(" CP{}", l.cp);
  if (l.ep > 1) out += fmt::format(" EP{}", l.ep);
  if (l.etp > 1) out += fmt::format(" ETP{}", l.etp);
  out += fmt::format(" DP{} micro-batch {} ZeRO-{}", l.dp, l.micro_batch_size, l.zero_stage);
  if (l.sequence_parallel) out += " SP";
  if (l.recompute != Recompute::none) {
    out += fmt::format(" recompute {}", l.recompute == Recompute::full ? "full" : "selective");
  }
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
  return TrainingJob{&m->second,
                     &s->second,
                     &accelerator,
                     *fabric,
                     DeviceLaw(accelerator, catalogue, kTrainingKernels),
                     1,
                     1,
                     1,
                     {},
                     training_coefficients(catalogue)};
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
  }
  return "?";
}

bool keeps_rule(const TrainingJob& job, const TrainingLayout& l, LayoutRule rule) {
  const Model& model = *job.model;
  switch (rule) {
    case LayoutRule::sizes:
      return std::min({l.tp, l.pp, l.vpp, l.dp, l.cp, l.ep, l.etp, l.micro_batch_size}) >= 1 &&
             std::min({job.gpus, job.global_batch_size, job.seq_length}) >= 1;
    case LayoutRule::world_size:
      return l.ranks() == job.gpus;
    case LayoutRule::attention_heads:
      return every_shape(model, [&](const LayerShape& s) { return heads_split(s.attention, l.tp); });
    case LayoutRule::feed_forward_width:
      return every_shape(model, [&](const LayerShape& s) { return widths_split(s.feed_forward, l); });
    case LayoutRule::sequence_length:
      return (l.cp == 1 || job.seq_length % (2 * std::int64_t{l.cp}) == 0) &&
             (!l.sequence_parallel || job.seq_length / l.cp % l.tp == 0);
    case LayoutRule::pipeline_layers:
      return l.uneven_pipeline ? slots(model, l) >= std::int64_t{l.pp} * l.vpp
                               : slots(model, l) % (std::int64_t{l.pp} * l.vpp) == 0;
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
  }
  return false;
}

Diagnostics check_layout(const TrainingJob& job, const TrainingLayout& layout) {
  Diagnostics faults;
  for (int i = 0; i < kLayoutRules; ++i) {
    const auto rule = static_cast<LayoutRule>(i);
    if (!keeps_rule(job, layout, rule)) faults.push_back(explain_rule(job, layout, rule));
    if (rule == LayoutRule::sizes && !faults.empty()) return faults;  // the others divide by the sizes
  }
  return faults;
}

const StageRun& run_of_stage(const std::vector<StageRun>& runs, int stage) {
  std::size_t at = 0;
  while (stage >= runs[at].first + runs[at].count) ++at;
  return runs[at];
}

int StageRun::layers() const { return std::accumulate(of_shape.begin(), of_shape.end(), 0); }

std::vector<StageRun> deal_layers(const Model& model, const TrainingLayout& layout) {
  const int chunks = layout.pp * layout.vpp;
  const int per_chunk = slots(model, layout) / chunks, longer = slots(model, layout) % chunks;
  const auto chunk_start = [&](int chunk) { return chunk * per_chunk + std::min(chunk, longer); };
  const int before = layout.embedding_as_layer ? 1 : 0;
  std::vector<StageRun> runs;
  StageRun stage;
  for (int s = 0; s < layout.pp; ++s) {
    stage.of_shape.assign(model.shapes.size(), 0);
    stage.of_chunk.assign(model.shapes.size() * static_cast<std::size_t>(layout.vpp), 0);
    for (int chunk = s; chunk < chunks; chunk += layout.pp) {
      for (int slot = chunk_start(chunk); slot < chunk_start(chunk + 1); ++slot) {
        const int layer = slot - before;
        if (layer < 0 || layer >= model.layer_count()) continue;  // the slot of an end
        const auto shape = static_cast<std::size_t>(model.layers[static_cast<std::size_t>(layer)]);
        ++stage.of_shape[shape];
        ++stage.of_chunk[static_cast<std::size_t>(chunk / layout.pp) * model.shapes.size() + shape];
      }
    }
    stage.first = s;
    stage.embedding = s == 0, stage.output = s == layout.pp - 1;
    const bool same =
        !runs.empty() && runs.back().of_chunk == stage.of_chunk && !runs.back().embedding && !stage.output;
    if (same) {
      ++runs.back().count;
    } else {
      runs.push_back(stage);
    }
  }
  return runs;
}

}  // namespace stargate
