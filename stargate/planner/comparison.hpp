// Two plans side by side: what a change (a supplier gone, a site late) costs, which service pays for it in tokens, and
// what binds instead.
#pragma once

#include <string>
#include <vector>

#include "stargate/planner/plan.hpp"

namespace stargate {

/// Other minus base, in one quarter.
struct QuarterDifference {
  Quarter quarter;
  double accelerators = 0;
  Power energised;
  Money cost, spent;
  std::vector<TokenRate> served;  ///< by service
};

struct ServiceDifference {
  std::string service;
  Tokens served;         ///< other minus base, over the horizon
  double share = 0;      ///< of base's served tokens; zero when base serves none
  Quarter worst;         ///< quarter with the largest loss
  TokenRate worst_rate;  ///< its difference
};

/// How a limit's worth changed; sums over quarters.
struct LimitDifference {
  std::string family, group, unit;
  Money price_base, price_other;
  Money one_percent_base, one_percent_other;
};

struct PlanDifference {
  Money objective;  ///< present value, other minus base
  PlanCost parts;
  double accelerators = 0;  ///< in the last quarter
  std::vector<QuarterDifference> quarters;
  std::vector<ServiceDifference> services;
  std::vector<LimitDifference> limits;  ///< largest rise of `one_percent` first
};

/// Both plans have the same quarters and services.
PlanDifference compare_plans(const Plan& base, const Plan& other);

}  // namespace stargate
