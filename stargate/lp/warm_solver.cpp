// One ClpSimplex that lives on. What does not pass our check is solved from scratch by the usual solver.
#include "stargate/lp/warm_solver.hpp"

#include <ClpSimplex.hpp>
#include <CoinError.hpp>
#include <algorithm>
#include <utility>

#include "stargate/lp/clp_solver.hpp"
#include "stargate/lp/coin_load.hpp"
#include "stargate/lp/residuals.hpp"

namespace stargate {
namespace {
constexpr double kWarmAccepted = 1e-6;  // worst residual, relative
constexpr int kWarmOptimal = 0, kWarmInfeasible = 1;  // ClpModel::status()
}  // namespace

struct LpWarmSolver::State {
  explicit State(LpProblem of) : problem(std::move(of)), matrix(problem.matrix()) {
    model.setLogLevel(0);
    load_coin(model, problem, matrix);
  }

  void take_basis(const LpBasis& basis) {
    if (static_cast<int>(basis.columns.size()) != model.numberColumns()) return;
    if (static_cast<int>(basis.rows.size()) != model.numberRows()) return;
    for (int j = 0; j < model.numberColumns(); ++j) {
      model.setColumnStatus(j, static_cast<ClpSimplex::Status>(basis.columns[j]));
    }
    for (int i = 0; i < model.numberRows(); ++i) {
      model.setRowStatus(i, static_cast<ClpSimplex::Status>(basis.rows[i]));
    }
  }

  LpSolution solution() const {
    LpSolution out;
    out.values.assign(model.primalColumnSolution(), model.primalColumnSolution() + problem.column_count());
    for (int j = 0; j < problem.column_count(); ++j) {
      out.values[j] = std::clamp(out.values[j], problem.column_lower()[j], problem.column_upper()[j]);
    }
    out.duals.assign(model.dualRowSolution(), model.dualRowSolution() + problem.row_count());
    out.iterations = model.numberIterations();
    complete_solution(problem, matrix, out);
    return out;
  }

  /// From scratch, and on from there.
  LpWarmOutcome solve_cold() {
    LpOutcome outcome = make_clp_solver()->solve(problem, {});
    if (auto* found = std::get_if<LpSolution>(&outcome)) {
      if (found->basis) take_basis(*found->basis);
      return std::move(*found);
    }
    if (std::holds_alternative<LpInfeasible>(outcome)) return LpInfeasibilityProof{};
    if (auto* stopped = std::get_if<LpStopped>(&outcome)) return std::move(*stopped);
    return LpStopped{"the cost falls for ever"};
  }

  LpWarmOutcome solve() {
    if (!solved) {
      solved = true;
      return solve_cold();
    }
    model.dual();
    if (model.status() == kWarmInfeasible) {
      const std::unique_ptr<double[]> ray(model.infeasibilityRay());
      if (ray) return LpInfeasibilityProof{{ray.get(), ray.get() + problem.row_count()}};
      return solve_cold();
    }
    if (model.status() == kWarmOptimal) {
      LpSolution found = solution();
      if (worst_residual(found.residuals) <= kWarmAccepted) return found;
    }
    return solve_cold();
  }

  LpProblem problem;
  LpMatrix matrix;
  ClpSimplex model;
  bool solved = false;
};

LpWarmSolver::LpWarmSolver(LpProblem problem) : state_(std::make_unique<State>(std::move(problem))) {}
LpWarmSolver::~LpWarmSolver() = default;
LpWarmSolver::LpWarmSolver(LpWarmSolver&&) noexcept = default;

const LpProblem& LpWarmSolver::problem() const { return state_->problem; }

void LpWarmSolver::set_column_bounds(int column, double lower, double upper) {
  state_->problem.set_column_bounds(column, lower, upper);
  const auto bounds = coin_bounds({lower, upper});
  state_->model.setColumnBounds(column, bounds[0], bounds[1]);
}

void LpWarmSolver::start_from(const LpBasis& basis) {
  state_->take_basis(basis);
  state_->solved = true;
}

LpWarmOutcome LpWarmSolver::solve() {
  try {
    return state_->solve();
  } catch (CoinError& error) {
    return LpStopped{"Clp: " + error.message() + " in " + error.methodName()};
  } catch (const std::bad_alloc&) {
    return LpStopped{"Clp: out of memory"};
  }
}

}  // namespace stargate
