// The target's amount as the objective, quarter by quarter, over the plans that the programme allows.
#include "stargate/planner/target.hpp"

#include <algorithm>
#include <map>

#include "stargate/planner/scaling.hpp"

namespace stargate {
namespace {

constexpr double kReached = 1e-6;  ///< of the amount: the solver's tolerance
constexpr double kTelling = 1e-6;  ///< a dual below is the solver's dust

PlanTerms target_terms(const PlanModel& model, const PlanTarget& target, int t) {
  const Programme& p = *model.programme;
  PlanTerms out;
  for (int s = 0; s < static_cast<int>(p.sites.size()); ++s) {
    if (target.kind == TargetKind::power) out.add(model.columns.energised.at(s, t), 1);
    for (int g = 0; target.kind == TargetKind::accelerators && g < static_cast<int>(p.systems.size()); ++g) {
      out.add(model.columns.installed.at(s, g, t), 1);
    }
  }
  if (target.kind == TargetKind::tokens) {
    for (std::size_t b = 0; b < p.services[target.service].blocks.size(); ++b) {
      out.add(model.columns.sell.at(target.service, static_cast<int>(b), t), 1);
    }
  }
  return out;
}

double sum_of(const PlanTerms& terms, const std::vector<double>& columns) {
  double sum = 0;
  for (const auto& entry : terms.entries()) sum += entry.value * columns[entry.column];
  return without_dust(sum);
}

/// The target's amount is the objective: a dual is what one more unit of the limit brings.
std::vector<TargetLimit> telling_limits(const PlanModel& model, const LpSolution& solution) {
  std::map<std::string, TargetLimit> groups;
  for (std::size_t row = 0; row < model.keys.size(); ++row) {
    const RowKey& key = model.keys[row];
    const double brings = -solution.duals[row] / key.unit;
    if (!family_row(key.family).is_limit || brings < kTelling) continue;
    auto& group = groups[limit_group(*model.programme, key)];
    group.group = limit_group(*model.programme, key), group.unit = limit_unit(*model.programme, key);
    group.brings += brings;
    group.one_percent += 0.01 * -solution.duals[row] * model.lp.row_upper()[row];
  }
  std::vector<TargetLimit> out;
  for (auto& [name, group] : groups) out.push_back(std::move(group));
  std::stable_sort(out.begin(), out.end(),
                   [](const TargetLimit& a, const TargetLimit& b) { return a.one_percent > b.one_percent; });
  return out;
}

/// The programme's value when the target is met in quarter `t`.
std::optional<double> cost_of_meeting(const PlanModel& model, const PlanTarget& target, int t, double amount,
                                      const LpSolver& solver) {
  LpProblem lp = model.lp;
  const int row = lp.add_row(amount, kInfinity, {lp.add_row_family({"target", {}, ""}), {}});
  const PlanTerms terms = target_terms(model, target, t);
  for (const auto& entry : terms.entries()) lp.add_entry(row, entry.column, entry.value);
  const LpOutcome outcome = solver.solve(lp, {});
  const auto* found = std::get_if<LpSolution>(&outcome);
  return found == nullptr ? std::nullopt : std::optional(found->objective);
}

}  // namespace

std::variant<TargetReached, std::string> reach_target(const Programme& programme, const PlanTarget& target,
                                                      const LpSolver& solver) {
  const PlanModel model = build_plan_model(programme);
  const LpOutcome outcome = solver.solve(model.lp, {});
  const auto* best = std::get_if<LpSolution>(&outcome);
  if (best == nullptr) return std::string("there is no plan");
  TargetReached out;
  out.value = -best->objective * kLpMoney;
  LpProblem lp = model.lp;
  for (int j = 0; j < lp.column_count(); ++j) lp.set_cost(j, 0);
  LpOptions options;
  options.method = LpMethod::primal, options.start = best->basis;
  std::optional<LpSolution> before;  // of the last quarter in which it is not reached
  for (int t = 0; t < programme.quarters(); ++t) {
    const PlanTerms terms = target_terms(model, target, t);
    out.best.push_back(sum_of(terms, best->values));
    for (const auto& entry : terms.entries()) lp.set_cost(entry.column, -entry.value);
    LpOutcome found = solver.solve(lp, options);
    for (const auto& entry : terms.entries()) lp.set_cost(entry.column, 0);
    auto* solution = std::get_if<LpSolution>(&found);
    if (solution == nullptr) return "the most of " + format_quarter(programme.first + t) + " was not found";
    options.start = solution->basis;
    out.most.push_back(std::max(out.best.back(), sum_of(terms, solution->values)));
    if (out.first) continue;
    if (out.most.back() >= target.amount * (1 - kReached)) {
      out.first = programme.first + t;
    } else {
      before = std::move(*solution);
    }
  }
  if (before) out.limits = telling_limits(model, *before);
  if (out.first) {
    const auto cost = cost_of_meeting(model, target, *out.first - programme.first,
                                      std::min(target.amount, out.most[*out.first - programme.first] * (1 - kReached)),
                                      solver);
    if (!cost) return std::string("the plan that meets the target was not found");
    out.value_lost = max(Money{}, out.value + *cost * kLpMoney);
  }
  return out;
}

}  // namespace stargate
