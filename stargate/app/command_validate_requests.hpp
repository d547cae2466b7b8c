// `stargate validate --requests`: real runs replayed request by request.
#pragma once

#include "stargate/app/session.hpp"

namespace stargate {

struct ValidateRequestsFlags {
  std::string file;
  bool json = false;
  ChangeFlags changes;
};

void validate_requests(Session& session, const ValidateRequestsFlags& flags);

}  // namespace stargate
