// Whose cost is what: services by their long-run marginal cost, what nobody uses apart, capital by class.
#include <doctest/doctest.h>

#include "stargate/planner/planner.hpp"
#include "stargate/planner/test_plans.hpp"
#include "stargate/planner/test_programmes.hpp"

using namespace stargate;

namespace {

doctest::Approx near(double value) { return doctest::Approx(value).epsilon(1e-6).scale(1e-6); }

}  // namespace

TEST_CASE("services share what works by what one more token takes, whichever machine runs them") {
  Programme p = hand_programme();
  p.sites[0].energised = 4.0 * megawatt;  // one stands without machines
  PlanService draft = p.services[0];
  draft.id = "draft";
  draft.throughput["rack"].per_accelerator = 500.0 * token / second;  // twice as dear a token, as many tokens
  p.services.push_back(draft);
  const Plan plan = solve(p);
  const auto& quarter = plan.quarters[1];
  CHECK(quarter.systems[0].installed == near(300));
  CHECK(quarter.services[1].cost.total().in(million_dollars) ==
        near(2 * quarter.services[0].cost.total().in(million_dollars)));
  CHECK(quarter.services[0].cost.systems.in(million_dollars) == near(5));
  CHECK(quarter.idle_cost.standing.in(million_dollars) == near(0.125));
}

TEST_CASE("capital by class is the price of what comes") {
  Programme p = hand_programme();
  p.systems[0].network_price = 0.1, p.systems[0].storage_price = 0.02;
  p.power_price = 0.4, p.cooling_price = 0.35;
  const PlanCapital capital = solve(p).capital;
  CHECK(capital.systems.in(million_dollars) == near(88));
  CHECK(capital.network.in(million_dollars) == near(10));
  CHECK(capital.storage.in(million_dollars) == near(2));
  CHECK(capital.power.in(million_dollars) == near(4));
  CHECK(capital.cooling.in(million_dollars) == near(3.5));
  CHECK(capital.building.in(million_dollars) == near(2.5));
}

TEST_CASE("what is retired early is charged on, and no service pays it") {
  Programme p = hand_programme(8);
  p.sites[0].energised = 1.0 * megawatt;
  p.sites[0].most_started = Power{};
  PlanSystem better = p.systems[0];
  better.id = "better", better.first_delivery = p.first + 4;
  p.systems.push_back(better);
  p.services[0].throughput["better"] = {10e3 * token / second, 1};
  p.services[0].demand = constant(p.first, p.last, 10e6 * token / second);
  const Plan plan = solve(p);  // 100 racks of 20 quarters leave for better ones in the fifth
  CHECK(plan.quarters[3].stranded_cost.total().in(million_dollars) == near(0));
  CHECK(plan.quarters[5].systems[0].installed == near(0));
  CHECK(plan.quarters[5].stranded_cost.systems.in(million_dollars) == near(5));
  CHECK(plan.quarters[5].services[0].cost.systems.in(million_dollars) == near(5));
}
