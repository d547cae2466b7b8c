// The area under the crowd's curve, summed up.
#include "stargate/sim/crowd_record.hpp"

#include <algorithm>
#include <cmath>

namespace stargate {
namespace {

constexpr double kGrowth = 0.02;     // of those who come: less cannot be told from chance
constexpr double kStillGrows = 0.8;  // a quarter's growth over that of the one before
constexpr double kChance = 4;        // deviations
constexpr double kApart = 1e-3;      // seconds

}  // namespace

/// The integral of the crowd over time so far, in request-seconds. Points closer than kApart are merged into one, so
/// that memory grows with the time simulated and not with the events.
void CrowdRecord::add(SimTime end, Duration time, double crowd) {
  area_ += crowd * time.base();
  const double at = end.seconds();
  if (at > points_.back().time + kApart) {
    points_.push_back({at, area_});
  } else {
    points_.back().area = area_;
  }
}

/// From the areas at both ends, linear between points: exact where the crowd is constant between two records.
double CrowdRecord::mean_between(double from, double to) const {
  const auto area_at = [&](double time) {
    const auto after =
        std::lower_bound(points_.begin(), points_.end(), time, [](const Point& p, double t) { return p.time < t; });
    if (after == points_.begin()) return 0.0;
    if (after == points_.end()) return points_.back().area;
    const Point &a = *(after - 1), &b = *after;
    return a.area + (b.area - a.area) * (time - a.time) / (b.time - a.time);
  };
  return (area_at(to) - area_at(from)) / (to - from);
}

bool CrowdRecord::grows(double rate, SimTime until) const {
  // The first quarter is left out: a system that starts empty fills up in it.
  const double all = std::min(points_.back().time, until.seconds()), quarter = all / 4;
  if (all <= 0) return false;
  // A queue with more work than it can do grows linearly, so its quarters differ by equal steps; a queue that settles
  // has steps that shrink towards zero. Both tests are needed: the ratio tells the shapes apart, the least size keeps
  // the noise of a Poisson stream (standard deviation sqrt(come)) from counting as a step.
  const double early = mean_between(quarter, 2 * quarter), middle = mean_between(2 * quarter, 3 * quarter),
               late = mean_between(3 * quarter, all);
  const double come = rate * quarter;
  const double least = kStillGrows * (middle - early);
  return late - middle >= least && least > kGrowth * come + kChance * std::sqrt(come);
}

}  // namespace stargate
