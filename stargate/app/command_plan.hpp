// `stargate plan STUDY`: the build plan of a study, and with a change both plans side by side.
#pragma once

#include "stargate/app/session.hpp"

namespace stargate {

struct PlanFlags {
  std::string study;
  ChangeFlags changes;
  bool json = false;
  std::string csv_folder, html_file, mps_file;
};

void plan_study(Session& session, const PlanFlags& flags);

}  // namespace stargate
