// One function an entry of the programme. Parts reach the maker of a system a quarter before the system is delivered
// (assembly and test of accelerators and racks take about three months); systems themselves are counted when delivered.
#include "stargate/study/make_programme.hpp"

#include <algorithm>
#include <cmath>

#include "stargate/finance/annuity.hpp"
#include "stargate/finance/ownership_cost.hpp"
#include "stargate/serving/replica.hpp"

namespace stargate {

namespace {

// quarters
constexpr int kPartLag = 1;
constexpr int kWaferLag = 2;  // a wafer of a leading process takes a quarter before it is packaged

/// Whole quarters, upwards; what is longer than a millennium is a millennium.
int whole_quarters(Duration d) { return static_cast<int>(std::min(std::ceil(d / quarter_year - 1e-9), 4000.0)); }
int quarters_of(Duration d) { return std::max(1, whole_quarters(d)); }

/// What building costs, with interest while it is built, spread over the term at the cost of capital.
MoneyPerEnergy cost_rent(const PlanSite& site, const FinanceSpec& finance, int term) {
  const double q = std::pow(1 + finance.capital_cost, 0.25) - 1;
  double grown = 0;  // of one dollar paid evenly over the lead, by the first day with power
  for (int i = 0; i < site.construction_lead; ++i) grown += std::pow(1 + q, site.construction_lead - i);
  return grown / site.construction_lead * site.construction_price *
         quarterly_annuity_in_advance(finance.capital_cost, term) / quarter_year;
}

PlanPlant make_plant(const PlantSpec& spec, const StudySiteSpec& site) {
  PlanPlant out;
  out.name = spec.name, out.most = spec.power, out.begun = spec.begun;
  out.lead = whole_quarters(spec.lead_time), out.life = quarters_of(spec.life);
  out.price = spec.price, out.maintenance = spec.maintenance;
  out.battery = spec.battery.has_value();
  if (out.battery) {
    out.loss = 1 / spec.efficiency - 1;
    if (site.flexible && site.flexible->longest > Duration{}) {
      out.bridged = std::min(1.0, *spec.battery / site.flexible->longest);
    }
  } else {
    out.fuel = spec.fuel_price / spec.efficiency, out.carbon = spec.fuel_carbon / spec.efficiency;
  }
  return out;
}

/// A construction price is a watt of IT; the planner counts watts at the meter.
PlanSite make_site(const Catalogue& catalogue, const StudySpec& study, const StudySiteSpec& spec) {
  const Site& site = catalogue.sites.at(spec.site);
  PlanSite out;
  out.id = spec.site, out.country = site.country;
  out.grid = spec.power;
  out.energised = spec.energised.at(study.horizon.first - 1), out.past = spec.energised;
  for (const auto& some : study.building) {
    if (some.site == spec.site) out.building.push_back({some.power, some.finishes, some.paid});
  }
  out.pue = site.pue;
  out.electricity_price = site.electricity_price;
  out.carbon = site.carbon;
  out.construction_price = site.construction_price.mid / site.pue;
  out.construction_lead = quarters_of(spec.build_lead_time.value_or(site.shell_lead_time));
  out.most_started = spec.most_started;
  out.take_or_pay = spec.take_or_pay;
  out.rack = spec.rack;
  for (const auto& plant : spec.plants) out.plants.push_back(make_plant(plant, spec));
  if (spec.flexible) out.flexible = PlanFlexible{spec.flexible->power, spec.flexible->hours / year};
  if (spec.lease) {
    const int term = quarters_of(spec.lease->term);
    out.lease = PlanLease{spec.lease->power, spec.lease->rent.value_or(cost_rent(out, study.finance, term)), term};
  }
  return out;
}

/// What one system needs of each product that limits.
std::map<std::string, double> system_parts(const Catalogue& catalogue, const System& system,
                                           const StudySystemSpec& spec,
                                           const std::set<std::string>& limiting) {
  const auto& procured = spec.procured;
  const auto buys = [&](PartKind kind) { return std::find(procured.begin(), procured.end(), kind) != procured.end(); };
  const Accelerator& accelerator = catalogue.accelerators.at(system.accelerator);
  std::map<std::string, double> parts;
  const auto add = [&](const std::string& product, double amount) {
    if (limiting.contains(product) && amount > 0) parts[product] += amount;
  };
  add("system:" + system.id, 1);
  if (buys(PartKind::memory)) {
    add("memory:" + accelerator.memory, system.accelerators * accelerator.memory_capacity.in(gigabyte));
  }
  const auto host = catalogue.cpus.find(system.cpu);
  if (buys(PartKind::host_memory) && host != catalogue.cpus.end() && system.host_memory) {
    add("memory:" + host->second.memory, system.host_memory->in(gigabyte));
  }
  if (buys(PartKind::wafers) && spec.dies) {
    const double good = good_dies_per_wafer(spec.dies->area_mm2, spec.dies->defects_per_cm2);
    add("wafers:" + spec.dies->process, system.accelerators * spec.dies->per_accelerator / good);
  }
  if (buys(PartKind::cpu)) add("cpu:" + system.cpu, system.cpus);
  if (buys(PartKind::packaging) && accelerator.packages_per_wafer) {
    add("packaging:cowos", system.accelerators / *accelerator.packages_per_wafer);
  }
  return parts;
}

/// Lead time of the supplier that delivers the system, in quarters.
int order_lead(const Catalogue& catalogue, const StudySystemSpec& spec) {
  if (spec.order_lead_time) return std::max(0, whole_quarters(*spec.order_lead_time));
  for (const auto& [id, supplier] : catalogue.suppliers) {
    for (const auto& supply : supplier.delivers) {
      if (supply.product == "system:" + spec.system) return quarters_of(supply.lead_time);
    }
  }
  return 2;
}

/// Price and power of a system include its share of the network and storage of the cluster.
PlanSystem make_system(const Catalogue& catalogue, const StudySpec& study, const StudySystemSpec& spec,
                       const std::set<std::string>& limiting) {
  const System& system = catalogue.systems.at(spec.system);
  const ClusterShare cluster = cluster_share(catalogue, system, system.price.mid, kCampusAccelerators);
  PlanSystem out;
  out.id = spec.system, out.accelerator = system.accelerator;
  out.vendor = catalogue.accelerators.at(system.accelerator).vendor;
  out.accelerators = system.accelerators;
  out.first_delivery = spec.from.value_or(system.available);
  out.last_delivery = spec.until;
  out.order_lead = order_lead(catalogue, spec);
  const Money price = system.price.mid + cluster.price() * static_cast<double>(system.accelerators);
  for (Quarter q = study.horizon.first; q <= study.horizon.last; q = q + 1) {
    const double years = std::max(0, q - out.first_delivery) / 4.0;
    out.price.points[q] = price * std::pow(1 + spec.price_change, years);
  }
  const Power network = cluster.power * static_cast<double>(system.accelerators);
  out.power = system.power + network;
  out.network_share = network / out.power;
  if (price > Money{}) {
    out.network_price = cluster.network() * static_cast<double>(system.accelerators) / price;
    out.storage_price = cluster.storage * static_cast<double>(system.accelerators) / price;
  }
  const Power idle = replica_power(catalogue, system, system.accelerators).idle + network;  // switches draw as ever
  out.idle_power = spec.idle_power.value_or(idle / out.power);
  out.life = quarters_of(study.finance.system_life);
  out.availability = spec.availability, out.rack = spec.rack;
  out.attrition = spec.attrition, out.spares = spec.spares;
  if (spec.qualification) {
    out.qualification = PlanQualification{spec.qualification->cost, whole_quarters(spec.qualification->time),
                                          spec.qualification->minimum_systems};
  }
  out.maintenance = study.finance.maintenance;
  out.parts = system_parts(catalogue, system, spec, limiting);
  for (const auto& some : study.committed) {
    if (some.system != spec.system) continue;
    const double count = some.accelerators / system.accelerators;
    if (some.arrives < study.horizon.first) {
      out.standing.push_back({some.site, some.arrives, count});
    } else {
      // Those that arrive together are paid together.
      auto& ordered = out.committed[some.arrives];
      const double paid = some.paid.value_or(study.finance.deposit), before = ordered.paid.value_or(0);
      ordered.paid = (before * ordered.systems + paid * count) / (ordered.systems + count);
      ordered.systems += count;
    }
  }
  if (spec.growth) out.growth = PlanGrowth{*spec.seed_systems, *spec.growth, !spec.growth_source.sources.empty()};
  return out;
}

void set_throughput(PlanService& service, const std::vector<PlanSystem>& systems,
                    const std::vector<MachineRate>& rates) {
  service.throughput.clear();  // a machine that may not run the service has no rate
  for (const auto& rate : rates) {
    if (rate.service != service.id || !(rate.per_accelerator.base() > 0)) continue;
    const auto system = std::find_if(systems.begin(), systems.end(), [&](const auto& s) { return s.id == rate.system; });
    STARGATE_CHECK(system != systems.end(), "a rate is of a system of the study");
    const double drawn = system->network_share + (1 - system->network_share) * rate.power_share;
    service.throughput[rate.system] = {rate.per_accelerator, drawn};
  }
}

/// Capacity is built for the peak and its margin, so on average an accelerator works 1 / (peak_to_mean (1 + margin)) of
/// the time.
PlanService make_service(const Catalogue& catalogue, const StudySpec& study, const StudyServiceSpec& spec) {
  PlanService out;
  out.id = spec.service;
  out.demand = spec.demand;
  for (const auto& block : spec.blocks) {
    out.blocks.push_back({block.name, block.share, block.price, block.floor, block.penalty});
    if (block.share.empty()) out.blocks.back().share.points[study.horizon.first] = 1;
  }
  out.sites = allowed_sites(catalogue, study, spec);
  out.utilisation = 1 / (spec.peak_to_mean * (1 + spec.margin));
  return out;
}

PlanContract make_contract(const Catalogue& catalogue, const StudySpec& study, const ContractSpec& spec) {
  PlanContract out;
  out.id = spec.contract, out.system = spec.system;
  const auto& all = study.systems;
  const auto like = std::find_if(all.begin(), all.end(), [&](const auto& some) { return some.system == spec.system; });
  out.availability = like->availability;
  out.accelerators = spec.accelerators, out.price = spec.price;
  out.take_or_pay = spec.take_or_pay, out.is_signed = spec.is_signed;
  for (const auto& service : study.services) {
    const auto& kinds = spec.kinds;
    const bool kind = kinds.empty() || std::find(kinds.begin(), kinds.end(), service.kind) != kinds.end();
    const bool near = may_serve_from(catalogue, service, catalogue.sites.at(spec.site));
    if (kind && near) out.services.push_back(service.service);
  }
  return out;
}

PlanTranche make_tranche(const TrancheSpec& spec) {
  PlanTranche out{spec.name, spec.from, spec.amount, FundKind::equity, spec.interest, spec.drawn};
  if (spec.kind == CapitalKind::debt) out.kind = FundKind::debt;
  if (spec.of_systems || spec.of_buildings || !spec.recourse) {
    out.collateral = PlanCollateral{spec.of_systems.value_or(0), spec.of_buildings.value_or(0), spec.recourse};
  }
  if (spec.repaid_until) out.repayment = PlanRepayment{*spec.repaid_from, *spec.repaid_until};
  return out;
}

/// Covenants, tax, and how a construction price divides, by the owner that builds its own.
void set_terms(Programme& programme, const Catalogue& catalogue, const StudySpec& study) {
  const auto covenant = [&](const std::optional<double>& least) {
    const Quarter from = study.finance.covenants_from.value_or(study.horizon.first);
    return least ? std::optional(PlanCovenant{*least, from}) : std::nullopt;
  };
  programme.debt_service = covenant(study.finance.debt_service_cover);
  programme.fixed_charge = covenant(study.finance.fixed_charge_cover);
  if (study.tax) {
    programme.tax = PlanTax{study.tax->rate, quarters_of(study.tax->system_life), quarters_of(study.tax->building_life),
                            study.tax->losses};
  }
  const auto owner = catalogue.owners.find(kUsualOwner);
  if (owner == catalogue.owners.end()) return;
  programme.power_price = owner->second.power_share, programme.cooling_price = owner->second.cooling_share;
}

/// A part is offered as much as its suppliers make in the world times what the programme can have of each.
std::vector<PlanPart> make_parts(const Catalogue& catalogue, const StudySpec& study,
                                 const std::vector<PlanSystem>& systems) {
  std::set<std::string> needed;
  for (const auto& system : systems) {
    for (const auto& [product, amount] : system.parts) needed.insert(product);
  }
  std::vector<PlanPart> parts;
  for (const auto& product : needed) {
    PlanPart part;
    part.product = product;
    const bool memory = product.starts_with("memory:"), system = product.starts_with("system:");
    const bool wafers = product.starts_with("packaging:") || product.starts_with("wafers:");
    part.unit = memory ? "GB" : wafers ? "wafers" : system ? "systems" : "pieces";
    part.lag = system ? 0 : product.starts_with("wafers:") ? kWaferLag : kPartLag;
    if (memory) {
      const auto& price = catalogue.memories.at(product.substr(7)).price;
      if (price) part.price = price->mid * gigabyte;
    }
    for (const auto& share : study.shares) {
      for (const auto& supply : catalogue.suppliers.at(share.supplier).delivers) {
        if (supply.product != product) continue;
        PlanOffer offer{share.supplier, {}};
        for (Quarter q = study.horizon.first - kWaferLag; q <= study.horizon.last; q = q + 1) {
          const double world = supply.capacity ? supply.capacity->at(q).in(gigabyte) : supply.units->at(q);
          offer.amount.points[q] = world * share.share.at(std::max(q, study.horizon.first));
        }
        part.offers.push_back(std::move(offer));
      }
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace

double good_dies_per_wafer(double area_mm2, double defects_per_cm2) {
  constexpr double kPi = 3.14159265358979324, kDiameter = 300;  // mm
  const double dies = kPi * kDiameter * kDiameter / (4 * area_mm2) - kPi * kDiameter / std::sqrt(2 * area_mm2);
  const double defects = area_mm2 / 100 * defects_per_cm2;  // of a die
  const double part = defects > 1e-9 ? -std::expm1(-defects) / defects : 1;
  return std::max(1.0, dies * part * part);
}

std::set<std::string> supplied_products(const Catalogue& catalogue) {
  std::set<std::string> products;
  for (const auto& [id, supplier] : catalogue.suppliers) {
    for (const auto& supply : supplier.delivers) products.insert(supply.product);
  }
  return products;
}

bool may_serve_from(const Catalogue& catalogue, const StudyServiceSpec& service, const Site& site) {
  const auto& home = service.residency;
  if (!home.empty() && std::find(home.begin(), home.end(), site.country) == home.end()) return false;
  bool near = !service.most_round_trip;
  for (const auto& region : service.user_regions) {
    const Route* route = find_route(catalogue, site.region, region);
    near = near || site.region == region || (route != nullptr && route->round_trip <= *service.most_round_trip);
  }
  return near;
}

std::vector<std::string> allowed_sites(const Catalogue& catalogue, const StudySpec& study,
                                       const StudyServiceSpec& service) {
  std::vector<std::string> sites;
  for (const auto& spec : study.sites) {
    if (may_serve_from(catalogue, service, catalogue.sites.at(spec.site))) sites.push_back(spec.site);
  }
  return sites;
}

void set_rates(Programme& programme, const std::vector<MachineRate>& rates) {
  for (auto& service : programme.services) set_throughput(service, programme.systems, rates);
}

Programme make_programme(const Catalogue& catalogue, const StudySpec& study, const std::vector<MachineRate>& rates,
                         const std::set<std::string>& limiting_products) {
  Programme programme;
  programme.name = study.name;
  programme.first = study.horizon.first, programme.last = study.horizon.last;
  programme.capital_cost = study.finance.capital_cost;
  // As many years as a system lives: what is bought by the last quarter has earned what it earns when they end.
  programme.tail_years = (quarters_of(study.finance.system_life) + 3) / 4;
  programme.second_rate = study.finance.discount_rate;
  programme.building_life = quarters_of(study.finance.building_life);
  programme.payments = {study.finance.deposit, study.finance.on_delivery, study.finance.on_acceptance};
  programme.maximum_debt_share = study.finance.maximum_debt_share;
  programme.reinvested_revenue = study.finance.reinvested_revenue;
  if (study.carbon) programme.carbon_price = study.carbon->price;
  for (const auto& site : study.sites) programme.sites.push_back(make_site(catalogue, study, site));
  for (const auto& hall : study.halls) programme.halls.push_back({hall.rack, hall.price});
  for (const auto& system : study.systems)
    programme.systems.push_back(make_system(catalogue, study, system, limiting_products));
  programme.parts = make_parts(catalogue, study, programme.systems);
  for (const auto& service : study.services) programme.services.push_back(make_service(catalogue, study, service));
  set_rates(programme, rates);
  for (const auto& contract : study.contracts) {
    programme.contracts.push_back(make_contract(catalogue, study, contract));
  }
  for (const auto& tranche : study.capital) programme.capital.push_back(make_tranche(tranche));
  set_terms(programme, catalogue, study);
  return programme;
}

}  // namespace stargate
