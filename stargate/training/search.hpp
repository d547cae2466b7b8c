// Every layout of a job, the best of those that fit, and why the next lost. Exhaustive in effect: candidates are the
// whole grid of the limits below; one is left out only by a rule it breaks, by memory that it exceeds, or by a bound
// that proves it neither one of the best two nor on the front, and it is counted there.
#pragma once

#include "stargate/training/step.hpp"

namespace stargate {

/// The grid. Zero means no limit but the job's own.
struct SearchLimits {
  int max_tp = 0;  ///< 0: the scale-up domain
  int max_cp = 0, max_pp = 0, max_vpp = 0;
  int max_micro_batch_size = 0;
  bool uneven_pipelines = true;  ///< where layers do not divide, chunks that differ by one layer
  std::vector<int> zero_stages{0, 1, 2, 3};
  /// Empty: those of real runs, 1F1B and interleaved 1F1B, with experts also dual_pipe.
  std::vector<PipelineSchedule> schedules;
  std::vector<Recompute> recomputes{Recompute::none, Recompute::selective, Recompute::full};
  TrainingLayout base;  ///< whose recomputed modules and offloaded share all candidates have
};

struct TrainingCandidate {
  TrainingLayout layout;
  StepReport report;
};

struct NearMiss {
  TrainingLayout layout;
  MemoryReport memory;
};

struct SearchReport {
  std::int64_t candidates = 0;
  std::array<std::int64_t, kLayoutRules> removed_by_rule{};
  std::int64_t removed_by_memory = 0;
  /// Fit, but even without bubbles, exposed gradients and optimiser they are no faster than the runner-up, and the
  /// front has one that is as lean and faster.
  std::int64_t removed_by_bound = 0;
  std::int64_t evaluated = 0;  ///< candidates = removed by rules, memory and bound + evaluated
  std::optional<TrainingCandidate> best;
  /// The best whose parallel sizes (tp, pp, dp, cp, ep) are not the best's.
  std::optional<TrainingCandidate> runner_up;
  std::string why_runner_up_lost;  ///< "bubble takes 310 ms more, ..."; empty without a runner-up
  /// Least time for each amount of memory, from the fastest to the leanest.
  std::vector<TrainingCandidate> pareto;
  /// When nothing fits: the candidate that lacks least.
  std::optional<NearMiss> nearest;
};

/// Which parts of the slower step are longer: "2.10 % slower, pipeline bubble 350 ms more, ...".
std::string explain_slower(const StepBreakdown& fast, const StepBreakdown& slow);

/// An invalid job (a model or batch of no size) is a fault; that nothing fits is an answer.
Result<SearchReport> search_layouts(const TrainingJob& job, const SearchLimits& limits = {});

}  // namespace stargate
