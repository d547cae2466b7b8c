// Where machines run and who delivers them: sites, routes between regions, suppliers, rental prices.
#pragma once

#include "stargate/catalogue/hardware.hpp"

namespace stargate {

/// Prices and carbon at the meter, construction by IT power; lead times from the order.
struct Site : Record {
  std::string country;  ///< "US", "Korea", "Japan": what data residency is about
  std::string region;   ///< a name that route records use
  std::string grid;     ///< whose grid, in words
  std::vector<std::string> partners;
  Power announced_power;             ///< at full size, as announced; the study says what is energised when
  std::string progress;              ///< what was reported of it
  MoneyPerEnergy electricity_price;  ///< at the meter
  CarbonIntensity carbon;            ///< of the grid's mean, g/kWh in files
  /// Power at the meter over power of the systems.
  double pue = 1.2;
  PricePerPower construction_price;  ///< of the facility without IT
  /// From the order: to a building; to grid power.
  Duration shell_lead_time, power_lead_time;
  static const RecordTable<Site>& table();
};

/// Symmetric: one record stands for both directions.
struct Route : Record {
  std::string from, to;  ///< regions
  Duration round_trip;   ///< of a packet
  static const RecordTable<Route>& table();
};

/// What a supplier can deliver to the world by quarter of one product ("memory:hbm3e-12hi", "system:gb200-nvl72",
/// "packaging:cowos"). Amounts of memory are bytes, of everything else units.
struct Supply {
  std::string product;                    ///< "memory:hbm3e-12hi", "packaging:cowos"
  std::optional<Series<Bytes>> capacity;  ///< a quarter, for memory
  std::optional<Series<double>> units;    ///< a quarter, for everything else
  Duration lead_time;                     ///< from order to delivery
  SourceNote source;                      ///< of this supply
  static const RecordTable<Supply>& table();
};

struct Supplier : Record {
  std::string country, role;     ///< ISO code; what it does, in words
  std::vector<Supply> delivers;  ///< one a product
  static const RecordTable<Supplier>& table();
};

/// One price somebody published; `tier` says of which kind of contract and seller.
struct RentalQuote {
  Quarter quarter;  ///< in which it was quoted
  /// Kind of contract and seller, in words.
  std::string tier;
  MoneyRate price;    ///< of one accelerator
  SourceNote source;  ///< of this quote
  static const RecordTable<RentalQuote>& table();
};

struct RentalPrice : Record {
  std::string accelerator;          ///< id
  std::vector<RentalQuote> quotes;  ///< in the order of the file
  static const RecordTable<RentalPrice>& table();
};

}  // namespace stargate
