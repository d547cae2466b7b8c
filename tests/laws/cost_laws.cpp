// What must hold of the cost of every system for every owner: it never falls when a price, a rate or an overhead rises
// or a life gets shorter, it is the sum of its parts, and a plan pays for a machine what the bill lists.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <functional>

#include "small_study.hpp"
#include "stargate/finance/ownership_cost.hpp"

using namespace stargate;

namespace {

struct DearerOwner {
  const char* how;
  std::function<void(Owner&)> change;
};

const DearerOwner kDearer[] = {
    {"a higher cost of capital", [](Owner& o) { o.capital_cost *= 1.2; }},
    {"a shorter life of systems", [](Owner& o) { o.system_life = 0.75 * o.system_life; }},
    {"a shorter life of the network", [](Owner& o) { o.network_life = 0.75 * o.network_life; }},
    {"a shorter life of storage", [](Owner& o) { o.storage_life = 0.75 * o.storage_life; }},
    {"a shorter life of the building", [](Owner& o) { o.building_life = 0.75 * o.building_life; }},
    {"a shorter life of power supply", [](Owner& o) { o.power_life = 0.75 * o.power_life; }},
    {"a shorter life of cooling", [](Owner& o) { o.cooling_life = 0.75 * o.cooling_life; }},
    {"a markup", [](Owner& o) { o.price_factor *= 1.1; }},
    {"upkeep", [](Owner& o) { o.maintenance += 0.03, o.facility_maintenance += 0.02; }},
    {"overhead", [](Owner& o) { o.pue_air += 0.1, o.pue_liquid += 0.1; }},
    {"load", [](Owner& o) { o.load *= 1.1; }},
    {"dearer power",
     [](Owner& o) {
       if (o.colocation) o.colocation = 1.1 * *o.colocation;
       if (o.electricity_price) o.electricity_price = 1.1 * *o.electricity_price;
     }},
    {"dearer construction", [](Owner& o) {
       if (o.construction_price) o.construction_price->mid = 1.1 * o.construction_price->mid;
     }}};

MoneyRate hour_of(const System& system, const Owner& owner, Money price, double cluster = 16'384) {
  return ownership_cost(shipped_catalogue(), system, price, owner, {nullptr, cluster}).hour();
}

/// Each system with each owner.
template <class F>
void for_each_pair(F f) {
  for (const auto& [id, system] : shipped_catalogue().systems) {
    for (const auto& [name, owner] : shipped_catalogue().owners) {
      const std::string where = id + ", " + name;
      CAPTURE(where);
      f(system, owner);
    }
  }
}

}  // namespace

TEST_CASE("cost never falls when a price or a rate rises or a life gets shorter") {
  for_each_pair([](const System& system, const Owner& owner) {
    const MoneyRate before = hour_of(system, owner, system.price.mid);
    for (const auto& [how, change] : kDearer) {
      Owner dearer = owner;
      change(dearer);
      CHECK_MESSAGE(hour_of(system, dearer, system.price.mid) >= before, how);
    }
    CHECK(hour_of(system, owner, system.price.low) <= before);
    CHECK(hour_of(system, owner, system.price.high) >= before);
    for (double cluster = 8, smaller = 0; cluster < 2e6; cluster *= 2) {
      const double now = hour_of(system, owner, system.price.mid, cluster).base();
      CHECK(now >= smaller);
      smaller = now;
    }
  });
}

TEST_CASE("an hour is the sum of its parts, and interest is never below nothing") {
  for_each_pair([](const System& system, const Owner& owner) {
    const OwnershipCost cost = ownership_cost(shipped_catalogue(), system, system.price.mid, owner, {});
    MoneyRate sum = cost.power;
    for (const auto& line : cost.capital) {
      sum += line.depreciation + line.interest() + line.upkeep;
      CHECK(line.interest() >= MoneyRate{});
    }
    CHECK(sum.base() == doctest::Approx(cost.hour().base()).epsilon(1e-12));
    CHECK(cost.hour_sold() >= cost.hour());
  });
}

TEST_CASE("a plan pays for a machine what its bill lists, and reserves the power the bill says") {
  const Catalogue& catalogue = shipped_catalogue();
  auto study = parse_study("study.yaml", kSmallStudy, catalogue, {});
  REQUIRE(study.ok());
  for (auto& system : study->systems) system.price_change = 0;
  const Programme programme = make_programme(catalogue, *study, made_up_rates(*study), {});
  REQUIRE(!programme.systems.empty());
  for (const PlanSystem& bought : programme.systems) {
    const System& system = catalogue.systems.at(bought.id);
    const Owner& owner = catalogue.owners.at(kUsualOwner);
    const OwnershipCost cost =
        ownership_cost(catalogue, system, system.price.mid, owner, {nullptr, kCampusAccelerators});
    Money listed;
    for (const auto c : {CapitalClass::systems, CapitalClass::network, CapitalClass::storage}) {
      listed += static_cast<double>(system.accelerators) * cost.line(c).price;
    }
    CHECK(bought.price.at(programme.first).base() == doctest::Approx(listed.base()).epsilon(1e-12));
    CHECK(bought.power.base() == doctest::Approx(system.accelerators * cost.it_power.base()).epsilon(1e-12));
  }
}
