// Ten million latencies in a few kilobytes: counts in buckets that grow with the value, 64 to each power of two, so
// that a percentile is right to 0.8 % of itself; the mean is exact. After HdrHistogram (Tene).
#pragma once

#include <cstdint>
#include <vector>

#include "stargate/units/quantity.hpp"

namespace stargate {

class LatencyHistogram {
 public:
  void add(std::int64_t ns);
  void add(const LatencyHistogram& other);
  std::int64_t count() const { return count_; }
  Duration mean() const;
  /// The value below which `share` of the counts lie, the middle of its bucket; zero when there is none.
  Duration percentile(double share) const;
  Duration largest() const { return static_cast<double>(largest_) * 1e-9 * second; }

 private:
  std::vector<std::int64_t> buckets_;
  std::int64_t count_ = 0, largest_ = 0;
  double sum_ns_ = 0;
};

}  // namespace stargate
