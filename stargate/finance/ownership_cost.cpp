// Class by class; lives are counted in whole quarters, as the planner counts them.
#include "stargate/finance/ownership_cost.hpp"

#include <algorithm>
#include <cmath>

#include "stargate/finance/annuity.hpp"

namespace stargate {
namespace {

CapitalLine make_line(Money price, Duration life, double rate, double upkeep) {
  const int quarters = std::max(1, static_cast<int>(std::lround(life / quarter_year)));
  return {price, life, price * quarterly_annuity(rate, quarters) / quarter_year,
          price / static_cast<double>(quarters) / quarter_year, price * upkeep / year};
}

void add_machines(OwnershipCost& out, const System& system, Money system_price, const Owner& owner) {
  const auto add = [&](CapitalClass c, Money price, Duration life) {
    out.capital[static_cast<std::size_t>(c)] = make_line(price, life, owner.capital_cost, owner.maintenance);
  };
  add(CapitalClass::systems, system_price / system.accelerators, owner.system_life);
  add(CapitalClass::network, out.cluster.network(), owner.network_life);
  add(CapitalClass::storage, out.cluster.storage, owner.storage_life);
}

/// By IT power, as construction is priced.
void add_facility(OwnershipCost& out, const Owner& owner, const Site* site) {
  const Money whole = out.it_power * (site != nullptr ? site->construction_price : *owner.construction_price).mid;
  const auto add = [&](CapitalClass c, double share, Duration life) {
    out.capital[static_cast<std::size_t>(c)] =
        make_line(share * whole, life, owner.capital_cost, owner.facility_maintenance);
  };
  add(CapitalClass::building, 1 - owner.power_share - owner.cooling_share, owner.building_life);
  add(CapitalClass::power_supply, owner.power_share, owner.power_life);
  add(CapitalClass::cooling, owner.cooling_share, owner.cooling_life);
}

}  // namespace

Money OwnershipCost::capital_price() const {
  Money sum;
  for (const auto& line : capital) sum += line.price;
  return sum;
}

MoneyRate OwnershipCost::annuities() const {
  MoneyRate sum;
  for (const auto& line : capital) sum += line.annuity;
  return sum;
}

MoneyRate OwnershipCost::upkeep() const {
  MoneyRate sum;
  for (const auto& line : capital) sum += line.upkeep;
  return sum;
}

OwnershipCost ownership_cost(const Catalogue& catalogue, const System& system, Money system_price, const Owner& owner,
                             const OwnershipPlace& place) {
  const Money paid = owner.price_factor * system_price;
  OwnershipCost out;
  out.utilisation = owner.utilisation;
  out.cluster = cluster_share(catalogue, system, paid, place.accelerators);
  out.it_power = system.power / system.accelerators + out.cluster.power;
  const double pue = place.site != nullptr             ? place.site->pue
                     : system.cooling == Cooling::liquid ? owner.pue_liquid
                                                         : owner.pue_air;
  out.meter_power = pue * out.it_power;
  add_machines(out, system, paid, owner);
  if (owner.colocation) {
    out.power_price = *owner.colocation;
  } else {
    add_facility(out, owner, place.site);
    out.power_price = place.site != nullptr ? place.site->electricity_price : *owner.electricity_price;
  }
  out.power = owner.load * (out.meter_power * out.power_price);
  return out;
}

}  // namespace stargate
