// Rows of sites: power of what is installed, energising after construction or by lease, grid, crews, energy drawn,
// take-or-pay, carbon.
#include <algorithm>

#include "stargate/planner/finance.hpp"
#include "stargate/planner/model.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {

namespace {
int count(const auto& items) { return static_cast<int>(items.size()); }
}  // namespace

void add_site_power_rows(PlanModel& model) {
  const auto& p = *model.programme;
  for (int s = 0; s < count(p.sites); ++s) {
    for (int t = 0; t < p.periods(); ++t) {
      PlanTerms terms;
      for (int g = 0; g < count(p.systems); ++g) {
        // Full load, whatever runs: breakers and cooling are sized for what may be drawn, not for the mean.
        terms.add(model.columns.installed.at(s, g, t), full_power_lp(p.sites[s], p.systems[g]));
      }
      if (terms.empty()) continue;
      terms.add(model.columns.energised.at(s, t), -1);
      add_at_most(model, {.family = PlanFamily::site_power, .t = t, .first = s}, terms, 0);
    }
  }
}

void add_built_rows(PlanModel& model) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  for (int s = 0; s < count(p.sites); ++s) {
    for (int t = 0; t < p.periods(); ++t) {
      PlanTerms terms;
      terms.add(c.built.at(s, t), 1);
      if (t > 0) terms.add(c.built.at(s, t - 1), -1);
      for (int u = 0; u <= t; ++u) {
        if (ready_period(p, p.sites[s], u) == t) terms.add(c.started.at(s, u), -1);
      }
      double before = t == 0 ? to_lp(p.sites[s].energised) : 0;  // running, and begun before
      for (const auto& some : p.sites[s].building) {
        before += std::max(0, p.period_from(some.ready - p.first)) == t ? to_lp(some.power) : 0;
      }
      add_equal(model, {.family = PlanFamily::built, .t = t, .first = s}, terms, before);
    }
  }
}

void add_energise_rows(PlanModel& model) {
  const auto& p = *model.programme;
  for (int s = 0; s < count(p.sites); ++s) {
    for (int t = 0; t < p.periods(); ++t) {
      PlanTerms terms;
      terms.add(model.columns.energised.at(s, t), 1);
      terms.add(model.columns.built.at(s, t), -1);
      add_leased(terms, model, s, t, -1);
      add_at_most(model, {.family = PlanFamily::energise, .t = t, .first = s}, terms, -terms.constant());
    }
  }
}

/// Without take-or-pay power that is given back saves nothing, so it needs no row.
void add_subscribed_rows(PlanModel& model) {
  const auto& p = *model.programme;
  for (int s = 0; s < count(p.sites); ++s) {
    const auto& site = p.sites[s];
    for (int t = 0; t < p.quarters() && site.take_or_pay > 0; ++t) {
      const Power grid = grid_in(p, site, t);
      PlanTerms terms;
      terms.add(model.columns.energised.at(s, t), 1);
      if (t > 0) terms.add(model.columns.energised.at(s, t - 1), -1);
      for (int u = 0; site.lease && u < t; ++u) {
        const double ends = alive_share(p, site.lease->term, u, t - 1) - alive_share(p, site.lease->term, u, t);
        terms.add(model.columns.leased.at(s, u), ends);
      }
      // What plants carry is not the grid's; those begun before the plan come whether there is a building or not.
      add_own_power(terms, model, s, t, -1);
      if (t > 0) add_own_power(terms, model, s, t - 1, 1);
      Power begun;  // what ran on plants then is no contract's
      for (const auto& plant : site.plants) begun += plant.battery ? Power{} : plant.begun.at(p.first);
      const Power falls = t == 0 ? site.grid.at(p.first - 1) - grid : grid_in(p, site, t - 1) - grid;
      double kept = -to_lp(max(Power{}, falls));
      if (site.lease) kept -= leased_before_lp(p, *site.lease, t - 1) - leased_before_lp(p, *site.lease, t);
      if (t == 0) {
        kept = site.subscribed ? std::clamp(to_lp(*site.subscribed) + kept, 0.0, to_lp(power_limit_in(p, site, 0)))
                               : to_lp(min(max(Power{}, site.energised - begun), grid));
      }
      for (const auto& plant : site.plants) {  // what was ordered comes as it would have in the plan that ordered it
        if (plant.battery) continue;
        const double ordered = ordered_plant_lp(p, plant, t), before = t > 0 ? ordered_plant_lp(p, plant, t - 1) : 0;
        kept += ordered - before;
        terms.add_constant(ordered - before);  // which own power has taken off
      }
      add_at_least(model, {.family = PlanFamily::subscribed, .t = t, .first = s}, terms,
                   kept - std::max(0.0, terms.constant()));
    }
  }
}

double leased_before_lp(const Programme& p, const PlanLease& lease, int t) {
  double sum = 0;
  for (const auto& [quarter, power] : lease.taken) {
    const int until = quarter + lease.term - p.first, start = t < 0 ? t : p.start(t);
    sum += std::clamp((until - start) / static_cast<double>(t < 0 ? 1 : p.length(t)), 0.0, 1.0) * to_lp(power);
  }
  return sum;
}

void add_leased(PlanTerms& terms, const PlanModel& model, int s, int t, double factor) {
  const auto& p = *model.programme;
  for (int u = 0; p.sites[s].lease && u <= t; ++u) {
    terms.add(model.columns.leased.at(s, u), factor * alive_share(p, p.sites[s].lease->term, u, t));
  }
  if (p.sites[s].lease) terms.add_constant(factor * leased_before_lp(p, *p.sites[s].lease, t));
}

void add_lease_rows(PlanModel& model) {
  const auto& p = *model.programme;
  for (int s = 0; s < count(p.sites); ++s) {
    for (int t = 0; p.sites[s].lease && t < p.periods(); ++t) {
      PlanTerms terms;
      add_leased(terms, model, s, t, 1);
      if (terms.empty()) continue;
      add_at_most(model, {.family = PlanFamily::lease, .t = t, .first = s}, terms,
                  std::max(0.0, to_lp(p.sites[s].lease->most.at(p.quarter_of(t))) - terms.constant()));
    }
  }
}

double dense_lp(const Programme& p, const PlanSite& site, int h) {
  if (!site.dense.empty()) return site.dense[static_cast<std::size_t>(h)];
  double stood = 0;
  for (const auto& system : p.systems) {
    if (!needs_hall(p, system, site, h)) continue;
    stood += standing_systems(system, site, p.first, 0) / systems_per_lp(system) * full_power_lp(site, system);
  }
  return stood;
}

void add_hall_rows(PlanModel& model) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  for (int s = 0; s < count(p.sites); ++s) {
    for (int h = 0; h < count(p.halls); ++h) {
      for (int t = 0; t < p.periods(); ++t) {
        PlanTerms terms;
        for (int g = 0; g < count(p.systems); ++g) {
          if (!needs_hall(p, p.systems[g], p.sites[s], h)) continue;
          terms.add(c.installed.at(s, g, t), full_power_lp(p.sites[s], p.systems[g]));
        }
        if (terms.empty()) continue;
        for (int i = h; i < count(p.halls); ++i) {
          for (int u = 0; u <= t; ++u) terms.add(c.refit.at(s, i, u), -1);
        }
        double fit = dense_lp(p, p.sites[s], h);
        for (const auto& some : p.sites[s].refits) fit += some.hall >= h ? to_lp(some.power) : 0;
        add_at_most(model, {.family = PlanFamily::hall, .t = t, .first = s, .second = h}, terms, fit);
      }
    }
  }
}

void add_grid_rows(PlanModel& model) {
  const auto& p = *model.programme;
  for (int s = 0; s < count(p.sites); ++s) {
    for (int t = 0; t < p.periods(); ++t) {
      PlanTerms terms;
      terms.add(model.columns.energised.at(s, t), 1);
      terms.add(model.columns.flexible.at(s, t), -1);
      add_own_power(terms, model, s, t, -1);
      add_at_most(model, {.family = PlanFamily::grid, .t = t, .first = s}, terms,
                  to_lp(grid_in(p, p.sites[s], t)) - terms.constant());
    }
  }
}

void add_crew_rows(PlanModel& model) {
  const auto& p = *model.programme;
  for (int s = 0; s < count(p.sites); ++s) {
    for (int t = 0; t < p.periods(); ++t) {
      if (model.columns.started.at(s, t) < 0) continue;
      PlanTerms terms;
      terms.add(model.columns.started.at(s, t), 1);
      add_at_most(model, {.family = PlanFamily::crew, .t = t, .first = s}, terms,
                  p.length(t) * to_lp(p.sites[s].most_started));
    }
  }
}

/// Energy of what is installed and does nothing belongs to the site, what work adds to the run columns.
void add_draw_power_rows(PlanModel& model) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  for (int s = 0; s < count(p.sites); ++s) {
    for (int t = 0; t < p.periods(); ++t) {
      PlanTerms terms;
      terms.add(c.drawn.at(s, t), 1);
      for (int g = 0; g < count(p.systems); ++g) {
        if (c.installed.at(s, g, t) < 0) continue;
        terms.add(c.installed.at(s, g, t), -idle_power_lp(p.sites[s], p.systems[g]));
        for (int k = 0; k < count(p.services); ++k) {
          const int run = c.run.at(s, g, k, t);
          if (run >= 0) terms.add(run, -work_power_lp(p.sites[s], p.systems[g], p.services[k]));
        }
      }
      add_equal(model, {.family = PlanFamily::draw_power, .t = t, .first = s}, terms, 0);
    }
  }
}

void add_take_or_pay_rows(PlanModel& model) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  for (int s = 0; s < count(p.sites); ++s) {
    for (int t = 0; t < p.periods(); ++t) {
      if (c.topup.at(s, t) < 0) continue;
      PlanTerms terms;
      add_imported(terms, model, s, t, 1);
      terms.add(c.topup.at(s, t), 1);
      // In mean MW of the quarter: what is drawn and what is topped up must reach the share of what is energised by the
      // grid.
      const double share = p.sites[s].take_or_pay;
      terms.add(c.energised.at(s, t), -share);
      add_own_power(terms, model, s, t, share);
      add_at_least(model, {.family = PlanFamily::take_or_pay, .t = t, .first = s}, terms, -terms.constant());
    }
  }
}

/// One row for the quarters of a calendar year that lie inside the horizon.
void add_carbon_cap_rows(PlanModel& model) {
  const auto& p = *model.programme;
  if (!p.carbon_cap) return;
  for (int t = 0; t < p.periods();) {
    const int year_of_t = p.quarter_of(t).year();
    int end = t + 1;
    while (end < p.quarters() && p.quarter_of(end).year() == year_of_t) ++end;
    PlanTerms terms;
    for (int s = 0; s < count(p.sites); ++s) {
      for (int u = t; u < end; ++u) add_emitted(terms, model, s, u, 1);
    }
    // a part of a calendar year inside the horizon has its share of the cap
    int quarters = p.start(end) - p.start(t);
    double before = 0;
    for (const Mass some : t == 0 ? p.emitted : std::vector<Mass>{}) before += to_lp(some), ++quarters;
    const double cap = std::max(0.0, to_lp(*p.carbon_cap) * 0.25 * quarters - before);
    add_at_most(model, {.family = PlanFamily::carbon_cap, .t = t, .unit = kLpCarbon.in(tonne)}, terms, cap);
    t = end;
  }
}

}  // namespace stargate
