// The money side of a plan in cash: the payments of the cash rows, who funds them, what the plan is worth.
#include <algorithm>
#include <cmath>

#include "stargate/planner/finance.hpp"
#include "stargate/planner/funding.hpp"
#include "stargate/planner/report.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {

namespace {

void sum_payments(PlanPayments& to, const PlanPayments& from, double factor = 1) {
  to.deposit += factor * from.deposit;
  to.delivery += factor * from.delivery;
  to.acceptance += factor * from.acceptance;
  to.construction += factor * from.construction;
  to.energy += factor * from.energy;
  to.opex += factor * from.opex;
  to.carbon += factor * from.carbon;
  to.interest += factor * from.interest;
  to.rent += factor * from.rent;
  to.penalty += factor * from.penalty;
  to.tax += factor * from.tax;
}

PlanPayments payments_of(const PlanModel& model, const PlanValues& values, int t) {
  const PaymentTerms& terms = model.payments[static_cast<std::size_t>(t)];
  PlanPayments out;
  out.deposit = values.sum(terms.deposit) * kLpMoney;
  out.delivery = values.sum(terms.delivery) * kLpMoney;
  out.acceptance = values.sum(terms.acceptance) * kLpMoney;
  out.construction = values.sum(terms.construction) * kLpMoney;
  out.energy = values.sum(terms.energy) * kLpMoney;
  out.opex = values.sum(terms.opex) * kLpMoney;
  out.carbon = values.sum(terms.carbon) * kLpMoney;
  out.rent = values.sum(terms.rent) * kLpMoney;
  out.penalty = values.sum(terms.penalty) * kLpMoney;
  out.tax = values.sum(terms.tax) * kLpMoney;
  return out;
}

/// Revenue less payments of the tail, what is accepted behind the last period, and book values at the end.
Money beyond_horizon(const PlanModel& model, const PlanValues& values) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  double sum = 0;
  for (int t = p.quarters(); t <= p.periods(); ++t) {
    const PaymentTerms& terms = model.payments[static_cast<std::size_t>(t)];
    for (const PlanTerms* some : terms.all()) sum -= payment_weight(p, terms, some, t) * values.sum(*some);
    for (std::size_t k = 0; t < p.periods() && k < p.services.size(); ++k) {
      const auto& blocks = p.services[k].blocks;
      for (std::size_t b = 0; b < blocks.size(); ++b) {
        const double sold = values.at(c.sell.at(static_cast<int>(k), static_cast<int>(b), t));
        sum += bill_weight(p, t) * sold * token_value_lp(mean_at(p, blocks[b].price, t));
      }
    }
  }
  for (int s = 0; s < static_cast<int>(p.sites.size()); ++s) {
    const auto& site = p.sites[static_cast<std::size_t>(s)];
    const auto left = [&](int ready) { return construction_lp(site) * book_at_end(p, ready, p.building_life); };
    for (const auto& some : site.building) {
      if (p.period_from(some.ready - p.first) >= p.periods()) continue;
      sum += to_lp(some.power) * left(ready_start(p, some.ready));
    }
    for (const auto& some : site.refits) {
      const double price = refit_lp(p.halls[static_cast<std::size_t>(some.hall)]);
      sum += to_lp(some.power) * price * book_at_end(p, some.done - p.first, p.building_life);
    }
    for (int t = 0; t < p.periods(); ++t) {
      const double started = values.at(c.started.at(s, t));
      if (started > 0) sum += started * left(p.start(ready_period(p, site, t)));
      for (int h = 0; h < static_cast<int>(p.halls.size()); ++h) {
        const double price = refit_lp(p.halls[static_cast<std::size_t>(h)]);
        sum += values.at(c.refit.at(s, h, t)) * price * book_at_end(p, p.start(t), p.building_life);
      }
      for (int i = 0; i < static_cast<int>(site.plants.size()); ++i) {
        const PlanPlant& plant = site.plants[static_cast<std::size_t>(i)];
        const double begun = values.at(c.plant.at(s, i, t));
        if (begun > 0) sum += begun * plant_lp(plant) * book_at_end(p, p.start(plant_period(p, plant, t)), plant.life);
      }
      for (int g = 0; g < static_cast<int>(p.systems.size()); ++g) {
        const auto& system = p.systems[static_cast<std::size_t>(g)];
        const double kept = values.at(c.left.at(s, g, t));
        if (kept > 0) sum += kept * book_at_end(p, p.start(t), system.life) * price_lp(system, p.quarter_of(t));
      }
    }
  }
  for (int s = 0; s < static_cast<int>(p.sites.size()); ++s) {
    for (int g = 0; g < static_cast<int>(p.systems.size()); ++g) {
      for (int n = 0; n < c.left_before.depth(); ++n) {
        const int left = c.left_before.at(s, g, n);
        if (left >= 0) sum -= values.at(left) * model.lp.costs()[static_cast<std::size_t>(left)];
      }
    }
  }
  return sum * kLpMoney;
}

/// Payments are settled; only who pays when is open (funding.hpp).
FundingSchedule fund(const PlanModel& model, const PlanValues& values, const Plan& plan) {
  const auto& p = *model.programme;
  std::vector<double> net_payments;
  // Interest is not in it yet: it follows from the draws.
  for (const auto& quarter : plan.quarters) net_payments.push_back(to_lp(quarter.spent.total() - quarter.reinvested));
  std::vector<std::vector<double>> lp_draws(p.capital.size());
  for (std::size_t r = 0; r < p.capital.size(); ++r) {
    for (int t = 0; t < p.quarters(); ++t) {
      lp_draws[r].push_back(values.at(model.columns.draw.at(static_cast<int>(r), t)));
    }
  }
  return schedule_funding(p, net_payments, lp_draws);
}

}  // namespace

/// Payments from the same terms as the cash row, draws from the schedule of funding.cpp.
void report_money(const PlanModel& model, const PlanValues& values, Plan& plan) {
  const auto& p = *model.programme;
  report_costs(model, values, plan);
  for (int t = 0; t < p.quarters(); ++t) {
    PlanQuarter& quarter = plan.quarters[t];
    quarter.spent = payments_of(model, values, t);
    sum_payments(plan.paid, quarter.spent, discount_factor(p, t));  // interest is no cost on top of the rate
    quarter.reinvested = p.reinvested_revenue * quarter.revenue;
  }
  plan.beyond = beyond_horizon(model, values);
  plan.value = plan.revenue - plan.paid.total() + plan.beyond;
  if (!p.capital.empty()) {
    const FundingSchedule funding = fund(model, values, plan);
    for (int t = 0; t < p.quarters(); ++t) {
      PlanQuarter& quarter = plan.quarters[t];
      for (std::size_t r = 0; r < p.capital.size(); ++r) {
        quarter.drawn.push_back(funding.drawn[r][t] * kLpMoney);
        quarter.repaid.push_back(funding.repaid[r][t] * kLpMoney);
        const bool owed = p.capital[r].kind == FundKind::debt;
        quarter.owed.push_back(owed ? funding.owed[r][t] * kLpMoney : Money{});
      }
      quarter.spent.interest = funding.interest[t] * kLpMoney;
      quarter.cash = funding.cash[t] * kLpMoney;
    }
  }
  PlanPayments to_date;
  for (auto& quarter : plan.quarters) {
    sum_payments(to_date, quarter.spent);
    quarter.spent_to_date = to_date;
  }
}

}  // namespace stargate
