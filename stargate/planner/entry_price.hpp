// At what price an option that the plan leaves would be taken: a system by the price of its whole series, a site by
// that of its construction. Found by bisection with a plan at each price. The reduced cost is a guess, told beside it:
// where many plans are best it misleads, since lowering one quarter's price moves the purchase and not the plan.
#pragma once

#include <optional>
#include <string>

#include "stargate/lp/solver.hpp"
#include "stargate/planner/programme.hpp"

namespace stargate {

enum class OptionKind { system, site };
struct PlanOption {
  OptionKind kind = OptionKind::system;
  int index = 0;  ///< of the programme's systems or sites
};

/// What the plan takes of it: thousand accelerators ordered, MW begun.
double option_taken(const Programme& programme, const PlanOption& option, const LpSolver& solver);

struct EntryPrice {
  std::optional<double> share;   ///< of its price at which it is taken; none: not for nothing either
  double width = 0;              ///< the true share lies within this below `share`
  std::optional<Quarter> first;  ///< in which it is then taken: arrives, or is begun
  int solves = 0;
};
/// For an option that the plan does not take; `tolerance` is of its price.
EntryPrice find_entry_price(const Programme& programme, const PlanOption& option, double guess, double tolerance,
                            const LpSolver& solver);

}  // namespace stargate
