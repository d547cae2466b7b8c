// `stargate validate --training`: measured training runs against the predictions.
#pragma once

#include "stargate/app/session.hpp"

namespace stargate {

struct ValidateTrainingFlags {
  std::string file;  ///< CSV
  std::string rows;  ///< CSV to write every predicted row to
  int worst = 0;
  bool json = false;
  ChangeFlags changes;
};

void validate_training(Session& session, const ValidateTrainingFlags& flags);

}  // namespace stargate
