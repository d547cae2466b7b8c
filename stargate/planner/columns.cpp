// The layout of the columns, and what each earns in the objective: what is sold, and what is left at the end.
#include "stargate/planner/columns.hpp"

#include <algorithm>

#include "stargate/planner/finance.hpp"
#include "stargate/planner/scaling.hpp"
#include "stargate/units/text.hpp"

namespace stargate {

ColumnTable::ColumnTable(int n1, int n2, int n3, int n4)
    : n2_(n2), n3_(n3), n4_(n4), columns_(static_cast<std::size_t>(n1) * n2 * n3 * n4, -1) {}

bool may_run_at(const PlanService& service, const PlanSite& site) {
  return std::find(service.sites.begin(), service.sites.end(), site.id) != service.sites.end();
}

bool fits_hall(const Programme& programme, const PlanSystem& system, const PlanSite& site) {
  if (site.rack == Power{} || system.rack <= site.rack) return true;
  return !programme.halls.empty() && system.rack <= programme.halls.back().rack;
}

bool needs_hall(const Programme& programme, const PlanSystem& system, const PlanSite& site, int h) {
  const Power below = h > 0 ? max(site.rack, programme.halls[h - 1].rack) : site.rack;
  return site.rack > Power{} && system.rack > below && programme.halls[h].rack > site.rack;
}

const PlanThroughput* rented_throughput(const PlanContract& contract, const PlanService& service) {
  const auto& may = contract.services;
  if (std::find(may.begin(), may.end(), service.id) == may.end()) return nullptr;
  const auto found = service.throughput.find(contract.system);
  return found == service.throughput.end() ? nullptr : &found->second;
}

double committed_systems(const Programme& programme, const PlanSystem& system, int t) {
  double count = 0;
  for (int i = 0; i < programme.length(t); ++i) {
    const auto found = system.committed.find(programme.quarter_of(t) + i);
    if (found != system.committed.end()) count += found->second.systems;
  }
  return count;
}

int order_period(const Programme& programme, const PlanSystem& system, int t) {
  if (t >= programme.quarters()) return t;
  return t >= system.order_lead ? t - system.order_lead : -1;
}

int ready_period(const Programme& programme, const PlanSite& site, int t) {
  return t < programme.quarters() ? programme.period_from(t + site.construction_lead) : t + 1;
}

int ready_start(const Programme& programme, Quarter ready) {
  const int quarter = ready - programme.first;
  return quarter < 0 ? quarter : programme.start(programme.period_from(quarter));
}

double ordered_plant_lp(const Programme& p, const PlanPlant& plant, int t) {
  double sum = 0;
  for (const auto& some : plant.building) {
    const int came = ready_start(p, some.ready), until = came + plant.life;
    if (came > p.start(t)) continue;
    sum += std::clamp((until - p.start(t)) / static_cast<double>(p.length(t)), 0.0, 1.0) * to_lp(some.power);
  }
  return sum;
}

Power grid_in(const Programme& programme, const PlanSite& site, int t) {
  Power least = site.grid.at(programme.quarter_of(t));
  for (int i = 1; i < programme.length(t); ++i) least = min(least, site.grid.at(programme.quarter_of(t) + i));
  return least;
}

Power power_limit_in(const Programme& p, const PlanSite& site, int t) {
  Power most = grid_in(p, site, t);
  if (site.flexible) most += site.flexible->most.at(p.quarter_of(t));
  for (const auto& plant : site.plants) {
    if (plant.battery) continue;
    Power stands = plant.begun.at(p.quarter_of(t));
    for (const auto& some : plant.building) stands += ready_start(p, some.ready) <= p.start(t) ? some.power : Power{};
    most += p.start(t) >= plant.lead ? max(stands, plant.most.at(p.quarter_of(t))) : stands;
  }
  return most;
}

double standing_systems(const PlanSystem& system, const PlanSite& site, Quarter first, int t) {
  double alive = 0;
  for (const auto& some : system.standing) {
    const int age = first - some.delivered;
    if (some.site != site.id || age + t >= system.life) continue;
    alive += system.attrition.empty() ? some.systems
                                      : some.systems * surviving_share(system, age + t) / surviving_share(system, age);
  }
  return alive;
}

namespace {

/// Walks sites, systems and services once and gives a column to each combination that could be used; -1 stays in the
/// tables elsewhere. Symbols: s site, g system, k service, r tranche, t quarter.
class Layout {
 public:
  Layout(const Programme& programme, const PlanAxes& axes, LpProblem& lp)
      : p_(programme),
        axes_(axes),
        lp_(lp),
        quarters_(programme.quarters()),
        periods_(programme.periods()),
        sites_(static_cast<int>(programme.sites.size())),
        systems_(static_cast<int>(programme.systems.size())),
        services_(static_cast<int>(programme.services.size())) {}

  /// In this order: what can be energised decides where systems are useful, and these what can run.
  PlanColumns lay_out() {
    for (int s = 0; s < sites_; ++s) power_from_.push_back(first_power(s));
    site_columns();
    system_columns();
    survivor_columns();
    stock_columns();
    run_columns();
    service_columns();
    money_columns();
    lease_columns();
    refit_columns();
    contract_columns();
    floor_columns();
    tax_columns();
    plant_columns();
    flexible_columns();
    return std::move(out_);
  }

 private:
  int family(const char* name, std::vector<int> axes, const char* unit) {
    axes.push_back(axes_.quarter);
    return lp_.add_column_family({name, std::move(axes), unit});
  }
  /// A column with the family's indices, the quarter last.
  int add(int family, double cost, std::array<int, 4> index) {
    return lp_.add_column(0, kInfinity, cost, {family, index});
  }
  int at_quarter(int t) const { return t + axes_.lead_in; }
  /// The first quarter in which the site could have power, or the end of the horizon.
  int first_power(int s) const {
    const auto& site = p_.sites[s];
    const bool can_build = site.most_started > Power{};
    for (int t = 0; t < periods_; ++t) {
      // Power that runs already, construction begun before, or in the first quarter, has ended.
      const bool under_way = std::any_of(site.building.begin(), site.building.end(), [&](const PlanConstruction& some) {
        return some.power > Power{} && some.ready <= p_.quarter_of(t);
      });
      const bool by_new = can_build && p_.start(t) >= site.construction_lead;
      const bool by_lease = site.lease && site.lease->most.at(p_.quarter_of(t)) > Power{};
      const bool reachable = site.energised > Power{} || under_way || by_new || by_lease;
      if (reachable && power_limit_in(p_, site, t) > Power{}) return t;
    }
    return periods_;
  }

  /// No start whose power would come after the end. At the end a building is worth its annuities behind it.
  void site_columns() {
    out_.started = out_.built = out_.energised = out_.drawn = out_.topup = ColumnTable(sites_, periods_);
    const int started = family("started", {axes_.site}, "MW"), built = family("built", {axes_.site}, "MW"),
              energised = family("energised", {axes_.site}, "MW"), drawn = family("drawn", {axes_.site}, "MW"),
              topup = family("topup", {axes_.site}, "MW");
    double left = 0;  // of what was begun before the first quarter
    for (int s = 0; s < sites_; ++s) {
      const auto& site = p_.sites[s];
      for (const auto& some : site.building) {
        const bool inside = p_.period_from(some.ready - p_.first) < periods_;
        if (!inside) continue;
        left += to_lp(some.power) * construction_lp(site) *
                book_at_end(p_, ready_start(p_, some.ready), p_.building_life);
      }
      for (const auto& plant : site.plants) {
        for (const auto& some : plant.building) {
          if (p_.period_from(some.ready - p_.first) >= periods_) continue;
          left += to_lp(some.power) * plant_lp(plant) * book_at_end(p_, ready_start(p_, some.ready), plant.life);
        }
      }
      for (const auto& some : site.refits) {
        left += to_lp(some.power) * refit_lp(p_.halls[static_cast<std::size_t>(some.hall)]) *
                book_at_end(p_, some.done - p_.first, p_.building_life);
      }
      for (int t = 0; t < periods_; ++t) {
        const int ready = ready_period(p_, site, t);
        if (ready < periods_ && site.most_started > Power{}) {
          const double book = construction_lp(site) * book_at_end(p_, p_.start(ready), p_.building_life);
          out_.started.at(s, t) = add(started, -book, {s, at_quarter(t)});
        }
        out_.built.at(s, t) = add(built, 0, {s, at_quarter(t)});
        out_.energised.at(s, t) = add(energised, 0, {s, at_quarter(t)});
        out_.drawn.at(s, t) = add(drawn, 0, {s, at_quarter(t)});
        if (site.take_or_pay > 0) out_.topup.at(s, t) = add(topup, 0, {s, at_quarter(t)});
      }
    }
    lp_.set_objective_offset(-left);
  }

  /// Not before the horizon's first order could arrive, and inside the system's own dates.
  bool deliverable(const PlanSystem& system, int t) const {
    const Quarter quarter = p_.quarter_of(t);
    return order_period(p_, system, t) >= 0 && quarter >= system.first_delivery &&
           (!system.last_delivery || quarter <= *system.last_delivery);
  }

  /// Some service both runs on the system and may run at the site.
  bool useful(int s, int g) const {
    if (!fits_hall(p_, p_.systems[g], p_.sites[s])) return false;
    return std::any_of(p_.services.begin(), p_.services.end(), [&](const PlanService& service) {
      return service.throughput.count(p_.systems[g].id) > 0 && may_run_at(service, p_.sites[s]);
    });
  }

  /// No order that could not be switched on anywhere.
  void system_columns() {
    out_.order = out_.store = ColumnTable(systems_, periods_);
    out_.deliver = out_.installed = out_.left = ColumnTable(sites_, systems_, periods_);
    const int order = family("order", {axes_.system}, "thousand accelerators");
    deliver_ = family("deliver", {axes_.site, axes_.system}, "thousand accelerators");
    installed_ = family("installed", {axes_.site, axes_.system}, "thousand accelerators");
    const int store = family("store", {axes_.system}, "thousand accelerators");
    const int spare = family("spare", {axes_.system}, "thousand accelerators");
    out_.spare = ColumnTable(systems_, periods_);
    for (int g = 0; g < systems_; ++g) {
      for (int s = 0; s < sites_; ++s) delivery_columns(s, g);
      const auto& system = p_.systems[g];
      bool any = false;
      for (int t = 0; t < periods_; ++t) {
        const int ordered = order_period(p_, system, t);
        bool anywhere = false;  // now, or within the time that it may wait for power
        for (int u = t; u <= (t < quarters_ ? std::min(t + p_.most_stored, quarters_ - 1) : t); ++u) {
          for (int s = 0; s < sites_; ++s) anywhere = anywhere || out_.deliver.at(s, g, u) >= 0;
        }
        if (anywhere && deliverable(system, t)) {
          out_.order.at(g, ordered) = add(order, 0, {g, at_quarter(ordered)});
          any = true;
        }
        any = any || committed_systems(p_, system, t) > 0 || system.waiting > 0;
        if (any && system.spares > 0) out_.spare.at(g, t) = add(spare, 0, {g, at_quarter(t)});
        // In the tail a year is longer than anything waits.
        if (any && p_.most_stored > 0 && t < quarters_) out_.store.at(g, t) = add(store, 0, {g, at_quarter(t)});
      }
    }
  }

  /// Only of those whose life goes on behind the end.
  void survivor_columns() {
    const int left = family("left", {axes_.site, axes_.system}, "thousand accelerators");
    for (int s = 0; s < sites_; ++s) {
      for (int g = 0; g < systems_; ++g) {
        for (int t = 0; t < periods_; ++t) {
          if (out_.deliver.at(s, g, t) < 0) continue;
          const double book = book_at_end(p_, p_.start(t), p_.systems[g].life);
          if (book <= 0 || surviving_share(p_.systems[g], p_.start(periods_) - p_.start(t)) <= 0) continue;
          out_.left.at(s, g, t) = add(left, -book * price_lp(p_.systems[g], p_.quarter_of(t)), {s, g, at_quarter(t)});
        }
      }
    }
    left_before_columns();
  }

  /// Of those that a plan before this one bought, at its price: what a study begins with is no purchase of its plan.
  void left_before_columns() {
    std::size_t most = 1;
    for (const auto& system : p_.systems) most = std::max(most, system.standing.size());
    out_.left_before = ColumnTable(sites_, systems_, static_cast<int>(most));
    const int left = lp_.add_column_family(
        {"left of standing", {axes_.site, axes_.system, axes_.standing}, "thousand accelerators"});
    for (int g = 0; g < systems_; ++g) {
      const auto& system = p_.systems[g];
      for (int n = 0; n < static_cast<int>(system.standing.size()); ++n) {
        const auto& some = system.standing[static_cast<std::size_t>(n)];
        if (!some.price) continue;
        const double book = book_at_end(p_, some.delivered - p_.first, system.life) * to_lp(*some.price) *
                            systems_per_lp(system);
        if (book <= 0) continue;
        for (int s = 0; s < sites_; ++s) {
          if (some.site != p_.sites[s].id) continue;
          out_.left_before.at(s, g, n) =
              lp_.add_column(0, some.systems / systems_per_lp(system), -book, {left, {s, g, n}});
        }
      }
    }
  }

  /// The first quarter in which one may have arrived, or the end of the horizon.
  int first_arrival(const PlanSystem& system) const {
    for (int t = 0; t < periods_; ++t) {
      if (system.waiting > 0 || committed_systems(p_, system, t) > 0 || deliverable(system, t)) return t;
    }
    return periods_;
  }

  /// The last quarter in which one may arrive; before the horizon where none does.
  int last_arrival(const PlanSystem& system) const {
    for (int t = periods_ - 1; t >= 0; --t) {
      if (committed_systems(p_, system, t) > 0 || deliverable(system, t)) return t;
    }
    return system.waiting > 0 ? -1 : -1 - p_.most_stored;
  }

  /// A system is installed from the first quarter in which one can be switched on, hence the running `any`.
  void delivery_columns(int s, int g) {
    const auto& system = p_.systems[g];
    const bool wanted = useful(s, g);
    const int from = first_arrival(system), until = last_arrival(system) + p_.most_stored;
    bool any = standing_systems(system, p_.sites[s], p_.first, 0) > 0;
    for (int t = 0; t < periods_; ++t) {
      if (wanted && t >= std::max(power_from_[s], from) && t <= until) {
        out_.deliver.at(s, g, t) = add(deliver_, 0, {s, g, at_quarter(t)});
        any = true;
      }
      if (any) out_.installed.at(s, g, t) = add(installed_, 0, {s, g, at_quarter(t)});
    }
  }

  /// Of parts that limit, from the first quarter on in which one is made.
  void stock_columns() {
    const int parts = static_cast<int>(p_.parts.size());
    out_.stock = ColumnTable(parts, periods_);
    const int stock = family("stock", {axes_.part}, "part");
    for (int i = 0; i < parts; ++i) {
      const double keeping = keeping_lp(p_, p_.parts[i]);
      for (int t = 0; t + 1 < quarters_ && keeping > 0; ++t) {
        out_.stock.at(i, t) = add(stock, 0, {i, t - p_.parts[i].lag + axes_.lead_in});
      }
    }
  }

  /// Only where the service has a rate on the system, may run at the site, and wants tokens in the quarter.
  void run_columns() {
    out_.run = ColumnTable(sites_, systems_, services_, periods_);
    const int run = family("run", {axes_.site, axes_.system, axes_.service}, "thousand accelerators");
    for (int s = 0; s < sites_; ++s) {
      for (int g = 0; g < systems_; ++g) {
        for (int k = 0; k < services_; ++k) {
          const auto& service = p_.services[k];
          if (service.throughput.count(p_.systems[g].id) == 0 || !may_run_at(service, p_.sites[s])) continue;
          for (int t = 0; t < periods_; ++t) {
            if (out_.installed.at(s, g, t) < 0 || mean_at(p_, service.demand, t) <= TokenRate{}) continue;
            out_.run.at(s, g, k, t) = add(run, 0, {s, g, k, at_quarter(t)});
          }
        }
      }
    }
  }

  /// Only in quarters in which the block wants something. What is sold earns its price: the objective falls by it.
  void service_columns() {
    std::size_t blocks = 1;
    for (const auto& service : p_.services) blocks = std::max(blocks, service.blocks.size());
    out_.sell = ColumnTable(services_, static_cast<int>(blocks), periods_);
    const int sell = family("sell", {axes_.service, axes_.block}, "Mtok/s");
    for (int k = 0; k < services_; ++k) {
      for (std::size_t b = 0; b < p_.services[k].blocks.size(); ++b) {
        const auto& of = p_.services[k].blocks[b];
        for (int t = 0; t < periods_; ++t) {
          const double wanted = to_lp(mean_at(p_, p_.services[k].demand, t)) * mean_at(p_, of.share, t);
          if (wanted <= 0) continue;
          const double earns = bill_weight(p_, t) * token_value_lp(mean_at(p_, of.price, t));
          const int block = static_cast<int>(b);
          out_.sell.at(k, block, t) = lp_.add_column(0, wanted, -earns, {sell, {k, block, at_quarter(t)}});
        }
      }
    }
  }

  /// Without tranches money is no limit and has no columns. A tranche has no draws before its quarter.
  void money_columns() {
    const int tranches = static_cast<int>(p_.capital.size());
    out_.draw = ColumnTable(tranches, periods_);
    out_.cash = ColumnTable(1, periods_);
    if (tranches == 0) return;
    const int cash = family("cash", {}, "M$"), draw = family("draw", {axes_.tranche}, "M$");
    for (int t = 0; t < periods_; ++t) out_.cash.at(0, t) = add(cash, 0, {at_quarter(t)});
    for (int r = 0; r < tranches; ++r) {
      for (int t = 0; t < periods_; ++t) {
        const auto& tranche = p_.capital[r];
        if (!may_draw(p_, tranche, t) || (tranche.amount <= tranche.drawn && tranche.amount == Money{})) continue;
        out_.draw.at(r, t) = add(draw, 0, {r, at_quarter(t)});
      }
    }
  }

  /// In quarters and years in which more may be under lease than nothing.
  void lease_columns() {
    out_.leased = ColumnTable(sites_, periods_);
    const int leased = family("leased", {axes_.site}, "MW");
    for (int s = 0; s < sites_; ++s) {
      for (int t = 0; p_.sites[s].lease && t < periods_; ++t) {
        if (p_.sites[s].lease->most.at(p_.quarter_of(t)) <= Power{}) continue;
        out_.leased.at(s, t) = add(leased, 0, {s, at_quarter(t)});
      }
    }
  }

  /// Of classes that some system needs at the site. At the end a refit is worth its annuities behind it.
  void refit_columns() {
    const int halls = static_cast<int>(p_.halls.size());
    out_.refit = ColumnTable(sites_, halls, periods_);
    const int refit = family("refit", {axes_.site, axes_.hall}, "MW");
    for (int s = 0; s < sites_; ++s) {
      for (int h = 0; h < halls; ++h) {
        const bool any = std::any_of(p_.systems.begin(), p_.systems.end(), [&](const PlanSystem& system) {
          return needs_hall(p_, system, p_.sites[s], h) && fits_hall(p_, system, p_.sites[s]);
        });
        for (int t = power_from_[s]; any && t < periods_; ++t) {
          const double book = refit_lp(p_.halls[h]) * book_at_end(p_, p_.start(t), p_.building_life);
          out_.refit.at(s, h, t) = add(refit, -book, {s, h, at_quarter(t)});
        }
      }
    }
  }

  void contract_columns() {
    const int contracts = static_cast<int>(p_.contracts.size());
    out_.take = ColumnTable(contracts, 1);
    out_.hire = ColumnTable(contracts, periods_), out_.serve = ColumnTable(contracts, services_, periods_);
    const int take = family("take", {axes_.contract}, "share"),
              hire = family("hire", {axes_.contract}, "thousand accelerators"),
              serve = family("serve", {axes_.contract, axes_.service}, "thousand accelerators");
    for (int x = 0; x < contracts; ++x) {
      const auto& contract = p_.contracts[x];
      const bool binds = !contract.is_signed && contract.take_or_pay > 0;
      if (binds) out_.take.at(x, 0) = lp_.add_column(0, 1, 0, {take, {x, at_quarter(0)}});
      for (int t = 0; t < periods_; ++t) {
        if (mean_at(p_, contract.accelerators, t) <= 0) continue;
        out_.hire.at(x, t) = add(hire, 0, {x, at_quarter(t)});
        for (int k = 0; k < services_; ++k) {
          const auto& service = p_.services[k];
          if (rented_throughput(contract, service) == nullptr) continue;
          if (mean_at(p_, service.demand, t) <= TokenRate{}) continue;
          out_.serve.at(x, k, t) = add(serve, 0, {x, k, at_quarter(t)});
        }
      }
    }
  }

  /// Where something was promised.
  void floor_columns() {
    out_.missed = ColumnTable(services_, out_.sell.width(), periods_);
    const int missed = family("missed", {axes_.service, axes_.block}, "Mtok/s");
    for (int k = 0; k < services_; ++k) {
      const auto& blocks = p_.services[k].blocks;
      for (int b = 0; b < static_cast<int>(blocks.size()); ++b) {
        for (int t = 0; t < periods_; ++t) {
          if (out_.sell.at(k, b, t) < 0 || mean_at(p_, blocks[b].floor, t) <= 0) continue;
          out_.missed.at(k, b, t) = add(missed, 0, {k, b, at_quarter(t)});
        }
      }
    }
  }

  void tax_columns() {
    out_.taxed = out_.loss = ColumnTable(1, periods_);
    if (!p_.tax) return;
    const int taxed = family("taxed", {}, "M$"), loss = family("loss", {}, "M$");
    for (int t = 0; t < periods_; ++t) {
      out_.taxed.at(0, t) = add(taxed, 0, {at_quarter(t)}), out_.loss.at(0, t) = add(loss, 0, {at_quarter(t)});
    }
  }

  /// Plants that would stand before the end, and where one stands what it makes and keeps for cuts.
  void plant_columns() {
    std::size_t most = 0;
    for (const auto& site : p_.sites) most = std::max(most, site.plants.size());
    out_.plant = out_.made = out_.backup = ColumnTable(sites_, static_cast<int>(most), periods_);
    const int plant = family("plant", {axes_.site, axes_.plant}, "MW"),
              made = family("made", {axes_.site, axes_.plant}, "MW"),
              backup = family("backup", {axes_.site, axes_.plant}, "MW");
    for (int s = 0; s < sites_; ++s) {
      for (int i = 0; i < static_cast<int>(p_.sites[s].plants.size()); ++i) {
        const auto& some = p_.sites[s].plants[i];
        bool any = false;
        for (int t = 0; t < periods_; ++t) {
          const int ready = plant_period(p_, some, t);
          if (ready < periods_ && some.most.at(p_.quarter_of(ready)) > some.begun.at(p_.quarter_of(ready))) {
            const double book = plant_lp(some) * book_at_end(p_, p_.start(ready), some.life);
            out_.plant.at(s, i, t) = add(plant, -book, {s, i, at_quarter(t)});
          }
          any = any || some.begun.at(p_.quarter_of(t)) > Power{} || ordered_plant_lp(p_, some, t) > 0;
          for (int u = 0; u <= t && !any; ++u) any = out_.plant.at(s, i, u) >= 0 && plant_period(p_, some, u) <= t;
          if (any && !some.battery) out_.made.at(s, i, t) = add(made, 0, {s, i, at_quarter(t)});
          if (any && may_flex(s, t)) out_.backup.at(s, i, t) = add(backup, 0, {s, i, at_quarter(t)});
        }
      }
    }
  }

  bool may_flex(int s, int t) const {
    const auto& flexible = p_.sites[s].flexible;
    return flexible && flexible->most.at(p_.quarter_of(t)) > Power{};
  }

  void flexible_columns() {
    out_.flexible = ColumnTable(sites_, periods_), out_.cut = ColumnTable(sites_, systems_, periods_);
    const int flexible = family("flexible", {axes_.site}, "MW");
    const int cut = family("cut", {axes_.site, axes_.system}, "thousand accelerators");
    for (int s = 0; s < sites_; ++s) {
      for (int t = 0; t < periods_; ++t) {
        if (!may_flex(s, t)) continue;
        out_.flexible.at(s, t) = add(flexible, 0, {s, at_quarter(t)});
        for (int g = 0; g < systems_ && p_.sites[s].flexible->cut > 0; ++g) {
          if (out_.installed.at(s, g, t) >= 0) out_.cut.at(s, g, t) = add(cut, 0, {s, g, at_quarter(t)});
        }
      }
    }
  }

  const Programme& p_;
  const PlanAxes& axes_;
  LpProblem& lp_;
  const int quarters_, periods_, sites_, systems_, services_;
  int deliver_ = 0, installed_ = 0;  ///< column families
  std::vector<int> power_from_;
  PlanColumns out_;
};

}  // namespace

/// The axis of quarters begins as early as the earliest part must be made.
PlanAxes add_axes(const Programme& programme, LpProblem& lp) {
  const auto labels = [](const auto& items, auto name) {
    std::vector<std::string> out;
    for (const auto& item : items) out.push_back(name(item));
    return out;
  };
  const auto id = [](const auto& item) { return item.id; };
  PlanAxes axes;
  axes.site = lp.add_axis(labels(programme.sites, id));
  axes.system = lp.add_axis(labels(programme.systems, id));
  axes.service = lp.add_axis(labels(programme.services, id));
  axes.block = lp.add_axis({});
  axes.tranche = lp.add_axis(labels(programme.capital, [](const PlanTranche& tranche) { return tranche.name; }));
  axes.part = lp.add_axis(labels(programme.parts, [](const PlanPart& part) { return part.product; }));
  axes.hall = lp.add_axis(labels(programme.halls, [](const PlanHall& hall) { return format_quantity(hall.rack); }));
  axes.plant = lp.add_axis({});
  axes.contract = lp.add_axis(labels(programme.contracts, id));
  axes.standing = lp.add_axis({});
  for (const auto& part : programme.parts) axes.lead_in = std::max(axes.lead_in, part.lag);
  std::vector<std::string> quarters;
  quarters.reserve(static_cast<std::size_t>(programme.periods() + axes.lead_in));
  for (int lead = axes.lead_in; lead > 0; --lead) quarters.push_back(format_quarter(programme.first - lead));
  // A year of the tail goes by its first quarter.
  for (int t = 0; t < programme.periods(); ++t) quarters.push_back(format_quarter(programme.quarter_of(t)));
  axes.quarter = lp.add_axis(std::move(quarters));
  return axes;
}

PlanColumns lay_out_columns(const Programme& programme, const PlanAxes& axes, LpProblem& lp) {
  return Layout(programme, axes, lp).lay_out();
}

}  // namespace stargate
