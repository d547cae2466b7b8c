// The grid that a search walks: which sizes it tries, as lists, and the pipelines they allow. Fixed sizes shorten a
// list to one entry, limits cut it; nothing is left out otherwise.
#pragma once

#include <vector>

#include "stargate/training/job.hpp"

namespace stargate {

/// Of a step: least time, or least energy at the plugs.
enum class SearchObjective { time, energy };

/// Sizes the user has settled; zero means searched.
struct FixedSizes {
  int tp = 0, pp = 0, vpp = 0, dp = 0, cp = 0, ep = 0, etp = 0, micro_batch_size = 0;
};

/// The grid. Zero means no limit but the job's own.
struct SearchLimits {
  SearchObjective objective = SearchObjective::time;  ///< what `value` of a candidate is
  int ranked = 2;                                     ///< best sets of parallel sizes to return
  unsigned threads = 0;                               ///< 0: one for each core; the answer is the same
  bool front = true;  ///< also the front of time against memory; without it more is left out by the bound
  FixedSizes fixed;   ///< all searched by default
  /// What all candidates have in common: shard size, modules of selective and layers of full recomputation, offload.
  TrainingLayout base;
  int max_tp = 0;  ///< 0: the scale-up domain
  /// 0: no limit but what the job and the model set.
  int max_cp = 0, max_pp = 0, max_vpp = 0, max_ep = 0;
  int max_micro_batch_size = 0;  ///< 0: the global batch
  bool uneven_pipelines = true;  ///< where layers do not divide, chunks that differ by one layer
  std::vector<bool> sequence_parallel{false, true};
  std::vector<bool> ends_as_layers{false, true};
  std::vector<int> zero_stages{0, 1, 2, 3};  ///< tried
  /// Empty: those of real runs, 1F1B and interleaved 1F1B, with experts also dual_pipe.
  std::vector<PipelineSchedule> schedules;
  std::vector<Recompute> recomputes{Recompute::none, Recompute::selective, Recompute::full};
};

/// Stages that hold their layers, and all those layers by variant.
struct DealtLayers {
  std::vector<StageRun> stages;  ///< as deal_layers gives them
  std::vector<int> of_variant;   ///< layers of the whole model by layer_variants
};

/// How a job is cut into stages: pp, vpp, schedule and whether the ends count as layers.
struct Pipeline {
  TrainingLayout part;  ///< only the fields of the pipeline mean something
  DealtLayers alike;    ///< all layers of a shape are treated alike
  DealtLayers partly;   ///< full recomputation of SearchLimits::base.recompute_layers, where that is not 0

  const DealtLayers& dealt(const TrainingLayout& layout) const { return layout.recomputes_some() ? partly : alike; }
};

struct SearchGrid {
  std::vector<TrainingLayout> shards;  ///< tp, cp, ep, etp and sequence parallelism
  std::vector<Pipeline> pipelines;     ///< that hold the model's layers
  std::int64_t uneven_pipelines = 0;   ///< those whose layers do not divide: candidates without stages
  std::vector<int> micro_batch_sizes;  ///< divisors of the global batch
};
/// Lists only; nothing is evaluated yet. Candidates are shards x micro-batch sizes x recomputations x pipelines x ZeRO
/// stages; dp follows from the accelerators.
SearchGrid make_search_grid(const TrainingJob& job, const SearchLimits& limits);

}  // namespace stargate
