// A simulated service as text, as JSON and as a row a request.
#pragma once

#include "stargate/questions/simulation.hpp"

namespace stargate {

/// Whether the service kept up with an open loop of traffic.
struct LoadFinding {
  double offered = 0, served = 0;  ///< requests a second while requests came; 0: a closed loop or no span
  double growth = 0;               ///< of the requests in flight, a second
  bool overloaded = false;         ///< more come than leave
  bool at_once = false;            ///< nothing came after the first moment
  bool too_short = false;  ///< the traffic ended before twice the mean time of a request: filling up and draining only
};
/// Overloaded: from the second quarter of the traffic to its last the requests in flight grew by more than three
/// standard deviations of arrivals that come at random, and by more than a fiftieth of what came.
/// `last_arrival` of the requests that were served. Says nothing of a closed loop, which cannot be overloaded.
LoadFinding find_load(const Simulation& simulation, const ServiceReport& report, SimTime last_arrival);

/// What was simulated and what came out.
struct SimulationReport {
  std::unique_ptr<Simulation> simulation;  ///< what was put together
  ServiceReport report;                    ///< latencies and work
  LoadFinding load;                        ///< whether it kept up
  ServingBasis basis;                      ///< what the times rest on
  std::int64_t longest_refused = 0;        ///< tokens of the longest request that was refused; 0: none was

  /// What its rank lacks to hold it; zero when it was too long for a step only.
  Bytes refused_missing() const;
};

std::string format_simulation_text(const SimulationReport& report);
void write_simulation(JsonWriter& json, const SimulationReport& report);
const AnswerFields& simulation_answer_fields();

/// A line a request, as it leaves.
std::string request_csv_header();
void append_request_csv(std::string& out, const IncomingRequest& request, const RequestRecord& record);

}  // namespace stargate
