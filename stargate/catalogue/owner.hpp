// Who owns machines: what money costs, over how long things are paid, whether the owner builds or takes colocation.
// One rule of cost for all chips (finance/ownership_cost.hpp); what differs between owners is here and nowhere else.
#pragma once

#include "stargate/catalogue/hardware.hpp"

namespace stargate {

/// Rates are shares a year. An owner either builds (construction_price) or rents power and room (colocation).
struct Owner : Record {
  double capital_cost = 0;  ///< WACC, of the annuities
  Duration system_life, network_life, storage_life;
  double price_factor = 1;  ///< of the catalogue's price of a system: a discount or a markup
  double maintenance = 0;   ///< of the price of systems, network and storage: spares, staff, software
  double utilisation = 1;   ///< share of its hours that an accelerator is sold or used
  double load = 1;          ///< energy drawn over that of the full power all the time
  double pue_air = 1, pue_liquid = 1;  ///< power at the meter over power of the machines, by how they are cooled

  /// Power, room and cooling rented together; by the power at the meter.
  std::optional<MoneyPerEnergy> colocation;

  /// A facility of one's own without IT, by IT power; the shares of it that are power supply and cooling, the rest is
  /// the building.
  std::optional<PricePerPower> construction_price;
  double power_share = 0, cooling_share = 0;
  Duration building_life, power_life, cooling_life;
  double facility_maintenance = 0;                  ///< of the construction price
  std::optional<MoneyPerEnergy> electricity_price;  ///< at the meter
  static const RecordTable<Owner>& table();
};

}  // namespace stargate
