// Why a linear programme has no solution, found with any solver by solving two others.
// Infeasible: every limit that may give way gets a slack with a price, and the sum of the prices is minimised (elastic
//   filter; Chinneck, "Feasibility and Infeasibility in Optimization", Springer 2008, ch. 6). What is positive are
//   gaps.
// Unbounded: a direction d of the recession cone (no finite bound is ever crossed along d) with cost . d < 0 and
//   |d_j| <= 1 (Dantzig, "Linear Programming and Extensions", Princeton 1963, ch. 6); it exists just when the cost can
//   fall for ever from a feasible point.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "stargate/lp/solver.hpp"

namespace stargate {

/// Which rows get slacks: those a family declared movable, or, when that is not enough, every row. Bounds of columns
/// never move.
enum class LpRelaxed { relaxable_rows, all_rows };

/// The programme with priced slacks instead of its cost, and where each slack stands.
struct LpElastic {
  /// One priced slack: it moves `side` of `row` outwards and is `column` of the elastic programme.
  struct Slack {
    int row;      ///< of the programme
    LpSide side;  ///< which of its bounds moves
    int column;   ///< of the elastic programme
  };
  /// The original's columns keep their numbers; slacks follow them.
  LpProblem problem;
  std::vector<Slack> slacks;  ///< in the order of rows
};

/// Columns keep their bounds and whole numbers, but cost nothing; a slack costs its family's penalty a unit. Always
/// feasible when all rows are relaxed and the columns' own bounds leave anything.
LpElastic make_elastic(const LpProblem& problem, LpRelaxed relaxed);
/// Slacks above the solver's tolerance, in the order of rows. `values` solve the elastic programme.
std::vector<LpGap> read_gaps(const LpProblem& problem, const LpElastic& elastic, const std::vector<double>& values);

/// The programme whose solution of negative cost is a ray of `problem`; bounded and feasible (d = 0).
LpProblem make_ray_problem(const LpProblem& problem);

/// The optimal column values, or none: an attempt of a solver that asks no further.
using LpAttempt = std::function<std::optional<std::vector<double>>(const LpProblem&)>;
/// LpInfeasible, LpUnbounded, or LpStopped when the programme is neither (the solver that failed on it was wrong).
/// Tries in this order: gaps in the limits that may give way, gaps in any row, a ray. `attempt` must itself prove what
/// it answers; an empty one counts as "not found".
LpOutcome explain_no_solution(const LpProblem& problem, const LpAttempt& attempt);

}  // namespace stargate
