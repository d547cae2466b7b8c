// What running a plan in time needs to know of a study beside its programme: who uses each service where and when, how
// machines come late and leave, in draws of the study's own risks.
#pragma once

#include "stargate/planner/run_in_time.hpp"
#include "stargate/study/run.hpp"

namespace stargate {

/// Tenants of a service's own study that the same countries may serve, together.
struct OwnUsers {
  std::vector<std::string> countries;  ///< empty: all
  std::string name;                    ///< the countries in words
  double share = 1;                    ///< of the tokens put out
  std::vector<double> hours;           ///< 24 of the day, mean 1
};
std::vector<OwnUsers> own_users(const ServiceStudySpec& study);
/// Peak of each country's week over the mean, by their shares: what capacity has to be where none may help another.
double own_peak_to_mean(const ServiceStudySpec& study, double weekend);

struct RunOptions {
  int draws = 20;
  std::uint64_t seed = 1;
  double failures = 1;  ///< times the machines that do not work; 0: all work
  double late = 1;      ///< times the delays; 0: none
};
/// Training's pace is left to whoever knows what its failures cost. Faults: a catalogue whose fleets tell no time to
/// repair.
Result<RunSpec> make_run_spec(const PreparedStudy& prepared, const RunOptions& options);

}  // namespace stargate
