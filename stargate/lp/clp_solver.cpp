// Clp behind LpSolver. A solve is: load the columns as they are, one simplex run with presolve,
// then our own check of the answer; when it is not met, a second run from the basis found, and then one from
// scratch, both without presolve and perturbation, whose undoing can leave small infeasibilities. Columns of whole
// numbers are found by Cbc (whole_numbers.hpp); fixed at them, the programme is solved once more for its prices.
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
#include "stargate/lp/coin_load.hpp"
#include "stargate/lp/explain.hpp"
#include "stargate/lp/residuals.hpp"
#include "stargate/lp/whole_numbers.hpp"

namespace stargate {
namespace {

/// Worst residual (all are relative) with which an answer passes, and above which a second run is worth it.
constexpr double kAccepted = 1e-6, kWorthCleaning = 1e-8;
constexpr int kPresolvePasses = 10;                     // Clp stops earlier when a pass removes little
constexpr int kClpOptimal = 0, kClpIterationLimit = 3;  // ClpModel::status()
constexpr int kNoPerturbation = 100;                    // ClpSimplex::setPerturbation()
constexpr double kFineTolerance = 1e-9;                 // Clp's own is 1e-7, of a scaled programme

void load(ClpSimplex& model, const LpProblem& problem, const LpMatrix& matrix) {
  model.setLogLevel(0);
  load_coin(model, problem, matrix);
}

/// From scratch. Clp's crash and "idiot" starts are off: they help only where slacks are a poor start, and vary with
/// versions.
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

// Our statuses are Clp's, number by number.
static_assert(static_cast<int>(LpBasisStatus::free) == ClpSimplex::isFree &&
              static_cast<int>(LpBasisStatus::basic) == ClpSimplex::basic &&
              static_cast<int>(LpBasisStatus::at_upper) == ClpSimplex::atUpperBound &&
              static_cast<int>(LpBasisStatus::at_lower) == ClpSimplex::atLowerBound &&
              static_cast<int>(LpBasisStatus::superbasic) == ClpSimplex::superBasic &&
              static_cast<int>(LpBasisStatus::fixed) == ClpSimplex::isFixed);

/// Both directions copy by number: Clp keeps columns and rows in the order they were loaded.
void set_basis(ClpSimplex& model, const LpBasis& basis) {
  for (int j = 0; j < model.numberColumns(); ++j) {
    model.setColumnStatus(j, static_cast<ClpSimplex::Status>(basis.columns[j]));
  }
  for (int i = 0; i < model.numberRows(); ++i) {
    model.setRowStatus(i, static_cast<ClpSimplex::Status>(basis.rows[i]));
  }
}

/// From a vertex that was optimal before something changed. Presolve would forget it.
void run_from(ClpSimplex& model, const LpOptions& options) {
  STARGATE_CHECK(static_cast<int>(options.start->columns.size()) == model.numberColumns() &&
                     static_cast<int>(options.start->rows.size()) == model.numberRows(),
                 "a start of another programme");
  set_basis(model, *options.start);
  if (options.method == LpMethod::primal) {
    model.primal();
  } else {
    model.dual();
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

/// Takes only columns and duals from Clp; activities, reduced costs, objective and residuals are worked out by our own
/// check.
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

/// One programme through as many runs of Clp as its answer needs; keeps the best answer and counts iterations.
class ClpRuns {
 public:
  ClpRuns(const LpProblem& problem, int iteration_limit)
      : problem_(problem), matrix_(problem.matrix()), iteration_limit_(iteration_limit) {}

  /// An answer that passes our check, or none.
  std::optional<LpSolution> solve(const LpOptions& options) {
    if (options.start) {
      run([&](ClpSimplex& model) { run_from(model, options); });
    } else {
      run([&](ClpSimplex& model) { run_cold(model, options); });
    }
    if (best_ && !passes(kWorthCleaning)) clean();
    if (best_ && !passes(kAccepted)) solve_plainly();
    if (!best_ || !passes(kAccepted)) return std::nullopt;
    best_->iterations = iterations_;
    return std::move(best_);
  }

  /// No presolve, no perturbation, primal simplex: slow, with the least that can go wrong.
  std::optional<LpSolution> solve_plainly() {
    run([](ClpSimplex& model) {
      model.setPerturbation(kNoPerturbation);
      run_cold(model, {.method = LpMethod::primal, .presolve = false});
    });
    if (!best_ || !passes(kAccepted)) return std::nullopt;
    best_->iterations = iterations_;
    return best_;
  }

  bool hit_limit() const { return hit_limit_; }
  int iterations() const { return iterations_; }

 private:
  bool passes(double tolerance) const {
    const LpResiduals& found = best_->residuals;  // written so that a NaN does not pass
    return found.primal <= tolerance && found.dual <= tolerance && found.duality_gap <= tolerance;
  }

  /// The vertex of the basis that was found, exactly: a fresh model puts nonbasic columns back on their bounds, which
  /// undoing presolve and perturbation may have left a little off.
  void clean() {
    const auto basis = best_->basis;
    run([&](ClpSimplex& model) {
      model.setPerturbation(kNoPerturbation);
      model.setPrimalTolerance(kFineTolerance);
      model.setDualTolerance(kFineTolerance);
      set_basis(model, *basis);
      model.primal();
    });
  }

  template <class Run>
  void run(const Run& how) {
    ClpSimplex model;
    load(model, problem_, matrix_);
    if (iteration_limit_ > 0) model.setMaximumIterations(iteration_limit_);
    how(model);
    iterations_ += model.numberIterations();
    hit_limit_ = model.status() == kClpIterationLimit;
    if (model.status() != kClpOptimal) return;
    LpSolution found = read_solution(model, problem_, matrix_);
    if (!best_ || worst_residual(found.residuals) < worst_residual(best_->residuals)) best_ = std::move(found);
  }

  const LpProblem& problem_;
  const LpMatrix matrix_;
  const int iteration_limit_;
  std::optional<LpSolution> best_;
  bool hit_limit_ = false;
  int iterations_ = 0;
};

/// Optimal values of the columns, whole where they must be; none where there are none or a limit stopped the search.
/// `problem` is one of explain.hpp's two, whose scale may differ from the user's programme: the plain run is worth its
/// time here, since without an answer the user learns nothing.
std::optional<std::vector<double>> attempt(const LpProblem& problem, const LpOptions& options) {
  if (!problem.integers().empty()) return search_whole_numbers(problem, options.node_limit).values;
  ClpRuns runs(problem, options.iteration_limit);
  auto found = runs.solve({});
  if (!found) found = runs.solve_plainly();
  if (!found) return std::nullopt;
  return std::move(found->values);
}

/// Search, fix, solve for prices. Without a gap that is good enough, the one to the search's own bound must close too.
LpOutcome solve_whole(const LpProblem& problem, const LpOptions& options) {
  const WholeNumbers search = search_whole_numbers(problem, options.node_limit, options.integer_gap);
  if (!search.values) {
    if (search.hit_limit) return LpStopped{"the limit of nodes searched over whole numbers"};
    return explain_no_solution(problem, [&](const LpProblem& other) { return attempt(other, options); });
  }
  // Duals of a programme with whole numbers do not exist; those of the programme with these columns fixed are the worth
  // of a limit as long as the same machines are bought.
  LpProblem fixed = problem;
  fixed.forget_integers();
  for (const int column : problem.integers()) {
    fixed.set_column_bounds(column, (*search.values)[column], (*search.values)[column]);
  }
  ClpRuns runs(fixed, options.iteration_limit);
  auto found = runs.solve({.method = options.method, .presolve = options.presolve});
  if (!found) return LpStopped{"no prices at the whole numbers found: badly scaled numbers?", runs.iterations()};
  found->residuals.integer_gap = std::max(0.0, found->objective - search.bound) / (1 + std::abs(found->objective));
  // The search's bound and the simplex's objective come from two solvers: that they meet is the proof of optimality.
  if (options.integer_gap == 0 && found->residuals.integer_gap > kAccepted) {
    return LpStopped{"the whole numbers found are not proved the best"};
  }
  return *std::move(found);
}

/// Clp's own verdict of infeasible or unbounded is not used; a last plain run is tried when nothing proves either.
LpOutcome solve_or_explain(const LpProblem& problem, const LpOptions& options) {
  if (!problem.integers().empty()) return solve_whole(problem, options);
  ClpRuns runs(problem, options.iteration_limit);
  if (auto found = runs.solve(options)) return *std::move(found);
  // A run that was cut short says nothing about why there is no solution, so nothing is explained.
  if (runs.hit_limit()) return LpStopped{"the iteration limit", runs.iterations()};
  LpOutcome why = explain_no_solution(problem, [&](const LpProblem& other) { return attempt(other, options); });
  if (!std::holds_alternative<LpStopped>(why)) return why;
  if (auto found = runs.solve_plainly()) return *std::move(found);  // nothing proves that there is no optimum
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
