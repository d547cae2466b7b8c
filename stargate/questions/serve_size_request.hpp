// The question of `stargate serve size`, system by system, with the records of the catalogue found.
#pragma once

#include <memory>

#include "stargate/questions/serve_size.hpp"
#include "stargate/sizing/serving_ways.hpp"
#include "stargate/traffic/trace.hpp"

namespace stargate {

struct SizedSystem {
  std::string id;                 ///< of the system
  std::vector<ServingWays> ways;  ///< one for each of the request's modes
  RunningCost cost;               ///< price and power of an accelerator
  HourPrice price;                ///< and where it comes from
  int accelerators = 0;           ///< that the power or the money asked of buys of it; 0: neither was given
};

struct SizeRequest {
  std::unique_ptr<Catalogue> catalogue;      ///< stays where it is: models and systems point into it
  const Model* model = nullptr;              ///< of the catalogue
  FleetQuestion question;                    ///< the same for every system
  std::string engine;                        ///< a name, or "best"
  std::vector<ServingPrecision> precisions;  ///< each is tried
  std::vector<FleetMode> modes;              ///< each has an answer
  std::vector<SizedSystem> systems;          ///< in the order asked
  std::optional<double> most_per_mtok;       ///< dollars a million output tokens
  double peak_to_mean = 1;                   ///< of the day whose peak the rate is
  std::optional<double> api_per_mtok;        ///< dollars a million output tokens elsewhere
  ExpectedErrors errors;                     ///< of what was validated
  std::unique_ptr<RequestTrace> trace;       ///< the traffic maker reads it
};

/// Faults are of the question's fields.
Result<SizeRequest> make_size_request(const SizeQuestion& question, const QuestionContext& context);

}  // namespace stargate
