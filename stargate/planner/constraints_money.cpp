// Rows of money: what is paid in a quarter against what is in hand, tranches, the share of debt.
// A system is paid in stages (deposit at order, most at delivery, the rest a quarter after), construction evenly over
// its lead, energy, maintenance and carbon as they fall. Deposits of committed systems were paid before the programme.
#include <algorithm>

#include "stargate/planner/model.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {

namespace {
int count(const auto& items) { return static_cast<int>(items.size()); }

void add_all(PlanTerms& to, const PlanTerms& from) {
  for (const auto& entry : from.entries()) to.add(entry.column, entry.value);
  to.add_constant(from.constant());
}

/// Of what was ordered before, the share that is not paid; of what came in the quarter before the first, the acceptance.
void add_commitment_payments(PaymentTerms& out, const Programme& p, const PlanSystem& system, int t) {
  const Quarter now = p.first + t;
  if (const auto found = system.committed.find(now); found != system.committed.end() && found->second.paid) {
    // Of what arrives all but the deposit is paid; here the difference to what was paid.
    out.delivery.add_constant((p.payments.deposit - *found->second.paid) * found->second.systems /
                              systems_per_lp(system) * price_lp(system, now));
  }
  for (const auto& some : system.standing) {
    if (t > 0 || some.delivered + 1 != p.first) continue;
    out.acceptance.add_constant(p.payments.acceptance * some.systems / systems_per_lp(system) * price_lp(system, now));
  }
}

/// Deposit at order and the rest at delivery and a quarter after, all of the price of the quarter of delivery.
void add_system_payments(PaymentTerms& out, const PlanModel& model, int t) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  for (int g = 0; g < count(p.systems); ++g) {
    const auto& system = p.systems[g];
    const Quarter now = p.first + t;
    // The price is agreed when ordered, at that of the quarter of delivery.
    out.deposit.add(c.order.at(g, t), p.payments.deposit * price_lp(system, now + system.order_lead));
    add_commitment_payments(out, p, system, t);
    add_arrivals(out.delivery, model, g, t, p.payments.delivery * price_lp(system, now));
    // What is accepted after the last quarter lies outside the horizon, as annuities beyond it do.
    if (t > 0) add_arrivals(out.acceptance, model, g, t - 1, p.payments.acceptance * price_lp(system, now - 1));
    for (int s = 0; s < count(p.sites); ++s) {
      out.opex.add(c.installed.at(s, g, t), maintenance_lp(system, now));
    }
  }
}

void add_site_payments(PaymentTerms& out, const PlanModel& model, int t) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  for (int s = 0; s < count(p.sites); ++s) {
    const auto& site = p.sites[s];
    // paid evenly from the start to the quarter before power; at once where nothing is built
    const int spread = std::max(1, site.construction_lead);
    for (int u = std::max(0, t - spread + 1); u <= t; ++u) {
      out.construction.add(c.started.at(s, u), construction_lp(site) / spread);
    }
    for (const auto& some : site.building) {
      // What is not paid, evenly up to the quarter before it is ready; at once where that is the first.
      const int left = std::max(1, some.ready - p.first);
      if (t < left) out.construction.add_constant((1 - some.paid) * to_lp(some.power) * construction_lp(site) / left);
    }
    out.energy.add(c.drawn.at(s, t), electricity_lp(site));
    out.energy.add(c.topup.at(s, t), electricity_lp(site));
    out.carbon.add(c.drawn.at(s, t), carbon_cost_lp(p, site));
  }
}
}  // namespace

PaymentTerms payment_terms(const PlanModel& model, int t) {
  PaymentTerms out;
  add_system_payments(out, model, t);
  for (int i = 0; i < count(model.programme->parts); ++i) {
    out.opex.add(model.columns.stock.at(i, t), keeping_lp(*model.programme, model.programme->parts[i]));
  }
  add_site_payments(out, model, t);
  return out;
}

///   cash[t] - cash[t-1] - draws + interest on all drawn so far - reinvested revenue + payments = 0
/// Cash is at least zero by its column.
void add_cash_rows(PlanModel& model) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  if (p.capital.empty()) return;
  for (int t = 0; t < p.quarters(); ++t) {
    PlanTerms terms;
    terms.add(c.cash.at(0, t), 1);
    if (t > 0) terms.add(c.cash.at(0, t - 1), -1);
    for (int r = 0; r < count(p.capital); ++r) {
      // simple interest a quarter, on all drawn so far, the quarter's own draw included
      const double interest = 0.25 * p.capital[r].interest;
      for (int u = 0; u < t; ++u) terms.add(c.draw.at(r, u), interest);
      terms.add(c.draw.at(r, t), interest - 1);
      terms.add_constant(interest * to_lp(p.capital[r].drawn));
    }
    for (int k = 0; k < count(p.services); ++k) {
      const auto& blocks = p.services[k].blocks;
      for (int b = 0; b < count(blocks); ++b) {
        terms.add(c.sell.at(k, b, t), -p.reinvested_revenue * token_value_lp(blocks[b].price.at(p.first + t)));
      }
    }
    const PaymentTerms paid = payment_terms(model, t);
    for (const PlanTerms* some : {&paid.deposit, &paid.delivery, &paid.acceptance, &paid.construction, &paid.energy,
                                  &paid.opex, &paid.carbon}) {
      add_all(terms, *some);
    }
    add_equal(model, {.family = PlanFamily::cash, .t = t}, terms, -terms.constant());
  }
}

/// The limit stands at the quarter of release, from which on its price counts.
void add_tranche_rows(PlanModel& model) {
  const auto& p = *model.programme;
  for (int r = 0; r < count(p.capital); ++r) {
    PlanTerms terms;
    for (int t = 0; t < p.quarters(); ++t) terms.add(model.columns.draw.at(r, t), 1);
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
  for (int t = 0; t < p.quarters(); ++t) {
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
