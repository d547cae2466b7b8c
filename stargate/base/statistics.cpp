// Quantiles of weighted rows; rank correlation: ranks, then Pearson's correlation of them.
#include "stargate/base/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "stargate/base/check.hpp"

namespace stargate {
namespace {

/// Ranks from 0; ties share the mean of the places they take.
std::vector<double> ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> out(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t end = first;
    while (end < order.size() && values[order[end]] == values[order[first]]) ++end;
    for (std::size_t i = first; i < end; ++i) out[order[i]] = static_cast<double>(first + end - 1) / 2;
    first = end;
  }
  return out;
}

struct Weighted {
  double value = 0, weight = 1;
};

/// The value below which a share of the weight lies, interpolated between the rows' middles (with equal weights: the
/// usual quantile of n values at (n - 1) share).
double quantile(std::vector<Weighted> rows, double share) {
  std::sort(rows.begin(), rows.end(), [](const Weighted& a, const Weighted& b) { return a.value < b.value; });
  const auto middle = [](double before, const Weighted& row) { return before + row.weight / 2; };
  double all = 0;
  for (const auto& row : rows) all += row.weight;
  const double first = rows.front().weight / 2, last = all - rows.back().weight / 2;
  const double wanted = first + share * (last - first);
  double before = 0;
  for (std::size_t i = 0; i + 1 < rows.size(); ++i) {
    const double here = middle(before, rows[i]), next = middle(before + rows[i].weight, rows[i + 1]);
    if (wanted <= next) return rows[i].value + (rows[i + 1].value - rows[i].value) * (wanted - here) / (next - here);
    before += rows[i].weight;
  }
  return rows.back().value;
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// Spearman's: Pearson's of the ranks, which is right for ties as well.
std::optional<double> rank_correlation(std::span<const double> a, std::span<const double> b) {
  STARGATE_CHECK(a.size() == b.size(), "pairs");
  if (a.size() < 2) return std::nullopt;
  const auto x = ranks(a), y = ranks(b);
  // of the ranks 0 to n - 1, with ties or without
  const double mean = static_cast<double>(a.size() - 1) / 2;
  double xy = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mean) * (y[i] - mean), xx += (x[i] - mean) * (x[i] - mean), yy += (y[i] - mean) * (y[i] - mean);
  }
  if (xx == 0 || yy == 0) return std::nullopt;
  return xy / std::sqrt(xx * yy);
}

/// Pairs without a finite prediction or a positive measurement are left out.
ErrorSummary summarise_errors(std::span<const double> predicted, std::span<const double> measured,
                              std::span<const double> weights) {
  STARGATE_CHECK(predicted.size() == measured.size(), "a prediction a measurement");
  STARGATE_CHECK(weights.empty() || weights.size() == measured.size(), "a weight a measurement");
  std::vector<Weighted> with_sign, absolute;
  double total = 0, weight_sum = 0;
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    if (!std::isfinite(predicted[i]) || !(measured[i] > 0)) continue;
    const double weight = weights.empty() ? 1 : weights[i];
    const double error = 100 * (predicted[i] - measured[i]) / measured[i];
    with_sign.push_back({error, weight});
    absolute.push_back({std::abs(error), weight});
    total += weight * std::abs(error), weight_sum += weight;
  }
  if (absolute.empty()) return {};
  return {.rows = static_cast<int>(absolute.size()),
          .median_pct = quantile(absolute, 0.5),
          .mean_pct = total / weight_sum,
          .p90_pct = quantile(absolute, 0.9),
          .bias_pct = quantile(with_sign, 0.5)};
}

}  // namespace stargate
