// The field tables of sites, routes, suppliers and rental prices.
#include "stargate/catalogue/place.hpp"

namespace stargate {

const RecordTable<Site>& Site::table() {
  static const auto table =
      record_fields<Site>("site", "A place with power for data centres.")
          .required("country", &Site::country, "Country; data residency is decided by it.")
          .required("region", &Site::region, "Region name that routes use.")
          .required("grid", &Site::grid, "Grid operator.")
          .optional("partners", &Site::partners, "Who builds and runs it.")
          .required("announced_power", &Site::announced_power, "Power that was announced.", positive)
          .optional("progress", &Site::progress, "What was reported of it.")
          .required("electricity_price", &Site::electricity_price, "Price of electricity.", positive)
          .required("carbon", &Site::carbon, "Carbon dioxide of a unit of electricity.", not_negative)
          .required("pue", &Site::pue, "Power of the facility for each watt of IT.",
                    Rule{.at_least = 1.0, .above = {}, .at_most = 3.0})
          .required("construction_price", &Site::construction_price, "Facility without IT, by IT power.")
          .required("shell_lead_time", &Site::shell_lead_time, "From order to a building.", within_century)
          .required("power_lead_time", &Site::power_lead_time, "From order to grid power.", within_century);
  return table;
}

const RecordTable<Route>& Route::table() {
  static const auto table = record_fields<Route>("route", "Network distance between two regions.")
                                .required("from", &Route::from, "Region.")
                                .required("to", &Route::to, "Region.")
                                .required("round_trip", &Route::round_trip, "Round-trip time.", positive);
  return table;
}

const RecordTable<Supply>& Supply::table() {
  static const auto table =
      RecordTable<Supply>("supply", "What one supplier can deliver of one product.")
          .required("product", &Supply::product, "kind:id, such as memory:hbm3e-12hi or packaging:cowos.")
          .optional("capacity", &Supply::capacity, "Bytes a quarter, to the whole world (memory).", not_negative)
          .optional("units", &Supply::units, "Units a quarter, to the whole world (everything else).", not_negative)
          .required("lead_time", &Supply::lead_time, "From order to delivery.", within_century)
          .required("source", &Supply::source, "Where the figure comes from.");
  return table;
}

const RecordTable<Supplier>& Supplier::table() {
  static const auto table = record_fields<Supplier>("supplier", "A company that delivers parts of a build-out.")
                                .required("country", &Supplier::country, "Country of its head office.")
                                .required("role", &Supplier::role, "What it does in the programme.")
                                .optional("delivers", &Supplier::delivers, "What it can deliver, when.");
  return table;
}

const RecordTable<RentalQuote>& RentalQuote::table() {
  static const auto table = RecordTable<RentalQuote>("rental quote", "One published price.")
                                .required("quarter", &RentalQuote::quarter, "When.")
                                .required("tier", &RentalQuote::tier, "Kind of contract and seller.")
                                .required("price", &RentalQuote::price, "Of one accelerator.", positive)
                                .required("source", &RentalQuote::source, "Where it was read.");
  return table;
}

const RecordTable<RentalPrice>& RentalPrice::table() {
  static const auto table = record_fields<RentalPrice>("rental price", "What renting an accelerator cost over time.")
                                .required("accelerator", &RentalPrice::accelerator, "Id of the accelerator.")
                                .required("quotes", &RentalPrice::quotes, "Prices by date.");
  return table;
}

}  // namespace stargate
