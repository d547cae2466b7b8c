// `stargate serve simulate STUDY`: a service's study sized, run under its traffic and priced.
#pragma once

#include "stargate/app/session.hpp"

namespace stargate {

struct ServiceStudyFlags {
  std::string study, requests_csv;
  std::string price;  ///< of an accelerator, else rent or ownership
  bool json = false;
  ChangeFlags changes;
};

void simulate_service_study(Session& session, const ServiceStudyFlags& flags);

}  // namespace stargate
