// What a sized deployment rests on: shares of its engines' steps by the origin of the laws.
#pragma once

#include "stargate/serving/step_law.hpp"
#include "stargate/sizing/size_fleet.hpp"

namespace stargate {

/// `accelerator` with the shares of the deployment's own steps, at the load of the answer.
ReplicaPower deployment_power(const ReplicaPower& accelerator, const Model& model, const FleetQuestion& question,
                              const FleetOption& option, const SizedFleet& fleet);

/// At the load of the answer, with the option it chose. Of two sides each counts by its accelerators.
LawShares deployment_law_shares(const Model& model, const FleetQuestion& question, const FleetOption& option,
                                const SizedFleet& fleet);

}  // namespace stargate
