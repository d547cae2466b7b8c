// The planner's door: a programme in, the least-cost plan out (or which limits would have to move), through any LP
// solver.
#pragma once

#include "stargate/lp/problem.hpp"
#include "stargate/lp/solver.hpp"
#include "stargate/planner/plan.hpp"
#include "stargate/planner/programme.hpp"

namespace stargate {

/// The LP of a programme, for export and for a look at its size; docs/explanation/planner.md has the equations.
LpProblem build_programme_lp(const Programme& programme);

/// The least-cost plan. `programme` has been checked by its author: names resolve, shares lie in 0..1. Deterministic;
/// the largest programmes we know (20 quarters, 13 sites, 10 systems) take about a second.
PlanOutcome solve_programme(const Programme& programme, const LpSolver& solver);

}  // namespace stargate
