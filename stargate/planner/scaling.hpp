// The one place where quantities become the LP's plain numbers and come back: money in M$, power in MW, accelerators in
// thousands, tokens in millions a second, carbon in kilotonnes; energy is mean power over a quarter of 2,190 hours.
// With these the coefficients of real programmes lie between 1e-3 and 1e4, where a simplex keeps its digits.
#pragma once

#include <algorithm>
#include <cmath>

#include "stargate/planner/programme.hpp"

namespace stargate {

/// One unit of the LP: a thousand accelerators, one megawatt, a million dollars, a million tokens a second, a
/// kilotonne.
inline constexpr double kLpAccelerators = 1000;
inline constexpr Power kLpPower = megawatt;
inline constexpr Money kLpMoney = million_dollars;
inline constexpr TokenRate kLpTokenRate = million_tokens / second;
inline constexpr Mass kLpCarbon = 1000.0 * tonne;

/// A quantity as the LP's plain number.
inline double to_lp(Money money) { return money.in(kLpMoney); }
inline double to_lp(Power power) { return power.in(kLpPower); }
inline double to_lp(TokenRate rate) { return rate.in(kLpTokenRate); }
inline double to_lp(Mass carbon) { return carbon.in(kLpCarbon); }

/// Systems in one LP unit (a thousand accelerators).
inline double systems_per_lp(const PlanSystem& system) { return kLpAccelerators / system.accelerators; }

/// M$ of a thousand accelerators delivered `quarter`.
inline double price_lp(const PlanSystem& system, Quarter quarter) {
  return to_lp(system.price.at(quarter)) * systems_per_lp(system);
}
/// M$ a quarter to maintain a thousand accelerators, at that quarter's price of a new one.
inline double maintenance_lp(const PlanSystem& system, Quarter quarter) {
  return 0.25 * system.maintenance * price_lp(system, quarter);
}
/// MW at the meter that a thousand accelerators may draw.
inline double full_power_lp(const PlanSite& site, const PlanSystem& system) {
  return to_lp(system.power) * site.pue * systems_per_lp(system);
}
/// Mean MW at the meter of a thousand installed accelerators that do nothing.
inline double idle_power_lp(const PlanSite& site, const PlanSystem& system) {
  return system.idle_power * full_power_lp(site, system);
}
/// Mean MW a thousand accelerators draw above idle when given to a service.
inline double work_power_lp(const PlanSite& site, const PlanSystem& system, const PlanService& service) {
  // A share below idle would mean that work saves power: it counts as none.
  const double busy = service.throughput.at(system.id).power_share - system.idle_power;
  return std::max(0.0, busy) * service.utilisation * full_power_lp(site, system);
}
/// Million tokens a second of a thousand accelerators given to a service.
inline double throughput_lp(const PlanSystem& system, const PlanService& service) {
  return kLpAccelerators * service.utilisation * to_lp(service.throughput.at(system.id).per_accelerator);
}
/// The same of a thousand accelerators of another owner.
inline double rented_throughput_lp(const PlanService& service, const PlanThroughput& rate) {
  return kLpAccelerators * service.utilisation * to_lp(rate.per_accelerator);
}
/// M$ a quarter of a thousand accelerators rented at `price` an hour each.
inline double hire_lp(MoneyRate price) { return to_lp(kLpAccelerators * price * quarter_year); }
/// M$ a quarter of one MW under lease.
inline double rent_lp(const PlanLease& lease) { return to_lp(kLpPower * quarter_year * lease.rent); }
/// M$ of one MW drawn of the grid for a quarter.
inline double electricity_lp(const PlanSite& site) { return to_lp(kLpPower * quarter_year * site.electricity_price); }
/// Kilotonnes of one MW drawn for a quarter.
inline double carbon_lp(const PlanSite& site) { return to_lp(kLpPower * quarter_year * site.carbon); }
/// M$ of a million tokens a second over a quarter.
inline double token_value_lp(MoneyPerToken price) { return to_lp(kLpTokenRate * quarter_year * price); }
/// Million tokens a second that a block wants in the quarter.
inline double wanted_lp(const PlanService& service, const PlanBlock& block, Quarter quarter) {
  return to_lp(service.demand.at(quarter)) * block.share.at(quarter);
}
/// Of the part a thousand accelerators of the system need, in its own unit (GB, wafers); zero where it needs none.
inline double part_need(const PlanSystem& system, const PlanPart& part) {
  const auto found = system.parts.find(part.product);
  return found == system.parts.end() ? 0 : found->second * systems_per_lp(system);
}
/// Units of the part in one LP unit: the largest need, so that coefficients are at most one; zero where none needs it.
inline double part_unit(const Programme& programme, const PlanPart& part) {
  double unit = 0;
  for (const auto& system : programme.systems) unit = std::max(unit, part_need(system, part));
  return unit;
}
/// M$ a quarter to keep one LP unit of the part in stock; zero where it cannot be kept.
inline double keeping_lp(const Programme& programme, const PlanPart& part) {
  const double rate = std::pow(1 + programme.capital_cost, 0.25) - 1;
  return std::max(1e-9, rate) * part_unit(programme, part) * to_lp(part.price);
}
/// M$ of one MW of plant; to keep it for a quarter.
inline double plant_lp(const PlanPlant& plant) { return to_lp(kLpPower * plant.price); }
inline double plant_care_lp(const PlanPlant& plant) { return 0.25 * plant.maintenance * plant_lp(plant); }
/// M$ of one MW made for a quarter, and kilotonnes of it.
inline double fuel_lp(const PlanPlant& plant) { return to_lp(kLpPower * quarter_year * plant.fuel); }
inline double plant_carbon_lp(const PlanPlant& plant) { return to_lp(kLpPower * quarter_year * plant.carbon); }
/// Of one MW of backup, the mean MW over a quarter that it gives in cuts.
inline double bridged_lp(const PlanSite& site, const PlanPlant& plant) { return site.flexible->cut * plant.bridged; }
/// M$ a quarter for what one MW of backup gives then, beside what the grid would have cost; never a gain.
inline double bridging_lp(const PlanSite& site, const PlanPlant& plant) {
  const double beside = plant.battery ? plant.loss * electricity_lp(site) : fuel_lp(plant) - electricity_lp(site);
  return bridged_lp(site, plant) * std::max(0.0, beside);
}
/// Kilotonnes a quarter of the same.
inline double bridging_carbon_lp(const PlanSite& site, const PlanPlant& plant) {
  const double beside = plant.battery ? plant.loss * carbon_lp(site) : plant_carbon_lp(plant) - carbon_lp(site);
  return bridged_lp(site, plant) * std::max(0.0, beside);
}
/// M$ to refit one MW.
inline double refit_lp(const PlanHall& hall) { return to_lp(kLpPower * hall.price); }
/// M$ to build one MW.
inline double construction_lp(const PlanSite& site) { return to_lp(kLpPower * site.construction_price); }

/// Numerical dust of the solver becomes zero; what is not negative stays so.
inline double without_dust(double x) { return std::abs(x) < 1e-6 ? 0.0 : x; }

}  // namespace stargate
