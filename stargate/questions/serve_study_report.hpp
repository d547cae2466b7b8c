// A service's study as text and as JSON.
#pragma once

#include "stargate/questions/serving_fields.hpp"
#include "stargate/service/service_study.hpp"

namespace stargate {

struct SystemBasis {
  std::string system;  ///< id
  ServingBasis basis;  ///< what its times rest on
};

/// Parts of the day in which more came than was served.
struct FleetLoad {
  SimTime from, until;             ///< the first and the last of them
  double offered = 0, growth = 0;  ///< requests a second that came then, and by which those in flight grew; 0: none
  std::int64_t refused = 0;        ///< at the gateway, as too many waited

  bool overloaded() const { return growth > 0 || refused > 0; }
};
/// A sample is overloaded as in find_load (serve_simulate_report.hpp): those in flight grew by more than three standard
/// deviations of arrivals at random and by more than a fiftieth of what came.
FleetLoad find_fleet_load(const FleetReport& report);
/// Empty where the fleet kept up.
std::string format_fleet_load(const FleetLoad& load);

struct ServeStudyReport {
  ServiceStudySpec study;          ///< as read
  ServiceStudyAnswer answer;       ///< fleet, report, bills
  std::vector<SystemBasis> bases;  ///< of each system of the study, by id
};

std::string format_service_study_text(const ServeStudyReport& report);
void write_service_study(JsonWriter& json, const ServeStudyReport& report);
const AnswerFields& service_study_answer_fields();

}  // namespace stargate
