// Rows of what lenders and the state ask.
//   cover    least * due <= revenue - running costs - rent - tax, over the last four quarters; in the tail a year. Due:
//            interest and instalments; the fixed charge counts rent as due.
//   tax      taxed = loss - loss before + profit, both at least zero: a profit bears tax unless losses carried forward
//            take it up. Interest is not deducted (PlanTax). What is left at the end is sold then at its book value:
//            else machines would be bought in the last year for their depreciation.
#include <algorithm>

#include "stargate/planner/finance.hpp"
#include "stargate/planner/model.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {

namespace {
int count(const auto& items) { return static_cast<int>(items.size()); }

/// The same of a quarter before the first.
void add_past_cover(PlanTerms& terms, const PlanPastQuarter& past, double least, bool rent_is_due) {
  terms.add_constant(least * to_lp(past.due) - to_lp(past.earned) + (rent_is_due ? least : 1) * to_lp(past.rent));
}

/// least * due - cash before it, of one period.
void add_cover(PlanTerms& terms, const PlanModel& model, int t, double least, bool rent_is_due) {
  const auto& p = *model.programme;
  const PaymentTerms& paid = model.payments[static_cast<std::size_t>(t)];
  for (int r = 0; r < count(p.capital); ++r) {
    if (p.capital[r].kind != FundKind::debt) continue;
    add_interest(terms, model, r, t, least);
    add_repayment(terms, model, r, t, least);
  }
  add_revenue(terms, model, t, -1);
  for (const PlanTerms* some : paid.running()) terms.add_all(*some);
  terms.add_all(paid.tax);
  terms.add_all(paid.rent, rent_is_due ? least : 1);
}

void add_cover_rows(PlanModel& model, PlanFamily family, const std::optional<PlanCovenant>& covenant) {
  const auto& p = *model.programme;
  const bool any_debt = std::any_of(p.capital.begin(), p.capital.end(),
                                    [](const PlanTranche& tranche) { return tranche.kind == FundKind::debt; });
  if (!covenant || !any_debt) return;
  for (int t = 0; t < p.periods(); ++t) {
    if (p.quarter_of(t) < covenant->from) continue;
    PlanTerms terms;
    const int window = t < p.quarters() ? 4 : 1;
    const bool rent_is_due = family == PlanFamily::fixed_charge;
    for (int u = t - window + 1; u <= t; ++u) {
      const int back = static_cast<int>(p.before.size()) + u;
      if (u >= 0) add_cover(terms, model, u, covenant->least, rent_is_due);
      else if (back >= 0) add_past_cover(terms, p.before[static_cast<std::size_t>(back)], covenant->least, rent_is_due);
    }
    add_at_most(model, {.family = family, .t = t}, terms, -terms.constant());
  }
}

/// Of all that came by the period, in equal parts over its life for the tax. What stood before as if it had come new.
void add_depreciation(PlanTerms& terms, const PlanModel& model, int t) {
  const auto& p = *model.programme;
  const auto part = [&](int came, int life) { return static_cast<double>(shared_quarters(p, t, came, life)) / life; };
  for (int g = 0; g < count(p.systems); ++g) {
    const auto& system = p.systems[g];
    for (int u = 0; u <= t; ++u) {
      add_arrivals(terms, model, g, u, -part(p.start(u), p.tax->system_life) * price_lp(system, p.quarter_of(u)));
    }
    for (const auto& [quarter, some] : arrived_before(p, system)) {
      terms.add_constant(-some.systems * to_lp(some.price) * part(quarter - p.first, p.tax->system_life));
    }
  }
  for (int s = 0; s < count(p.sites); ++s) {
    const auto& site = p.sites[s];
    const int life = p.tax->building_life;
    for (int u = 0; u <= t; ++u) {
      const int ready = ready_period(p, site, u);
      if (ready <= t) terms.add(model.columns.started.at(s, u), -part(p.start(ready), life) * construction_lp(site));
    }
    for (int h = 0; h < count(p.halls); ++h) {
      for (int u = 0; u <= t; ++u) {
        terms.add(model.columns.refit.at(s, h, u), -part(p.start(u), life) * refit_lp(p.halls[h]));
      }
    }
    for (int i = 0; i < count(site.plants); ++i) {  // over their own lives
      const PlanPlant& plant = site.plants[i];
      for (int u = 0; u <= t; ++u) {
        const int ready = plant_period(p, plant, u);
        if (ready <= t) terms.add(model.columns.plant.at(s, i, u), -part(p.start(ready), plant.life) * plant_lp(plant));
      }
      for (const auto& some : plant.building) {
        terms.add_constant(-to_lp(some.power) * plant_lp(plant) * part(ready_start(p, some.ready), plant.life));
      }
    }
    for (const auto& some : site.refits) {
      terms.add_constant(-to_lp(some.power) * refit_lp(p.halls[static_cast<std::size_t>(some.hall)]) *
                         part(some.done - p.first, life));
    }
    for (const auto& some : site.building) {
      terms.add_constant(-to_lp(some.power) * construction_lp(site) * part(ready_start(p, some.ready), life));
    }
    terms.add_constant(-to_lp(site.energised) * construction_lp(site) * part(0, life));
  }
}
/// What is left behind the last period at its book value, less what of its price is not depreciated by then.
void add_sale_at_end(PlanTerms& terms, const PlanModel& model) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  const int end = p.start(p.periods());
  const auto book = [&](int came, int life) { return book_at_end(p, came, life) / discount_factor(p, end); };
  const auto basis = [&](int came, int life) {
    return std::clamp((came + life - end) / static_cast<double>(life), 0.0, 1.0);
  };
  for (int t = 0; t < p.periods(); ++t) {
    for (int g = 0; g < count(p.systems); ++g) {
      const auto& system = p.systems[g];
      const double price = price_lp(system, p.quarter_of(t));
      add_arrivals(terms, model, g, t, -price * basis(p.start(t), p.tax->system_life));
      for (int s = 0; s < count(p.sites); ++s) {
        terms.add(c.left.at(s, g, t), price * book(p.start(t), system.life));
      }
    }
    for (int s = 0; s < count(p.sites); ++s) {
      const int ready = p.start(ready_period(p, p.sites[s], t));
      const double gain = book(ready, p.building_life) - basis(ready, p.tax->building_life);
      terms.add(c.started.at(s, t), gain * construction_lp(p.sites[s]));
      const double of_refit = book(p.start(t), p.building_life) - basis(p.start(t), p.tax->building_life);
      for (int h = 0; h < count(p.halls); ++h) terms.add(c.refit.at(s, h, t), of_refit * refit_lp(p.halls[h]));
      for (int i = 0; i < count(p.sites[s].plants); ++i) {
        const PlanPlant& plant = p.sites[s].plants[i];
        const int stands = p.start(plant_period(p, plant, t));
        terms.add(c.plant.at(s, i, t), (book(stands, plant.life) - basis(stands, plant.life)) * plant_lp(plant));
      }
    }
  }
  for (int g = 0; g < count(p.systems); ++g) {
    const auto& system = p.systems[g];
    for (const auto& [quarter, some] : arrived_before(p, system)) {
      if (!some.planned) continue;
      terms.add_constant(-some.systems * to_lp(some.price) * basis(quarter - p.first, p.tax->system_life));
    }
    for (int s = 0; s < count(p.sites); ++s) {
      for (int n = 0; n < count(system.standing); ++n) {
        const auto& some = system.standing[n];
        const double price = to_lp(some.price.value_or(Money{})) * systems_per_lp(system);
        terms.add(c.left_before.at(s, g, n), price * book(some.delivered - p.first, system.life));
      }
    }
  }
  for (const auto& site : p.sites) {
    for (const auto& some : site.building) {
      const int ready = ready_start(p, some.ready);
      const double gain = book(ready, p.building_life) - basis(ready, p.tax->building_life);
      if (p.period_from(ready) < p.periods()) terms.add_constant(gain * to_lp(some.power) * construction_lp(site));
    }
    for (const auto& plant : site.plants) {
      for (const auto& some : plant.building) {
        const int ready = ready_start(p, some.ready);
        const double gain = book(ready, plant.life) - basis(ready, plant.life);
        if (p.period_from(ready) < p.periods()) terms.add_constant(gain * to_lp(some.power) * plant_lp(plant));
      }
    }
    for (const auto& some : site.refits) {
      const int done = some.done - p.first;
      const double gain = book(done, p.building_life) - basis(done, p.tax->building_life);
      terms.add_constant(gain * to_lp(some.power) * refit_lp(p.halls[static_cast<std::size_t>(some.hall)]));
    }
  }
}
/// Book in equal parts over the life, at the end of the period: what lenders count. Of systems what came, less what has
/// failed by then.
void add_security(PlanTerms& terms, const PlanModel& model, int t, const PlanCollateral& of) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  const int end = p.start(t) + p.length(t);
  const auto book = [&](int came, int life) {
    return std::clamp((came + life - end) / static_cast<double>(life), 0.0, 1.0);
  };
  for (int s = 0; s < count(p.sites); ++s) {
    const auto& site = p.sites[s];
    for (int g = 0; g < count(p.systems); ++g) {
      const auto& system = p.systems[g];
      for (int u = 0; u <= t; ++u) {
        const double kept = surviving_share(p, system, u, t) * book(p.start(u), system.life);
        terms.add(c.deliver.at(s, g, u), of.systems * kept * price_lp(system, p.quarter_of(u)));
      }
      for (const auto& some : system.standing) {
        if (some.site != site.id) continue;
        const double kept = some.systems * book(some.delivered - p.first, system.life);
        terms.add_constant(of.systems * kept / systems_per_lp(system) * price_lp(system, p.first));
      }
    }
    for (int u = 0; u <= t; ++u) {
      const int ready = ready_period(p, site, u);
      if (ready > t) continue;
      terms.add(c.started.at(s, u), of.buildings * book(p.start(ready), p.building_life) * construction_lp(site));
    }
    for (const auto& some : site.building) {
      const int ready = ready_start(p, some.ready);
      if (p.period_from(ready) > t) continue;
      const double kept = to_lp(some.power) * book(ready, p.building_life);
      terms.add_constant(of.buildings * kept * construction_lp(site));
    }
    terms.add_constant(of.buildings * to_lp(site.energised) * book(0, p.building_life) * construction_lp(site));
  }
}
}  // namespace

void add_collateral_rows(PlanModel& model) {
  const auto& p = *model.programme;
  for (int r = 0; r < count(p.capital); ++r) {
    const auto& tranche = p.capital[r];
    for (int t = 0; tranche.collateral && t < p.periods(); ++t) {
      PlanTerms owed;
      for (int u = 0; u <= t; ++u) owed.add(model.columns.draw.at(r, u), owed_share(p, tranche, p.start(u), t));
      if (owed.empty()) continue;
      PlanTerms terms;
      terms.add_all(owed);
      terms.add_constant(owed_share(p, tranche, -1, t) * to_lp(tranche.drawn));
      PlanTerms security;
      add_security(security, model, t, *tranche.collateral);
      terms.add_all(security, -1);
      add_at_most(model, {.family = PlanFamily::collateral, .t = t, .first = r}, terms, -terms.constant());
    }
  }
}

void add_debt_service_rows(PlanModel& model) {
  add_cover_rows(model, PlanFamily::debt_service, model.programme->debt_service);
}

void add_fixed_charge_rows(PlanModel& model) {
  add_cover_rows(model, PlanFamily::fixed_charge, model.programme->fixed_charge);
}

void add_tax_rows(PlanModel& model) {
  const auto& p = *model.programme;
  if (!p.tax) return;
  for (int t = 0; t < p.periods(); ++t) {
    const PaymentTerms& paid = model.payments[static_cast<std::size_t>(t)];
    PlanTerms terms;
    add_revenue(terms, model, t, 1);
    for (const PlanTerms* some : paid.running()) terms.add_all(*some, -1);
    terms.add_all(paid.rent, -1);
    add_depreciation(terms, model, t);
    if (t + 1 == p.periods()) add_sale_at_end(terms, model);
    terms.add(model.columns.loss.at(0, t), 1);
    if (t > 0) terms.add(model.columns.loss.at(0, t - 1), -1);
    if (t == 0) terms.add_constant(-to_lp(p.tax->losses));
    terms.add(model.columns.taxed.at(0, t), -1);
    add_equal(model, {.family = PlanFamily::tax, .t = t}, terms, -terms.constant());
  }
}

}  // namespace stargate
