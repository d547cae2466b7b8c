// Build the LP, solve it, put what comes out into a programme's words.
#include "stargate/planner/planner.hpp"

#include <fmt/format.h>

#include "stargate/planner/report.hpp"

namespace stargate {

namespace {

InfeasiblePlan gaps_of(const PlanModel& model, const LpInfeasible& infeasible) {
  InfeasiblePlan out;
  for (const auto& gap : infeasible.gaps) {
    const RowKey& key = model.keys[static_cast<std::size_t>(gap.row)];
    LimitGap limit;
    limit.family = family_row(key.family).name;
    limit.group = limit_group(*model.programme, key);
    limit.quarter = model.programme->quarter_of(key.t);
    // From LP units to the user's.
    limit.amount = gap.amount * key.unit;
    limit.unit = limit_unit(*model.programme, key);
    const char* direction = gap.side == LpSide::upper ? "short" : "too much";
    limit.sentence = fmt::format("{} in {} is {:.4g} {} {}", limit.group, format_quarter(limit.quarter), limit.amount,
                                 limit.unit, direction);
    out.gaps.push_back(std::move(limit));
  }
  return out;
}

Plan plan_of(const PlanModel& model, LpSolution solution) {
  return report_plan(model, {std::move(solution.values), std::move(solution.duals), std::move(solution.activities)});
}

}  // namespace

Plan report_plan(const PlanModel& model, const PlanValues& values) {
  const auto& p = *model.programme;
  Plan plan;
  plan.programme = p.name;
  plan.first = p.first;
  plan.last = p.last;
  for (const auto& site : p.sites) plan.sites.push_back(site.id);
  for (const auto& system : p.systems) {
    plan.systems.push_back(system.id);
    plan.accelerators.push_back(system.accelerator);
  }
  for (const auto& service : p.services) {
    plan.services.push_back(service.id);
    auto& names = plan.blocks.emplace_back();
    for (const auto& block : service.blocks) names.push_back(block.name);
  }
  for (const auto& tranche : p.capital) plan.tranches.push_back(tranche.name);
  for (const auto& contract : p.contracts) plan.contracts.push_back(contract.id);
  plan.lp_columns = model.lp.column_count();
  plan.lp_rows = model.lp.row_count();
  plan.quarters.resize(static_cast<std::size_t>(p.quarters()));
  report_flow(model, values, plan);
  report_limits(model, values, plan);
  report_money(model, values, plan);
  report_investment(model, values, plan);
  return plan;
}

LpProblem build_programme_lp(const Programme& programme) { return build_plan_model(programme).lp; }

PlanOutcome solve_programme(const Programme& programme, const LpSolver& solver) {
  const PlanModel model = build_plan_model(programme);
  LpOutcome outcome = solver.solve(model.lp, {});
  if (auto* solution = std::get_if<LpSolution>(&outcome)) return plan_of(model, std::move(*solution));
  if (auto* infeasible = std::get_if<LpInfeasible>(&outcome)) return gaps_of(model, *infeasible);
  // Only a price below zero lets the cost fall for ever: the ray names what would be taken without end.
  if (const auto* unbounded = std::get_if<LpUnbounded>(&outcome)) {
    std::string message = "the value rises for ever with more of";
    for (const auto& step : unbounded->ray) message += " " + model.lp.column_name(step.column);
    return UnsolvedPlan{message + ": is a price below zero?"};
  }
  return UnsolvedPlan{std::get<LpStopped>(outcome).reason};
}

}  // namespace stargate
