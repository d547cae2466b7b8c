#include "stargate/fleet/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace stargate {
namespace {

constexpr int kBits = 6;  // 64 buckets to each power of two
constexpr std::uint64_t kSub = 1U << kBits;

std::size_t bucket_of(std::uint64_t value) {
  if (value < kSub) return value;
  const int shift = static_cast<int>(std::bit_width(value)) - 1 - kBits;
  return static_cast<std::size_t>(shift + 1) * kSub + ((value >> shift) - kSub);
}

double middle_of(std::size_t bucket) {
  if (bucket < kSub) return static_cast<double>(bucket);
  const int shift = static_cast<int>(bucket / kSub) - 1;
  const double low = std::ldexp(static_cast<double>(kSub + bucket % kSub), shift);
  return low + std::ldexp(0.5, shift);
}

}  // namespace

void LatencyHistogram::add(std::int64_t ns) {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(0, ns));
  const std::size_t bucket = bucket_of(value);
  if (bucket >= buckets_.size()) buckets_.resize(bucket + 1, 0);
  ++buckets_[bucket];
  ++count_;
  sum_ns_ += static_cast<double>(value);
  largest_ = std::max(largest_, ns);
}

void LatencyHistogram::add(const LatencyHistogram& other) {
  if (other.buckets_.size() > buckets_.size()) buckets_.resize(other.buckets_.size(), 0);
  for (std::size_t i = 0; i < other.buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ns_ += other.sum_ns_;
  largest_ = std::max(largest_, other.largest_);
}

Duration LatencyHistogram::mean() const {
  return count_ == 0 ? Duration{} : sum_ns_ / static_cast<double>(count_) * 1e-9 * second;
}

Duration LatencyHistogram::percentile(double share) const {
  if (count_ == 0) return {};
  const auto rank =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(share * static_cast<double>(count_))));
  std::int64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= rank) return std::min(middle_of(i), static_cast<double>(largest_)) * 1e-9 * second;
  }
  return largest();
}

}  // namespace stargate
