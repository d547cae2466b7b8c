// The layout of the columns, and what each costs as a present value (the objective).
//   min sum delta_t [ opex inst + (price + carbon) drawn + price topup + unmet_price unmet ]
//     + sum annuity_pv(t, life) price deliver + sum annuity_pv(t+lead, building life) construction started
#include "stargate/planner/columns.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stargate/base/check.hpp"

#include "stargate/planner/finance.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {

ColumnTable::ColumnTable(int n1, int n2, int n3, int n4)
    : n2_(n2), n3_(n3), n4_(n4), columns_(static_cast<std::size_t>(n1) * n2 * n3 * n4, -1) {}

bool may_run_at(const PlanService& service, const PlanSite& site) {
  return std::find(service.sites.begin(), service.sites.end(), site.id) != service.sites.end();
}

double committed_systems(const Programme& programme, const PlanSystem& system, int t) {
  const auto found = system.committed.find(programme.first + t);
  return found == system.committed.end() ? 0 : found->second;
}

namespace {

class Layout {
 public:
  explicit Layout(const Programme& programme)
      : p_(programme),
        quarters_(programme.quarters()),
        sites_(static_cast<int>(programme.sites.size())),
        systems_(static_cast<int>(programme.systems.size())),
        services_(static_cast<int>(programme.services.size())) {}

  PlanColumns lay_out() {
    for (int s = 0; s < sites_; ++s) power_from_.push_back(first_power(s));
    site_columns();
    system_columns();
    run_columns();
    service_columns();
    money_columns();
    return std::move(out_);
  }

 private:
  int add(std::string name, double cost) {
    out_.columns.push_back({std::move(name), cost});
    return static_cast<int>(out_.columns.size()) - 1;
  }
  std::string when(int t) const { return format_quarter(p_.first + t); }
  double delta(int t) const { return discount_factor(p_, t); }

  /// The first quarter in which the site could have power, or the end of the horizon.
  int first_power(int s) const {
    const auto& site = p_.sites[s];
    const bool can_build = site.most_started > Power{};
    for (int t = 0; t < quarters_; ++t) {
      const bool reachable = site.energised > Power{} || (can_build && t >= site.construction_lead);
      if (reachable && site.grid.at(p_.first + t) > Power{}) return t;
    }
    return quarters_;
  }

  void site_columns() {
    out_.started = out_.energised = out_.drawn = out_.topup = ColumnTable(sites_, quarters_);
    for (int s = 0; s < sites_; ++s) {
      const auto& site = p_.sites[s];
      const double energy = electricity_lp(site), carbon = carbon_cost_lp(p_, site);
      for (int t = 0; t < quarters_; ++t) {
        const int ready = t + site.construction_lead;
        if (ready < quarters_ && site.most_started > Power{}) {
          const double cost = construction_lp(site) * annuity_present_value(p_, ready, p_.building_life);
          out_.started.at(s, t) = add(fmt::format("started:{}:{}", site.id, when(t)), cost);
        }
        out_.energised.at(s, t) = add(fmt::format("energised:{}:{}", site.id, when(t)), 0);
        out_.drawn.at(s, t) = add(fmt::format("drawn:{}:{}", site.id, when(t)), delta(t) * (energy + carbon));
        if (site.take_or_pay > 0) {
          out_.topup.at(s, t) = add(fmt::format("topup:{}:{}", site.id, when(t)), delta(t) * energy);
        }
      }
    }
  }

  bool deliverable(const PlanSystem& system, int t) const {
    const Quarter quarter = p_.first + t;
    return t >= system.order_lead && quarter >= system.first_delivery &&
           (!system.last_delivery || quarter <= *system.last_delivery);
  }

  bool useful(int s, int g) const {
    return std::any_of(p_.services.begin(), p_.services.end(), [&](const PlanService& service) {
      return service.throughput.count(p_.systems[g].id) > 0 && may_run_at(service, p_.sites[s]);
    });
  }

  void system_columns() {
    out_.order = ColumnTable(systems_, quarters_);
    out_.deliver = out_.installed = ColumnTable(sites_, systems_, quarters_);
    for (int g = 0; g < systems_; ++g) {
      for (int s = 0; s < sites_; ++s) delivery_columns(s, g);
      const auto& system = p_.systems[g];
      for (int t = 0; t + system.order_lead < quarters_; ++t) {
        const int arrives = t + system.order_lead;
        bool anywhere = deliverable(system, arrives);
        if (anywhere) {
          anywhere = false;
          for (int s = 0; s < sites_; ++s) anywhere = anywhere || out_.deliver.at(s, g, arrives) >= 0;
        }
        if (anywhere) out_.order.at(g, t) = add(fmt::format("order:{}:{}", system.id, when(t)), 0);
      }
    }
  }

  void delivery_columns(int s, int g) {
    const auto& system = p_.systems[g];
    const auto& site = p_.sites[s];
    const bool wanted = useful(s, g);
    bool any = false;
    for (int t = 0; t < quarters_; ++t) {
      const bool buyable = wanted && t >= power_from_[s] && deliverable(system, t);
      if (buyable || committed_systems(p_, system, t) > 0) {
        const double cost = price_lp(system, p_.first + t) * annuity_present_value(p_, t, system.life);
        out_.deliver.at(s, g, t) = add(fmt::format("deliver:{}:{}:{}", site.id, system.id, when(t)), cost);
        any = true;
      }
      if (any) {
        const double cost = delta(t) * maintenance_lp(system, p_.first + t);
        out_.installed.at(s, g, t) = add(fmt::format("installed:{}:{}:{}", site.id, system.id, when(t)), cost);
      }
    }
  }

  void run_columns() {
    out_.run = ColumnTable(sites_, systems_, services_, quarters_);
    for (int s = 0; s < sites_; ++s) {
      for (int g = 0; g < systems_; ++g) {
        for (int k = 0; k < services_; ++k) {
          const auto& service = p_.services[k];
          if (service.throughput.count(p_.systems[g].id) == 0 || !may_run_at(service, p_.sites[s])) continue;
          const std::string place = fmt::format("run:{}:{}:{}:", p_.sites[s].id, p_.systems[g].id, service.id);
          for (int t = 0; t < quarters_; ++t) {
            if (out_.installed.at(s, g, t) < 0 || service.demand.at(p_.first + t) <= TokenRate{}) continue;
            out_.run.at(s, g, k, t) = add(place + when(t), 0);
          }
        }
      }
    }
  }

  void service_columns() {
    out_.served = out_.unmet = ColumnTable(services_, quarters_);
    for (int k = 0; k < services_; ++k) {
      const auto& service = p_.services[k];
      for (int t = 0; t < quarters_; ++t) {
        if (service.demand.at(p_.first + t) <= TokenRate{}) continue;
        out_.served.at(k, t) = add(fmt::format("served:{}:{}", service.id, when(t)), 0);
        const double cost = delta(t) * token_value_lp(service.unmet_price);
        out_.unmet.at(k, t) = add(fmt::format("unmet:{}:{}", service.id, when(t)), cost);
      }
    }
  }

  void money_columns() {
    const int tranches = static_cast<int>(p_.capital.size());
    out_.draw = ColumnTable(tranches, quarters_);
    out_.cash = ColumnTable(1, quarters_);
    if (tranches == 0) return;
    for (int t = 0; t < quarters_; ++t) out_.cash.at(0, t) = add(fmt::format("cash:{}", when(t)), 0);
    for (int r = 0; r < tranches; ++r) {
      for (int t = 0; t < quarters_; ++t) {
        if (p_.first + t < p_.capital[r].from) continue;
        out_.draw.at(r, t) = add(fmt::format("draw:{}:{}", p_.capital[r].name, when(t)), 0);
      }
    }
  }

  const Programme& p_;
  const int quarters_, sites_, systems_, services_;
  std::vector<int> power_from_;
  PlanColumns out_;
};

}  // namespace

PlanColumns lay_out_columns(const Programme& programme) {
  STARGATE_CHECK(programme.quarters() > 0, "a programme without quarters");
  return Layout(programme).lay_out();
}

}  // namespace stargate
