// The clock of simulations: a point in time in whole nanoseconds since the start. An integer, so that the order of two
// events never hangs on a rounding; it reaches 292 years. Spans of time are the quantity Duration, as everywhere.
#pragma once

#include <cmath>
#include <compare>
#include <cstdint>
#include <limits>

#include "stargate/units/quantity.hpp"

namespace stargate {

struct SimTime {
  std::int64_t ns = 0;  ///< nanoseconds since the start

  /// Later than anything that happens.
  static constexpr SimTime never() { return {std::numeric_limits<std::int64_t>::max()}; }
  /// That long after the start, to the nearest nanosecond; never() beyond what the clock reaches. Negative spans lie
  /// before the start; a NaN is never().
  static SimTime at(Duration since_start) {
    // 9.2e18 ns is just inside a 64-bit integer, 292 years; NaN fails the comparison and becomes never().
    const double ns = since_start.base() * 1e9;
    return ns < 9.2e18 ? SimTime{ns > -9.2e18 ? std::llround(ns) : -never().ns} : never();
  }

  constexpr bool is_never() const { return ns == never().ns; }
  constexpr double seconds() const { return static_cast<double>(ns) * 1e-9; }
  friend constexpr auto operator<=>(SimTime, SimTime) = default;
  /// never() where the sum would be later than the clock reaches.
  friend SimTime operator+(SimTime a, Duration b) {
    std::int64_t sum = 0;
    return __builtin_add_overflow(a.ns, at(b).ns, &sum) ? never() : SimTime{sum};
  }
  friend constexpr Duration operator-(SimTime a, SimTime b) {
    return Duration::from_base(static_cast<double>(a.ns - b.ns) * 1e-9);
  }
};

}  // namespace stargate
