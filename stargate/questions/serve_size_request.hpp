// The question of `stargate serve size`, system by system, with the records of the catalogue found.
#pragma once

#include <memory>

#include "stargate/questions/serve_size.hpp"
#include "stargate/sizing/serving_ways.hpp"
#include "stargate/traffic/trace.hpp"

namespace stargate {

struct SizedSystem {
  std::string id;
  std::vector<ServingWays> ways;  ///< one for each of the request's modes
  RunningCost cost;
  HourPrice price;
};

struct SizeRequest {
  std::unique_ptr<Catalogue> catalogue;
  const Model* model = nullptr;
  FleetQuestion question;
  std::string engine;  ///< a name, or "best"
  std::vector<ServingPrecision> precisions;
  std::vector<FleetMode> modes;
  std::vector<SizedSystem> systems;
  ExpectedErrors errors;
  std::unique_ptr<RequestTrace> trace;  ///< the traffic maker reads it
};

/// Faults are of the question's fields.
Result<SizeRequest> make_size_request(const SizeQuestion& question, const QuestionContext& context);

}  // namespace stargate
