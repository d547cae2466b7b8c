// Is it optimal? A pair of primal and dual values proves itself: x keeps every bound, no price has the wrong sign, and
// the two objectives agree (strong duality; Chvatal, "Linear Programming", Freeman 1983, ch. 5). Worked out from the
// programme alone, so that no solver's word is taken for it.
#pragma once

#include "stargate/lp/solver.hpp"

namespace stargate {

/// From `values` and `duals`: the objective, activities, reduced costs and residuals. `matrix` is problem.matrix().
/// `values` has an entry a column and `duals` one a row. `integer_gap` and the statistics of the solve are left alone.
/// Linear in the entries of the matrix.
void complete_solution(const LpProblem& problem, const LpMatrix& matrix, LpSolution& solution);

/// The largest of the three. Primal, dual and duality gap; not the gap of whole numbers.
double worst_residual(const LpResiduals& residuals);

}  // namespace stargate
