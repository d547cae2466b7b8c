// Power beside the grid, machines that fail and loans on security, by hand. In hand_programme a rack of 10 kW earns
// 0.7884 M$ a quarter and costs 0.05; a megawatt of building 0.125.
#include <doctest/doctest.h>

#include <cmath>

#include "stargate/planner/test_plans.hpp"
#include "stargate/planner/test_programmes.hpp"

using namespace stargate;

namespace {

constexpr double kEarns = 78.84 - 5.125;  // M$ a quarter of 100 racks on one megawatt

doctest::Approx near(double value) { return doctest::Approx(value).epsilon(1e-6).scale(1e-6); }

/// 1 $/W over 80 quarters, 10 $/MWh, 400 kg/MWh.
PlanPlant engines(const Programme& p) {
  PlanPlant out;
  out.name = "engines", out.most = constant(p.first, p.last, 100.0 * megawatt), out.lead = 0;
  out.price = 1.0 * dollar / watt;
  out.fuel = 10.0 * dollar / megawatt_hour, out.carbon = 400.0 * kilogram / megawatt_hour;
  return out;
}

Programme without_grid() {
  Programme p = hand_programme();
  p.sites[0].grid = {};
  return p;
}

void check_bridge(const PlanBridge& b) {
  CHECK((b.paid + b.paid_before + b.due_after - b.other - b.timing).base() == near((b.charged + b.book).base()));
}

}  // namespace

TEST_CASE("engines carry a site without a grid, and a megawatt of them is worth what it would serve") {
  Programme p = without_grid();
  p.sites[0].plants = {engines(p)};
  const Plan plan = solve(p);
  const double fuel = 2190 * 10e-6;  // M$ a quarter
  CHECK(plan.value.in(million_dollars) == near(4 * (kEarns - 0.0125 - fuel)));
  const auto& site = plan.quarters[1].sites[0];
  CHECK(site.plants.in(megawatt) == near(1));
  CHECK(site.made.in(megawatt_hour) == near(2190));
  CHECK(site.paid_energy.base() == near(0));
  CHECK(site.carbon.in(tonne) == near(876));
  CHECK(plan.capital.power.in(million_dollars) == near(1));
  CHECK(plan.parts.energy.in(million_dollars) == near(4 * fuel));
  check_bridge(plan.building_bridge);
  p.sites[0].plants[0].most = constant(p.first, p.last, 0.5 * megawatt);
  CHECK(price_of(solve(p), "engines at abilene") == near(4 * (kEarns - 0.0125 - fuel)));
  p.sites[0].plants[0].lead = 2;
  CHECK(solve(p).quarters[1].energised.base() == near(0));
  p.sites[0].plants[0].begun = constant(p.first, p.last, 0.25 * megawatt);  // paid
  CHECK(solve(p).quarters[0].energised.in(megawatt) == near(0.25));
}

TEST_CASE("beside a grid an engine runs when its fuel costs less") {
  Programme p = hand_programme();
  p.sites[0].electricity_price = 50.0 * dollar / megawatt_hour, p.sites[0].plants = {engines(p)};
  CHECK(solve(p).quarters[0].sites[0].made.in(megawatt_hour) == near(2190));
  p.sites[0].plants[0].fuel = 49.0 * dollar / megawatt_hour;  // a dollar a MWh does not pay for the engine
  CHECK(solve(p).quarters[0].sites[0].made.base() == near(0));
}

TEST_CASE("power that is cut at times stops as many machines, or backup carries them as long as it lasts") {
  Programme p = without_grid();
  p.sites[0].flexible = PlanFlexible{constant(p.first, p.last, 100.0 * megawatt), 0.1};
  const Plan plan = solve(p);  // 111 racks of which a tenth of the time none runs
  CHECK(plan.value.in(million_dollars) == near(4 * (78.84 - 5.125 / 0.9)));
  CHECK(plan.quarters[2].sites[0].flexible.in(megawatt) == near(1 / 0.9));
  CHECK(plan.quarters[2].sites[0].cut.in(megawatt) == near(0.1 / 0.9));
  PlanPlant battery = engines(p);
  battery.name = "battery", battery.battery = true, battery.bridged = 0.5, battery.price = {}, battery.fuel = {};
  battery.most = constant(p.first, p.last, 0.5 * megawatt);  // 0.25 of n MW run through: n - 0.1 (n - 0.25) = 1
  p.sites[0].plants = {battery};
  CHECK(solve(p).value.in(million_dollars) == near(4 * (78.84 - 5.125 * 0.975 / 0.9)));
  p.sites[0].flexible->most = constant(p.first, p.last, 0.5 * megawatt);
  p.sites[0].plants.clear();
  CHECK(price_of(solve(p), "power that is cut at times at abilene") == near(4 * (0.9 * 78.84 - 5.125)));
}

TEST_CASE("what fails is bought again, or no longer stands, and nobody calls it stranded") {
  Programme p = hand_programme();
  p.systems[0].attrition = {1 - std::pow(0.9, 4)};  // a tenth a quarter
  const Plan plan = solve(p);
  CHECK(plan.quarters[0].systems[0].delivered == near(100));
  for (int t = 1; t < 4; ++t) {
    CHECK(plan.quarters[t].systems[0].failed == near(10));
    CHECK(plan.quarters[t].systems[0].installed == near(100));
  }
  CHECK(plan.retired_early.empty());
  // 130 M$ paid; left are 100 * 0.9^4 of the first with 16 of 20 quarters before them, and so on
  double left = 0.8 * 100 * std::pow(0.9, 4);
  for (int t = 1; t < 4; ++t) left += 10 * std::pow(0.9, 4 - t) * (16 + t) / 20;
  CHECK(plan.value.in(million_dollars) == near(4 * (78.84 - 0.125) - 130 + left));
}

TEST_CASE("spares are bought and held without power, and go to work when nothing else does") {
  Programme p = hand_programme();
  p.systems[0].spares = 0.05;
  const Plan plan = solve(p);
  CHECK(plan.quarters[0].systems[0].arrived == near(105));
  CHECK(plan.quarters[3].systems[0].spares == near(5));
  CHECK(plan.quarters[3].energised.in(megawatt) == near(1));
}

TEST_CASE("a loan on security lends a share of the book of what stands, outside the share of debt") {
  Programme p = hand_programme();
  p.maximum_debt_share = 0.2;
  p.capital = {{"owners", p.first, 30.0 * million_dollars, FundKind::equity, 0},
               {"banks", p.first, 500.0 * million_dollars, FundKind::debt, 0}};
  const double before = solve(p).value.in(million_dollars);
  p.capital.push_back({"on machines", p.first, 500.0 * million_dollars, FundKind::debt, 0});
  p.capital[2].collateral = PlanCollateral{0.4, 0, false};
  const Plan plan = solve(p);
  CHECK(plan.value.in(million_dollars) > before + 1);
  double book = 0;  // at the end of the quarter
  for (int t = 0; t < 4; ++t) {
    book += plan.quarters[t].systems[0].delivered;
    double written_off = 0;
    for (int u = 0; u <= t; ++u) written_off += plan.quarters[u].systems[0].delivered * (t + 1 - u) / 20;
    CHECK(plan.quarters[t].owed[2].in(million_dollars) <= 0.4 * (book - written_off) + 1e-6);
  }
  CHECK(price_of(plan, "security of on machines") > 0);
  p.capital[2].collateral->recourse = true;  // then it is debt like any other
  CHECK(solve(p).value.in(million_dollars) == near(before));
}
