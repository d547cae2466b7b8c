// Programmes for the planner's tests: one small enough to solve by hand, one with every kind of limit, one of full
// size.
#pragma once

#include <string>

#include "stargate/planner/programme.hpp"

namespace stargate {

inline constexpr Quarter kStart = Quarter::of(2026, 1);

template <class T>
Series<T> constant(Quarter from, Quarter to, T value) {
  Series<T> series;
  for (Quarter q = from; q <= to; q = q + 1) series.points[q] = value;
  return series;
}

/// One class of customers at one price.
inline PlanBlock everybody(const Programme& p, MoneyPerToken price) {
  return {"everybody", constant(p.first, p.last, 1.0), constant(p.first, p.last, price)};
}

/// Four quarters without discounting. A system has 10 accelerators, costs 1 M$ over 20 quarters, draws 10 kW and makes
/// 10,000 tokens a second; the demand is 1 M tokens a second, so 100 systems, 1 MW, 5 M$ a quarter. All of it
/// earns 78.84 M$ a quarter (10 $/Mtok). Construction: 10 $/W over 80 quarters, 0.125 M$ a quarter for each MW.
inline Programme hand_programme(int quarters = 4) {
  Programme p;
  p.name = "by hand";
  p.first = kStart;
  p.last = kStart + (quarters - 1);
  p.capital_cost = 0;
  PlanSite site;
  site.id = "abilene";
  site.grid = constant(p.first, p.last, 100.0 * megawatt);
  site.pue = 1;
  site.construction_price = 10.0 * dollar / watt;
  site.construction_lead = 0;
  site.most_started = 100.0 * megawatt;
  p.sites.push_back(site);
  PlanSystem system;
  system.id = "rack";
  system.accelerator = "chip";
  system.accelerators = 10;
  system.first_delivery = p.first;
  system.order_lead = 0;
  system.price = constant(p.first, p.last, 1.0 * million_dollars);
  system.power = 10.0 * kilowatt;
  system.availability = 1;
  system.maintenance = 0;
  p.systems.push_back(system);
  PlanService service;
  service.id = "chat";
  service.demand = constant(p.first, p.last, 1e6 * token / second);
  service.blocks = {everybody(p, 10.0 * dollar / million_tokens)};
  service.sites = {"abilene"};
  service.throughput["rack"] = {1000.0 * token / second, 1};
  p.services.push_back(service);
  return p;
}

inline void add_broad_sites(Programme& p, int sites) {
  const int quarters = p.quarters();
  for (int s = 0; s < sites; ++s) {
    PlanSite site;
    site.id = "site" + std::to_string(s);
    site.energised = (s % 3 == 0 ? 20.0 : 0.0) * megawatt;
    for (int t = 0; t < quarters; ++t) site.grid.points[p.first + t] = (20.0 + 15 * t + 7 * s) * megawatt;
    site.pue = 1.1 + 0.02 * (s % 5);
    site.electricity_price = (50.0 + 5 * (s % 7)) * dollar / megawatt_hour;
    site.carbon = (100.0 + 60 * (s % 6)) * kilogram / megawatt_hour;
    site.construction_price = (10.0 + 0.3 * (s % 4)) * dollar / watt;
    site.construction_lead = 2 + s % 3;
    site.most_started = (25.0 + 5 * (s % 3)) * megawatt;
    site.take_or_pay = s % 2 == 0 ? 0.8 : 0;
    p.sites.push_back(site);
  }
}

/// Two memories from three suppliers, in amounts that suit the number of sites.
inline void add_broad_parts(Programme& p, int sites) {
  const int quarters = p.quarters();
  for (int m = 0; m < 2; ++m) {
    PlanPart part;
    part.product = "memory:kind" + std::to_string(m);
    part.unit = "GB";
    part.lag = 1 + m;
    for (int j = 0; j < 3; ++j) {
      PlanOffer offer;
      offer.supplier = "maker" + std::to_string(j);
      for (int t = -3; t < quarters; ++t) {
        offer.amount.points[p.first + t] = sites * (1 + j) * (60e3 + 10e3 * (t + 3));
      }
      part.offers.push_back(offer);
    }
    p.parts.push_back(part);
  }
}

/// Newer systems are better and dearer.
inline void add_broad_systems(Programme& p, int systems) {
  const int quarters = p.quarters();
  for (int g = 0; g < systems; ++g) {
    PlanSystem system;
    system.id = "system" + std::to_string(g);
    system.accelerator = "chip" + std::to_string(g);
    system.accelerators = g % 2 == 0 ? 72 : 8;
    system.first_delivery = p.first + g * quarters / (2 * systems);
    system.order_lead = 1 + g % 3;
    const double dearer = 1 + 0.15 * g;
    for (int t = 0; t < quarters; ++t) {
      system.price.points[p.first + t] = 45e3 * dearer * (1 - 0.01 * t) * system.accelerators * dollar;
    }
    system.power = (1.2 + 0.1 * g) * system.accelerators * kilowatt;
    system.life = g == 0 ? quarters / 2 : 20;
    system.parts["memory:kind" + std::to_string(g % 2)] = (192.0 + 24 * g) * system.accelerators;
    if (g % 2 == 0) system.growth = PlanGrowth{20.0, 0.5};
    p.systems.push_back(system);
  }
  p.systems[0].committed[p.first + 1] = {5};
}

inline void add_broad_services(Programme& p, int services) {
  const int quarters = p.quarters();
  const int sites = static_cast<int>(p.sites.size()), systems = static_cast<int>(p.systems.size());
  for (int k = 0; k < services; ++k) {
    PlanService service;
    service.id = "service" + std::to_string(k);
    for (int t = 0; t < quarters; ++t) {
      service.demand.points[p.first + t] = (2e6 + 1e6 * t) * sites / (1 + k) * token / second;
    }
    // Two thirds pay well, the rest about what machines cost, less and less.
    service.blocks = {everybody(p, (4.0 + k) * dollar / million_tokens), everybody(p, 1.0 * dollar / million_tokens)};
    service.blocks[0].share = constant(p.first, p.last, 0.65);
    service.blocks[1].name = "batch", service.blocks[1].share = constant(p.first, p.last, 0.35);
    for (auto& [quarter, price] : service.blocks[1].price.points) price *= 1 - 0.02 * (quarter - p.first);
    service.utilisation = 0.7;
    for (int s = 0; s < sites; ++s) {
      if ((s + k) % 4 != 3) service.sites.push_back("site" + std::to_string(s));
    }
    for (int g = 0; g < systems; ++g) {
      const double rate = 900.0 * (1 + 0.35 * g) / (1 + 0.5 * k) * (1 + 0.1 * ((g + k) % 3));
      service.throughput["system" + std::to_string(g)] = {rate * token / second, 0.7 + 0.05 * (k % 5)};
    }
    p.services.push_back(service);
  }
}

inline void add_broad_capital(Programme& p, int sites) {
  const int quarters = p.quarters();
  const double scale = 25e6 * sites * quarters;
  p.capital.push_back({"founders", p.first, 1.0 * scale * dollar, FundKind::equity, 0});
  p.capital.push_back({"banks", p.first + 1, 1.5 * scale * dollar, FundKind::debt, 0.07});
  p.capital.push_back({"second round", p.first + quarters / 2, 1.0 * scale * dollar, FundKind::equity, 0});
}

/// `sites` x `systems` x `services` with growing grid, parts, growth limits, staged capital, take-or-pay and
/// discounting.
inline Programme broad_programme(int quarters, int sites, int systems, int services) {
  Programme p;
  p.name = "broad";
  p.first = kStart;
  p.last = kStart + (quarters - 1);
  p.building_life = 80;
  p.carbon_price = 20.0 * dollar / tonne;
  p.reinvested_revenue = 0.3;
  p.maximum_debt_share = 0.7;
  add_broad_sites(p, sites);
  add_broad_parts(p, sites);
  add_broad_systems(p, systems);
  add_broad_services(p, services);
  add_broad_capital(p, sites);
  return p;
}

}  // namespace stargate
