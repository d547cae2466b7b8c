// A day in which more came than was served is named so; a rush hour that is kept up with is not.
#include <doctest/doctest.h>

#include "stargate/questions/serve_study_report.hpp"

using namespace stargate;

namespace {

/// A quarter of an hour each, ten requests a second, so many in flight at its end.
FleetReport day_with(const std::vector<std::int64_t>& in_flight) {
  FleetReport report;
  report.tenants.resize(1);
  report.tenants[0].end_to_end.add(10);
  for (std::size_t i = 0; i < in_flight.size(); ++i) {
    FleetSample sample;
    sample.end = SimTime::at(900.0 * static_cast<double>(i + 1) * second);
    sample.arrived = 9000, sample.in_flight = in_flight[i];
    report.samples.push_back(sample);
  }
  return report;
}

}  // namespace

TEST_CASE("requests in flight that grow and grow are overload, with its hours and by how much") {
  const FleetLoad load = find_fleet_load(day_with({100, 110, 1910, 3710, 3700, 200}));
  CHECK(load.overloaded());
  CHECK(load.offered == doctest::Approx(10));
  CHECK(load.growth == doctest::Approx(2));
  CHECK(format_fleet_load(load).find("OVERLOADED between 0.5 h and 1.0 h: 10 requests a second came, about 8") !=
        std::string::npos);
}

TEST_CASE("a fleet that fills up and one at its rush hour are not overloaded") {
  const FleetLoad load = find_fleet_load(day_with({0, 100, 190, 200, 120, 40}));
  CHECK(!load.overloaded());
  CHECK(format_fleet_load(load).empty());
}

TEST_CASE("requests that a full gateway refuses are overload") {
  FleetReport report = day_with({100, 100});
  report.tenants[0].left[static_cast<int>(RequestOutcome::refused)] = 7;
  CHECK(find_fleet_load(report).overloaded());
  CHECK(format_fleet_load(find_fleet_load(report)).find("7 requests were refused") != std::string::npos);
}
