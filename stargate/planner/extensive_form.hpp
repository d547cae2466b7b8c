// The two-stage programme as one LP: the columns of every scenario side by side, orders and starts of the first
// quarters shared by all of them.
//   min  (1 - w) sum_S pr_S cost_S + w (theta + 1 / tail sum_S pr_S over_S),   over_S >= cost_S - theta
// is the mean cost for w = 0; theta + ... is the mean cost of the worst `tail` of the scenarios (Rockafellar, Uryasev,
// 2000).
#pragma once

#include <vector>

#include "stargate/planner/model.hpp"
#include "stargate/planner/scenario.hpp"

namespace stargate {

/// Megawatts of some systems are at most a share of all that is installed, in every quarter of the horizon and after.
struct PowerShareCap {
  std::vector<std::string> systems;  ///< ids
  double share = 1;                  ///< 1: no limit
};

struct RiskOptions {
  int decided = 6;         ///< quarters whose orders and starts are the same whatever happens
  double cvar_weight = 0;  ///< w: 0 the mean alone, 1 the worst `tail` alone
  double tail = 0.25;      ///< share of the probability
  PowerShareCap cap = {};
};

/// An order or a start of a quarter before anybody knows which scenario it is.
struct SharedDecision {
  bool order = true;  ///< of a system; else a start at a site
  int item = 0;       ///< place of the system or site
  int t = 0;          ///< quarter
};
/// All of the first quarters, whatever columns a programme has.
std::vector<SharedDecision> shared_decisions(const Programme& programme, int quarters);
/// The decision's column in a programme's LP; -1: it cannot be made there.
int column_of(const PlanColumns& columns, const SharedDecision& decision);

/// The model refers to its programme, which outlives it.
struct ScenarioModel {
  double probability = 1;
  PlanModel model;
};

struct ExtensiveForm {
  LpProblem lp;                           ///< costs in B$: rows of the tail hold costs of whole scenarios
  std::vector<int> shared;                ///< by decision: its column; -1: some scenario does not allow it
  std::vector<std::vector<int>> columns;  ///< by scenario, by column of its model: of the lp
};
inline constexpr double kExtensiveMoney = 1000;  ///< M$ in a unit of its costs

/// Decisions that some scenario does not allow are not made in any.
ExtensiveForm build_extensive_form(const std::vector<ScenarioModel>& scenarios,
                                   const std::vector<SharedDecision>& decisions, const RiskOptions& options);

/// Adds the cap's rows to a programme's LP.
void add_power_share_rows(LpProblem& lp, const PlanModel& model, const PowerShareCap& cap);

}  // namespace stargate
