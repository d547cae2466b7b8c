// Sizes of tensor, context and expert-tensor parallelism are powers of two, as collectives and meshes of real systems
// are; pipelines divide the accelerators, experts and batch divide evenly.
#include "stargate/training/search_grid.hpp"

#include <algorithm>

namespace stargate {
namespace {

/// Ascending; O(sqrt(number)).
std::vector<int> divisors_up_to(std::int64_t number, std::int64_t limit) {
  std::vector<int> out;
  for (std::int64_t d = 1; d * d <= number; ++d) {
    if (number % d != 0) continue;
    if (d <= limit) out.push_back(static_cast<int>(d));
    if (d * d != number && number / d <= limit) out.push_back(static_cast<int>(number / d));
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<int> powers_of_two_up_to(std::int64_t limit) {
  std::vector<int> out;
  for (std::int64_t p = 1; p <= limit; p *= 2) out.push_back(static_cast<int>(p));
  return out;
}

std::vector<int> fixed_or(int fixed, std::vector<int> others) {
  return fixed > 0 ? std::vector<int>{fixed} : std::move(others);
}

std::int64_t limit_or(int limit, std::int64_t otherwise) { return limit > 0 ? limit : otherwise; }

/// 0 for a model without experts.
int most_experts(const Model& model) {
  int most = 0;
  for (const auto& shape : model.shapes) most = std::max(most, shape.feed_forward.experts);
  return most;
}

std::vector<PipelineSchedule> schedules_of(const SearchLimits& limits, const Model& model) {
  if (!limits.schedules.empty()) return limits.schedules;
  std::vector<PipelineSchedule> out{PipelineSchedule::one_f_one_b, PipelineSchedule::interleaved_1f1b};
  if (most_experts(model) > 0) out.push_back(PipelineSchedule::dual_pipe);
  return out;
}

/// One stage needs no schedule, virtual stages have one, and dual_pipe pairs its stages.
bool suits(PipelineSchedule schedule, int pp, int vpp) {
  if (pp == 1) return schedule == PipelineSchedule::one_f_one_b;
  if (schedule == PipelineSchedule::interleaved_1f1b) return vpp > 1;
  return vpp == 1 && (schedule != PipelineSchedule::dual_pipe || pp % 2 == 0);
}

/// Writes the lists; nothing here looks at memory or time.
class GridMaker {
 public:
  GridMaker(const TrainingJob& job, const SearchLimits& limits)
      : job_(job), limits_(limits), experts_(most_experts(*job.model)), schedules_(schedules_of(limits, *job.model)) {}

  SearchGrid make() {
    add_shards();
    for (const bool ends : limits_.ends_as_layers) add_pipelines(ends);
    const std::int64_t most = limit_or(limits_.max_micro_batch_size, job_.global_batch_size);
    grid_.micro_batch_sizes = fixed_or(limits_.fixed.micro_batch_size, divisors_up_to(job_.global_batch_size, most));
    return std::move(grid_);
  }

 private:
  void add_shards() {
    const std::int64_t gpus = job_.gpus;
    const auto eps = fixed_or(limits_.fixed.ep, experts_ > 0 ? divisors_up_to(experts_, limit_or(limits_.max_ep, gpus))
                                                             : std::vector<int>{1});
    // Tensor parallelism communicates twice a layer, so nobody runs it across scale-up domains unless told to.
    const std::int64_t max_tp = std::min(gpus, limit_or(limits_.max_tp, job_.fabric.domain));
    for (const int tp : fixed_or(limits_.fixed.tp, powers_of_two_up_to(max_tp))) {
      const std::int64_t max_cp = std::min(gpus / tp, limit_or(limits_.max_cp, gpus));
      for (const int cp : fixed_or(limits_.fixed.cp, powers_of_two_up_to(max_cp))) {
        for (const int ep : eps) {
          for (const int etp : fixed_or(limits_.fixed.etp, powers_of_two_up_to(experts_ > 0 ? tp : 1))) {
            TrainingLayout shard = limits_.base;
            shard.tp = tp, shard.cp = cp, shard.ep = ep, shard.etp = etp;
            add_sequence_choices(shard);
          }
        }
      }
    }
  }

  /// Without tensor parallelism there is no choice.
  void add_sequence_choices(TrainingLayout shard) {
    if (shard.tp == 1) return grid_.shards.push_back(shard);
    for (const bool split : limits_.sequence_parallel) {
      shard.sequence_parallel = split;
      grid_.shards.push_back(shard);
    }
  }

  void add_pipelines(bool ends) {
    const int slots = layer_slots(*job_.model, {.embedding_as_layer = ends, .loss_as_layer = ends});
    const std::int64_t most = std::min<std::int64_t>(limit_or(limits_.max_pp, job_.gpus), slots);
    for (const int pp : fixed_or(limits_.fixed.pp, divisors_up_to(job_.gpus, most))) {
      if (ends && pp == 1 && limits_.ends_as_layers.size() > 1) continue;  // the same as without
      const std::int64_t most_vpp = pp == 1 ? 1 : std::max<std::int64_t>(1, limit_or(limits_.max_vpp, slots / pp));
      std::vector<int> vpps;
      for (int vpp = 1; vpp <= most_vpp; ++vpp) vpps.push_back(vpp);
      for (const int vpp : fixed_or(limits_.fixed.vpp, std::move(vpps))) add_pipeline(pp, vpp, ends, slots);
    }
  }

  void add_pipeline(int pp, int vpp, bool ends, int slots) {
    Pipeline pipeline;
    pipeline.part.pp = pp, pipeline.part.vpp = vpp;
    pipeline.part.embedding_as_layer = pipeline.part.loss_as_layer = ends;
    pipeline.part.uneven_pipeline = limits_.uneven_pipelines && slots % (pp * vpp) != 0;
    if (!keeps_rule(job_, pipeline.part, LayoutRule::pipeline_layers)) {
      ++grid_.uneven_pipelines;
      return;
    }
    if (pp == 1) return add_dealt(pipeline);
    for (const PipelineSchedule schedule : schedules_) {
      if (!suits(schedule, pp, vpp)) continue;
      // Layouts say 1F1B with virtual stages, as Megatron-Core's flags do.
      const bool implied = schedule == PipelineSchedule::interleaved_1f1b;
      pipeline.part.pipeline_schedule = implied ? PipelineSchedule::one_f_one_b : schedule;
      add_dealt(pipeline);
    }
  }

  void add_dealt(Pipeline pipeline) {
    TrainingLayout layout = pipeline.part;
    pipeline.alike = deal(layout);
    layout.recompute = Recompute::full, layout.recompute_layers = limits_.base.recompute_layers;
    if (layout.recomputes_some()) pipeline.partly = deal(layout);
    grid_.pipelines.push_back(std::move(pipeline));
  }

  DealtLayers deal(const TrainingLayout& layout) const {
    DealtLayers out{deal_layers(job_, layout), std::vector<int>(layer_variants(job_, layout).size())};
    for (const StageRun& run : out.stages) {
      for (std::size_t i = 0; i < run.of_shape.size(); ++i) out.of_variant[i] += run.count * run.of_shape[i];
    }
    return out;
  }

  const TrainingJob& job_;
  const SearchLimits& limits_;
  int experts_;
  std::vector<PipelineSchedule> schedules_;
  SearchGrid grid_;
};

}  // namespace

SearchGrid make_search_grid(const TrainingJob& job, const SearchLimits& limits) {
  return GridMaker(job, limits).make();
}

}  // namespace stargate
