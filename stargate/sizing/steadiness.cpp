// All of it in plain seconds.
#include "stargate/sizing/steadiness.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace stargate {
namespace {

constexpr std::size_t kGroups = 100;  // whose means MSER looks at
constexpr double kStudent99 = 3.499;  // 7 degrees of freedom, two-sided 99 %
constexpr double kLeastInBatch = 40;

double mean_of(std::span<const double> values) {
  return values.empty() ? 0 : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

Duration LatencyGoal::of(std::vector<double>& seconds) const {
  if (share <= 0 || seconds.empty()) return mean_of(seconds) * second;
  const double count = static_cast<double>(seconds.size());
  const auto rank = static_cast<std::ptrdiff_t>(std::clamp(std::ceil(share * count), 1.0, count)) - 1;
  std::nth_element(seconds.begin(), seconds.begin() + rank, seconds.end());
  return seconds[static_cast<std::size_t>(rank)] * second;
}

/// From the end on, sums of the means and of their squares give the error of each possible rest in one pass.
std::size_t warm_up_end(std::span<const double> values) {
  const std::size_t size = std::max<std::size_t>(1, values.size() / kGroups), count = values.size() / size;
  if (count < 4) return 0;
  std::vector<double> means;
  for (std::size_t i = 0; i < count; ++i) means.push_back(mean_of(values.subspan(i * size, size)));
  double sum = 0, squares = 0, least = -1;
  std::size_t best = 0;
  for (std::size_t kept = 1; kept <= count; ++kept) {  // from the end
    const double mean = means[count - kept];
    sum += mean, squares += mean * mean;
    if (2 * kept < count) continue;
    const double n = static_cast<double>(kept);
    // Variance of the kept groups over their number: squared standard error of their mean
    const double error = std::max(0.0, squares - sum * sum / n) / (n * n);
    if (least < 0 || error <= least) least = error, best = count - kept;
  }
  return best * size;
}

BatchedFigure batched_figure(std::span<const double> values, const LatencyGoal& goal) {
  BatchedFigure out;
  std::vector<double> all(values.begin(), values.end());
  out.value = goal.of(all).base();
  // What does not divide is in the whole figure and in no batch.
  const std::size_t size = values.size() / kTrialBatches;
  if (size == 0) return out;
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < kTrialBatches; ++i) {
    const auto part = values.subspan(i * size, size);
    std::vector<double> batch(part.begin(), part.end());
    const double figure = goal.of(batch).base();
    out.least = i == 0 ? figure : std::min(out.least, figure);
    out.most = std::max(out.most, figure);
    sum += figure, squares += figure * figure;
  }
  const double n = kTrialBatches;
  const double variance = std::max(0.0, squares - sum * sum / n) / (n - 1);
  out.half_width = kStudent99 * std::sqrt(variance / n);
  return out;
}

std::size_t least_in_batch(const LatencyGoal& goal) {
  const double above = goal.share > 0 ? 2 / (1 - goal.share) : 0;
  return static_cast<std::size_t>(std::ceil(std::max(kLeastInBatch, above)));
}

}  // namespace stargate
