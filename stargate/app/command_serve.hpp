// `stargate serve`: the accelerators a traffic needs under its latency targets.
#pragma once

#include "stargate/app/session.hpp"

namespace stargate {

struct ServeFlags {
  std::string model;
  std::vector<std::string> systems;
  double rate = 0;  ///< requests a second
  int isl = 0, osl = 0;
  double prefix_share = 0;
  std::string ttft, tpot;  ///< "300 ms"
  std::string precision;
  ChangeFlags changes;
  bool json = false;
};

void serve(Session& session, const ServeFlags& flags);

}  // namespace stargate
