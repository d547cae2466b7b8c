// The annuity, the discount factor and their product over the quarters of the horizon.
#include "stargate/planner/finance.hpp"

#include <algorithm>
#include <cmath>

#include "stargate/planner/scaling.hpp"

namespace stargate {

double discount_factor(const Programme& programme, int t) { return std::pow(1 + programme.capital_cost, -0.25 * t); }

double bill_weight(const Programme& programme, int period) {
  double sum = 0;
  for (int i = 0; i < programme.length(period); ++i) sum += discount_factor(programme, programme.start(period) + i);
  return sum;
}

double book_at_end(const Programme& programme, int t, int life) {
  double discounted = 0;
  for (int u = std::max(t, programme.start(programme.periods())); u < t + life; ++u) {
    discounted += discount_factor(programme, u);
  }
  return discounted * quarterly_charge(programme, life);
}

double alive_share(const Programme& programme, int life, int came, int period) {
  const int until = programme.start(came) + life - programme.start(period);  // quarters of the period
  return std::clamp(static_cast<double>(until) / programme.length(period), 0.0, 1.0);
}

double surviving_share(const PlanSystem& system, int age) {
  if (age >= system.life) return 0;
  double share = 1;
  for (int i = 0; i < age && !system.attrition.empty(); ++i) {
    const auto at = std::min(static_cast<std::size_t>(i / 4), system.attrition.size() - 1);
    share *= std::pow(1 - system.attrition[at], 0.25);
  }
  return share;
}

double surviving_share(const Programme& p, const PlanSystem& system, int came, int period) {
  if (system.attrition.empty()) return alive_share(p, system.life, came, period);
  double sum = 0;
  for (int i = 0; i < p.length(period); ++i) sum += surviving_share(system, p.start(period) + i - p.start(came));
  return sum / p.length(period);
}

int plant_period(const Programme& p, const PlanPlant& plant, int t) {
  return t < p.quarters() ? p.period_from(t + plant.lead) : t + 1;
}

int shared_quarters(const Programme& p, int period, int from, int count) {
  const int start = p.start(period);
  return std::max(0, std::min(start + p.length(period), from + count) - std::max(start, from));
}

std::vector<std::pair<int, double>> draws_before(const Programme& p, const PlanTranche& tranche) {
  std::vector<std::pair<int, double>> out;
  double rest = to_lp(tranche.drawn);
  for (const auto& [quarter, drawn] : tranche.draws) {
    out.emplace_back(quarter - p.first, to_lp(drawn));
    rest -= to_lp(drawn);
  }
  if (out.empty() || rest > 1e-9) out.emplace_back(kLongBefore, rest);
  return out;
}

double repaid_share(const Programme& p, const PlanTranche& tranche, int drawn, int by) {
  if (!tranche.repayment) return 0;
  const int from = tranche.repayment->from - p.first, until = tranche.repayment->until - p.first;
  const int first = std::max(from, drawn + 1);
  return std::clamp(static_cast<double>(by - first + 1) / std::max(1, until - first + 1), 0.0, 1.0);
}

double repaid_in(const Programme& p, const PlanTranche& tranche, int drawn, int period) {
  const int start = p.start(period);
  return repaid_share(p, tranche, drawn, start + p.length(period) - 1) - repaid_share(p, tranche, drawn, start - 1);
}

double owed_share(const Programme& p, const PlanTranche& tranche, int drawn, int period) {
  return 1 - repaid_share(p, tranche, drawn, p.start(period) + p.length(period) - 1);
}

double interest_in(const Programme& p, const PlanTranche& tranche, int drawn, int period) {
  double owed = 0;
  for (int i = 0; i < p.length(period); ++i) owed += 1 - repaid_share(p, tranche, drawn, p.start(period) + i - 1);
  return 0.25 * tranche.interest * owed;
}

bool may_draw(const Programme& p, const PlanTranche& tranche, int period) {
  const Quarter quarter = p.quarter_of(period);
  return quarter >= tranche.from && (!tranche.repayment || quarter < tranche.repayment->until);
}

int annuity_end(const Programme& programme, int t, int life) { return std::min(t + life, programme.quarters()); }

double quarterly_charge(const Programme& programme, int life) {
  return quarterly_annuity_in_advance(programme.capital_cost, life);
}

double annuity_present_value(const Programme& programme, int t, int life) {
  double discounted = 0;
  // Type II: only annuities inside the horizon, each discounted to the first quarter.
  for (int u = t; u < annuity_end(programme, t, life); ++u) discounted += discount_factor(programme, u);
  return discounted * quarterly_charge(programme, life);
}

}  // namespace stargate
