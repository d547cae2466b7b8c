// How often which value: buckets of equal ratio, 256 an octave, so that a quantile is right to 0.2 % whatever the
// scale, in memory that does not grow with the number of values. Mean, least and largest are exact. Histograms of parts
// add up to the histogram of the whole.
#pragma once

#include <cstdint>
#include <vector>

namespace stargate {

/// Values are in whatever unit the caller adds; weights are counts, or durations for a mean over time.
class Histogram {
 public:
  /// Values are at least 0.
  void add(double value, double weight = 1) { add_ramp(value, 0, 1, weight); }
  /// first, first + growth, ... first + (count - 1) * growth, each with that weight. Growth is at least 0. Costs as
  /// many steps as buckets are touched, not as values: a thousand equal decode steps are a few additions.
  void add_ramp(double first, double growth, std::int64_t count, double weight);
  /// Both must be of one unit. Exact: merging loses nothing.
  void merge(const Histogram& other);

  /// Sum of the weights.
  double count() const { return count_; }
  double mean() const { return count_ > 0 ? sum_ / count_ : 0; }
  double least() const { return count_ > 0 ? least_ : 0; }
  double largest() const { return count_ > 0 ? largest_ : 0; }
  /// The value that `share` of all are at or below; 0 of nothing. `share` from 0 to 1. The middle of the bucket, within
  /// the exact least and largest.
  double quantile(double share) const;

 private:
  void count_in(std::int32_t bucket, double weight);

  std::int32_t first_ = 0;                                ///< index of the first bucket
  std::vector<double> weights_;                           ///< by bucket, from first_ on
  double count_ = 0, sum_ = 0, least_ = 0, largest_ = 0;  ///< weights; weighted values; extremes, exact
};

}  // namespace stargate
