// How good predictions are: errors summed up, the middle of values, and Spearman's rank correlation, which asks whether
// predictions put configurations in the order that measurements do, whatever their scale: the correlation of ranks,
// ties sharing their mean rank (Spearman 1904).
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace stargate {

/// The mean of the two in the middle for an even number; 0 of none. Takes its own copy, since it sorts. In the unit of
/// the values.
double median(std::vector<double> values);

/// Empty when there are fewer than two values, or one side is all the same. The spans are pairs, a[i] with b[i], of
/// equal length. Between -1 (reversed) and 1 (same order).
std::optional<double> rank_correlation(std::span<const double> a, std::span<const double> b);

/// How far predictions are from measurements, in percent of the measured value. Quantiles are interpolated between the
/// rows' middles; of weighted rows, over the weight. With no row all are 0.
struct ErrorSummary {
  /// That have a prediction and a measured value above 0: others are left out, so it may be below the number given.
  int rows = 0;
  double median_pct = 0, mean_pct = 0, p90_pct = 0;  ///< of |predicted - measured| / measured
  double bias_pct = 0;                               ///< median of (predicted - measured) / measured
};

/// Errors of the rows that have a prediction (a finite number). `weights` may be empty (all 1). predicted[i] and
/// measured[i] are in the same unit, whatever it is. A weight is how much a row counts (so that a source of 400 rows
/// does not drown one of 4).
ErrorSummary summarise_errors(std::span<const double> predicted, std::span<const double> measured,
                              std::span<const double> weights = {});

}  // namespace stargate
