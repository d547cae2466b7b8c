// Planning anew each quarter: without news it changes nothing, with news it lies between keeping the plan and knowing.
#include "stargate/planner/replan.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/test_programmes.hpp"

namespace stargate {
namespace {

constexpr double kSame = 1e-6;  // relative

Programme rolling_programme() {
  Programme p = broad_programme(8, 3, 2, 2);
  p.tail_years = 2;  // shorter than the life of machines: what is bought has a value at the end
  return p;
}

/// Power that is leased, given back and late, and halls for dense racks.
void add_rolling_power(Programme& p) {
  p.sites[1].lease = PlanLease{constant(p.first, p.last, 12.0 * megawatt), 90.0 * dollar / megawatt_hour, 4, {}};
  p.sites[1].grid.points[p.first + 5] = 30.0 * megawatt;  // a step down
  p.sites[0].building = {{10.0 * megawatt, p.first, 0.9}, {8.0 * megawatt, p.first + 3, 0.5}};
  p.halls = {{230.0 * kilowatt, 1.0 * dollar / watt}};
  for (auto& site : p.sites) site.rack = 100.0 * kilowatt;
  p.systems[1].rack = 200.0 * kilowatt;
}

/// Machines that stand and that wait for power, parts in stock.
void add_rolling_machines(Programme& p) {
  for (auto& part : p.parts) part.price = 10.0 * dollar;
  p.systems[0].standing = {{"site0", p.first - 3, 30, {}}, {"site0", p.first - 1, 30, {}}};
  p.systems[1].committed[p.first + 1] = {400, 0.4};
  p.sites[0].grid.points[p.first + 1] = 20.0 * megawatt;
}

/// Loans paid back, covenants, tax, carbon, rented machines.
void add_rolling_money(Programme& p) {
  p.capital[1].repayment = PlanRepayment{p.first + 3, p.first + 12};
  p.capital[1].drawn = 5.0 * million_dollars;
  p.debt_service = PlanCovenant{1.1, p.first + 3};
  p.fixed_charge = PlanCovenant{1.05, p.first + 4};
  p.tax = PlanTax{0.2, 12, 60, 20.0 * million_dollars};
  p.carbon_cap = 120e3 * tonne;
  PlanContract option;
  option.id = "rented", option.system = "system0";
  option.accelerators = constant(p.first + 1, p.last, 3000.0);
  option.price = constant(p.first, p.last, 2.0 * dollar / hour);
  option.take_or_pay = 0.7, option.services = {"service0"};
  p.contracts = {option};
  option.id = "signed", option.is_signed = true;
  p.contracts.push_back(option);
}

/// Engines beside the grid, some of them begun, and money for more.
void add_rolling_plants(Programme& p) {
  PlanPlant engines;
  engines.name = "gas engines";
  engines.most = constant(p.first, p.last, 25.0 * megawatt);
  engines.begun = constant(p.first + 1, p.last, 5.0 * megawatt);
  engines.lead = 2, engines.life = 40;
  engines.price = 1.5 * dollar / watt, engines.maintenance = 0.02;
  engines.fuel = 20.0 * dollar / megawatt_hour;
  for (auto& site : p.sites) site.plants = {engines}, site.take_or_pay = 0.6;
}

void check_unchanged(const Programme& p) {
  const auto solver = make_clp_solver();
  const RollingPlan rolling({p, {}, {}}, *solver);
  REQUIRE(rolling.fault() == "");
  const auto outcome = rolling.under({});
  REQUIRE(outcome.report.has_value());
  const ReplanReport& r = *outcome.report;
  CHECK(r.promised == doctest::Approx(r.foresight).epsilon(kSame));
  for (const auto& quarter : r.quarters) {
    CAPTURE(format_quarter(quarter.quarter));
    CHECK(quarter.expected == doctest::Approx(r.promised).epsilon(kSame));
  }
  CHECK(r.rolled == doctest::Approx(r.promised).epsilon(kSame));
}

TEST_CASE("a plan made anew from the state it reached itself is the same plan") {
  Programme p = rolling_programme();
  SUBCASE("machines, buildings, parts, money") {}
  SUBCASE("money is no limit") { p.capital.clear(); }
  SUBCASE("power, leases, halls") { add_rolling_power(p); }
  SUBCASE("parts in stock, machines that stand and wait") { add_rolling_machines(p); }
  SUBCASE("loans, covenants, tax, carbon, rented machines") { add_rolling_money(p); }
  SUBCASE("plants") { add_rolling_plants(p); }
  SUBCASE("all of it") { add_rolling_plants(p), add_rolling_power(p), add_rolling_machines(p), add_rolling_money(p); }
  SUBCASE("all of it, money is no limit") {
    add_rolling_power(p), add_rolling_machines(p), add_rolling_money(p), p.capital.clear();
  }
  check_unchanged(p);
}

TEST_CASE("the first half of a plan of a short horizon can be kept when the horizon grows") {
  const auto solver = make_clp_solver();
  Programme p = broad_programme(20, 2, 3, 2);
  p.last = p.first + 11, p.tail_years = 5, p.capital.clear();
  for (auto& system : p.systems) system.life = 20;
  const auto longer = RollingPlan({p, {}, {}}, *solver).longer(8);
  REQUIRE(longer.has_value());
  CHECK(longer->kept <= longer->best * (1 + kSame));
  CHECK(longer->loss() < 0.001);
}

TEST_CASE("who plans anew does no better than who knew, and no worse than who never looked") {
  const auto solver = make_clp_solver();
  Programme p = rolling_programme();
  p.capital.clear();
  const std::vector<PlanChange> news{{PlanDriver::demand, 0.4, {}, p.first + 3},
                                     {PlanDriver::token_price, 0.6, {}, p.first + 4}};
  const auto outcome = RollingPlan({p, {}, {}}, *solver).under(news);
  REQUIRE(outcome.report.has_value());
  const ReplanReport& r = *outcome.report;
  CHECK(r.foresight < r.promised);
  CHECK(r.rolled <= r.foresight + kSame * std::abs(r.promised));
  REQUIRE(r.kept.has_value());
  CHECK(r.rolled >= *r.kept - kSame * std::abs(r.promised));
  CHECK(r.quarters[3].learned.size() == 1);
}

}  // namespace
}  // namespace stargate
