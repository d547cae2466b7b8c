// Rows of money: what is paid in a quarter against what is in hand, tranches, the share of debt.
// A system is paid in stages (deposit at order, most at delivery, the rest a quarter after), construction evenly over
// its lead, energy, maintenance, rent, penalties, tax and carbon as they fall. Deposits of committed systems
// were paid before the programme.
#include <algorithm>

#include "stargate/planner/finance.hpp"
#include "stargate/planner/model.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {

namespace {
int count(const auto& items) { return static_cast<int>(items.size()); }

/// Of what was ordered before, the share that is not paid; of what came in the quarter before the first, the
/// acceptance.
void add_commitment_payments(PaymentTerms& out, const Programme& p, const PlanSystem& system, int t) {
  for (int i = 0; i < p.length(t); ++i) {
    const Quarter now = p.quarter_of(t) + i;
    const auto found = system.committed.find(now);
    if (found == system.committed.end()) continue;
    // Of what arrives all but the deposit is paid; here the difference to what was paid.
    const double paid = found->second.paid.value_or(p.payments.deposit);
    const double deposit = t < p.quarters() ? p.payments.deposit : 0;  // in the tail the deposit is paid with the rest
    out.delivery.add_constant((deposit - paid) * found->second.systems / systems_per_lp(system) *
                              price_lp(system, p.quarter_of(t)));
  }
  if (t > 0) return;
  const auto arrived = arrived_before(p, system);
  const auto last = arrived.find(p.first - 1);
  if (last == arrived.end()) return;
  out.acceptance.add_constant(p.payments.acceptance * last->second.systems * to_lp(last->second.price));
}

/// Deposit at order and the rest at delivery and a quarter after, all of the price of the quarter of delivery. In the
/// tail all in one year.
void add_system_payments(PaymentTerms& out, const PlanModel& model, int t) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  for (int g = 0; g < count(p.systems); ++g) {
    const auto& system = p.systems[g];
    // What came in the last quarter is accepted in the next period, or behind the end.
    if (t > 0 && t <= p.quarters()) {
      add_arrivals(out.acceptance, model, g, t - 1, p.payments.acceptance * price_lp(system, p.quarter_of(t - 1)));
    }
    if (t == p.periods()) continue;
    const Quarter now = p.quarter_of(t);
    const bool tail = t >= p.quarters();
    // The price is agreed when ordered, at that of the quarter of delivery.
    if (!tail) out.deposit.add(c.order.at(g, t), p.payments.deposit * price_lp(system, now + system.order_lead));
    add_commitment_payments(out, p, system, t);
    add_arrivals(out.delivery, model, g, t, (tail ? 1 : p.payments.delivery) * price_lp(system, now));
    for (int s = 0; s < count(p.sites); ++s) {
      out.opex.add(c.installed.at(s, g, t), p.length(t) * maintenance_lp(system, now));
    }
  }
}

/// Plants are paid evenly over their lead, as buildings are.
void add_plant_payments(PaymentTerms& out, const PlanModel& model, int s, int t) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  const auto& site = p.sites[s];
  for (int i = 0; i < count(site.plants); ++i) {
    const PlanPlant& plant = site.plants[i];
    const int spread = std::max(1, plant.lead);
    for (int u = 0; u <= t; ++u) {
      const double share = u >= p.quarters() ? (u == t ? 1 : 0)
                                             : static_cast<double>(shared_quarters(p, t, u, spread)) / spread;
      if (share > 0) out.construction.add(c.plant.at(s, i, u), share * plant_lp(plant));
    }
    for (const auto& some : plant.building) {
      const int left = std::max(1, some.ready - p.first);
      const double share = static_cast<double>(shared_quarters(p, t, 0, left)) / left;
      out.construction.add_constant(share * (1 - some.paid) * to_lp(some.power) * plant_lp(plant));
    }
    if (plant.maintenance > 0) add_plant_standing(out.opex, model, s, i, t, p.length(t) * plant_care_lp(plant));
    out.energy.add(c.made.at(s, i, t), p.length(t) * fuel_lp(plant));
    if (c.backup.at(s, i, t) >= 0) out.energy.add(c.backup.at(s, i, t), p.length(t) * bridging_lp(site, plant));
  }
}

void add_site_payments(PaymentTerms& out, const PlanModel& model, int t) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  if (t == p.periods()) return;
  for (int s = 0; s < count(p.sites); ++s) {
    const auto& site = p.sites[s];
    // paid evenly from the start to the quarter before power; at once where nothing is built; in the tail in the year
    const int spread = std::max(1, site.construction_lead);
    for (int u = 0; u <= t; ++u) {
      const double share = u >= p.quarters() ? (u == t ? 1 : 0)
                                             : static_cast<double>(shared_quarters(p, t, u, spread)) / spread;
      if (share > 0) out.construction.add(c.started.at(s, u), share * construction_lp(site));
    }
    for (const auto& some : site.building) {
      // What is not paid, evenly up to the quarter before it is ready; at once where that is the first.
      const int left = std::max(1, some.ready - p.first);
      const double share = static_cast<double>(shared_quarters(p, t, 0, left)) / left;
      out.construction.add_constant(share * (1 - some.paid) * to_lp(some.power) * construction_lp(site));
    }
    for (int h = 0; h < count(p.halls); ++h) out.construction.add(c.refit.at(s, h, t), refit_lp(p.halls[h]));
    add_imported(out.energy, model, s, t, p.length(t) * electricity_lp(site));
    out.energy.add(c.topup.at(s, t), p.length(t) * electricity_lp(site));
    if (p.carbon_price > MoneyPerMass{}) add_emitted(out.carbon, model, s, t, to_lp(kLpCarbon * p.carbon_price));
    add_plant_payments(out, model, s, t);
    for (int u = 0; site.lease && u <= t; ++u) {
      out.rent.add(c.leased.at(s, u), p.length(t) * alive_share(p, site.lease->term, u, t) * rent_lp(*site.lease));
    }
    if (site.lease) out.rent.add_constant(p.length(t) * leased_before_lp(p, *site.lease, t) * rent_lp(*site.lease));
  }
}

/// Rented machines, promises that were not kept, tax.
void add_other_payments(PaymentTerms& out, const PlanModel& model, int t) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  if (t == p.periods()) return;
  for (int x = 0; x < count(p.contracts); ++x) {
    out.rent.add(c.hire.at(x, t), p.length(t) * hire_lp(mean_at(p, p.contracts[x].price, t)));
  }
  for (int k = 0; k < count(p.services); ++k) {
    for (int b = 0; b < count(p.services[k].blocks); ++b) {
      out.penalty.add(c.missed.at(k, b, t), p.length(t) * token_value_lp(p.services[k].blocks[b].penalty));
    }
  }
  if (p.tax) out.tax.add(c.taxed.at(0, t), p.tax->rate);
}

PaymentTerms payment_terms(const PlanModel& model, int t) {
  PaymentTerms out;
  add_system_payments(out, model, t);
  for (int i = 0; t < model.programme->quarters() && i < count(model.programme->parts); ++i) {
    out.opex.add(model.columns.stock.at(i, t), keeping_lp(*model.programme, model.programme->parts[i]));
  }
  add_site_payments(out, model, t);
  add_other_payments(out, model, t);
  return out;
}
}  // namespace

double payment_weight(const Programme& p, const PaymentTerms& of, const PlanTerms* some, int t) {
  const bool first_day = some == &of.deposit || some == &of.delivery || some == &of.acceptance;
  return first_day ? discount_factor(p, p.start(t)) : bill_weight(p, t) / p.length(t);
}

void add_payments(PlanModel& model) {
  const auto& p = *model.programme;
  double fixed = model.lp.objective_offset();
  std::vector<double> cost = model.lp.costs();
  for (int t = 0; t <= p.periods(); ++t) {
    model.payments.push_back(payment_terms(model, t));
    const PaymentTerms& paid = model.payments.back();
    for (const PlanTerms* some : paid.all()) {
      const double weight = payment_weight(p, paid, some, t);
      fixed += weight * some->constant();
      for (const auto& entry : some->entries()) cost[static_cast<std::size_t>(entry.column)] += weight * entry.value;
    }
  }
  for (int j = 0; j < model.lp.column_count(); ++j) model.lp.set_cost(j, cost[static_cast<std::size_t>(j)]);
  model.lp.set_objective_offset(fixed);
}

void add_revenue(PlanTerms& terms, const PlanModel& model, int t, double factor) {
  const auto& p = *model.programme;
  for (int k = 0; k < count(p.services); ++k) {
    const auto& blocks = p.services[k].blocks;
    for (int b = 0; b < count(blocks); ++b) {
      terms.add(model.columns.sell.at(k, b, t), factor * p.length(t) * token_value_lp(mean_at(p, blocks[b].price, t)));
    }
  }
}

void add_interest(PlanTerms& terms, const PlanModel& model, int r, int t, double factor) {
  const auto& p = *model.programme;
  const auto& tranche = p.capital[r];
  for (int u = 0; u <= t; ++u) {
    terms.add(model.columns.draw.at(r, u), factor * interest_in(p, tranche, p.start(u), t));
  }
  for (const auto& [quarter, drawn] : draws_before(p, tranche)) {
    terms.add_constant(factor * interest_in(p, tranche, quarter, t) * drawn);
  }
}

void add_repayment(PlanTerms& terms, const PlanModel& model, int r, int t, double factor) {
  const auto& p = *model.programme;
  const auto& tranche = p.capital[r];
  if (!tranche.repayment) return;
  for (int u = 0; u <= t; ++u) {
    terms.add(model.columns.draw.at(r, u), factor * repaid_in(p, tranche, p.start(u), t));
  }
  for (const auto& [quarter, drawn] : draws_before(p, tranche)) {
    terms.add_constant(factor * repaid_in(p, tranche, quarter, t) * drawn);
  }
}

///   cash[t] - cash[t-1] - draws + interest and instalments of all drawn so far - reinvested revenue + payments = 0
/// Cash is at least zero by its column.
void add_cash_rows(PlanModel& model) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  if (p.capital.empty()) return;
  for (int t = 0; t < p.periods(); ++t) {
    PlanTerms terms;
    terms.add(c.cash.at(0, t), 1);
    if (t > 0) terms.add(c.cash.at(0, t - 1), -1);
    if (t == 0) terms.add_constant(-to_lp(p.cash));
    for (int r = 0; r < count(p.capital); ++r) {
      terms.add(c.draw.at(r, t), -1);
      add_interest(terms, model, r, t, 1);
      add_repayment(terms, model, r, t, 1);
    }
    add_revenue(terms, model, t, -p.reinvested_revenue);
    for (const PlanTerms* some : model.payments[static_cast<std::size_t>(t)].all()) terms.add_all(*some);
    add_equal(model, {.family = PlanFamily::cash, .t = t}, terms, -terms.constant());
  }
}

/// The limit stands at the quarter of release, from which on its price counts.
void add_tranche_rows(PlanModel& model) {
  const auto& p = *model.programme;
  for (int r = 0; r < count(p.capital); ++r) {
    PlanTerms terms;
    for (int t = 0; t < p.periods(); ++t) terms.add(model.columns.draw.at(r, t), 1);
    if (terms.empty()) continue;  // released after the last quarter
    const int released = std::max(0, p.capital[r].from - p.first);
    add_at_most(model, {.family = PlanFamily::tranche, .t = released, .first = r}, terms,
                to_lp(p.capital[r].amount - p.capital[r].drawn));
  }
}

/// debt <= share (debt + equity), cleared of the fraction; debt is what is owed at the end of the quarter.
void add_debt_share_rows(PlanModel& model) {
  const auto& p = *model.programme;
  const double share = p.maximum_debt_share;
  if (share >= 1) return;
  for (int t = 0; t < p.periods(); ++t) {
    PlanTerms terms;
    bool any_debt = false;
    for (int r = 0; r < count(p.capital); ++r) {
      const auto& tranche = p.capital[r];
      const bool debt = tranche.kind == FundKind::debt;
      if (debt && tranche.collateral && !tranche.collateral->recourse) continue;
      const auto counts = [&](int drawn) { return debt ? (1 - share) * owed_share(p, tranche, drawn, t) : -share; };
      for (const auto& [quarter, drawn] : draws_before(p, tranche)) terms.add_constant(counts(quarter) * drawn);
      for (int u = 0; u <= t; ++u) {
        any_debt = any_debt || (debt && model.columns.draw.at(r, u) >= 0);
        terms.add(model.columns.draw.at(r, u), counts(p.start(u)));
      }
    }
    if (any_debt) add_at_most(model, {.family = PlanFamily::debt_share, .t = t}, terms, -terms.constant());
  }
}

}  // namespace stargate
