// Partners of a programme small enough to be taken apart by hand.
#include "stargate/planner/alliance.hpp"

#include <doctest/doctest.h>

#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/planner.hpp"
#include "stargate/planner/test_plans.hpp"
#include "stargate/planner/test_programmes.hpp"

namespace stargate {
namespace {

/// The customer, the maker of the rack, and a site beside the only other.
std::vector<PlanPartner> three_partners() {
  std::vector<PlanPartner> out(3);
  out[0].id = "customer", out[0].services = {"chat"}, out[0].spill = {0.5, 0.8, 0};
  out[1].id = "maker", out[1].systems = {"rack"}, out[1].spill = {1, 1.5, 0};
  out[2].id = "site", out[2].sites = {"abilene"}, out[2].spill = {0.25, 1, 2};
  return out;
}

TEST_CASE("without customer, machine or site there is no programme: each is worth a third of it") {
  const Programme p = hand_programme();
  const auto partners = three_partners();
  const auto solver = make_clp_solver();
  const double all = solve(p).value.base();
  CHECK(all > 0);
  const auto worth = alliance_worth(
      3, [&](Coalition c) { return coalition_value(p, partners, c, Counterfactual::nobody, *solver).value; }, 8);
  CHECK(worth.all == doctest::Approx(all));
  CHECK(worth.none == doctest::Approx(0));
  for (const PartnerWorth& partner : worth.partners) {
    CHECK(partner.shapley == doctest::Approx(all / 3));
    CHECK(partner.last == doctest::Approx(all));
    CHECK(partner.alone == doctest::Approx(0));
  }
}

TEST_CASE("who is replaced is worth what the substitute lacks") {
  const Programme p = hand_programme();
  const auto partners = three_partners();
  const auto solver = make_clp_solver();
  const auto without = [&](int i) {
    return coalition_value(p, partners, Coalition{7} & ~(Coalition{1} << i), Counterfactual::spill, *solver).value;
  };
  Programme half = p;  // half the customers at 0.8 of the price
  half.services[0].demand = constant(p.first, p.last, 0.5e6 * token / second);
  half.services[0].blocks = {everybody(p, 8.0 * dollar / million_tokens)};
  CHECK(without(0) == doctest::Approx(solve(half).value.base()));
  Programme dear = p;
  dear.systems[0].price = constant(p.first, p.last, 1.5 * million_dollars);
  CHECK(without(1) == doctest::Approx(solve(dear).value.base()));
  Programme late = p;  // a quarter of the grid, from the third quarter on: 25 MW, more than the 1 MW needed
  late.sites[0].grid.points[p.first] = late.sites[0].grid.points[p.first + 1] = Power{};
  CHECK(without(2) == doctest::Approx(solve(late).value.base()));
  CHECK(coalition_value(p, partners, 7, Counterfactual::spill, *solver).value == doctest::Approx(solve(p).value.base()));
}

TEST_CASE("money that is not there gives up what is on order before it gives up what stands") {
  Programme p = hand_programme();
  p.systems[0].committed[p.first + 1] = {50, 0.2};
  PlanTranche tranche;
  tranche.name = "equity", tranche.from = p.first, tranche.amount = 1.0 * billion_dollars;
  p.capital = {tranche};
  std::vector<PlanPartner> partners(1);
  partners[0].id = "investor", partners[0].capital = {{"equity", 1}};
  const auto solver = make_clp_solver();
  const CoalitionPlanValue with = coalition_value(p, partners, 1, Counterfactual::nobody, *solver);
  const CoalitionPlanValue alone = coalition_value(p, partners, 0, Counterfactual::nobody, *solver);
  CHECK(!with.gave_up);
  CHECK(with.value > 0);
  CHECK(alone.gave_up);
  CHECK(alone.value == doctest::Approx(0));
}

}  // namespace
}  // namespace stargate
