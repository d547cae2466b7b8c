// The money side of a plan. Cost view: each quarter's annuities and bills, pooled by (site, system) and shared among
// the services by the accelerators each runs there; discounted they are the objective, class by class. Cash view: the
// payments of the cash rows, and who funds them.
//   pool(s,g,t) = share of the annuities of all systems of the kind by what is installed + maintenance + energy + share
//                 of the site's building annuity and top-up by power installed
//   service k   = sum over pools of run[s,g,k,t] / sum_k run * (pool without work energy) + its own work energy
// A pool that runs nothing is idle cost, and so is what waits in the store.
#include <algorithm>
#include <cmath>

#include "stargate/planner/finance.hpp"
#include "stargate/planner/funding.hpp"
#include "stargate/planner/report.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {

namespace {

void add_cost(PlanCost& to, const PlanCost& from, double factor = 1) {
  to.systems += factor * from.systems;
  to.construction += factor * from.construction;
  to.energy += factor * from.energy;
  to.opex += factor * from.opex;
  to.carbon += factor * from.carbon;
  to.standing += factor * from.standing;
}

/// The cost view. What a pool costs is shared by accelerators given, since the LP charges services by nothing else.
class Costs {
 public:
  Costs(const PlanModel& model, const PlanValues& values, Plan& plan)
      : p_(*model.programme), c_(model.columns), x_(values), plan_(plan) {}

  void report() {
    for (int t = 0; t < p_.quarters(); ++t) {
      PlanQuarter& quarter = plan_.quarters[t];
      for (std::size_t s = 0; s < p_.sites.size(); ++s) share_site(quarter, static_cast<int>(s), t);
      for (std::size_t g = 0; g < p_.systems.size(); ++g) {
        add_cost(quarter.idle_cost, unplaced_cost(static_cast<int>(g), t));
      }
      for (std::size_t i = 0; i < p_.parts.size(); ++i) {
        quarter.idle_cost.opex += x_.at(c_.stock.at(static_cast<int>(i), t)) * keeping_lp(p_, p_.parts[i]) * kLpMoney;
      }
      for (std::size_t k = 0; k < p_.services.size(); ++k) close_service(quarter, k);
      add_cost(quarter.cost, quarter.idle_cost);
      for (const auto& service : quarter.services) add_cost(quarter.cost, service.cost);
      add_cost(plan_.parts, quarter.cost, discount_factor(p_, t));
      plan_.revenue += discount_factor(p_, t) * quarter.revenue;
    }
    if (!p_.second_rate) return;
    plan_.second_present_value = Money{};
    for (int t = 0; t < p_.quarters(); ++t) {
      *plan_.second_present_value += std::pow(1 + *p_.second_rate, -0.25 * t) *
                                    (plan_.quarters[t].revenue - plan_.quarters[t].cost.total() +
                                     plan_.quarters[t].cost.standing);
    }
  }

 private:
  /// What the site costs whatever runs there.
  PlanCost shell_cost(int s, int t) const {
    const auto& site = p_.sites[s];
    PlanCost cost;
    for (int u = 0; u + site.construction_lead <= t; ++u) {
      if (t >= annuity_end(p_, u + site.construction_lead, p_.building_life)) continue;
      cost.construction += x_.at(c_.started.at(s, u)) * construction_lp(site) *
                           quarterly_charge(p_, p_.building_life) * kLpMoney;
    }
    const double charge = construction_lp(site) * quarterly_charge(p_, p_.building_life);
    for (const auto& some : site.building) {
      const int ready = some.ready - p_.first;
      if (ready > t || t >= annuity_end(p_, ready, p_.building_life)) continue;
      cost.construction += to_lp(some.power) * charge * kLpMoney;
    }
    cost.standing = to_lp(site.energised) * charge * kLpMoney;
    // Energy paid for and not used has no user: it is a cost of the shell.
    cost.energy = x_.at(c_.topup.at(s, t)) * electricity_lp(site) * kLpMoney;
    return cost;
  }

  PlanCost energy_cost(int s, double mean_power) const {
    PlanCost cost;
    cost.energy = mean_power * electricity_lp(p_.sites[s]) * kLpMoney;
    cost.carbon = mean_power * carbon_cost_lp(p_, p_.sites[s]) * kLpMoney;
    return cost;
  }

  /// M$ of annuities of all systems of a kind that arrived in the last `life` quarters, and of those that stood before.
  /// By arrivals and not by what stands: the annuity of what was retired early, or waits, runs on to the end of its
  /// life.
  std::pair<double, double> annuities(int g, int t) const {
    const auto& system = p_.systems[g];
    const double charge = quarterly_charge(p_, system.life);
    double bought = 0, stood = 0;
    for (int u = std::max(0, t - system.life + 1); u <= t; ++u) {
      bought += plan_.quarters[u].systems[g].arrived / systems_per_lp(system) * price_lp(system, p_.first + u) * charge;
    }
    for (const auto& site : p_.sites) {
      stood += standing_systems(system, site, p_.first, t) / systems_per_lp(system) * price_lp(system, p_.first) *
               charge;
    }
    return {bought, stood};
  }

  /// Annuities, maintenance and idle energy of one kind of system at a site.
  PlanCost pool_cost(int s, int g, int t) const {
    const auto& system = p_.systems[g];
    const double installed = x_.at(c_.installed.at(s, g, t));
    PlanCost cost = energy_cost(s, installed * idle_power_lp(p_.sites[s], system));
    const auto& all = plan_.quarters[t].systems[g];
    const double share = installed > 0 ? installed * systems_per_lp(system) / (all.installed + all.stored) : 0;
    const auto [bought, stood] = annuities(g, t);
    cost.systems = share * bought * kLpMoney, cost.standing = share * stood * kLpMoney;
    cost.opex = installed * maintenance_lp(system, p_.first + t) * kLpMoney;
    return cost;
  }

  /// What no site has: in the store, or given up.
  PlanCost unplaced_cost(int g, int t) const {
    const auto& all = plan_.quarters[t].systems[g];
    const double share = all.installed > 0 ? all.stored / (all.installed + all.stored) : 1;
    const auto [bought, stood] = annuities(g, t);
    PlanCost cost;
    cost.systems = share * bought * kLpMoney, cost.standing = share * stood * kLpMoney;
    return cost;
  }

  /// A site without systems costs all the same: its shell is then idle cost.
  void share_site(PlanQuarter& quarter, int s, int t) {
    const PlanCost shell = shell_cost(s, t);
    const Power used = quarter.sites[s].used;
    if (used <= Power{}) add_cost(quarter.idle_cost, shell);
    for (std::size_t i = 0; i < p_.systems.size(); ++i) {
      const int g = static_cast<int>(i);
      PlanCost pool = pool_cost(s, g, t);
      if (used > Power{}) {
        // The shell is shared by power, since power is what a building is built for.
        const Power own = x_.at(c_.installed.at(s, g, t)) * full_power_lp(p_.sites[s], p_.systems[i]) * kLpPower;
        add_cost(pool, shell, own / used);
      }
      share_pool(quarter, s, g, t, pool);
    }
  }

  /// `pool`: what the systems of one kind at one site cost, by what services run there; nothing running is idle cost.
  /// Energy above idle is of the service that causes it.
  void share_pool(PlanQuarter& quarter, int s, int g, int t, const PlanCost& pool) {
    double running = 0;
    for (std::size_t k = 0; k < p_.services.size(); ++k) running += x_.at(c_.run.at(s, g, static_cast<int>(k), t));
    if (running <= 0) {
      add_cost(quarter.idle_cost, pool);
      return;
    }
    for (std::size_t k = 0; k < p_.services.size(); ++k) {
      const double run = x_.at(c_.run.at(s, g, static_cast<int>(k), t));
      if (run <= 0) continue;
      auto& cost = quarter.services[k].cost;
      add_cost(cost, pool, run / running);
      add_cost(cost, energy_cost(s, run * work_power_lp(p_.sites[s], p_.systems[g], p_.services[k])));
    }
  }

  static void close_service(PlanQuarter& quarter, std::size_t k) {
    auto& out = quarter.services[k];
    if (out.served > TokenRate{}) out.cost_per_token = out.cost.total() / (out.served * quarter_year);
    for (const auto& block : out.blocks) out.revenue += block.served * quarter_year * block.price;
    quarter.revenue += out.revenue;
  }

  const Programme& p_;
  const PlanColumns& c_;
  const PlanValues& x_;
  Plan& plan_;
};

void sum_payments(PlanPayments& to, const PlanPayments& from, double factor = 1) {
  to.deposit += factor * from.deposit;
  to.delivery += factor * from.delivery;
  to.acceptance += factor * from.acceptance;
  to.construction += factor * from.construction;
  to.energy += factor * from.energy;
  to.opex += factor * from.opex;
  to.carbon += factor * from.carbon;
  to.interest += factor * from.interest;
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
      const int ready = some.ready - p.first;
      if (p.period_from(ready) < p.periods()) sum += to_lp(some.power) * left(ready);
    }
    for (int t = 0; t < p.periods(); ++t) {
      const double started = values.at(c.started.at(s, t));
      if (started > 0) sum += started * left(p.start(ready_period(p, site, t)));
      for (int g = 0; g < static_cast<int>(p.systems.size()); ++g) {
        const auto& system = p.systems[static_cast<std::size_t>(g)];
        const double kept = values.at(c.left.at(s, g, t));
        if (kept > 0) sum += kept * book_at_end(p, p.start(t), system.life) * price_lp(system, p.quarter_of(t));
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

/// Costs by quarter from the annuities, payments from the same terms as the cash row, draws from the schedule of
/// funding.cpp.
void report_money(const PlanModel& model, const PlanValues& values, Plan& plan) {
  const auto& p = *model.programme;
  Costs(model, values, plan).report();
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
      for (const auto& drawn : funding.drawn) quarter.drawn.push_back(drawn[t] * kLpMoney);
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
