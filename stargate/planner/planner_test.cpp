// Programmes whose least-cost plan is known by hand: what is built, what it costs and what a limit is worth.
#include "stargate/planner/planner.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>

#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/families.hpp"
#include "stargate/planner/finance.hpp"
#include "stargate/planner/test_plans.hpp"
#include "stargate/planner/test_programmes.hpp"

using namespace stargate;

namespace {

doctest::Approx near(double value) { return doctest::Approx(value).epsilon(1e-6); }

const LimitGroup* group_of(const Plan& plan, const std::string& name) {
  const auto found = std::find_if(plan.groups.begin(), plan.groups.end(),
                                  [&](const LimitGroup& group) { return group.group == name; });
  return found == plan.groups.end() ? nullptr : &*found;
}

double price_in(const Plan& plan, const std::string& name, Quarter quarter) {
  for (const auto& limit : plan.limits) {
    if (limit.group == name && limit.quarter == quarter) return limit.price.in(dollar);
  }
  return 0;
}

constexpr double kUnmet = 78.84;  ///< M$ a quarter that the whole demand of hand_programme earns

/// What serving costs and what is not earned, M$: against all demand served for nothing.
double shortfall(const Programme& p, const Plan& plan) {
  double all = 0;
  for (int t = 0; t < p.quarters(); ++t) {
    for (const auto& block : plan.quarters[t].services[0].blocks) {
      all += discount_factor(p, t) * (block.wanted * quarter_year * block.price).in(million_dollars);
    }
  }
  return all - plan.value.in(million_dollars);
}

}  // namespace

TEST_CASE("with nothing scarce the demand is met by just enough systems and power") {
  Programme p = hand_programme();
  p.sites[0].electricity_price = 100.0 * dollar / megawatt_hour;
  p.systems[0].maintenance = 0.04;
  const Plan plan = solve(p);
  for (const auto& quarter : plan.quarters) {
    CHECK(quarter.systems[0].installed == near(100));
    CHECK(quarter.accelerators == near(1000));
    CHECK(quarter.energised.in(megawatt) == near(1));
    CHECK(quarter.services[0].served.base() == near(1e6));
    CHECK(quarter.energy.in(megawatt_hour) == near(2190));
    // 5 annuity + 0.125 building + 0.219 energy + 1 maintenance M$ over 7.884e12 tokens
    CHECK(quarter.services[0].cost_per_token.base() == near(6.344e6 / 7.884e12));
    CHECK(quarter.services[0].unmet.base() == 0);
  }
  CHECK(plan.parts.systems.in(million_dollars) == near(20));
  CHECK(plan.parts.construction.in(million_dollars) == near(0.5));
  CHECK(plan.parts.energy.in(million_dollars) == near(0.876));
  CHECK(plan.parts.opex.in(million_dollars) == near(4));
  CHECK(shortfall(p, plan) == near(25.376));
  CHECK(plan.limits.empty());
}

TEST_CASE("who does not pay what a token costs is not served, and nothing is lost by it") {
  Programme p = hand_programme();
  p.services[0].blocks = {everybody(p, 10.0 * dollar / million_tokens), everybody(p, 0.5 * dollar / million_tokens)};
  p.services[0].blocks[0].share = constant(p.first, p.last, 0.6);
  p.services[0].blocks[1].share = constant(p.first, p.last, 0.4);
  const Plan plan = solve(p);  // serving costs 5.125 M$ a quarter of all, 5.125 / 7.884 = 0.65 $/Mtok
  CHECK(plan.quarters[0].systems[0].installed == near(60));
  CHECK(plan.quarters[1].services[0].blocks[0].served.base() == near(6e5));
  CHECK(plan.quarters[1].services[0].blocks[1].served.base() == 0);
  CHECK(plan.quarters[1].services[0].unmet.base() == near(4e5));
  CHECK(plan.value.in(million_dollars) == near(4 * 0.6 * (kUnmet - 5.125)));
  CHECK(plan.revenue.in(million_dollars) == near(4 * 0.6 * kUnmet));
  double marginal = 0;  // of one quarter it may be anything that the others make up for: machines serve them all
  for (const auto& quarter : plan.quarters) marginal += quarter.services[0].marginal_cost.in(dollar / million_tokens);
  CHECK(marginal == near(4 * 5.125 / 7.884));
  Programme dearer = p;
  dearer.services[0].blocks[1].price = constant(p.first, p.last, 0.66 * dollar / million_tokens);
  CHECK(solve(dearer).quarters[1].services[0].blocks[1].served.base() == near(4e5));
}

TEST_CASE("power of half the demand serves half, and a megawatt is worth the tokens it would serve") {
  Programme p = hand_programme();
  p.sites[0].grid = constant(p.first, p.last, 0.5 * megawatt);
  const Plan plan = solve(p);
  CHECK(plan.quarters[2].services[0].served.base() == near(5e5));
  CHECK(shortfall(p, plan) == near(4 * (0.5 * kUnmet + 0.5 * 5.125)));
  const LimitGroup* power = group_of(plan, "power at abilene");
  REQUIRE(power != nullptr);
  CHECK(power->unit == "MW");
  CHECK(power->price.in(million_dollars) == near(4 * (kUnmet - 5.125)));
  CHECK(power->one_percent.in(million_dollars) == near(0.01 * 0.5 * 4 * (kUnmet - 5.125)));
  CHECK(plan.groups.front().group == "power at abilene");
  CHECK(plan.quarters[1].services[0].marginal_cost.base() == near(10e-6));
}

TEST_CASE("crews and construction leads delay power") {
  Programme p = hand_programme();
  p.sites[0].construction_lead = 2;
  p.sites[0].most_started = 0.4 * megawatt;
  const Plan plan = solve(p);
  const double expected[] = {0, 0, 0.4, 0.8};
  for (int t = 0; t < 4; ++t) CHECK(plan.quarters[t].energised.in(megawatt) == near(expected[t]));
  CHECK(plan.quarters[0].sites[0].started.in(megawatt) == near(0.4));
  // a MW more in 2026Q1 works in two quarters, one more in 2026Q2 in one
  CHECK(price_in(plan, "construction starts at abilene", kStart) == near(2e6 * (kUnmet - 5.125)));
  CHECK(price_in(plan, "construction starts at abilene", kStart + 1) == near(1e6 * (kUnmet - 5.125)));
  CHECK(plan.quarters[0].spent.construction.in(million_dollars) == near(2));  // half of 0.4 MW at 10 $/W
  CHECK(plan.quarters[1].spent.construction.in(million_dollars) == near(4));
}

TEST_CASE("memory of two suppliers limits systems, and a gigabyte is worth the quarters it works") {
  Programme p = hand_programme();
  PlanPart part{"memory:hbm", "GB", 1, {{"samsung", {}}, {"sk-hynix", {}}}};
  for (int t = -1; t < 4; ++t) part.offers[0].amount.points[p.first + t] = 19200;
  part.offers[1].amount.points[p.first - 1] = 9600;
  part.offers[1].amount.points[p.first] = 0;
  p.parts.push_back(part);
  p.systems[0].parts["memory:hbm"] = 1920;
  const Plan plan = solve(p);
  const double installed[] = {15, 25, 35, 45};
  for (int t = 0; t < 4; ++t) {
    CHECK(plan.quarters[t].systems[0].installed == near(installed[t]));
    // a system saves 0.7884 M$ of unmet demand a quarter and costs 0.05125 M$; its memory is made a quarter before
    const double worth = (4 - t) * (0.7884e6 - 0.05125e6) / 1920;
    CHECK(price_in(plan, "memory:hbm from samsung", kStart + (t - 1)) == near(worth));
  }
  CHECK(price_in(plan, "memory:hbm from sk-hynix", kStart - 1) == near(4 * 0.73715e6 / 1920));
  CHECK(price_in(plan, "memory:hbm from sk-hynix", kStart) == 0);
  REQUIRE(plan.taken.size() == 5);  // samsung 4 quarters, sk-hynix the one it offers in
  CHECK(plan.taken[0].supplier == "samsung");
  CHECK(plan.taken[0].taken == near(19200));
  CHECK(plan.taken[4].supplier == "sk-hynix");
  CHECK(plan.taken[4].taken == near(9600));
}

TEST_CASE("suppliers of a product share what is taken in proportion to their offers") {
  Programme p = hand_programme();
  PlanPart part{
      "memory:hbm", "GB", 0, {{"a", constant(p.first, p.last, 300e3)}, {"b", constant(p.first, p.last, 100e3)}}};
  p.parts.push_back(part);
  p.systems[0].parts["memory:hbm"] = 1920;
  const Plan plan = solve(p);
  CHECK(plan.taken[0].taken == near(144e3));
  CHECK(plan.taken[4].taken == near(48e3));
  CHECK(plan.taken[1].taken == 0);
}

TEST_CASE("money buys what it can, staged, and a dollar is worth what it would have bought") {
  Programme p = hand_programme();
  p.sites[0].energised = 1.0 * megawatt;
  p.capital.push_back({"seed", p.first, 20.0 * million_dollars, FundKind::equity, 0});
  const Plan plan = solve(p);
  CHECK(plan.quarters[0].systems[0].delivered == near(20));
  CHECK(plan.quarters[3].systems[0].installed == near(20));
  CHECK(plan.quarters[0].spent.deposit.in(million_dollars) == near(4));
  CHECK(plan.quarters[0].spent.delivery.in(million_dollars) == near(14));
  CHECK(plan.quarters[1].spent.acceptance.in(million_dollars) == near(2));
  CHECK(plan.quarters[0].drawn[0].in(million_dollars) == near(18));  // no sooner than needed
  CHECK(plan.quarters[1].drawn[0].in(million_dollars) == near(2));
  CHECK(plan.quarters[3].spent_to_date.total().in(million_dollars) == near(20));
  const LimitGroup* seed = group_of(plan, "tranche seed");
  REQUIRE(seed != nullptr);
  CHECK(seed->unit == "M$");
  CHECK(seed->price.in(million_dollars) == near(4 * (0.7884 - 0.05)));
}

TEST_CASE("debt pays interest and keeps to its share") {
  Programme p = hand_programme();
  p.sites[0].energised = 1.0 * megawatt;
  p.capital.push_back({"loan", p.first, 1.0 * billion_dollars, FundKind::debt, 0.08});
  p.capital.push_back({"owners", p.first, 10.0 * million_dollars, FundKind::equity, 0});
  p.maximum_debt_share = 0.5;
  const Plan plan = solve(p);
  Money debt, equity, interest;
  for (const auto& quarter : plan.quarters) {
    debt += quarter.drawn[0];
    equity += quarter.drawn[1];
    interest += quarter.spent.interest;
    CHECK(quarter.spent.interest.base() == near(0.02 * debt.base()));
    CHECK(debt.base() <= equity.base() + 1);
    CHECK(quarter.cash.base() >= 0);
  }
  CHECK(equity.in(million_dollars) == near(10));
  CHECK(debt.in(million_dollars) == near(10));
  CHECK(plan.quarters[3].systems[0].installed == near((20 - interest.in(million_dollars)) / 1.0));
  CHECK(group_of(plan, "share of debt") != nullptr);
}

TEST_CASE("reinvested revenue buys the next systems") {
  Programme p = hand_programme();
  p.sites[0].energised = 1.0 * megawatt;
  p.capital.push_back({"seed", p.first, 9.0 * million_dollars, FundKind::equity, 0});
  p.reinvested_revenue = 0.5;
  const Plan plan = solve(p);
  const auto& first = plan.quarters[0];
  CHECK(first.revenue.in(million_dollars) == near(0.7884 * first.systems[0].installed));
  CHECK(first.reinvested == 0.5 * first.revenue);
  CHECK(plan.quarters[1].systems[0].installed > 1.2 * first.systems[0].installed);
  for (const auto& quarter : plan.quarters) CHECK(quarter.cash.base() >= 0);
}

TEST_CASE("nothing is delivered before its order lead, and the deposit falls at the order") {
  Programme p = hand_programme();
  p.systems[0].order_lead = 2;
  const Plan plan = solve(p);
  CHECK(plan.quarters[0].systems[0].ordered == near(100));
  CHECK(plan.quarters[1].systems[0].delivered == 0);
  CHECK(plan.quarters[2].systems[0].delivered == near(100));
  CHECK(plan.quarters[1].services[0].unmet.base() == near(1e6));
  CHECK(plan.quarters[0].spent.deposit.in(million_dollars) == near(20));
  CHECK(plan.quarters[2].spent.delivery.in(million_dollars) == near(70));
  CHECK(plan.quarters[3].spent.acceptance.in(million_dollars) == near(10));
  CHECK(plan.quarters[2].energised.in(megawatt) == near(1));
  CHECK(plan.quarters[1].energised.in(megawatt) == 0);  // no power before there is anything to feed
}

TEST_CASE("systems leave first in, first out at the end of their life") {
  Programme p = hand_programme(6);
  p.systems[0].life = 2;
  p.systems[0].growth = PlanGrowth{50, 0};  // 50, then as many as in the quarter before and 50
  const Plan plan = solve(p);
  for (int t = 1; t < 6; ++t) CHECK(plan.quarters[t].systems[0].installed == near(100));
  double delivered = 0, retired = 0;
  for (int t = 0; t < 6; ++t) {
    const auto& system = plan.quarters[t].systems[0];
    delivered += system.delivered;
    retired += system.retired;
    CHECK(delivered - retired == near(system.installed));
    double vintages = 0;
    for (const auto& vintage : system.vintages) {
      vintages += vintage.installed;
      CHECK(plan.quarters[t].quarter - vintage.delivered < 2);
    }
    CHECK(vintages == near(system.installed));
  }
  CHECK(plan.quarters[2].systems[0].retired == near(50));
}

TEST_CASE("growth limits how fast deliveries rise") {
  Programme p = hand_programme();
  p.systems[0].growth = PlanGrowth{5, 1.0};
  const Plan plan = solve(p);
  const double delivered[] = {5, 15, 35, 45};  // 5, 5+2*5, 5+2*15, the rest of 100
  for (int t = 0; t < 4; ++t) CHECK(plan.quarters[t].systems[0].delivered == near(delivered[t]));
  CHECK(group_of(plan, "growth of deliveries of rack") != nullptr);
}

TEST_CASE("take-or-pay charges energy that nobody uses") {
  Programme p = hand_programme();
  p.sites[0].energised = 10.0 * megawatt;
  p.sites[0].electricity_price = 100.0 * dollar / megawatt_hour;
  p.sites[0].take_or_pay = 0.8;
  const Plan plan = solve(p);
  CHECK(plan.quarters[0].sites[0].energy.in(megawatt_hour) == near(2190));
  CHECK(plan.quarters[0].sites[0].paid_energy.in(megawatt_hour) == near(8 * 2190));
  CHECK(plan.parts.energy.in(million_dollars) == near(4 * 8 * 0.219));
  CHECK(plan.quarters[0].spent.energy.in(million_dollars) == near(8 * 0.219));
}

TEST_CASE("idle systems draw idle power, and a carbon cap holds the year to it") {
  Programme p = hand_programme();
  p.sites[0].carbon = 400.0 * kilogram / megawatt_hour;
  p.carbon_cap = 1752.0 * tonne;  // half of what 1 MW emits in a year
  p.systems[0].idle_power = 0;
  const Plan plan = solve(p);
  Mass carbon;
  for (const auto& quarter : plan.quarters) carbon += quarter.carbon;
  CHECK(carbon.in(tonne) == near(1752));
  const LimitGroup* cap = group_of(plan, "carbon cap");
  REQUIRE(cap != nullptr);
  CHECK(cap->unit == "t");
  CHECK(cap->price.in(dollar) > 0);
}

TEST_CASE("a service that no site may run is unmet and costs nothing but that") {
  Programme p = hand_programme();
  p.services[0].sites.clear();
  const Plan plan = solve(p);
  CHECK(shortfall(p, plan) == near(4 * kUnmet));
  CHECK(plan.quarters[0].accelerators == 0);
}

TEST_CASE("annuities count inside the horizon only, discounted") {
  Programme p = hand_programme();
  p.capital_cost = 0.1;
  p.sites[0].energised = 1.0 * megawatt;
  const Plan plan = solve(p);
  const double q = std::pow(1.1, 0.25) - 1;
  const double annuity = 100 * q / (1 - std::pow(1 + q, -20)) / (1 + q);  // in arrears
  double expected = 0;
  for (int t = 0; t < 4; ++t) expected += annuity * std::pow(1.1, -0.25 * t);
  // A tenth of the price is paid a quarter after delivery; else payments less what is left are the annuities.
  CHECK(shortfall(p, plan) == near(expected - 10 * (1 - std::pow(1.1, -0.25))));
  CHECK(plan.parts.systems.in(million_dollars) == near(expected));
}

TEST_CASE("what lives and ends inside the horizon is charged its price") {
  Programme p = hand_programme();
  p.capital_cost = 0.1;
  for (int life = 1; life <= p.quarters(); ++life) {
    CHECK(annuity_present_value(p, 0, life) == near(1));
    CHECK(annuity_present_value(p, 1, life) <= discount_factor(p, 1) * (1 + 1e-12));
  }
  CHECK(annuity_present_value(p, 0, p.quarters() + 1) < 1);
}

// A better machine comes in the second quarter and there is power for one kind: what is scrapped for it is paid in
// full, however soon the horizon ends, so it is bought only if it earns its price before.
TEST_CASE("what is retired early is charged in full, whatever the horizon") {
  for (const int quarters : {8, 12, 20}) {
    for (const double price : {0.70, 0.74}) {  // $/Mtok
      Programme p = hand_programme(quarters);
      p.sites[0].energised = 1.0 * megawatt;
      p.sites[0].most_started = 0.0 * megawatt;
      p.sites[0].grid = constant(p.first, p.last, 1.0 * megawatt);
      p.services[0].demand = constant(p.first, p.last, 10e6 * token / second);
      p.services[0].blocks = {everybody(p, price * dollar / million_tokens)};
      p.systems[0].price = constant(p.first, p.last, 0.0575 * million_dollars);
      PlanSystem better = p.systems[0];
      better.id = "better", better.first_delivery = p.first + 1;
      better.price = constant(p.first, p.last, 0.0001 * million_dollars);
      p.systems.push_back(better);
      p.services[0].throughput["better"] = {3000.0 * token / second, 1};
      const Plan plan = solve(p);
      // In one quarter 100 of the first earn 78.84 M$ / 10 * price: 5.52 or 5.83, against a price of 5.75.
      CHECK(plan.quarters[0].systems[0].installed == near(price > 0.73 ? 100 : 0));
      CHECK(plan.quarters[1].systems[1].installed == near(100));
    }
  }
}

TEST_CASE("the return is the rate at which nothing is gained, and money comes back when it has") {
  Programme p = hand_programme();
  p.sites[0].energised = 1.0 * megawatt;
  p.systems[0].life = 4;
  p.payments = {0, 1, 0};
  p.services[0].blocks = {everybody(p, 5.0 * dollar / million_tokens)};  // 39.42 M$ a quarter for 100 M$ at once
  const Plan plan = solve(p);
  REQUIRE(plan.investment.rate.has_value());
  const double q = std::pow(1 + *plan.investment.rate, -0.25);
  CHECK(100 == near(39.42 * (1 + q + q * q + q * q * q)));
  CHECK(plan.investment.paid_back == p.first + 2);
  CHECK(plan.investment.most_out.in(million_dollars) == near(100 - 39.42));
  CHECK(plan.retired_early.empty());

  // A grid that falls by half after two quarters strands half of them with half of their price.
  p.systems[0].last_delivery = p.first - 1;
  p.systems[0].committed[p.first] = {100};
  p.sites[0].grid.points[p.first + 2] = p.sites[0].grid.points[p.first + 3] = 0.5 * megawatt;
  const Plan stranded = solve(p);
  REQUIRE(stranded.retired_early.size() == 1);
  CHECK(stranded.retired_early[0].systems == near(50));
  CHECK(stranded.retired_early[0].quarter == p.first + 2);
  CHECK(stranded.retired_early[0].book.in(million_dollars) == near(25));
}

TEST_CASE("a second rate is told and decides nothing") {
  Programme p = hand_programme();
  p.capital_cost = 0.1;
  const Plan one = solve(p);
  p.second_rate = 0;
  const Plan two = solve(p);
  CHECK(two.value == one.value);
  Money sum;
  for (const auto& quarter : two.quarters) sum += quarter.revenue - quarter.cost.total();
  REQUIRE(two.second_present_value.has_value());
  CHECK(two.second_present_value->base() == near(sum.base()));
}

TEST_CASE("systems that find no power wait for it, and are given up when they have waited too long") {
  Programme p = hand_programme();
  p.sites[0].grid = constant(p.first, p.last, 0.4 * megawatt);
  p.sites[0].energised = 0.4 * megawatt;
  p.sites[0].construction_lead = 2;
  p.systems[0].committed[p.first] = {100};
  p.systems[0].last_delivery = p.first - 1;  // no more can be bought
  const Plan plan = solve(p);
  for (const auto& quarter : plan.quarters) CHECK(quarter.systems[0].installed == near(40));
  CHECK(plan.quarters[0].systems[0].arrived == near(100));
  double scrapped = 0;
  for (const auto& quarter : plan.quarters) scrapped += quarter.systems[0].scrapped + quarter.systems[0].retired;
  CHECK(plan.quarters[3].systems[0].stored + scrapped == near(60));
  CHECK(plan.parts.systems.in(million_dollars) == near(20));  // what was bought is paid for all the same

  // The grid comes two quarters late: they are switched on then.
  p.sites[0].grid.points[p.first + 2] = p.sites[0].grid.points[p.first + 3] = 1.0 * megawatt;
  p.sites[0].energised = 1.0 * megawatt;
  const Plan late = solve(p);
  CHECK(late.quarters[1].energised.in(megawatt) == near(0.4));
  CHECK(late.quarters[1].systems[0].stored == near(60));
  CHECK(late.quarters[2].systems[0].delivered == near(60));
  CHECK(late.quarters[2].systems[0].installed == near(100));

  p.most_stored = 1;
  const Plan impatient = solve(p);
  CHECK(impatient.quarters[1].systems[0].stored == 0);
  CHECK(impatient.quarters[2].systems[0].installed == near(40));
}

TEST_CASE("what stands works from the first day and leaves at its age, what is on order arrives, what is begun ends") {
  Programme p = hand_programme();
  p.sites[0].energised = 0.5 * megawatt;
  p.sites[0].building = {{0.3 * megawatt, p.first + 1, 0.5}};
  p.sites[0].most_started = 0.0 * megawatt;
  p.systems[0].life = 6;
  p.systems[0].standing = {{"abilene", p.first - 4, 30}, {"abilene", p.first - 1, 20}};
  p.systems[0].committed[p.first + 1] = {10, 0.6};
  p.systems[0].last_delivery = p.first - 1;  // no more can be bought
  p.capital.push_back({"fund", p.first, 100.0 * million_dollars, FundKind::equity, 0, 40.0 * million_dollars});
  const Plan plan = solve(p);
  const double installed[] = {50, 60, 30, 30};
  for (int t = 0; t < 4; ++t) {
    CHECK(plan.quarters[t].systems[0].installed == near(installed[t]));
    CHECK(plan.quarters[t].energised.in(megawatt) == near(t == 0 ? 0.5 : 0.8));
  }
  CHECK(plan.quarters[2].systems[0].retired == near(30));
  REQUIRE(plan.quarters[0].systems[0].vintages.size() == 2);
  CHECK(plan.quarters[0].systems[0].vintages[0].delivered == p.first - 4);
  // A tenth of the 20 racks of the quarter before is due, half of 0.3 MW at 10 $/W, 30 % and 10 % of ten racks.
  CHECK(plan.quarters[0].spent.acceptance.in(million_dollars) == near(2));
  CHECK(plan.quarters[0].spent.construction.in(million_dollars) == near(1.5));
  CHECK(plan.quarters[1].spent.delivery.in(million_dollars) == near(3));
  CHECK(plan.quarters[2].spent.acceptance.in(million_dollars) == near(1));
  CHECK(plan.quarters[3].spent_to_date.total().in(million_dollars) == near(7.5));
  Money drawn;
  for (const auto& quarter : plan.quarters) drawn += quarter.drawn[0];
  CHECK(drawn.in(million_dollars) == near(7.5));
  // What stands is paid for: its annuities are told, 50 racks then 20, and 0.5 MW, and are no part of the objective.
  CHECK(plan.parts.standing.in(million_dollars) == near((50 + 50 + 20 + 20) / 6.0 + 4 * 0.5 * 0.125));
  // At the end ten racks have half their life before them, 0.3 MW of building 77 of 80 quarters; what stood counts
  // nothing.
  CHECK(plan.beyond.in(million_dollars) == near(5 + 3 * 77 / 80.0));
  CHECK(plan.value.in(million_dollars) == near(plan.revenue.in(million_dollars) - 7.5 + 5 + 3 * 77 / 80.0));
  REQUIRE(plan.past.size() == 4);
  CHECK(plan.past.back().accelerators[0] == near(500));
  CHECK(plan.past.back().sites == 1);
}

// The past is a state: a plan taken up again in a quarter, from where the plan itself had come to, is the same plan.
TEST_CASE("a plan taken up again from the state it reached goes on as it was") {
  Programme p = hand_programme(6);
  p.systems[0].growth = PlanGrowth{10, 0.5};
  p.systems[0].order_lead = 1;
  p.sites[0].construction_lead = 1;
  const Plan plan = solve(p);
  Programme rest = p;
  rest.first = p.first + 2;
  rest.sites[0].energised = plan.quarters[1].energised;
  rest.sites[0].building = {{plan.quarters[2].energised - plan.quarters[1].energised, p.first + 2, 1}};
  for (int t = 0; t < 2; ++t) {
    rest.systems[0].standing.push_back({"abilene", p.first + t, plan.quarters[t].systems[0].delivered});
  }
  rest.systems[0].committed[p.first + 2] = {plan.quarters[2].systems[0].delivered};
  const Plan again = solve(rest);
  for (int t = 0; t < 4; ++t) {
    CHECK(again.quarters[t].systems[0].installed == near(plan.quarters[t + 2].systems[0].installed));
    CHECK(again.quarters[t].energised.base() == near(plan.quarters[t + 2].energised.base()));
    CHECK(again.quarters[t].services[0].served.base() == near(plan.quarters[t + 2].services[0].served.base()));
  }
}

TEST_CASE("commitments beyond the money say in which quarter how much is missing") {
  Programme p = hand_programme();
  p.systems[0].committed[p.first + 1] = {50};
  p.capital.push_back({"seed", p.first, 10.0 * million_dollars, FundKind::equity, 0});
  const PlanOutcome outcome = solve_programme(p, *make_clp_solver());
  REQUIRE(std::holds_alternative<InfeasiblePlan>(outcome));
  const auto& gaps = std::get<InfeasiblePlan>(outcome).gaps;
  double missing = 0;
  for (const auto& gap : gaps) {
    CHECK(gap.family == "cash");
    CHECK(gap.unit == "M$");
    missing += gap.amount;
  }
  CHECK(missing == near(30));  // 35 at delivery and 5 a quarter after, of which 10 are there
  REQUIRE(!gaps.empty());
  CHECK(gaps[0].sentence.find("capital in hand in 2026Q") == 0);
}

TEST_CASE("a grid that falls or comes late leaves a building without power, and the plan stands") {
  Programme p = hand_programme();
  p.sites[0].energised = 2.0 * megawatt;
  p.sites[0].take_or_pay = 0.8;
  p.sites[0].grid.points[p.first] = 1.5 * megawatt;
  p.sites[0].grid.points[p.first + 1] = 3.0 * megawatt;
  p.sites[0].grid.points[p.first + 2] = 0.5 * megawatt;
  p.sites[0].grid.points[p.first + 3] = 0.5 * megawatt;
  const Plan plan = solve(p);
  for (const auto& quarter : plan.quarters) CHECK(quarter.sites[0].built.in(megawatt) == near(2));
  CHECK(plan.quarters[0].energised.in(megawatt) == near(1.5));
  CHECK(plan.quarters[1].energised.in(megawatt) >= 1.5 - 1e-6);  // power that must be paid is not given back
  CHECK(plan.quarters[2].energised.in(megawatt) == near(0.5));
}

TEST_CASE("a part that is not needed now is kept for a quarter in which it lacks, for the cost of capital on it") {
  Programme p = hand_programme();
  p.capital_cost = 0.1;
  p.sites[0].energised = 1.0 * megawatt;
  p.systems[0].first_delivery = p.first + 2;
  PlanPart part{"memory:hbm", "GB", 0, {{"samsung", {}}}};
  for (int t = 0; t < 4; ++t) part.offers[0].amount.points[p.first + t] = 19200;  // ten systems a quarter
  p.parts.push_back(part);
  p.systems[0].parts["memory:hbm"] = 1920;
  CHECK(solve(p).quarters[2].systems[0].installed == near(10));
  p.parts[0].price = 10.0 * dollar;
  const Plan plan = solve(p);
  CHECK(plan.quarters[2].systems[0].installed == near(30));
  const double q = std::pow(1.1, 0.25) - 1;
  CHECK(plan.quarters[1].spent.opex.in(dollar) == near(q * 10 * 2 * 19200));
  REQUIRE(plan.taken.size() == 4);
  CHECK(plan.taken[0].taken == near(19200));
}

TEST_CASE("the page of the planner has every family of the LP as the code states it") {
  std::ifstream file(STARGATE_SOURCE_DIR "/docs/explanation/planner.md");
  const std::string page((std::istreambuf_iterator<char>(file)), {});
  for (const auto& row : planner_families()) {
    const std::string line = fmt::format("| {} | `{}` | {} | {} |", row.name, row.formula, row.unit, row.one_more);
    CHECK_MESSAGE(page.find(line) != std::string::npos, line);
  }
}
