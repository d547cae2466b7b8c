// Every layout of a job, the best of those that fit, and why the next lost. Exhaustive in effect: candidates are the
// whole grid (search_grid.hpp); one is left out only by a rule it breaks, by memory that it exceeds, or by a bound that
// proves it neither one of the best asked for nor on the front, and it is counted there.
#pragma once

#include <functional>

#include "stargate/training/search_grid.hpp"
#include "stargate/training/search_ranking.hpp"

namespace stargate {

/// The layout that lacks least memory, for telling what to change.
struct NearMiss {
  TrainingLayout layout;  ///< of a candidate that keeps all rules
  MemoryReport memory;    ///< what it needs, and what lacks
};

struct SearchReport {
  /// Of the grid, counted whether visited or not: removed_* and evaluated add up to it.
  std::int64_t candidates = 0;
  std::array<std::int64_t, kLayoutRules> removed_by_rule{};  ///< by the first rule broken
  std::int64_t removed_by_memory = 0;                        ///< keep all rules and do not fit
  /// Fit, but even without bubbles, exposed gradients and optimiser they are no better than the last of the ranking,
  /// and the front has one that is as lean and no slower.
  std::int64_t removed_by_bound = 0;
  std::int64_t evaluated = 0;  ///< candidates = removed by rules, memory and bound + evaluated
  /// By the objective, the best first; no two of the same parallel sizes (tp, pp, dp, cp, ep).
  std::vector<TrainingCandidate> ranking;
  /// Least time for each amount of memory, from the fastest to the leanest.
  std::vector<TrainingCandidate> pareto;
  /// When nothing fits: the candidate that lacks least.
  std::optional<NearMiss> nearest;

  const TrainingCandidate* best() const { return ranking.empty() ? nullptr : &ranking.front(); }
};

/// Which parts of the second step are longer: "2.10 % slower, pipeline bubble 350 ms more, ...". One sentence for a
/// table: the difference of totals, and the parts that make it.
std::string explain_slower(const StepBreakdown& fast, const StepBreakdown& slow);

/// Told the share of the grid that is done, now and then. From 0 to 1, rising.
using SearchProgress = std::function<void(double)>;

/// An invalid job (a model or batch of no size) is a fault; that nothing fits is an answer. Same answer on any number
/// of threads. `progress` may come from any thread, one at a time.
Result<SearchReport> search_layouts(const TrainingJob& job, const SearchLimits& limits = {},
                                    const SearchProgress& progress = {});

}  // namespace stargate
