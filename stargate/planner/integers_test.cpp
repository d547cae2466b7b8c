// Whole buildings, vendors and runs of programmes small enough to count, and of a larger one beside its relaxation.
#include "stargate/planner/integers.hpp"

#include <doctest/doctest.h>

#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/test_programmes.hpp"

namespace stargate {
namespace {

WholePlan whole_of(const Programme& p, const PlanWholes& wholes) {
  WholeOutcome outcome = solve_whole_programme(p, wholes, *make_clp_solver());
  REQUIRE_MESSAGE(outcome.plan.has_value(), outcome.reason);
  return std::move(*outcome.plan);
}

TEST_CASE("one megawatt of buildings of three quarters of one is two of them, if the second pays") {
  Programme p = hand_programme();
  p.sites[0].grid = constant(p.first, p.last, 1.5 * megawatt);
  PlanWholes wholes;
  wholes.building = 0.75 * megawatt;
  const WholePlan whole = whole_of(p, wholes);
  REQUIRE(whole.buildings.size() == 1);
  CHECK(whole.buildings[0].most == 2);
  CHECK(whole.buildings[0].begun_in_parts == doctest::Approx(1 / 0.75));
  REQUIRE(whole.buildings[0].begun.size() == 1);
  CHECK(whole.buildings[0].begun[0].second == 2);
  // What stands too much is half a megawatt at 10 $/W, of which what is not worn by the end has its book value.
  CHECK(whole.value < whole.relaxed);
  CHECK((whole.relaxed - whole.value).base() <= 5e6);
}

TEST_CASE("a vendor is qualified when what it sells is worth the fee") {
  Programme p = hand_programme();
  p.systems[0].parts = {{"system:rack", 1}};
  PlanPart part;
  part.product = "system:rack", part.unit = "systems";
  part.offers = {{"maker", constant(p.first, p.last, 1000.0)}};
  p.parts.push_back(part);
  PlanWholes wholes;
  wholes.qualification = 1.0 * million_dollars;
  const WholePlan cheap = whole_of(p, wholes);
  REQUIRE(cheap.vendors.size() == 1);
  CHECK(cheap.vendors[0].qualified);
  CHECK((cheap.relaxed - cheap.value).base() <= 1e6);
  wholes.qualification = 1e6 * million_dollars;
  const WholePlan dear = whole_of(p, wholes);
  CHECK_FALSE(dear.vendors[0].qualified);
  CHECK(dear.value.base() == doctest::Approx(0));
}

TEST_CASE("a vendor that asks for time and a least order is left where that is more than anybody wants") {
  Programme p = hand_programme();
  p.systems[0].parts = {{"system:rack", 1}};
  p.parts.push_back({"system:rack", "systems", 0, {{"maker", constant(p.first, p.last, 1000.0)}}});
  p.systems[0].qualification = PlanQualification{1.0 * million_dollars, 2, 150};
  const WholePlan whole = whole_of(p, {});
  REQUIRE(whole.vendors.size() == 1);
  CHECK(whole.vendors[0].qualified);
  CHECK(whole.vendors[0].ordered == doctest::Approx(150));  // of 100 that the demand takes
  CHECK(whole.plan.quarters[1].systems[0].ordered == doctest::Approx(0));
  CHECK(whole.plan.quarters[2].systems[0].ordered > 0);
  p.systems[0].qualification->minimum = 4000;
  CHECK_FALSE(whole_of(p, {}).vendors[0].qualified);
}

TEST_CASE("an option worth taking in part is taken whole or not") {
  Programme p = hand_programme();
  p.sites[0].grid = {};
  PlanContract rented;
  rented.id = "rented", rented.system = "rack", rented.availability = 1, rented.take_or_pay = 1;
  rented.services = {"chat"};
  rented.accelerators = constant(p.first, p.last, 2000.0);  // twice the demand
  rented.price = constant(p.first, p.last, 10.0 * dollar / hour);
  p.contracts = {rented};
  PlanWholes wholes;
  wholes.contracts = true;
  const WholePlan whole = whole_of(p, wholes);
  REQUIRE(whole.contracts.size() == 1);
  CHECK(whole.contracts[0].in_parts == doctest::Approx(0.5));
  CHECK(whole.contracts[0].taken);
  p.contracts[0].price = constant(p.first, p.last, 20.0 * dollar / hour);  // pays for half of it, not for all
  const WholePlan left = whole_of(p, wholes);
  CHECK(left.contracts[0].in_parts == doctest::Approx(0.5));
  CHECK_FALSE(left.contracts[0].taken);
}

TEST_CASE("a run that two campuses could share needs one of them, or their network") {
  Programme p = hand_programme();
  p.sites[0].country = "US";
  p.sites[0].grid = constant(p.first, p.last, 0.6 * megawatt);
  PlanSite twin = p.sites[0];
  twin.id = "twin";
  p.sites.push_back(twin);
  p.services[0].sites = {"abilene", "twin"};
  PlanWholes wholes;
  wholes.run_services = {"chat"};
  wholes.network_rate = 0;
  const WholePlan alone = whole_of(p, wholes);
  REQUIRE(alone.runs.size() == 1);
  CHECK(alone.runs[0].where.empty());  // a megawatt is wanted, no campus has it
  CHECK(alone.value.base() == doctest::Approx(0));
  wholes.network_rate = 0.9;
  const WholePlan joined = whole_of(p, wholes);
  CHECK(joined.runs[0].where == "the campuses of US");
  CHECK(joined.value > alone.value);
  CHECK(joined.value <= joined.relaxed * (1 + 1e-9));
  wholes.network_rate = 0.8;  // 1.25 MW of machines for a megawatt's work: more than both have
  CHECK(whole_of(p, wholes).runs[0].where.empty());
}

TEST_CASE("whole is never worth more than in parts, and the gap is kept") {
  const Programme p = broad_programme(10, 4, 4, 3);
  PlanWholes wholes;
  wholes.building = 20.0 * megawatt;
  const WholePlan whole = whole_of(p, wholes);
  CHECK(whole.integers > 10);
  CHECK(whole.value <= whole.relaxed * (1 + 1e-9));
  CHECK(whole.gap <= wholes.gap * 1.001);
  for (const auto& some : whole.buildings) CHECK(some.size <= wholes.building * (1 + 1e-9));
}

}  // namespace
}  // namespace stargate
