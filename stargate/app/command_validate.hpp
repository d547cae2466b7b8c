// `stargate validate`: how far predictions are from measurements.
#pragma once

#include "stargate/app/session.hpp"

namespace stargate {

struct ValidateFlags {
  std::string kernels, collectives;
  std::vector<std::string> devices, laws;
  int worst = 0;
  bool leave_out = false, json = false;
  ChangeFlags changes;
};

void validate(Session& session, const ValidateFlags& flags);

}  // namespace stargate
