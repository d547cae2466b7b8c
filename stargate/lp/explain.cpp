// The elastic programme and the ray programme of explain.hpp, and how their solutions are read.
#include "stargate/lp/explain.hpp"

#include <algorithm>
#include <cmath>

#include "stargate/base/check.hpp"

namespace stargate {
namespace {

/// A slack below this share of its limit is what a solver's tolerance (1e-7) leaves, not a gap.
constexpr double kGapTolerance = 1e-6;
/// A ray whose cost falls by less than this share of the steepest cost is rounding.
constexpr double kRayTolerance = 1e-9;

bool is_relaxable(const LpProblem& problem, int row) {
  return problem.penalty(problem.row_label(row).family).has_value();
}

bool has_relaxable_rows(const LpProblem& problem) {
  for (int row = 0; row < problem.row_count(); ++row) {
    if (is_relaxable(problem, row)) return true;
  }
  return false;
}

/// Cost of one unit of slack. Rows of families without a penalty weigh 1 when every row may give way.
double penalty(const LpProblem& problem, int row) {
  return problem.penalty(problem.row_label(row).family).value_or(1);
}

/// The bounds of a direction along a bound pair: it may go where there is no end, at most by one.
double least_step(double lower) { return std::isfinite(lower) ? 0 : -1; }
double most_step(double upper) { return std::isfinite(upper) ? 0 : 1; }

/// Empty when even the elastic programme was not solved; without gaps when the programme is feasible.
std::optional<LpInfeasible> find_gaps(const LpProblem& problem, LpRelaxed relaxed, const LpAttempt& attempt) {
  const LpElastic elastic = make_elastic(problem, relaxed);
  const auto values = attempt(elastic.problem);
  if (!values) return std::nullopt;
  return LpInfeasible{read_gaps(problem, elastic, *values), relaxed == LpRelaxed::relaxable_rows};
}

/// Empty when the steepest fall found is rounding.
std::optional<LpUnbounded> find_ray(const LpProblem& problem, const LpAttempt& attempt) {
  const auto direction = attempt(make_ray_problem(problem));
  if (!direction) return std::nullopt;
  double slope = 0, steepest = 0;
  LpUnbounded out;
  for (int column = 0; column < problem.column_count(); ++column) {
    const double step = (*direction)[column];
    slope += problem.costs()[column] * step;
    steepest = std::max(steepest, std::abs(problem.costs()[column]));
    if (std::abs(step) > kRayTolerance) out.ray.push_back({column, step});
  }
  // The cost along the ray, held against the steepest single cost: below that share it is the solver's rounding of
  // zero.
  if (slope >= -kRayTolerance * steepest) return std::nullopt;
  return out;
}

}  // namespace

/// A lower slack adds to the row, an upper one takes off: the row's bounds stay where they are.
LpElastic make_elastic(const LpProblem& problem, LpRelaxed relaxed) {
  LpElastic elastic{problem, {}};
  LpProblem& out = elastic.problem;
  out.set_objective_offset(0);
  for (int column = 0; column < problem.column_count(); ++column) out.set_cost(column, 0);
  const int family = out.add_column_family({"slack", {out.add_axis({}), out.add_axis({"lower", "upper"})}, ""});
  const auto add_slack = [&](int row, LpSide side) {
    const int column = out.add_column(0, kInfinity, penalty(problem, row), {family, {row, static_cast<int>(side)}});
    out.add_entry(row, column, side == LpSide::lower ? 1 : -1);
    elastic.slacks.push_back({row, side, column});
  };
  for (int row = 0; row < problem.row_count(); ++row) {
    if (relaxed == LpRelaxed::relaxable_rows && !is_relaxable(problem, row)) continue;
    if (std::isfinite(problem.row_lower()[row])) add_slack(row, LpSide::lower);
    if (std::isfinite(problem.row_upper()[row])) add_slack(row, LpSide::upper);
  }
  return elastic;
}

/// Relative to the bound, because the simplex keeps a bound only to its tolerance times the bound's scale.
std::vector<LpGap> read_gaps(const LpProblem& problem, const LpElastic& elastic, const std::vector<double>& values) {
  std::vector<LpGap> gaps;
  for (const auto& slack : elastic.slacks) {
    const double amount = values[slack.column];
    const double bound = slack.side == LpSide::lower ? problem.row_lower()[slack.row] : problem.row_upper()[slack.row];
    if (amount <= kGapTolerance * (1 + std::abs(bound))) continue;
    gaps.push_back({slack.row, problem.row_label(slack.row).family, slack.side, amount, problem.row_unit(slack.row)});
  }
  return gaps;
}

/// Rows of the recession cone: a finite bound becomes 0, an infinite one stays.
LpProblem make_ray_problem(const LpProblem& problem) {
  LpProblem out = problem;
  out.forget_integers();  // with rational data a ray of the relaxation passes through whole points
  out.set_objective_offset(0);
  for (int column = 0; column < problem.column_count(); ++column) {
    out.set_column_bounds(column, least_step(problem.column_lower()[column]),
                          most_step(problem.column_upper()[column]));
  }
  for (int row = 0; row < problem.row_count(); ++row) {
    const bool floor = std::isfinite(problem.row_lower()[row]), ceiling = std::isfinite(problem.row_upper()[row]);
    out.set_row_bounds(row, floor ? 0 : -kInfinity, ceiling ? 0 : kInfinity);
  }
  return out;
}

LpOutcome explain_no_solution(const LpProblem& problem, const LpAttempt& attempt) {
  std::optional<LpInfeasible> gaps;
  // First the limits that somebody could move: an answer in megawatts or dollars helps more than one in balance rows,
  // which follow from physics. No values for it means that these limits alone do not make room.
  if (has_relaxable_rows(problem)) gaps = find_gaps(problem, LpRelaxed::relaxable_rows, attempt);
  if (!gaps) gaps = find_gaps(problem, LpRelaxed::all_rows, attempt);
  if (!gaps) return LpStopped{"no least violation of the limits was found: badly scaled numbers?"};
  // No gap: some values keep every limit, so that only a ray explains why the solver found no optimum.
  if (!gaps->gaps.empty()) return *std::move(gaps);
  if (auto ray = find_ray(problem, attempt)) return *std::move(ray);
  return LpStopped{"every limit can be kept and the cost is bounded, but no optimum was found: badly scaled numbers?"};
}

}  // namespace stargate
