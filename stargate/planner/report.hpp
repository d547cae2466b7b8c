// From the LP's numbers to a Plan: what is built and run (report_flow), what binds (report_limits), what it costs and
// who pays (report_money).
#pragma once

#include <vector>

#include "stargate/planner/model.hpp"
#include "stargate/planner/plan.hpp"

namespace stargate {

/// The solution by LP column and row.
struct PlanValues {
  std::vector<double> columns, duals, activities;
  /// Of a column, dust removed; zero where there is no column.
  double at(int column) const;
  /// Of the terms at the solution, in the LP's units.
  double sum(const PlanTerms& terms) const;
};

/// Values of a solution of model.lp; those below fill its parts in this order. Costs by quarter, discounted, sum to
/// the objective, to rounding: both read the same columns and coefficients.
Plan report_plan(const PlanModel& model, const PlanValues& values);

/// Sites, systems, vintages, services' rates, parts taken: everything but money and limits.
void report_flow(const PlanModel& model, const PlanValues& values, Plan& plan);
/// Binding limits, their groups, marginal costs of tokens. After report_flow.
void report_limits(const PlanModel& model, const PlanValues& values, Plan& plan);
/// Costs by quarter and service. After report_limits: services share the cost by their marginal costs.
void report_costs(const PlanModel& model, const PlanValues& values, Plan& plan);
/// These, payments, draws, the objective and its parts. After report_limits.
void report_money(const PlanModel& model, const PlanValues& values, Plan& plan);
/// Capital by class, bridges from payments to annuities, the return, the payback. After report_money.
void report_investment(const PlanModel& model, const PlanValues& values, Plan& plan);

}  // namespace stargate
