// `stargate train goodput`: failures, checkpoints and restarts of a job; days and dollars to a number of tokens.
#pragma once

#include "stargate/app/command_train.hpp"

namespace stargate {

/// Times, rates and prices are text with units; empty means the catalogue's or the best.
struct GoodputFlags {
  double tokens = 0;
  std::string step_time;
  std::string checkpoint_interval = "auto", checkpoint = "async", storage_bandwidth, checkpoint_overhead;
  int spares = -1;  ///< nodes; -1: enough
  std::string detection_time, restart_time, repair_time;
  std::string fleet, fleet_age, price;
  std::string straggler_share, straggler_slowdown = "10 %", rate_spread = "auto";
  std::int64_t seed = 1;
  int scenarios = 1000;
};

void train_goodput(Session& session, const TrainFlags& train, const GoodputFlags& flags);

}  // namespace stargate
