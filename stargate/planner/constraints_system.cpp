// Rows of systems and services: orders arrive after their lead, what is installed leaves after its life, vendors ramp,
// parts are taken before delivery, accelerators work for services, services serve.
// Retirement is first in, first out without a vintage index. With R the cumulative retired and D the cumulative
// delivered, FIFO of life L asks R[t] >= D[t-L] and R to rise. Since inst = D - R, the first is
//   inst[t] <= D[t] - D[t-L], the deliveries of the last L quarters,
// and the second inst[t] <= inst[t-1] + deliver[t], whose slack is what retires in t. Early retirement is allowed: it
// frees power and maintenance, its annuity runs on.
#include <algorithm>

#include "stargate/planner/finance.hpp"
#include "stargate/planner/model.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {

namespace {
int count(const auto& items) { return static_cast<int>(items.size()); }

double committed_lp(const Programme& programme, const PlanSystem& system, int t) {
  return committed_systems(programme, system, t) / systems_per_lp(system);
}

double standing_lp(const Programme& programme, int s, int g, int t) {
  const auto& system = programme.systems[g];
  return standing_systems(system, programme.sites[s], programme.first, t) / systems_per_lp(system);
}
}  // namespace

void add_arrivals(PlanTerms& terms, const PlanModel& model, int g, int t, double coefficient) {
  const auto& system = model.programme->systems[g];
  const int ordered = order_period(*model.programme, system, t);
  if (ordered >= 0) terms.add(model.columns.order.at(g, ordered), coefficient);
  terms.add_constant(coefficient * committed_lp(*model.programme, system, t));
}

/// In the first quarters only what was committed can arrive.
void add_arrival_rows(PlanModel& model) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  for (int g = 0; g < count(p.systems); ++g) {
    for (int t = 0; t < p.periods(); ++t) {
      PlanTerms terms;
      for (int s = 0; s < count(p.sites); ++s) terms.add(c.deliver.at(s, g, t), 1);
      terms.add(c.store.at(g, t), 1);
      terms.add(c.spare.at(g, t), 1);
      if (terms.empty()) continue;
      if (t > 0) terms.add(c.store.at(g, t - 1), -1);
      if (t > 0) terms.add(c.spare.at(g, t - 1), -1);
      if (t == 0) terms.add_constant(-p.systems[g].waiting / systems_per_lp(p.systems[g]));
      add_arrivals(terms, model, g, t, -1);
      add_at_most(model, {.family = PlanFamily::arrival, .t = t, .first = g}, terms, -terms.constant());
    }
  }
}

/// First in, first out as at the sites: what waits came in the last quarters.
void add_stored_rows(PlanModel& model) {
  const auto& p = *model.programme;
  for (int g = 0; g < count(p.systems); ++g) {
    const auto& system = p.systems[g];
    for (int t = system.waiting > 0 ? 0 : p.most_stored; t < p.quarters(); ++t) {
      const int store = model.columns.store.at(g, t);
      if (store < 0) continue;
      PlanTerms terms;
      terms.add(store, 1);
      for (int u = std::max(0, t - p.most_stored + 1); u <= t; ++u) add_arrivals(terms, model, g, u, -1);
      for (const auto& [quarter, some] : arrived_before(p, system)) {
        if (quarter - p.first > t - p.most_stored) terms.add_constant(-some.systems / systems_per_lp(system));
      }
      add_at_most(model, {.family = PlanFamily::stored, .t = t, .first = g}, terms, -terms.constant());
    }
  }
}

void add_installed_rows(PlanModel& model) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  for (int s = 0; s < count(p.sites); ++s) {
    for (int g = 0; g < count(p.systems); ++g) {
      for (int t = 0; t < p.periods(); ++t) {
        if (c.installed.at(s, g, t) < 0) continue;
        PlanTerms terms;
        terms.add(c.installed.at(s, g, t), 1);
        terms.add(c.deliver.at(s, g, t), -1);
        if (t > 0) terms.add(c.installed.at(s, g, t - 1), -1);
        const double standing = t == 0 ? standing_lp(p, s, g, 0) : 0;
        add_at_most(model, {.family = PlanFamily::installed, .t = t, .first = s, .second = g}, terms, standing);
      }
    }
  }
}

/// Together with the balance of installed_rows this retires first in, first out: what stands at t was delivered in the
/// last `life` quarters.
void add_life_rows(PlanModel& model) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  for (int s = 0; s < count(p.sites); ++s) {
    for (int g = 0; g < count(p.systems); ++g) {
      for (int t = 0; t < p.periods(); ++t) {
        if (c.installed.at(s, g, t) < 0) continue;
        double standing = 0;  // on average over the period
        for (int i = 0; i < p.length(t); ++i) standing += standing_lp(p, s, g, p.start(t) + i) / p.length(t);
        PlanTerms terms;
        bool any_old = standing < standing_lp(p, s, g, 0);
        terms.add(c.installed.at(s, g, t), 1);
        for (int u = 0; u <= t; ++u) {
          const double alive = surviving_share(p, p.systems[g], u, t);
          any_old = any_old || (alive < 1 && c.deliver.at(s, g, u) >= 0);
          terms.add(c.deliver.at(s, g, u), -alive);
        }
        if (!any_old) continue;
        add_at_most(model, {.family = PlanFamily::life, .t = t, .first = s, .second = g}, terms, standing);
      }
    }
  }
}

void add_survivor_rows(PlanModel& model) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  for (int s = 0; s < count(p.sites); ++s) {
    for (int g = 0; g < count(p.systems); ++g) {
      for (int t = 0; t < p.periods(); ++t) {
        if (c.left.at(s, g, t) < 0) continue;
        PlanTerms terms;
        const double survive = surviving_share(p.systems[g], p.start(p.periods()) - p.start(t));
        terms.add(c.left.at(s, g, t), 1);
        terms.add(c.deliver.at(s, g, t), -survive);
        add_at_most(model, {.family = PlanFamily::survivor, .t = t, .first = s, .second = g}, terms, 0);
      }
    }
  }
}

/// The youngest survive, as the oldest leave first.
void add_survivors_rows(PlanModel& model) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  const int last = p.periods() - 1;
  for (int s = 0; s < count(p.sites); ++s) {
    for (int g = 0; g < count(p.systems); ++g) {
      PlanTerms terms;
      for (int t = 0; t <= last; ++t) terms.add(c.left.at(s, g, t), 1);
      for (int n = 0; n < c.left_before.depth(); ++n) terms.add(c.left_before.at(s, g, n), 1);
      if (terms.empty()) continue;
      terms.add(c.installed.at(s, g, last), -1);
      add_at_most(model, {.family = PlanFamily::survivors, .t = last, .first = s, .second = g}, terms, 0);
    }
  }
}

/// What stood before the first quarter has its spares.
void add_spares_rows(PlanModel& model) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  for (int g = 0; g < count(p.systems); ++g) {
    const double share = p.systems[g].spares;
    for (int t = 0; share > 0 && t < p.periods(); ++t) {
      PlanTerms terms;
      double standing = 0;
      for (int s = 0; s < count(p.sites); ++s) {
        terms.add(c.installed.at(s, g, t), share);
        standing += standing_lp(p, s, g, p.start(t));
      }
      if (terms.empty()) continue;
      terms.add(c.spare.at(g, t), -1);
      add_at_most(model, {.family = PlanFamily::spares, .t = t, .first = g}, terms, share * standing);
    }
  }
}

/// Written for orders, as what is committed is outside the vendor's ramp.
void add_growth_rows(PlanModel& model) {
  const auto& p = *model.programme;
  for (int g = 0; g < count(p.systems); ++g) {
    const auto& system = p.systems[g];
    if (!system.growth) continue;
    const double unit = systems_per_lp(system);
    for (int t = system.order_lead; t < p.quarters(); ++t) {
      const int order = model.columns.order.at(g, t - system.order_lead);
      if (order < 0) continue;
      PlanTerms terms;
      terms.add(order, 1);
      if (t > 0) add_arrivals(terms, model, g, t - 1, -(1 + system.growth->rate));
      const double before = t == 0 ? delivered_before(p, system) : 0;
      add_at_most(model, {.family = PlanFamily::growth, .t = t, .first = g, .unit = unit}, terms,
                  (system.growth->seed + (1 + system.growth->rate) * before) / unit - terms.constant());
    }
  }
}

std::map<Quarter, PlanArrived> arrived_before(const Programme& programme, const PlanSystem& system) {
  if (!system.arrived.empty()) return system.arrived;
  std::map<Quarter, PlanArrived> out;
  for (const auto& some : system.standing) {
    PlanArrived& sum = out[some.delivered];
    sum.systems += some.systems, sum.price = system.price.at(programme.first);
  }
  return out;
}

double delivered_before(const Programme& programme, const PlanSystem& system) {
  const auto arrived = arrived_before(programme, system);
  const auto found = arrived.find(programme.first - 1);
  return found == arrived.end() ? 0 : found->second.systems;
}

void add_offer_rows(PlanModel& model) {
  const auto& p = *model.programme;
  for (int i = 0; i < count(p.parts); ++i) {
    const auto& part = p.parts[i];
    const double unit = part_unit(p, part);
    if (unit == 0) continue;
    for (int t = 0; t < p.periods(); ++t) {
      PlanTerms terms;
      for (int g = 0; g < count(p.systems); ++g) {
        const auto& system = p.systems[g];
        // Parts of committed systems are taken outside the offers, unless a plan before this one took them.
        const int ordered = order_period(p, system, t);
        if (ordered >= 0) terms.add(model.columns.order.at(g, ordered), part_need(system, part) / unit);
        for (int n = 0; n < p.length(t); ++n) {
          const auto found = system.committed.find(p.quarter_of(t) + n);
          if (found == system.committed.end()) continue;
          terms.add_constant(found->second.offered / systems_per_lp(system) * part_need(system, part) / unit);
        }
      }
      if (t == 0) terms.add_constant(-part.stock / unit);
      terms.add(model.columns.stock.at(i, t), 1);
      if (terms.empty()) continue;
      if (t > 0) terms.add(model.columns.stock.at(i, t - 1), -1);
      double offered = 0;
      // Suppliers' offers are added: the LP cares for the sum, and the report shares what is taken in proportion.
      for (const auto& offer : part.offers) {
        for (int n = 0; n < p.length(t); ++n) offered += offer.amount.at(p.quarter_of(t) + n - part.lag);
      }
      // In the tail the row goes by the year of delivery.
      const int made = t < p.quarters() ? t - part.lag : t;
      add_at_most(model, {.family = PlanFamily::offer, .t = made, .first = i, .unit = unit}, terms,
                  offered / unit - terms.constant());
    }
  }
}

void add_work_rows(PlanModel& model) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  for (int s = 0; s < count(p.sites); ++s) {
    for (int g = 0; g < count(p.systems); ++g) {
      for (int t = 0; t < p.periods(); ++t) {
        PlanTerms terms;
        // An accelerator given to a service is given for the quarter; utilisation is in the service's own rate.
        for (int k = 0; k < count(p.services); ++k) terms.add(c.run.at(s, g, k, t), 1);
        if (terms.empty()) continue;
        terms.add(c.installed.at(s, g, t), -p.systems[g].availability);
        terms.add(c.cut.at(s, g, t), p.systems[g].availability);
        add_at_most(model, {.family = PlanFamily::work, .t = t, .first = s, .second = g}, terms, 0);
      }
    }
  }
}

void add_output_rows(PlanModel& model) {
  const auto& p = *model.programme;
  const auto& c = model.columns;
  for (int k = 0; k < count(p.services); ++k) {
    for (int t = 0; t < p.periods(); ++t) {
      PlanTerms terms;
      for (int b = 0; b < count(p.services[k].blocks); ++b) terms.add(c.sell.at(k, b, t), 1);
      if (terms.empty()) continue;
      for (int s = 0; s < count(p.sites); ++s) {
        for (int g = 0; g < count(p.systems); ++g) {
          const int run = c.run.at(s, g, k, t);
          if (run >= 0) terms.add(run, -throughput_lp(p.systems[g], p.services[k]));
        }
      }
      for (int x = 0; x < count(p.contracts); ++x) {
        const int serve = c.serve.at(x, k, t);
        if (serve < 0) continue;
        terms.add(serve, -rented_throughput_lp(p.services[k], *rented_throughput(p.contracts[x], p.services[k])));
      }
      add_at_most(model, {.family = PlanFamily::output, .t = t, .first = k}, terms, 0);
    }
  }
}

}  // namespace stargate
