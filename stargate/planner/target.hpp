// By when something can be reached, whatever it costs: power, accelerators, a service's tokens. The most that any plan
// has of it in each quarter, the first quarter in which that is enough, and what being there then takes from the value.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "stargate/lp/solver.hpp"
#include "stargate/planner/model.hpp"

namespace stargate {

enum class TargetKind { power, accelerators, tokens };

struct PlanTarget {
  TargetKind kind = TargetKind::power;
  int service = 0;    ///< of tokens
  double amount = 0;  ///< MW at the meter, energised; thousand accelerators, installed; million tokens a second, served
};

/// A limit that would bring the target nearer, in the quarter before it is reached, if it gave more.
struct TargetLimit {
  std::string group, unit;
  double brings = 0;       ///< of the target's unit, for one more unit in each of its quarters
  double one_percent = 0;  ///< the same for 1 % more of it, at the margin; 0 for balances (cash, debt share)
};

struct TargetReached {
  std::vector<double> best, most;   ///< by quarter: in the best plan; the most of any
  std::optional<Quarter> first;     ///< in which most >= amount; none: not inside the horizon
  Money value, value_lost;          ///< of the best plan; what it loses when it has to be there by `first`
  std::vector<TargetLimit> limits;  ///< in the quarter before `first`, or in the last one: the most telling first
};

/// One solve a quarter, each from the vertex before; or in words why there is no plan.
std::variant<TargetReached, std::string> reach_target(const Programme& programme, const PlanTarget& target,
                                                      const LpSolver& solver);

}  // namespace stargate
