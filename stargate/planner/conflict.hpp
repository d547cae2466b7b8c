// Why a programme has no plan: a smallest set of its limits and promises that cannot all hold. With any one of them
// lifted the rest of the set can be kept. Junker, "QuickXplain: Preferred Explanations and Relaxations for
// Over-Constrained Problems", AAAI 2004.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "stargate/lp/solver.hpp"
#include "stargate/planner/programme.hpp"

namespace stargate {

/// Something that somebody set or promised, and the programme as if nobody had.
struct PlanLimit {
  std::string name;  ///< "tranche all of it: 1 M$", "take-or-pay at abilene: 80 % of 30 MW"
  std::function<void(Programme&)> lift;
};
/// Money, promises that cost it, grid and crews, offers, ramps, caps: what a programme's author can move.
std::vector<PlanLimit> movable_limits(const Programme& programme);

struct PlanConflict {
  std::vector<std::string> limits;  ///< as few as conflict; none: no set of them does
  int solves = 0;
};
/// Of a programme without a plan.
PlanConflict find_conflict(const Programme& programme, const LpSolver& solver);

}  // namespace stargate
