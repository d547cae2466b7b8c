// From the flags of `stargate serve simulate` to a service and its traffic.
#pragma once

#include <memory>

#include "stargate/app/command_serve_simulate.hpp"
#include "stargate/finance/accelerator_price.hpp"
#include "stargate/serving/replica_engine.hpp"
#include "stargate/serving/service_report.hpp"

namespace stargate {

struct SimulationQuestion {
  std::unique_ptr<Catalogue> catalogue;
  const System* system = nullptr;
  const Model* model = nullptr;
  std::unique_ptr<ServingMachine> machine;
  EngineSetup engine;
  ServingPrecision precision;
  ReplicaEngine pool, prefill;
  SimulatedService service;
  LatencyTarget target;
  ReplicaPower power, prefill_power;
  HourPrice price;  ///< of an accelerator
  int accelerators = 1;
  std::unique_ptr<RequestTrace> trace;
  std::unique_ptr<RequestSource> source;
};

/// Nothing when a flag was wrong or the replica does not fit; the session has been told.
std::optional<SimulationQuestion> make_simulation(Session& session, const SimulateFlags& flags);

}  // namespace stargate
