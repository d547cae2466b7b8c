// `stargate validate --serving`: measured serving figures against the predictions.
#pragma once

#include "stargate/app/session.hpp"

namespace stargate {

struct ValidateServingFlags {
  std::string file;  ///< CSV
  std::string rows;  ///< where every prediction is written; empty: nowhere
  int worst = 0;
  bool json = false;
  ChangeFlags changes;
};

void validate_serving(Session& session, const ValidateServingFlags& flags);

}  // namespace stargate
