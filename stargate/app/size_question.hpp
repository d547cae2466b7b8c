// From the flags of `stargate serve size` to the question, system by system.
#pragma once

#include <memory>

#include "stargate/app/command_serve_size.hpp"
#include "stargate/finance/accelerator_price.hpp"
#include "stargate/sizing/size_fleet.hpp"

namespace stargate {

struct SizedSystem {
  std::string id;
  std::unique_ptr<ServingMachine> machine;
  RunningCost cost;
  HourPrice price;
};

struct SizeRequest {
  std::unique_ptr<Catalogue> catalogue;
  const Model* model = nullptr;
  FleetQuestion question;
  std::vector<SizedSystem> systems;
  std::unique_ptr<RequestTrace> trace;  ///< the traffic maker reads it
};

/// Nothing when a flag was wrong; the session has been told.
std::optional<SizeRequest> make_size_request(Session& session, const SizeFlags& flags);

}  // namespace stargate
