// A bucket's index is the exponent and the first eight bits of the fraction of the double.
#include "stargate/sim/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace stargate {
namespace {

// Bits of the double's fraction that are dropped: 2^8 buckets remain in each octave, 1/256 = 0.4 % wide.
constexpr int kShift = 52 - 8;

/// The bit pattern of a positive double rises with its value, so its leading bits number the buckets without a
/// logarithm.
std::int32_t bucket_of(double value) {
  return value > 0 ? static_cast<std::int32_t>(std::bit_cast<std::uint64_t>(value) >> kShift) : 0;
}
double lower_bound_of(std::int32_t bucket) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(bucket) << kShift);
}

}  // namespace

/// Buckets are kept from the lowest to the highest seen, without gaps: 256 an octave, so a span of a microsecond to an
/// hour takes some 8,000.
void Histogram::count_in(std::int32_t bucket, double weight) {
  if (weights_.empty()) first_ = bucket;
  if (bucket < first_) {
    weights_.insert(weights_.begin(), static_cast<std::size_t>(first_ - bucket), 0.0);
    first_ = bucket;
  }
  const auto at = static_cast<std::size_t>(bucket - first_);
  if (at >= weights_.size()) weights_.resize(at + 1, 0.0);
  weights_[at] += weight;
}

/// `count` values in arithmetic progression, a bucket at a time: gaps between tokens of a run of steps grow so.
void Histogram::add_ramp(double first, double growth, std::int64_t count, double weight) {
  if (count <= 0 || weight <= 0) return;
  const auto n = static_cast<double>(count);
  const double last = first + growth * (n - 1);
  least_ = count_ > 0 ? std::min(least_, first) : first;
  largest_ = count_ > 0 ? std::max(largest_, last) : last;
  count_ += n * weight;
  // The sum of an arithmetic progression, exact: the mean does not suffer from the buckets.
  sum_ += weight * n * (first + growth * (n - 1) / 2);
  for (std::int64_t done = 0; done < count;) {
    const double value = first + growth * static_cast<double>(done);
    const std::int32_t bucket = bucket_of(value);
    std::int64_t next = count;
    if (growth > 0) {
      // How many steps of the ramp stay below the next bucket.
      const double here = std::ceil((lower_bound_of(bucket + 1) - first) / growth);
      if (here < n) next = std::max(done + 1, static_cast<std::int64_t>(here));
    }
    count_in(bucket, weight * static_cast<double>(next - done));
    done = next;
  }
}

void Histogram::merge(const Histogram& other) {
  if (other.count_ <= 0) return;
  for (std::size_t i = 0; i < other.weights_.size(); ++i) {
    if (other.weights_[i] > 0) count_in(other.first_ + static_cast<std::int32_t>(i), other.weights_[i]);
  }
  least_ = count_ > 0 ? std::min(least_, other.least_) : other.least_;
  largest_ = std::max(largest_, other.largest_);
  count_ += other.count_, sum_ += other.sum_;
}

/// The middle of the bucket in which the share is reached, and never outside what was seen.
double Histogram::quantile(double share) const {
  if (count_ <= 0) return 0;
  const double wanted = share * count_;
  double seen = 0;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    seen += weights_[i];
    // An empty bucket cannot hold the quantile, even where rounding makes `seen` equal to `wanted` in it.
    if (seen < wanted || weights_[i] <= 0) continue;
    const std::int32_t bucket = first_ + static_cast<std::int32_t>(i);
    const double middle = (lower_bound_of(bucket) + lower_bound_of(bucket + 1)) / 2;
    return std::clamp(middle, least_, largest_);
  }
  return largest_;
}

}  // namespace stargate
