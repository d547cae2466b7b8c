// The question of `stargate serve simulate` as what is simulated: the catalogue's records found, the engine put
// together, the traffic made.
#pragma once

#include <memory>

#include "stargate/questions/serve_simulate.hpp"
#include "stargate/questions/serving_memory.hpp"
#include "stargate/serving/service_report.hpp"

namespace stargate {

/// Parts point into each other; what listens to the simulation points into it too.
struct Simulation {
  std::shared_ptr<Catalogue> catalogue;     ///< stays where it is: model and system point into it
  const System* system = nullptr;           ///< of the catalogue
  const Model* model = nullptr;             ///< of the catalogue
  std::unique_ptr<ServingMachine> machine;  ///< replicas point to it
  EngineSetup engine;                       ///< with the user's changes
  std::vector<std::string> slower_engines;  ///< that `best` left, the fastest first
  std::vector<std::string> refusing_engines;  ///< that `best` left as they refuse the longest request, with the reason
  ServingPrecision precision;               ///< of weights and cache
  ReplicaEngine pool, prefill;              ///< the second only when disaggregated
  SimulatedService service;                 ///< replicas, router, overheads
  LatencyTarget target;                     ///< for the share of good requests
  ReplicaPower power, prefill_power;
  HourPrice price;
  ExpectedErrors errors;
  int accelerators = 0;
  double offered_rate = 0;              ///< requests a second of an open loop; 0: not known, or a closed loop
  std::unique_ptr<RequestTrace> trace;  ///< the source reads it
  std::unique_ptr<RequestSource> source;
};

/// A replica does not hold the model and one sequence: what is missing, and where.
struct ReplicaDoesNotFit {
  std::string model, system, layout;
  DoesNotFit lack;
  ServingMemory memory;
  ServingBasis basis;
};

using SimulationOutcome = std::variant<std::unique_ptr<Simulation>, ReplicaDoesNotFit>;
/// Faults are of the question's fields.
Result<SimulationOutcome> make_simulation(const SimulateQuestion& question, const QuestionContext& context);

}  // namespace stargate
