// Halls by hand: a rack of hand_programme earns 0.7884 M$ a quarter and costs 0.05; a megawatt of building 0.125.
#include <doctest/doctest.h>

#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/planner.hpp"
#include "stargate/planner/test_programmes.hpp"

using namespace stargate;

TEST_CASE("dense racks wait for halls that take them, and a hall is refitted where that pays") {
  const auto near = [](double value) { return doctest::Approx(value).epsilon(1e-6).scale(1e-6); };
  const auto solve = [](const Programme& programme) {
    return std::get<Plan>(solve_programme(programme, *make_clp_solver()));
  };
  Programme p = hand_programme();
  p.sites[0].rack = 130.0 * kilowatt;
  p.systems[0].rack = 200.0 * kilowatt;
  p.halls = {{230.0 * kilowatt, 4.0 * dollar / watt}, {600.0 * kilowatt, 8.0 * dollar / watt}};
  const Plan plan = solve(p);  // 4 M$ for the megawatt, of which 76 of 80 quarters are left at the end
  CHECK(plan.quarters[0].sites[0].refitted.in(megawatt) == near(1));
  CHECK(plan.quarters[0].spent.construction.in(million_dollars) == near(10 + 4));
  CHECK(plan.value.in(million_dollars) == near(4 * (78.84 - 5.125 - 0.05)));
  CHECK(plan.capital.building.in(million_dollars) == near(14));
  const auto& b = plan.building_bridge;
  CHECK((b.paid + b.paid_before + b.due_after - b.other - b.timing).base() == near((b.charged + b.book).base()));
  double worth = 0;  // of a megawatt of such hall in each quarter
  for (const auto& group : plan.groups) {
    if (group.group == "halls for racks of 230 kW at abilene") worth = group.price.in(million_dollars);
  }
  CHECK(worth == near(4 * 0.05));
  p.systems[0].rack = 400.0 * kilowatt;
  CHECK(solve(p).value.in(million_dollars) == near(4 * (78.84 - 5.125 - 0.1)));
  p.systems[0].rack = 700.0 * kilowatt;  // no hall takes it
  CHECK(solve(p).value.in(million_dollars) == near(0));
  p.systems[0].rack = 130.0 * kilowatt;
  CHECK(solve(p).quarters[0].sites[0].refitted.in(megawatt) == near(0));
}
