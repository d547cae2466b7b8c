// `stargate calibrate --serving`: fits the coefficients of serving engines and prints them.
#pragma once

#include "stargate/app/session.hpp"

namespace stargate {

struct CalibrateServingFlags {
  std::string file;                       ///< CSV
  std::vector<std::string> coefficients;  ///< empty: those whose source is the fit
  bool leave_out = false;
  ChangeFlags changes;
};

void calibrate_serving(Session& session, const CalibrateServingFlags& flags);

}  // namespace stargate
