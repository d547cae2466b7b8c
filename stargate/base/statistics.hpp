// The middle of values, and Spearman's rank correlation: whether predictions put configurations in the order that measurements do, whatever their
// scale. The correlation of ranks, ties sharing their mean rank (Spearman 1904).
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace stargate {

/// The mean of the two in the middle for an even number; 0 of none.
double median(std::vector<double> values);

/// Empty when there are fewer than two values, or one side is all the same.
std::optional<double> rank_correlation(std::span<const double> a, std::span<const double> b);

}  // namespace stargate
