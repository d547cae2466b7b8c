// Each driver changes one kind of figure; series are written out by quarter, to the end of the tail.
#include "stargate/planner/scenario.hpp"

#include <algorithm>
#include <cmath>

namespace stargate {
namespace {

constexpr int kBefore = 8;  ///< quarters before the first that series keep: parts are made before they are delivered

Quarter end_of_scenario(const Programme& p) { return p.last + 4 * p.tail_years; }

template <class T, class Change>
Series<T> by_quarter(const Programme& p, const Series<T>& series, const Change& change) {
  Series<T> out;
  for (Quarter q = p.first - kBefore; q <= end_of_scenario(p); q = q + 1) out.points[q] = change(q, series.at(q));
  return out;
}

bool concerns(const PlanChange& change, const std::string& id) {
  return change.of.empty() || std::find(change.of.begin(), change.of.end(), id) != change.of.end();
}

class ScenarioChange {
 public:
  ScenarioChange(Programme& programme, const RiskBasis& basis, const PlanChange& change)
      : p_(programme),
        basis_(basis),
        c_(change),
        from_(std::max(change.from.value_or(programme.first), programme.first)) {}

  void apply() {
    switch (c_.driver) {
      case PlanDriver::memory_price:
      case PlanDriver::system_price:
        return change_prices();
      case PlanDriver::performance:
        return change_performance();
      case PlanDriver::supply:
        return change_supply();
      case PlanDriver::construction_price:
      case PlanDriver::electricity_price:
      case PlanDriver::grid_delay:
      case PlanDriver::construction_delay:
        for (PlanSite& site : p_.sites) {
          if (concerns(c_, site.id)) change_site(site);
        }
        return;
      case PlanDriver::delivery_delay:
      case PlanDriver::availability:
        for (PlanSystem& system : p_.systems) {
          if (!concerns(c_, system.id)) continue;
          if (c_.driver == PlanDriver::delivery_delay) delay_system(system);
          else system.availability = std::clamp(system.availability * c_.amount, 0.0, 1.0);
        }
        return;
      case PlanDriver::demand:
      case PlanDriver::token_price:
      case PlanDriver::efficiency:
        for (PlanService& service : p_.services) {
          if (concerns(c_, service.id)) change_service(service);
        }
    }
  }

 private:
  int quarters() const { return std::max(0, static_cast<int>(std::lround(c_.amount))); }

  template <class T>
  Series<T> times(const Series<T>& series, double factor, Quarter from) const {
    return by_quarter(p_, series, [&](Quarter q, T value) { return q < from ? value : factor * value; });
  }
  template <class T>
  Series<T> later(const Series<T>& series) const {
    Series<T> out;
    for (const auto& [quarter, value] : series.points) out.points[quarter + quarters()] = value;
    return out;
  }

  void change_prices() {
    const bool memory = c_.driver == PlanDriver::memory_price;
    for (PlanSystem& system : p_.systems) {
      if (!memory && !concerns(c_, system.id)) continue;
      const auto share = basis_.memory_share.find(system.id);
      const double of = !memory ? 1 : share == basis_.memory_share.end() ? 0 : share->second;
      change_price(system, 1 + of * (c_.amount - 1));
    }
    for (PlanPart& part : p_.parts) {
      if (memory && part.product.starts_with("memory:")) part.price *= c_.amount;
    }
  }

  /// Prices are agreed when ordered: what is delivered a lead after the change is dearer. What is on order has the same
  /// sum to pay.
  void change_price(PlanSystem& system, double factor) {
    if (factor == 1) return;
    const Quarter from = from_ + system.order_lead;
    system.price = times(system.price, factor, from);
    for (auto& [arrives, ordered] : system.committed) {
      if (arrives >= from) ordered.paid = 1 - (1 - ordered.paid.value_or(p_.payments.deposit)) / factor;
    }
  }

  void change_performance() {
    for (const PlanRange& range : basis_.ranges) {
      if (!concerns(c_, range.system)) continue;
      const double end = c_.amount < 0 ? range.low : range.high;
      const double factor = std::pow(std::max(end, 1e-6), std::abs(c_.amount));
      for (PlanService& service : p_.services) {
        const auto rate = service.throughput.find(range.system);
        if (service.id == range.service && rate != service.throughput.end()) rate->second.per_accelerator *= factor;
      }
    }
  }

  /// What is on order has its parts.
  void change_supply() {
    for (PlanSystem& system : p_.systems) {
      for (auto& [arrives, ordered] : system.committed) ordered.offered = 0;
    }
    for (PlanPart& part : p_.parts) {
      for (PlanOffer& offer : part.offers) {
        if (concerns(c_, part.product) || concerns(c_, offer.supplier)) {
          offer.amount = times(offer.amount, c_.amount, from_ - part.lag);
        }
      }
    }
  }

  void change_site(PlanSite& site) {
    if (c_.driver == PlanDriver::construction_price) site.construction_price *= c_.amount;
    if (c_.driver == PlanDriver::electricity_price) site.electricity_price *= c_.amount;
    if (c_.driver == PlanDriver::grid_delay) {
      // From the change on the grid stands still for the delay; what is energised stays.
      const Series<Power> grid = site.grid;
      site.grid = by_quarter(p_, grid, [&](Quarter q, Power planned) {
        if (q < from_) return planned;
        return max(min(site.energised, planned), grid.at(std::max(from_ - 1, q - quarters())));
      });
    }
    if (c_.driver == PlanDriver::construction_delay) {
      site.construction_lead += quarters();
      for (PlanConstruction& some : site.building) some.ready = some.ready + quarters();
    }
  }

  /// The price is the one agreed, and what its maker can deliver comes later too.
  void delay_system(PlanSystem& system) {
    const int n = quarters();
    if (n == 0) return;
    system.order_lead += n;
    system.first_delivery = system.first_delivery + n;
    if (system.last_delivery) system.last_delivery = *system.last_delivery + n;
    system.price = later(system.price);
    std::map<Quarter, PlanOrdered> committed;
    for (const auto& [arrives, ordered] : system.committed) committed[arrives + n] = ordered;
    system.committed = std::move(committed);
    for (PlanPart& part : p_.parts) {
      if (part.product != "system:" + system.id) continue;
      for (PlanOffer& offer : part.offers) offer.amount = later(offer.amount);
    }
  }

  void change_service(PlanService& service) {
    const bool efficiency = c_.driver == PlanDriver::efficiency;
    if (c_.driver != PlanDriver::token_price) {
      service.demand = times(service.demand, efficiency ? 1 / c_.amount : c_.amount, from_);
    }
    if (c_.driver == PlanDriver::demand) return;
    for (PlanBlock& block : service.blocks) block.price = times(block.price, c_.amount, from_);
  }

  Programme& p_;
  const RiskBasis& basis_;
  const PlanChange& c_;
  const Quarter from_;
};

/// Means over programmes of one shape, each figure through the same place in all of them.
class MeanOf {
 public:
  explicit MeanOf(std::span<const WeightedProgramme> all) : all_(all) {}

  template <class Figure>
  auto figure(const Figure& of) const {
    auto sum = all_[0].probability * of(*all_[0].programme);
    for (std::size_t i = 1; i < all_.size(); ++i) sum = sum + all_[i].probability * of(*all_[i].programme);
    return sum;
  }
  template <class Of>
  auto series(const Of& of) const {
    const Programme& p = *all_[0].programme;
    std::decay_t<decltype(of(p))> out;
    for (Quarter q = p.first - kBefore; q <= end_of_scenario(p); q = q + 1) {
      out.points[q] = figure([&](const Programme& some) { return of(some).at(q); });
    }
    return out;
  }
  template <class Of>
  int whole(const Of& of) const {
    return static_cast<int>(std::lround(figure([&](const Programme& p) { return static_cast<double>(of(p)); })));
  }

 private:
  std::span<const WeightedProgramme> all_;
};

void take_mean_of_site(const MeanOf& mean, std::span<const WeightedProgramme> all, std::size_t s, PlanSite& site) {
  site.grid = mean.series([&](const Programme& p) -> const auto& { return p.sites[s].grid; });
  site.construction_price = mean.figure([&](const Programme& p) { return p.sites[s].construction_price; });
  site.electricity_price = mean.figure([&](const Programme& p) { return p.sites[s].electricity_price; });
  site.construction_lead = mean.whole([&](const Programme& p) { return p.sites[s].construction_lead; });
  site.building.clear();
  for (const WeightedProgramme& some : all) {
    for (PlanConstruction work : some.programme->sites[s].building) {
      work.power *= some.probability;
      site.building.push_back(work);
    }
  }
}

void take_mean_of_system(const MeanOf& mean, std::span<const WeightedProgramme> all, std::size_t g,
                         PlanSystem& system) {
  const int lead = system.order_lead;
  system.order_lead = mean.whole([&](const Programme& p) { return p.systems[g].order_lead; });
  system.first_delivery = system.first_delivery + (system.order_lead - lead);
  if (system.last_delivery) system.last_delivery = *system.last_delivery + (system.order_lead - lead);
  system.price = mean.series([&](const Programme& p) -> const auto& { return p.systems[g].price; });
  system.availability = mean.figure([&](const Programme& p) { return p.systems[g].availability; });
  system.committed.clear();
  for (const WeightedProgramme& some : all) {
    for (const auto& [arrives, ordered] : some.programme->systems[g].committed) {
      PlanOrdered& sum = system.committed[arrives];
      const double more = some.probability * ordered.systems;
      const double paid = ordered.paid.value_or(some.programme->payments.deposit);
      const double all_of_it = sum.systems + more;
      if (all_of_it > 0) sum.paid = (sum.paid.value_or(0) * sum.systems + paid * more) / all_of_it;
      sum.systems = all_of_it;
    }
  }
}

}  // namespace

const char* driver_name(PlanDriver driver) {
  switch (driver) {
    case PlanDriver::memory_price:
      return "price of memory";
    case PlanDriver::system_price:
      return "price of machines";
    case PlanDriver::construction_price:
      return "price of buildings";
    case PlanDriver::electricity_price:
      return "price of electricity";
    case PlanDriver::grid_delay:
      return "grid late";
    case PlanDriver::construction_delay:
      return "buildings late";
    case PlanDriver::delivery_delay:
      return "machines late";
    case PlanDriver::supply:
      return "supply";
    case PlanDriver::demand:
      return "demand";
    case PlanDriver::token_price:
      return "price of tokens";
    case PlanDriver::availability:
      return "machines that work";
    case PlanDriver::performance:
      return "performance";
    case PlanDriver::efficiency:
      return "efficiency";
  }
  return "";
}

bool is_factor(PlanDriver driver) {
  return driver != PlanDriver::grid_delay && driver != PlanDriver::construction_delay &&
         driver != PlanDriver::delivery_delay && driver != PlanDriver::performance;
}

bool acts_at_once(PlanDriver driver) {
  switch (driver) {
    case PlanDriver::construction_price:
    case PlanDriver::electricity_price:
    case PlanDriver::construction_delay:
    case PlanDriver::delivery_delay:
    case PlanDriver::availability:
    case PlanDriver::performance:
      return true;
    default:
      return false;
  }
}

Programme changed_programme(const RiskBasis& basis, std::span<const PlanChange> changes) {
  Programme out = basis.programme;
  for (const PlanChange& change : changes) ScenarioChange(out, basis, change).apply();
  return out;
}

Programme mean_programme(std::span<const WeightedProgramme> all) {
  Programme out = *all[0].programme;
  const MeanOf mean(all);
  for (std::size_t s = 0; s < out.sites.size(); ++s) take_mean_of_site(mean, all, s, out.sites[s]);
  for (std::size_t g = 0; g < out.systems.size(); ++g) take_mean_of_system(mean, all, g, out.systems[g]);
  for (std::size_t i = 0; i < out.parts.size(); ++i) {
    out.parts[i].price = mean.figure([&](const Programme& p) { return p.parts[i].price; });
    for (std::size_t j = 0; j < out.parts[i].offers.size(); ++j) {
      out.parts[i].offers[j].amount =
          mean.series([&](const Programme& p) -> const auto& { return p.parts[i].offers[j].amount; });
    }
  }
  for (std::size_t k = 0; k < out.services.size(); ++k) {
    PlanService& service = out.services[k];
    service.demand = mean.series([&](const Programme& p) -> const auto& { return p.services[k].demand; });
    for (std::size_t b = 0; b < service.blocks.size(); ++b) {
      service.blocks[b].price =
          mean.series([&](const Programme& p) -> const auto& { return p.services[k].blocks[b].price; });
    }
    for (auto& rate : service.throughput) {
      const std::string& id = rate.first;
      rate.second.per_accelerator =
          mean.figure([&](const Programme& p) { return p.services[k].throughput.at(id).per_accelerator; });
    }
  }
  return out;
}

}  // namespace stargate
