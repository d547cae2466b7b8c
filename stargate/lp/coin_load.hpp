// A programme in the form COIN-OR's solvers load. A template, so that no header of theirs is seen here: Clp's model and
// Osi's interface take the same arguments.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "stargate/lp/problem.hpp"

namespace stargate {

/// COIN-OR's infinity is the largest double. Our infinities turned into theirs; finite bounds stay bit for bit.
inline std::vector<double> coin_bounds(std::vector<double> bounds) {
  for (double& bound : bounds) {
    if (std::isinf(bound)) bound = std::copysign(std::numeric_limits<double>::max(), bound);
  }
  return bounds;
}

/// Columns and rows as they are; the objective's offset and whole numbers are left to the caller. `matrix` is
/// problem.matrix(), made once by the caller, who also needs it for the check of the answer.
template <class Model>
void load_coin(Model& model, const LpProblem& problem, const LpMatrix& matrix) {
  const auto column_lower = coin_bounds(problem.column_lower()), column_upper = coin_bounds(problem.column_upper());
  const auto row_lower = coin_bounds(problem.row_lower()), row_upper = coin_bounds(problem.row_upper());
  model.loadProblem(problem.column_count(), problem.row_count(), matrix.starts.data(), matrix.rows.data(),
                    matrix.values.data(), column_lower.data(), column_upper.data(), problem.costs().data(),
                    row_lower.data(), row_upper.data());
}

}  // namespace stargate
