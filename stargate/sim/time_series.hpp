// A figure over time, as means of equal windows. The windows double when the run outgrows them, so memory stays the
// same whether it lasts a minute or a month.
#pragma once

#include <algorithm>
#include <vector>

#include "stargate/sim/time.hpp"

namespace stargate {

class TimeSeries {
 public:
  /// At most 2 * `windows` windows are kept.
  explicit TimeSeries(Duration window = 1 * second, std::size_t windows = 512)
      : window_(std::max<std::int64_t>(1, SimTime::at(window).ns)), most_(2 * windows) {}

  /// The figure goes linearly from `from` to `to` between two points in time; stretches add up where they overlap.
  /// `start` is not before 0. An empty stretch counts only for largest().
  void add(SimTime start, SimTime end, double from, double to);
  void add(SimTime start, SimTime end, double value) { add(start, end, value, value); }
  /// Windows may differ in size; the sum has the grain of the coarser one.
  void merge(const TimeSeries& other);

  /// Mean over [start, end); where nothing was added it is zero. To the grain of the windows.
  double mean(SimTime start, SimTime end) const;
  double largest() const { return largest_; }  ///< of the values added, not of their sums
  Duration window() const { return static_cast<double>(window_) * 1e-9 * second; }

 private:
  void make_room(std::int64_t end);

  std::int64_t window_;       ///< nanoseconds
  std::size_t most_;          ///< windows kept before they double
  std::vector<double> sums_;  ///< value times seconds, by window
  double largest_ = 0;
};

}  // namespace stargate
