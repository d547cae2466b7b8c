// Whether a fleet kept up over the day, from its samples.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stargate/questions/serve_study_report.hpp"

namespace stargate {
namespace {

/// What one sample left over, if its length can tell: requests take a while, and a fleet that begins fills up first.
double left_over(const FleetSample& before, const FleetSample& now, double request_s) {
  const double grown = static_cast<double>(now.in_flight + now.held - before.in_flight - before.held);
  const auto arrived = static_cast<double>(now.arrived);
  const bool long_enough = (now.end - before.end).in(second) >= 2 * request_s;
  return long_enough && grown > 3 * std::sqrt(arrived) && grown > 0.02 * arrived ? grown : 0;
}

}  // namespace

FleetLoad find_fleet_load(const FleetReport& report) {
  FleetLoad load;
  const TenantReport all = report.all();
  load.refused = all.left[static_cast<int>(RequestOutcome::refused)];
  const double request_s = all.end_to_end.count() > 0 ? all.end_to_end.mean() : 0;
  double span = 0, arrived = 0, grown = 0;
  for (std::size_t i = 1; i < report.samples.size(); ++i) {
    const FleetSample &before = report.samples[i - 1], &now = report.samples[i];
    const double left = left_over(before, now, request_s);
    if (left <= 0) continue;
    if (span <= 0) load.from = before.end;
    load.until = now.end;
    span += (now.end - before.end).in(second), arrived += static_cast<double>(now.arrived), grown += left;
  }
  if (span > 0) load.offered = arrived / span, load.growth = grown / span;
  return load;
}

std::string format_fleet_load(const FleetLoad& load) {
  std::string out;
  if (load.growth > 0) {
    out += fmt::format(
        "\nOVERLOADED between {:.1f} h and {:.1f} h: {:.3g} requests a second came, about {:.3g} were served; the "
        "requests in flight grew by {:.3g} a second\n",
        load.from.seconds() / 3600, load.until.seconds() / 3600, load.offered, load.offered - load.growth, load.growth);
  }
  if (load.refused > 0) {
    out += fmt::format("\nOVERLOADED: {} requests were refused, as too many waited at the gateway\n", load.refused);
  }
  return out;
}

}  // namespace stargate
