// `stargate calibrate --training`: the coefficients of training steps from measured runs.
#pragma once

#include "stargate/app/session.hpp"

namespace stargate {

struct CalibrateTrainingFlags {
  std::string file;                       ///< CSV
  std::vector<std::string> coefficients;  ///< empty: those whose source in the catalogue is the fit
  bool leave_out = false;
  ChangeFlags changes;
};

void calibrate_training(Session& session, const CalibrateTrainingFlags& flags);

}  // namespace stargate
