// A figure that changes by quarter: points given at some quarters, linear between them, the last one held afterwards.
// Before the first point it is zero (nothing is delivered, energised or demanded before its first date).
#pragma once

#include <algorithm>
#include <map>

#include "stargate/base/quarter.hpp"

namespace stargate {

template <class T>
struct Series {
  std::map<Quarter, T> points;  ///< where somebody gave a figure

  bool empty() const { return points.empty(); }
  /// The value in that quarter, not the sum up to it. O(log points).
  T at(Quarter quarter) const {
    const auto after = points.upper_bound(quarter);
    if (after == points.begin()) return T{};
    const auto before = std::prev(after);
    if (after == points.end() || before->first == quarter) return before->second;
    const double share = static_cast<double>(quarter - before->first) / static_cast<double>(after->first - before->first);
    return before->second + (after->second - before->second) * share;
  }
};

}  // namespace stargate
