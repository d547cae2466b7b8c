// `stargate calibrate`: coefficients of the laws from measured kernels, written to the catalogue.
#pragma once

#include "stargate/app/session.hpp"

namespace stargate {

struct CalibrateFlags {
  std::string kernels, collectives;
  std::vector<std::string> devices, laws;
  std::string out;  ///< empty: calibration/ of the catalogue
  ChangeFlags changes;
};

void calibrate_laws(Session& session, const CalibrateFlags& flags);

}  // namespace stargate
