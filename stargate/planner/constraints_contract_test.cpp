// Leases, rented machines and promises to customers, by hand. All of the demand of hand_programme is 1,000 accelerators
// and 1 MW and earns 78.84 M$ a quarter; owned machines and a building cost 5.125 M$ of it.
#include <doctest/doctest.h>

#include "stargate/finance/annuity.hpp"
#include "stargate/planner/planner.hpp"
#include "stargate/planner/test_plans.hpp"
#include "stargate/planner/test_programmes.hpp"

using namespace stargate;

namespace {

doctest::Approx near(double value) { return doctest::Approx(value).epsilon(1e-6).scale(1e-6); }

MoneyPerEnergy rent_a_quarter(Money of_a_megawatt) { return of_a_megawatt / (1.0 * megawatt * quarter_year); }

/// Half of the demand, at `price` an hour of an accelerator.
PlanContract half(const Programme& p, double price) {
  return {"cloud", "rack", 1, constant(p.first, p.last, 500.0), constant(p.first, p.last, price * dollar / hour),
          0.8,     false,  {"chat"}};
}

}  // namespace

TEST_CASE("a lease at what the building costs is as good as the building") {
  Programme owned = hand_programme();
  owned.capital_cost = 0.1;
  Programme leased = owned;
  leased.sites[0].most_started = Power{};
  const Money rent = 10.0 * million_dollars * quarterly_annuity_in_advance(0.1, owned.building_life);
  leased.sites[0].lease = PlanLease{constant(kStart, leased.last, 5.0 * megawatt), rent_a_quarter(rent),
                                    owned.building_life};
  const Plan a = solve(owned), b = solve(leased);
  CHECK(a.value.base() == near(b.value.base()));
  CHECK(b.quarters[2].sites[0].leased.in(megawatt) == near(1));
  CHECK(b.quarters[2].energised.in(megawatt) == near(1));
  CHECK(b.quarters[2].spent.rent.base() == near(rent.base()));
  CHECK(a.quarters[2].cost.construction.base() == near(b.quarters[2].cost.rent.base()));
}

TEST_CASE("leased power ends with its term, and a megawatt more is worth the tokens it would serve") {
  Programme p = hand_programme();
  p.sites[0].most_started = Power{};
  p.sites[0].lease = PlanLease{constant(p.first, p.last, 0.5 * megawatt), rent_a_quarter(0.125 * million_dollars), 2};
  const Plan plan = solve(p);
  for (const auto& quarter : plan.quarters) {
    CHECK(quarter.energised.in(megawatt) == near(0.5));
    CHECK(quarter.spent.rent.in(million_dollars) == near(0.0625));
  }
  CHECK(plan.value.in(million_dollars) == near(4 * 0.5 * (78.84 - 5.125)));
  CHECK(price_of(plan, "leases at abilene") == near(4 * (78.84 - 5.125)));
  // Under take-or-pay power is given back when its lease ends.
  p.sites[0].take_or_pay = 0.8;
  p.sites[0].lease->most.points[p.first + 2] = p.sites[0].lease->most.points[p.first + 3] = Power{};
  const Plan ended = solve(p);
  CHECK(ended.quarters[0].energised.in(megawatt) == near(0.5));
  CHECK(ended.quarters[2].energised.in(megawatt) == near(0));
}

TEST_CASE("an option on rented machines is taken below what they earn") {
  Programme p = hand_programme();
  p.sites[0].grid = {};
  p.contracts.push_back(half(p, 30));  // 32.85 M$ a quarter, for 39.42 of revenue
  const Plan plan = solve(p);
  CHECK(plan.value.in(million_dollars) == near(4 * (39.42 - 32.85)));
  CHECK(plan.quarters[1].contracts[0].taken == near(500));
  CHECK(plan.quarters[1].contracts[0].working == near(500));
  CHECK(plan.quarters[1].services[0].served.base() == near(5e5));
  CHECK(plan.quarters[1].services[0].cost.rent.in(million_dollars) == near(32.85));
  CHECK(price_of(plan, "contract cloud") == near(4 * (39.42 - 32.85) / 500));
  p.contracts[0] = half(p, 37);
  const Plan not_taken = solve(p);
  CHECK(not_taken.quarters[1].contracts[0].taken == near(0));
  CHECK(not_taken.value.in(million_dollars) == near(0));
  p.contracts[0] = half(p, 30), p.contracts[0].take_or_pay = 0;  // paid by use, so there is nothing to take
  p.services[0].demand.points[p.first] = TokenRate{};
  const Plan by_use = solve(p);
  CHECK(by_use.quarters[0].contracts[0].paid == near(0));
  CHECK(by_use.quarters[1].contracts[0].paid == near(500));
}

TEST_CASE("a signed contract is paid whether used or not, and one accelerator less would save what it loses") {
  Programme p = hand_programme();
  p.sites[0].grid = {};
  p.contracts.push_back(half(p, 40));
  p.contracts[0].is_signed = true;
  const Plan plan = solve(p);  // 400 at 40 $/h cost 35.04 M$ a quarter and earn 31.536
  CHECK(plan.quarters[1].contracts[0].paid == near(400));
  CHECK(plan.quarters[1].spent.rent.in(million_dollars) == near(35.04));
  CHECK(plan.value.in(million_dollars) == near(4 * (31.536 - 35.04)));
  CHECK(price_of(plan, "take-or-pay of contract cloud") == near(4 * (35.04 - 31.536) / 400));
  p.services[0].sites.clear(), p.contracts[0].services.clear();
  const Plan idle = solve(p);
  CHECK(idle.quarters[1].idle_cost.rent.in(million_dollars) == near(35.04));
}

TEST_CASE("a promise is kept where it costs less than the penalty") {
  Programme p = hand_programme();
  auto& block = p.services[0].blocks[0];
  block.price = constant(p.first, p.last, 0.5 * dollar / million_tokens);  // 3.942 M$ of all, which costs 5.125
  block.floor = constant(p.first, p.last, 0.4);
  block.penalty = 1.0 * dollar / million_tokens;
  const Plan kept = solve(p);
  CHECK(kept.quarters[1].services[0].served.base() == near(4e5));
  CHECK(kept.value.in(million_dollars) == near(4 * 0.4 * (3.942 - 5.125)));
  CHECK(price_of(kept, "promise to everybody of chat") == near(4 * (5.125 - 3.942)));
  p.services[0].blocks[0].penalty = 0.1 * dollar / million_tokens;
  const Plan missed = solve(p);
  CHECK(missed.quarters[1].services[0].blocks[0].missed.base() == near(4e5));
  CHECK(missed.quarters[1].spent.penalty.in(million_dollars) == near(0.4 * 0.7884));
  CHECK(missed.value.in(million_dollars) == near(-4 * 0.4 * 0.7884));
  CHECK(price_of(missed, "promise to everybody of chat") == near(4 * 0.7884));
}
