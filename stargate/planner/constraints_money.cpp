// Rows of money: what is paid in a quarter against what is in hand, tranches, the share of debt.
// A system is paid in stages (deposit at order, most at delivery, the rest a quarter after), construction evenly over
// its lead, energy, maintenance and carbon as they fall. Deposits of committed systems were paid before the programme.
#include <algorithm>

#include "stargate/planner/finance.hpp"
#include "stargate/planner/model.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {

namespace {
int count(const auto& items) { return static_cast<int>(items.size()); }

void add_all(PlanTerms& to, const PlanTerms& from) {
  for (const auto& entry : from.entries()) to.add(entry.column, entry.value);
  to.add_constant(from.constant());
}

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
  for (const auto& some : system.standing) {
    if (t > 0 || some.delivered + 1 != p.first) continue;
    out.acceptance.add_constant(p.payments.acceptance * some.systems / systems_per_lp(system) *
                                price_lp(system, p.first));
  }
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

/// Quarters of period `t` among the `count` from quarter `from` on.
int shared_quarters(const Programme& p, int t, int from, int count) {
  return std::max(0, std::min(p.start(t) + p.length(t), from + count) - std::max(p.start(t), from));
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
    out.energy.add(c.drawn.at(s, t), p.length(t) * electricity_lp(site));
    out.energy.add(c.topup.at(s, t), p.length(t) * electricity_lp(site));
    out.carbon.add(c.drawn.at(s, t), p.length(t) * carbon_cost_lp(p, site));
  }
}

PaymentTerms payment_terms(const PlanModel& model, int t) {
  PaymentTerms out;
  add_system_payments(out, model, t);
  for (int i = 0; t < model.programme->quarters() && i < count(model.programme->parts); ++i) {
    out.opex.add(model.columns.stock.at(i, t), keeping_lp(*model.programme, model.programme->parts[i]));
  }
  add_site_payments(out, model, t);
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

///   cash[t] - cash[t-1] - draws + interest on all drawn so far - reinvested revenue + payments = 0
/// Cash is at least zero by its column.
void add_cash_rows(PlanModel& model) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  if (p.capital.empty()) return;
  for (int t = 0; t < p.periods(); ++t) {
    PlanTerms terms;
    terms.add(c.cash.at(0, t), 1);
    if (t > 0) terms.add(c.cash.at(0, t - 1), -1);
    for (int r = 0; r < count(p.capital); ++r) {
      // simple interest a quarter, on all drawn so far, the quarter's own draw included
      const double interest = 0.25 * p.length(t) * p.capital[r].interest;
      for (int u = 0; u < t; ++u) terms.add(c.draw.at(r, u), interest);
      terms.add(c.draw.at(r, t), interest - 1);
      terms.add_constant(interest * to_lp(p.capital[r].drawn));
    }
    for (int k = 0; k < count(p.services); ++k) {
      const auto& blocks = p.services[k].blocks;
      for (int b = 0; b < count(blocks); ++b) {
        terms.add(c.sell.at(k, b, t),
                  -p.reinvested_revenue * p.length(t) * token_value_lp(mean_at(p, blocks[b].price, t)));
      }
    }
    for (const PlanTerms* some : model.payments[static_cast<std::size_t>(t)].all()) add_all(terms, *some);
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

/// debt <= share (debt + equity), cleared of the fraction, over all that is drawn up to each quarter.
void add_debt_share_rows(PlanModel& model) {
  const auto& p = *model.programme;
  const double share = p.maximum_debt_share;
  if (share >= 1) return;
  for (int t = 0; t < p.periods(); ++t) {
    PlanTerms terms;
    bool any_debt = false;
    double before = 0;
    for (int r = 0; r < count(p.capital); ++r) {
      const bool debt = p.capital[r].kind == FundKind::debt;
      before += (debt ? 1 - share : -share) * to_lp(p.capital[r].drawn);
      for (int u = 0; u <= t; ++u) {
        any_debt = any_debt || (debt && model.columns.draw.at(r, u) >= 0);
        terms.add(model.columns.draw.at(r, u), debt ? 1 - share : -share);
      }
    }
    if (any_debt) add_at_most(model, {.family = PlanFamily::debt_share, .t = t}, terms, -before);
  }
}

}  // namespace stargate
