// Who is inside a queueing system over time, and whether more come than leave.
//   overload   the mean number inside grows from the second quarter of the time to the third and to the last, each time
//              by at least 0.8 of the time before (what only settles grows less and less), 2 % of those who come, and
//              four deviations of a Poisson count
#pragma once

#include <vector>

#include "stargate/sim/time.hpp"

namespace stargate {

class CrowdRecord {
 public:
  /// `crowd` were inside for `time` more, up to `end`. Several servers add theirs one by one.
  void add(SimTime end, Duration time, double crowd);
  /// Whether it grew without end up to `until`, when so many a second came. `rate`: of those who come, a second. A
  /// crowd that only fills up at the beginning, or swings by chance, does not count. False when nothing was recorded.
  bool grows(double rate, SimTime until) const;

 private:
  double mean_between(double from, double to) const;  ///< seconds since the beginning
  struct Point {
    double time = 0, area = 0;  ///< seconds; the crowd times seconds since the beginning
  };
  std::vector<Point> points_{{}};  ///< in order of time, a millisecond apart at least
  double area_ = 0;                ///< crowd times seconds so far
};

}  // namespace stargate
