// The field table of owners.
#include "stargate/catalogue/owner.hpp"

namespace stargate {

const RecordTable<Owner>& Owner::table() {
  using O = Owner;
  const Rule& life = life_within_century;
  const Rule pue{.at_least = 1.0, .above = {}, .at_most = 3.0};
  static const auto table =
      record_fields<O>("owner", "Who owns machines: what money costs, over how long things are paid, what power and room cost.")
          .required("capital_cost", &O::capital_cost, "Cost of capital a year (WACC), of the annuities.", fraction)
          .required("system_life", &O::system_life, "Years over which a system is paid.", life)
          .required("network_life", &O::network_life, "Years over which switches and optics are paid.", life)
          .required("storage_life", &O::storage_life, "Years over which storage is paid.", life)
          .optional("price_factor", &O::price_factor, "Of the price of a system: a discount or a markup.", positive)
          .optional("maintenance", &O::maintenance,
                    "Spares, staff and software a year, as a share of the price of systems, network and storage.",
                    fraction)
          .required("utilisation", &O::utilisation, "Share of its hours that an accelerator is sold or used.",
                    {.at_least = {}, .above = 0.0, .at_most = 1.0})
          .required("load", &O::load, "Energy drawn over that of full power all the time.", fraction)
          .required("pue_air", &O::pue_air, "Power at the meter for each watt of air-cooled machines.", pue)
          .required("pue_liquid", &O::pue_liquid, "Power at the meter for each watt of liquid-cooled machines.", pue)
          .optional("colocation", &O::colocation,
                    "Rent of power, room and cooling by the power at the meter, as \"130 $/kW/month\".", positive)
          .optional("construction_price", &O::construction_price, "A facility of one's own without IT, by IT power.")
          .optional("power_share", &O::power_share, "Share of it that is power supply.", fraction)
          .optional("cooling_share", &O::cooling_share, "Share of it that is cooling; the rest is the building.",
                    fraction)
          .optional("building_life", &O::building_life, "Years over which the building is paid.", life)
          .optional("power_life", &O::power_life, "Years over which the power supply is paid.", life)
          .optional("cooling_life", &O::cooling_life, "Years over which the cooling is paid.", life)
          .optional("facility_maintenance", &O::facility_maintenance,
                    "Upkeep of the facility a year, as a share of its price.", fraction)
          .optional("electricity_price", &O::electricity_price, "Price of electricity at the meter.", positive);
  return table;
}

}  // namespace stargate
