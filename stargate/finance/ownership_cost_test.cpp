// Costs of a machine made by hand, so that every figure can be checked on paper.
#include "stargate/finance/ownership_cost.hpp"

#include <doctest/doctest.h>

#include "stargate/finance/annuity.hpp"

using namespace stargate;

namespace {

/// Eight accelerators, 80 k$ and 8 kW, on a network of 64-port switches of 32 k$ and 640 W.
Catalogue small_catalogue() {
  Catalogue catalogue;
  Network& network = catalogue.networks["net"];
  network.bandwidth = 50 * gigabyte / second;
  network.switch_radix = 64, network.switch_price = 32e3 * dollar, network.optic_price = 500 * dollar;
  network.switch_power = 640 * watt, network.optic_power = 5 * watt;
  catalogue.accelerators["chip"].scale_out_bandwidth = 50 * gigabyte / second;
  System& system = catalogue.systems["box"];
  system.accelerator = "chip", system.scale_out = "net", system.power = 8 * kilowatt;
  system.price = {60e3 * dollar, 80e3 * dollar, 90e3 * dollar};
  return catalogue;
}

Owner builder() {
  Owner owner;
  owner.system_life = owner.network_life = owner.storage_life = 5 * year;
  owner.pue_air = 1.25, owner.pue_liquid = 1.1, owner.load = 0.5;
  owner.construction_price = PricePerPower{8 * dollar / watt, 10 * dollar / watt, 12 * dollar / watt};
  owner.power_share = 0.5, owner.cooling_share = 0.25;
  owner.building_life = 40 * year, owner.power_life = owner.cooling_life = 20 * year;
  owner.electricity_price = 0.1 * dollar / kilowatt_hour;
  return owner;
}

}  // namespace

TEST_CASE("a fat tree has the fewest tiers that reach its endpoints") {
  CHECK(fat_tree(64, 64).tiers == 1);
  CHECK(fat_tree(65, 64).tiers == 2);
  CHECK(fat_tree(2048, 64).tiers == 2);
  CHECK(fat_tree(2049, 64).tiers == 3);
  CHECK(fat_tree(65536, 64).switches == doctest::Approx(5.0 / 64));
  CHECK(fat_tree(65536, 64).optics == 4);
}

TEST_CASE("without interest an hour costs straight lines, upkeep and energy") {
  const Catalogue catalogue = small_catalogue();
  const System& system = catalogue.systems.at("box");
  const Owner owner = builder();
  // 512 in eight rails of 64: one tier, a switch for 64 accelerators
  const OwnershipCost cost = ownership_cost(catalogue, system, system.price.mid, owner, {nullptr, 512});
  CHECK(cost.line(CapitalClass::systems).price.in(dollar) == doctest::Approx(10'000));
  CHECK(cost.line(CapitalClass::network).price.in(dollar) == doctest::Approx(500));
  CHECK(cost.line(CapitalClass::storage).price.in(dollar) == doctest::Approx(125));
  CHECK(cost.it_power.in(watt) == doctest::Approx(1010));
  CHECK(cost.meter_power.in(watt) == doctest::Approx(1262.5));
  CHECK(cost.line(CapitalClass::power_supply).price.in(dollar) == doctest::Approx(5050));
  CHECK(cost.line(CapitalClass::building).price.in(dollar) == doctest::Approx(2525));
  CHECK(cost.power.in(dollar / hour) == doctest::Approx(0.5 * 1.2625 * 0.1));
  const double straight = (10'625 / 5.0 + 7'575 / 20.0 + 2'525 / 40.0) / 8760;
  CHECK(cost.annuities().in(dollar / hour) == doctest::Approx(straight));
  CHECK(cost.hour().in(dollar / hour) == doctest::Approx(straight + 0.063125));
  CHECK(cost.accelerators_in(megawatt) == doctest::Approx(1e6 / 1262.5));
}

TEST_CASE("colocation holds power and room") {
  const Catalogue catalogue = small_catalogue();
  const System& system = catalogue.systems.at("box");
  Owner owner = builder();
  owner.construction_price.reset(), owner.electricity_price.reset();
  owner.load = 1, owner.colocation = 146 * dollar / (kilowatt * month);  // 0.2 $ a kW and hour
  const OwnershipCost cost = ownership_cost(catalogue, system, system.price.mid, owner, {nullptr, 512});
  CHECK(cost.power.in(dollar / hour) == doctest::Approx(0.2525));
  CHECK(cost.line(CapitalClass::building).price == Money{});
}

TEST_CASE("a larger cluster, a dearer owner and a site each act where they should") {
  const Catalogue catalogue = small_catalogue();
  const System& system = catalogue.systems.at("box");
  Owner owner = builder();
  const OwnershipCost small = ownership_cost(catalogue, system, system.price.mid, owner, {nullptr, 512});
  const OwnershipCost large = ownership_cost(catalogue, system, system.price.mid, owner, {nullptr, 16'384});
  CHECK(large.cluster.tree.tiers == 2);
  CHECK(large.cluster.switch_count * 16'384 == doctest::Approx(768));
  CHECK(large.line(CapitalClass::network).price > small.line(CapitalClass::network).price);
  Site site;
  site.pue = 1.5, site.electricity_price = 0.2 * dollar / kilowatt_hour;
  site.construction_price = {1 * dollar / watt, 20 * dollar / watt, 30 * dollar / watt};
  const OwnershipCost there = ownership_cost(catalogue, system, system.price.mid, owner, {&site, 512});
  CHECK(there.meter_power.in(watt) == doctest::Approx(1515));
  CHECK(there.line(CapitalClass::building).price.in(dollar) == doctest::Approx(5050));
  owner.capital_cost = 0.1, owner.maintenance = 0.03, owner.price_factor = 0.9;
  const OwnershipCost lent = ownership_cost(catalogue, system, system.price.mid, owner, {nullptr, 512});
  const auto& line = lent.line(CapitalClass::systems);
  CHECK(line.price.in(dollar) == doctest::Approx(9000));
  CHECK(line.annuity.in(dollar / hour) == doctest::Approx(9000 * quarterly_annuity(0.1, 20) / 2190));
  CHECK(line.upkeep.in(dollar / hour) == doctest::Approx(270.0 / 8760));
}
