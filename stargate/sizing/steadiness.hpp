// When a simulation has run long enough for its figures to be believed.
//   warm-up     MSER: the beginning that is left out minimises variance / number of what is kept, over the means of
//               at most 100 groups in order of arrival; at most half is left out
//   half-width  t * s / sqrt(b): the figure of b = 8 batches in order of arrival, s their deviation, t of b - 1 degrees
//               of freedom at 99 %
// White, "An effective truncation heuristic", Simulation 69 (1997); Law, Simulation Modeling and Analysis, 9.5.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "stargate/units/quantity.hpp"

namespace stargate {

/// What a latency must not exceed, in the mean or for a share of the requests.
struct LatencyGoal {
  std::optional<Duration> limit;  ///< empty: none, the figure is only measured
  double share = 0;               ///< 0: the mean; 0.99: the 99th percentile

  /// A percentile by nearest rank; zero of nothing.
  Duration of(std::vector<double>& seconds) const;  ///< the figure the limit is about; orders `seconds`
};
struct SizingTargets {
  LatencyGoal ttft, tpot;  ///< each request's, over requests
};

/// Few, so that each is long against the time over which latencies are correlated.
inline constexpr int kTrialBatches = 8;

/// How many of the values, which came in this order, are still of the beginning. Values in order of arrival. O(n).
std::size_t warm_up_end(std::span<const double> values);

/// A figure of all values and what its batches say of it.
struct BatchedFigure {
  double value = 0;            ///< seconds
  double half_width = 0;       ///< at 99 %
  double least = 0, most = 0;  ///< of the batches
  double relative() const { return value > 0 ? half_width / value : 0; }
};
/// Needs least_in_batch values a batch; with fewer the half-width says nothing. Values in seconds and in order of
/// arrival.
BatchedFigure batched_figure(std::span<const double> values, const LatencyGoal& goal);
/// Requests that `goal` needs for a figure of each batch: two above a percentile, and never fewer than 40.
std::size_t least_in_batch(const LatencyGoal& goal);

}  // namespace stargate
