// How good predictions are: errors summed up, the middle of values, and Spearman's rank correlation, which asks whether
// predictions put configurations in the order that measurements do, whatever their scale: the correlation of ranks,
// ties sharing their mean rank (Spearman 1904).
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace stargate {

/// The mean of the two in the middle for an even number; 0 of none.
double median(std::vector<double> values);

/// Empty when there are fewer than two values, or one side is all the same.
std::optional<double> rank_correlation(std::span<const double> a, std::span<const double> b);

/// How far predictions are from measurements, in percent of the measured value.
struct ErrorSummary {
  int rows = 0;
  double median_pct = 0, mean_pct = 0, p90_pct = 0;  ///< of |predicted - measured| / measured
  double bias_pct = 0;                               ///< median of (predicted - measured) / measured
};

/// Errors of the rows that have a prediction (a finite number). `weights` may be empty (all 1).
ErrorSummary summarise_errors(std::span<const double> predicted, std::span<const double> measured,
                              std::span<const double> weights = {});

}  // namespace stargate
