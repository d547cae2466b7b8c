// Clp behind LpSolver, and the only file that sees its headers. A solve is: load the columns as they are, one simplex
// run with presolve (or from the given basis without), then our own check of the answer; when the check is not met, a
// second run without presolve from where the first stopped, because undoing presolve can leave small infeasibilities.
// What Clp calls infeasible or unbounded is never reported as such: explain.hpp finds the proof or we say we failed.
#include "stargate/lp/clp_solver.hpp"

#include <ClpSimplex.hpp>
#include <ClpSolve.hpp>
#include <CoinError.hpp>
#include <algorithm>
#include <cmath>
#include <new>
#include <utility>

#include "stargate/base/check.hpp"
#include "stargate/lp/explain.hpp"
#include "stargate/lp/residuals.hpp"

namespace stargate {
namespace {

/// Worst residual (all are relative) with which an answer passes, and above which a second run is worth it.
constexpr double kAccepted = 1e-6, kWorthCleaning = 1e-8;
constexpr int kPresolvePasses = 10;                     // Clp stops earlier when a pass removes little
constexpr int kClpOptimal = 0, kClpIterationLimit = 3;  // ClpModel::status()

std::vector<double> clp_bounds(std::vector<double> bounds) {
  for (double& bound : bounds) {
    if (std::isinf(bound)) bound = bound > 0 ? COIN_DBL_MAX : -COIN_DBL_MAX;
  }
  return bounds;
}

void load(ClpSimplex& model, const LpProblem& problem, const LpMatrix& matrix) {
  model.setLogLevel(0);
  const auto column_lower = clp_bounds(problem.column_lower()), column_upper = clp_bounds(problem.column_upper());
  const auto row_lower = clp_bounds(problem.row_lower()), row_upper = clp_bounds(problem.row_upper());
  const CoinPackedMatrix packed(true, problem.row_count(), problem.column_count(),
                                static_cast<CoinBigIndex>(matrix.values.size()), matrix.values.data(),
                                matrix.rows.data(), matrix.starts.data(), nullptr);
  model.loadProblem(packed, column_lower.data(), column_upper.data(), problem.costs().data(), row_lower.data(),
                    row_upper.data());
}

void run_cold(ClpSimplex& model, const LpOptions& options) {
  ClpSolve how;
  how.setSolveType(options.method == LpMethod::primal ? ClpSolve::usePrimal : ClpSolve::useDual);
  how.setPresolveType(options.presolve ? ClpSolve::presolveOn : ClpSolve::presolveOff, kPresolvePasses);
  how.setSpecialOption(0, 0);  // dual: no crash, no idiot
  how.setSpecialOption(1, 4);  // primal: start from slacks
  how.setSpecialOption(2, 1);  // no signal handlers
  how.setInfeasibleReturn(true);
  model.initialSolve(how);
}

void run_from_basis(ClpSimplex& model, LpMethod method) {
  if (method == LpMethod::primal) {
    model.primal();
  } else {
    model.dual();
  }
}

bool same_shape(const LpBasis& basis, const LpProblem& problem) {
  return static_cast<int>(basis.columns.size()) == problem.column_count() &&
         static_cast<int>(basis.rows.size()) == problem.row_count();
}

// Our statuses are Clp's, number by number.
static_assert(static_cast<int>(LpBasisStatus::free) == ClpSimplex::isFree &&
              static_cast<int>(LpBasisStatus::basic) == ClpSimplex::basic &&
              static_cast<int>(LpBasisStatus::at_upper) == ClpSimplex::atUpperBound &&
              static_cast<int>(LpBasisStatus::at_lower) == ClpSimplex::atLowerBound &&
              static_cast<int>(LpBasisStatus::superbasic) == ClpSimplex::superBasic &&
              static_cast<int>(LpBasisStatus::fixed) == ClpSimplex::isFixed);

void set_basis(ClpSimplex& model, const LpBasis& basis) {
  for (int j = 0; j < model.numberColumns(); ++j) {
    model.setColumnStatus(j, static_cast<ClpSimplex::Status>(basis.columns[j]));
  }
  for (int i = 0; i < model.numberRows(); ++i) {
    model.setRowStatus(i, static_cast<ClpSimplex::Status>(basis.rows[i]));
  }
}

std::shared_ptr<const LpBasis> get_basis(const ClpSimplex& model) {
  auto basis = std::make_shared<LpBasis>();
  for (int j = 0; j < model.numberColumns(); ++j) {
    basis->columns.push_back(static_cast<LpBasisStatus>(model.getColumnStatus(j)));
  }
  for (int i = 0; i < model.numberRows(); ++i) {
    basis->rows.push_back(static_cast<LpBasisStatus>(model.getRowStatus(i)));
  }
  return basis;
}

LpSolution read_solution(const ClpSimplex& model, const LpProblem& problem, const LpMatrix& matrix) {
  LpSolution out;
  out.values.assign(model.primalColumnSolution(), model.primalColumnSolution() + problem.column_count());
  for (int j = 0; j < problem.column_count(); ++j) {  // -1e-12 systems would puzzle a reader
    out.values[j] = std::clamp(out.values[j], problem.column_lower()[j], problem.column_upper()[j]);
  }
  out.duals.assign(model.dualRowSolution(), model.dualRowSolution() + problem.row_count());
  out.basis = get_basis(model);
  complete_solution(problem, matrix, out);
  return out;
}

/// What one programme came to: a solution that passed the check, or why not.
struct Attempt {
  std::optional<LpSolution> solution;
  bool hit_limit = false;
  int iterations = 0;
};

Attempt solve_once(const LpProblem& problem, const LpOptions& options) {
  const LpMatrix matrix = problem.matrix();
  ClpSimplex model;
  load(model, problem, matrix);
  if (options.iteration_limit > 0) model.setMaximumIterations(options.iteration_limit);
  const bool warm = options.warm_start && same_shape(*options.warm_start, problem);
  if (warm) {
    set_basis(model, *options.warm_start);
    run_from_basis(model, options.method);
  } else {
    run_cold(model, options);
  }
  Attempt out;
  out.iterations = model.numberIterations();
  out.hit_limit = model.status() == kClpIterationLimit;
  if (model.status() != kClpOptimal) return out;

  out.solution = read_solution(model, problem, matrix);
  if (worst_residual(out.solution->residuals) > kWorthCleaning) {
    model.primal();
    out.iterations += model.numberIterations();
    if (model.status() == kClpOptimal) {
      LpSolution cleaned = read_solution(model, problem, matrix);
      if (worst_residual(cleaned.residuals) < worst_residual(out.solution->residuals))
        out.solution = std::move(cleaned);
    }
  }
  if (worst_residual(out.solution->residuals) > kAccepted) {
    out.solution.reset();
    return out;
  }
  out.solution->iterations = out.iterations;
  out.solution->warm_started = warm;
  return out;
}

LpOutcome solve_or_explain(const LpProblem& problem, const LpOptions& options) {
  Attempt first = solve_once(problem, options);
  if (first.solution) return *std::move(first.solution);
  if (first.hit_limit) return LpStopped{"the iteration limit", first.iterations};
  const LpOptions afresh{.iteration_limit = options.iteration_limit};
  const auto attempt = [&](const LpProblem& other) -> std::optional<std::vector<double>> {
    Attempt one = solve_once(other, afresh);
    if (!one.solution) return std::nullopt;
    return std::move(one.solution->values);
  };
  LpOutcome why = explain_no_solution(problem, attempt);
  if (!std::holds_alternative<LpStopped>(why)) return why;
  // Nothing proves that there is no optimum: try once more, without what may have gone wrong (presolve, the dual).
  Attempt last =
      solve_once(problem, {.method = LpMethod::primal, .presolve = false, .iteration_limit = options.iteration_limit});
  if (last.solution) return *std::move(last.solution);
  return why;
}

class ClpSolver final : public LpSolver {
 public:
  LpOutcome solve(const LpProblem& problem, const LpOptions& options) const override {
    try {
      return solve_or_explain(problem, options);
    } catch (CoinError& error) {
      return LpStopped{"Clp: " + error.message() + " in " + error.methodName()};
    } catch (const std::bad_alloc&) {
      return LpStopped{"Clp: out of memory"};
    }
  }
};

}  // namespace

std::unique_ptr<LpSolver> make_clp_solver() { return std::make_unique<ClpSolver>(); }

}  // namespace stargate
