// Two plans side by side: what a change (a supplier gone, a site late) costs, which service pays for it in tokens, and
// what binds instead.
#pragma once

#include <string>
#include <vector>

#include "stargate/planner/plan.hpp"
#include "stargate/planner/programme.hpp"

namespace stargate {

/// Other minus base, in a quarter that both have.
struct QuarterDifference {
  Quarter quarter;
  double accelerators = 0;  ///< installed, all kinds
  Power energised;          ///< at the meter, all sites
  /// The quarter's annuities and bills; what is paid in it.
  Money cost, spent;
  std::vector<TokenRate> served;  ///< by service, as in PlanDifference::services
};

struct ServiceDifference {
  std::string service;
  Tokens served;         ///< other minus base, over the quarters that both have
  double share = 0;      ///< of base's served tokens; zero when base serves none
  Quarter worst;         ///< quarter with the largest loss
  TokenRate worst_rate;  ///< its difference
};

/// How a limit's worth changed; sums over quarters.
struct LimitDifference {
  /// As in LimitGroup; a limit that binds in one plan only has zeros for the other.
  std::string family, group, unit;
  Money price_base, price_other;              ///< present value of one unit more in each quarter
  Money one_percent_base, one_percent_other;  ///< of one percent more in each quarter
};

struct PlanDifference {
  Money value, revenue;                     ///< present values, other minus base, each over its own quarters
  double accelerators = 0;                  ///< in the last quarter that both have
  std::vector<QuarterDifference> quarters;  ///< in order of time
  std::vector<ServiceDifference> services;  ///< base's in its order, then those of other alone
  std::vector<LimitDifference> limits;      ///< largest rise of `one_percent` first
};

/// Quarters and services need not be the same: quarters that one lacks are left out, of a service that one lacks
/// nothing is served there. A value below zero: `other` is worse. Limits are matched by family and group, quarters by
/// date.
PlanDifference compare_plans(const Plan& base, const Plan& other);

/// What a change reaches, in words ("sites", "capital"): the parts in which two programmes differ. None: the plans are
/// the same, and no part of the answer uses what was changed. Compares by value, part by part.
std::vector<std::string> changed_parts(const Programme& base, const Programme& other);

}  // namespace stargate
