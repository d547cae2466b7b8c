// How flat the best is. Near the best plan many others are worth almost the same, so each figure of it is told with the
// range it may take at a small loss, and plans that differ most are looked for (modelling to generate alternatives,
// after the hop-skip-jump of Brill, Chang and Hopkins, Management Science 28 (1982)).
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "stargate/lp/solver.hpp"
#include "stargate/planner/model.hpp"

namespace stargate {

/// A figure of the plan's summary: linear in the columns.
struct PlanFigure {
  std::string kind;  ///< "all", "site", "system", "service"
  std::string name;  ///< "abilene", "gb300-nvl72", "spent"
  std::string unit;  ///< "MW", "thousand accelerators", "B$", "1e15 tokens"
  PlanTerms terms;   ///< in that unit
  double at(const std::vector<double>& columns) const;
};
/// Power energised in the last quarter, in all and by site; accelerators bought from the first quarter on, by system;
/// what is spent, without interest; tokens served, by service.
std::vector<PlanFigure> plan_figures(const PlanModel& model);

struct FigureRange {
  PlanFigure figure;
  double best = 0, least = 0, most = 0;
};
struct OtherPlan {
  Money value;
  std::vector<double> figures;  ///< in the order of NearBest::ranges
  double differs = 0;           ///< share of the accelerators bought that are other machines than the best plan's
};
struct NearBest {
  Money value;                     ///< of the best plan
  std::vector<FigureRange> ranges; ///< all within NearBestOptions::range
  std::vector<OtherPlan> others;   ///< each within NearBestOptions::loss, as far from those before as may be
};
struct NearBestOptions {
  double range = 0.001, loss = 0.02;  ///< shares of the value that may be lost
  int plans = 5;
};

/// Two solves a figure and one a plan, each from the vertex before; or in words why there is no best.
using NearBestOutcome = std::variant<NearBest, std::string>;
NearBestOutcome find_near_best(const Programme& programme, const NearBestOptions& options, const LpSolver& solver);

}  // namespace stargate
