// Rows of power beside the firm grid: plants of the site, power that is cut at times, and who lasts through cuts.
//   stands(s,i,t)  what was begun before and sum over u of alive(u,t) plant[s,i,u], u ready by t
//   energised <= grid + flexible + sum of (stands - backup) over what is no battery (grid rows, constraints_site.cpp)
// Energy: what plants make is used at the site, the rest comes from the grid, as much as it gives. In cuts the machines
// of the flexible power stop, less what backup carries for as long as it lasts.
#include <algorithm>

#include "stargate/planner/finance.hpp"
#include "stargate/planner/model.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {

namespace {
int count(const auto& items) { return static_cast<int>(items.size()); }

template <class Row>
void for_each_plant(const PlanModel& model, const Row& row) {
  const auto& p = *model.programme;
  for (int s = 0; s < count(p.sites); ++s) {
    for (int i = 0; i < count(p.sites[s].plants); ++i) {
      for (int t = 0; t < p.periods(); ++t) row(s, i, t);
    }
  }
}

template <class Row>
void for_each_plant_site(const PlanModel& model, const Row& row) {
  const auto& p = *model.programme;
  for (int s = 0; s < count(p.sites); ++s) {
    for (int t = 0; t < p.periods(); ++t) row(s, t);
  }
}

/// Mean MW that the plants of a site make.
void add_made(PlanTerms& terms, const PlanModel& model, int s, int t, double factor) {
  for (int i = 0; i < count(model.programme->sites[s].plants); ++i) terms.add(model.columns.made.at(s, i, t), factor);
}
}  // namespace

void add_plant_standing(PlanTerms& terms, const PlanModel& model, int s, int i, int t, double factor) {
  const auto& p = *model.programme;
  const PlanPlant& plant = p.sites[s].plants[i];
  for (int u = 0; u <= t; ++u) {
    const int ready = plant_period(p, plant, u);
    if (ready <= t) terms.add(model.columns.plant.at(s, i, u), factor * alive_share(p, plant.life, ready, t));
  }
  terms.add_constant(factor * (to_lp(mean_at(p, plant.begun, t)) + ordered_plant_lp(p, plant, t)));
}

void add_own_power(PlanTerms& terms, const PlanModel& model, int s, int t, double factor) {
  const auto& plants = model.programme->sites[s].plants;
  for (int i = 0; i < count(plants); ++i) {
    if (plants[i].battery) continue;
    add_plant_standing(terms, model, s, i, t, factor);
    terms.add(model.columns.backup.at(s, i, t), -factor);
  }
}

void add_imported(PlanTerms& terms, const PlanModel& model, int s, int t, double factor) {
  terms.add(model.columns.drawn.at(s, t), factor);
  add_made(terms, model, s, t, -factor);
}

void add_emitted(PlanTerms& terms, const PlanModel& model, int s, int t, double factor) {
  const auto& p = *model.programme;
  const auto& site = p.sites[s];
  add_imported(terms, model, s, t, factor * p.length(t) * carbon_lp(site));
  for (int i = 0; i < count(site.plants); ++i) {
    terms.add(model.columns.made.at(s, i, t), factor * p.length(t) * plant_carbon_lp(site.plants[i]));
    const int backup = model.columns.backup.at(s, i, t);
    if (backup >= 0) terms.add(backup, factor * p.length(t) * bridging_carbon_lp(site, site.plants[i]));
  }
}

void add_plant_rows(PlanModel& model) {
  for_each_plant(model, [&](int s, int i, int t) {
    const auto& p = *model.programme;
    PlanTerms terms;
    add_plant_standing(terms, model, s, i, t, 1);
    if (terms.empty()) return;
    const double most = std::max(terms.constant(), to_lp(mean_at(p, p.sites[s].plants[i].most, t)));
    add_at_most(model, {.family = PlanFamily::plant, .t = t, .first = s, .second = i}, terms, most - terms.constant());
  });
}

void add_flexible_rows(PlanModel& model) {
  for_each_plant_site(model, [&](int s, int t) {
    const auto& p = *model.programme;
    PlanTerms terms;
    terms.add(model.columns.flexible.at(s, t), 1);
    if (terms.empty()) return;
    add_at_most(model, {.family = PlanFamily::flexible, .t = t, .first = s}, terms,
                to_lp(p.sites[s].flexible->most.at(p.quarter_of(t))));
  });
}

void add_backup_rows(PlanModel& model) {
  for_each_plant(model, [&](int s, int i, int t) {
    if (model.columns.backup.at(s, i, t) < 0) return;
    PlanTerms terms;
    terms.add(model.columns.backup.at(s, i, t), 1);
    add_plant_standing(terms, model, s, i, t, -1);
    add_at_most(model, {.family = PlanFamily::backup, .t = t, .first = s, .second = i}, terms, -terms.constant());
  });
}

void add_generated_rows(PlanModel& model) {
  for_each_plant(model, [&](int s, int i, int t) {
    if (model.columns.made.at(s, i, t) < 0) return;
    PlanTerms terms;
    terms.add(model.columns.made.at(s, i, t), 1);
    add_plant_standing(terms, model, s, i, t, -1);
    add_at_most(model, {.family = PlanFamily::generated, .t = t, .first = s, .second = i}, terms, -terms.constant());
  });
}

void add_own_use_rows(PlanModel& model) {
  for_each_plant_site(model, [&](int s, int t) {
    PlanTerms terms;
    add_made(terms, model, s, t, 1);
    if (terms.empty()) return;
    terms.add(model.columns.drawn.at(s, t), -1);
    add_at_most(model, {.family = PlanFamily::own_use, .t = t, .first = s}, terms, 0);
  });
}

void add_imported_rows(PlanModel& model) {
  for_each_plant_site(model, [&](int s, int t) {
    const auto& p = *model.programme;
    PlanTerms made;
    add_made(made, model, s, t, -1);
    if (made.empty()) return;
    PlanTerms terms;
    add_imported(terms, model, s, t, 1);
    terms.add(model.columns.flexible.at(s, t), -1);
    add_at_most(model, {.family = PlanFamily::imported, .t = t, .first = s}, terms, to_lp(grid_in(p, p.sites[s], t)));
  });
}

void add_curtailed_rows(PlanModel& model) {
  for_each_plant_site(model, [&](int s, int t) {
    const auto& p = *model.programme;
    const auto& site = p.sites[s];
    const int flexible = model.columns.flexible.at(s, t);
    if (flexible < 0 || site.flexible->cut <= 0) return;
    PlanTerms terms;
    terms.add(flexible, site.flexible->cut);
    for (int i = 0; i < count(site.plants); ++i) {
      const int backup = model.columns.backup.at(s, i, t);
      if (backup >= 0) terms.add(backup, -bridged_lp(site, site.plants[i]));
    }
    for (int g = 0; g < count(p.systems); ++g) {
      terms.add(model.columns.cut.at(s, g, t), -full_power_lp(site, p.systems[g]));
    }
    add_at_most(model, {.family = PlanFamily::curtailed, .t = t, .first = s}, terms, 0);
  });
}

}  // namespace stargate
