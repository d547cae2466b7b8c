// The equations of residuals.hpp. With y the duals and d = c - A'y the reduced costs, the dual objective is
//   offset + sum_i (y_i > 0 ? lower_i : upper_i) y_i + sum_j (d_j > 0 ? lower_j : upper_j) d_j
// and a price whose bound is not there (infinite) must be zero.
#include "stargate/lp/residuals.hpp"

#include <algorithm>
#include <cmath>

namespace stargate {
namespace {

/// How far outside its bounds, relative to the bound's size; 0 inside.
double violation(double value, double lower, double upper) {
  if (value < lower) return (lower - value) / (1 + std::abs(lower));
  if (value > upper) return (value - upper) / (1 + std::abs(upper));
  return 0;
}

/// A sum, and the sum of the absolute values of its terms: what its rounding is measured against.
struct Objective {
  double value = 0, size = 0;
  void add(double term) {
    value += term;
    size += std::abs(term);
  }
};

/// Adds price times the bound it belongs to. Returns the price when that bound is not there: it should be zero.
double add_price(Objective& dual, double price, double lower, double upper) {
  if (price == 0) return 0;
  const double bound = price > 0 ? lower : upper;
  if (std::isinf(bound)) return std::abs(price);
  dual.add(price * bound);
  return 0;
}

}  // namespace

void complete_solution(const LpProblem& problem, const LpMatrix& matrix, LpSolution& solution) {
  solution.activities.assign(problem.row_count(), 0);
  solution.reduced_costs = problem.costs();
  Objective primal, dual;
  primal.add(problem.objective_offset());
  dual.add(problem.objective_offset());
  LpResiduals& residuals = solution.residuals = {};
  for (int column = 0; column < problem.column_count(); ++column) {
    const double value = solution.values[column], cost = problem.costs()[column];
    // One pass over the column gives its share of every activity, c x, and its reduced cost c_j - sum_i a_ij y_i.
    const double lower = problem.column_lower()[column], upper = problem.column_upper()[column];
    primal.add(cost * value);
    for (int k = matrix.starts[column]; k < matrix.starts[column + 1]; ++k) {
      solution.activities[matrix.rows[k]] += matrix.values[k] * value;
      solution.reduced_costs[column] -= matrix.values[k] * solution.duals[matrix.rows[k]];
    }
    residuals.primal = std::max(residuals.primal, violation(value, lower, upper));
    // A positive reduced cost is earned at the lower bound, a negative one at the upper.
    const double wrong = add_price(dual, solution.reduced_costs[column], lower, upper);
    residuals.dual = std::max(residuals.dual, wrong / (1 + std::abs(cost)));
  }
  for (int row = 0; row < problem.row_count(); ++row) {
    // Rows are slack columns without cost: their price is the dual itself, hence no 1 + |cost| below it.
    const double lower = problem.row_lower()[row], upper = problem.row_upper()[row];
    residuals.primal = std::max(residuals.primal, violation(solution.activities[row], lower, upper));
    residuals.dual = std::max(residuals.dual, add_price(dual, solution.duals[row], lower, upper));
  }
  solution.objective = primal.value;
  // Weak duality bounds the optimum between the two objectives; relative to the terms that were added, since a sum of
  // large terms that cancel carries their rounding.
  residuals.duality_gap = std::abs(primal.value - dual.value) / (1 + std::max(primal.size, dual.size));
}

double worst_residual(const LpResiduals& residuals) {
  return std::max({residuals.primal, residuals.dual, residuals.duality_gap});
}

}  // namespace stargate
