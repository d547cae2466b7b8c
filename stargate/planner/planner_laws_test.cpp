// What must hold for any plan: totals equal their parts, things are conserved, limits are kept, relaxing a limit never
// costs, and the price of a limit is what a small move of it does to the cost.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <map>
#include <string>

#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/comparison.hpp"
#include "stargate/planner/families.hpp"
#include "stargate/planner/finance.hpp"
#include "stargate/planner/planner.hpp"
#include "stargate/planner/test_plans.hpp"
#include "stargate/planner/test_programmes.hpp"

using namespace stargate;

namespace {

doctest::Approx near(double value) { return doctest::Approx(value).epsilon(1e-6).scale(1e-6); }

/// Small, and short of everything at some time.
Programme middle_programme() {
  Programme p = broad_programme(12, 3, 4, 3);
  for (auto& site : p.sites) {
    site.most_started = 8.0 * megawatt;
    site.energised *= 0.5;
    for (auto& [quarter, power] : site.grid.points) power = min(power, 32.0 * megawatt);
  }
  for (auto& tranche : p.capital) tranche.amount *= 0.8;
  p.reinvested_revenue = 0.05;
  p.carbon_cap = 24e3 * tonne;
  return p;
}

const Plan& middle_plan() {
  static const Plan plan = solve(middle_programme());
  return plan;
}

template <class T>
void shift(Series<T>& series, T by) {
  for (auto& [quarter, value] : series.points) value = value + by;
}

/// The same programme with one group of limits moved by `step` units in every quarter; false when it cannot be moved.
bool move_limit(Programme& p, const LimitGroup& group, double step) {
  for (auto& site : p.sites) {
    if (group.group == "power at " + site.id) return shift(site.grid, step * megawatt), true;
    if (group.group == "construction starts at " + site.id) return site.most_started += step * megawatt, true;
  }
  for (auto& system : p.systems) {
    if (group.group == "growth of deliveries of " + system.id) return system.growth->seed += step, true;
  }
  for (auto& tranche : p.capital) {
    if (group.group == "tranche " + tranche.name) return tranche.amount += step * million_dollars, true;
  }
  if (group.group == "carbon cap") return *p.carbon_cap += step * tonne, true;
  for (auto& part : p.parts) {
    for (auto& offer : part.offers) {
      if (group.group == part.product + " from " + offer.supplier) return shift(offer.amount, step), true;
    }
  }
  return false;
}

double total(const PlanCost& cost) { return cost.total().base(); }

}  // namespace

TEST_CASE("the objective is the sum of its parts, of the quarters, and what the solver found") {
  const Programme p = middle_programme();
  const Plan& plan = middle_plan();
  CHECK(plan.value.base() == near((plan.revenue - plan.paid.total() + plan.beyond).base()));
  double discounted = 0;
  for (int t = 0; t < p.quarters(); ++t) {
    const auto& quarter = plan.quarters[t];
    discounted += discount_factor(p, t) * (quarter.revenue.base() - total(quarter.cost));
    double services = total(quarter.idle_cost) + total(quarter.stranded_cost);
    for (const auto& service : quarter.services) services += total(service.cost);
    CHECK(services == near(total(quarter.cost)));
  }
  CHECK(discounted == near(plan.revenue.base() - total(plan.parts)));
  const LpOutcome lp = make_clp_solver()->solve(build_programme_lp(p), {});
  REQUIRE(std::holds_alternative<LpSolution>(lp));
  CHECK(std::get<LpSolution>(lp).objective * -1e6 == near(plan.value.base()));
}

TEST_CASE("systems are conserved, vintages add up and nothing outlives its life") {
  const Programme p = middle_programme();
  const Plan& plan = middle_plan();
  bool any_retired = false;
  for (std::size_t g = 0; g < p.systems.size(); ++g) {
    const auto& spec = p.systems[g];
    double balance = 0;
    for (int t = 0; t < p.quarters(); ++t) {
      const auto& system = plan.quarters[t].systems[g];
      balance += system.delivered - system.retired;
      any_retired = any_retired || system.retired > 0;
      CHECK(balance == near(system.installed));
      double vintages = 0;
      for (const auto& vintage : system.vintages) {
        vintages += vintage.installed;
        CHECK(plan.quarters[t].quarter - vintage.delivered < spec.life);
      }
      CHECK(vintages == near(system.installed));
      CHECK(system.working <= spec.availability * system.accelerators * (1 + 1e-6) + 1e-3);
      const double before = t > 0 ? plan.quarters[t - 1].systems[g].stored : 0;
      CHECK(before + system.arrived == near(system.delivered + system.stored + system.scrapped));
      const double ordered = t >= spec.order_lead ? plan.quarters[t - spec.order_lead].systems[g].ordered : 0;
      const auto committed = spec.committed.find(p.first + t);
      CHECK(system.arrived == near(ordered + (committed == spec.committed.end() ? 0 : committed->second.systems)));
    }
  }
  CHECK(any_retired);
}

TEST_CASE("demand is served or unmet, power and parts stay within what is given") {
  const Programme p = middle_programme();
  const Plan& plan = middle_plan();
  for (const auto& quarter : plan.quarters) {
    for (std::size_t k = 0; k < p.services.size(); ++k) {
      const auto& service = quarter.services[k];
      CHECK((service.served + service.unmet).base() == near(service.demand.base()));
      double output = 0;
      for (std::size_t g = 0; g < p.systems.size(); ++g) {
        output += service.running[g] * p.services[k].utilisation *
                  p.services[k].throughput.at(p.systems[g].id).per_accelerator.base();
      }
      CHECK(output >= service.served.base() * (1 - 1e-6) - 1);
    }
    for (std::size_t s = 0; s < p.sites.size(); ++s) {
      const auto& site = quarter.sites[s];
      CHECK(site.used.base() <= site.energised.base() * (1 + 1e-6) + 1);
      CHECK(site.energised.base() <= site.grid.base() * (1 + 1e-6) + 1);
      CHECK(site.energy.base() <= (site.used * quarter_year).base() * (1 + 1e-6) + 1);
      CHECK(site.paid_energy.base() >=
            p.sites[s].take_or_pay * (site.energised * quarter_year).base() * (1 - 1e-6) - 1e9);
    }
  }
  for (const auto& taken : plan.taken) CHECK(taken.taken <= taken.offered * (1 + 1e-6));
}

TEST_CASE("cash is what was drawn and reinvested less what was spent, and never negative") {
  const Programme p = middle_programme();
  const Plan& plan = middle_plan();
  double cash = 0, debt = 0, drawn_in_all = 0;
  for (const auto& quarter : plan.quarters) {
    for (std::size_t r = 0; r < p.capital.size(); ++r) {
      cash += quarter.drawn[r].base();
      drawn_in_all += quarter.drawn[r].base();
      if (p.capital[r].kind == FundKind::debt) debt += quarter.drawn[r].base();
      if (quarter.quarter < p.capital[r].from) CHECK(quarter.drawn[r].base() == 0);
    }
    cash += quarter.reinvested.base() - quarter.spent.total().base();
    CHECK(std::abs(cash - quarter.cash.base()) < 1e4);
    CHECK(quarter.cash.base() >= 0);
    CHECK(debt <= p.maximum_debt_share * drawn_in_all + 1e4);
  }
}

// The cost is convex in every limit: a step up gains at most the price, a step down loses at least it. Where the plan
// does not change shape at the limit, the two together say that the price is the slope.
TEST_CASE("relaxing a limit never costs, and its price is what a small move of it does to the cost") {
  const Programme base = middle_programme();
  const Plan& plan = middle_plan();
  std::map<std::string, int> moved;
  for (const auto& group : plan.groups) {
    const double step = group.family == "offer" ? 100 : 0.01;
    Programme looser = base, tighter = base;
    if (!move_limit(looser, group, step)) continue;
    REQUIRE(move_limit(tighter, group, -step));
    ++moved[group.family];
    const double gain = (solve(looser).value - plan.value).base() / step;
    const double loss = (plan.value - solve(tighter).value).base() / step;
    INFO(group.group);
    const double dust = 1e-9 * plan.revenue.base() / step;
    CHECK(gain >= -dust);
    CHECK(gain <= group.price.base() + dust);
    CHECK(loss >= group.price.base() - dust);
  }
  CHECK(moved.size() == 6);  // grid, crew, growth, offer, tranche, carbon_cap
}

TEST_CASE("from payments to annuities each dollar has its line") {
  for (const int tail : {0, 3}) {
    Programme p = middle_programme();
    p.tail_years = tail;
    p.payments = {0.3, 0.5, 0.2};
    p.sites[1].building = {{3.0 * megawatt, p.first + 2, 0.4}, {2.0 * megawatt, p.last + 3, 0.1}};
    p.systems[1].committed[p.first + 2] = {4, 0.6};
    p.systems[0].standing = {{p.sites[0].id, p.first - 1, 10}};
    const Plan plan = solve(p);
    for (const PlanBridge* b : {&plan.systems_bridge, &plan.building_bridge}) {
      CHECK((b->paid + b->paid_before + b->due_after - b->other - b->timing).base() ==
            doctest::Approx((b->charged + b->book).base()).epsilon(1e-9));
    }
    CHECK(plan.systems_bridge.charged.base() == doctest::Approx(plan.parts.systems.base()).epsilon(1e-9));
    CHECK(plan.building_bridge.charged.base() == doctest::Approx(plan.parts.construction.base()).epsilon(1e-9));
    CHECK(plan.systems_bridge.paid.base() == doctest::Approx(plan.paid.systems().base()).epsilon(1e-9));
  }
}

// With a tail of a life behind the horizon it matters little where the horizon ends: a short plan's first half, kept,
// loses at most a thousandth of the value of the longer programme.
TEST_CASE("with a tail of one life, a longer horizon changes little of the first half") {
  const auto programme = [](int quarters) {
    Programme p = broad_programme(quarters + 8, 3, 4, 3);  // the same series, of which each takes its part
    p.last = p.first + (quarters - 1);
    p.tail_years = 5;
    for (auto& system : p.systems) system.life = 20;
    p.capital.clear();
    return p;
  };
  const Programme small = programme(12), large = programme(20);
  const Plan first = solve(small), second = solve(large);
  // What the first half of the short plan orders and begins, as commitments of the long programme, which decides the
  // rest.
  Programme kept = large;
  double earlier = 0;  // $ by which a deposit at the order is dearer than one at delivery, as commitments pay it
  for (std::size_t g = 0; g < kept.systems.size(); ++g) {
    auto& system = kept.systems[g];
    for (int t = 0; t < 6; ++t) {
      if (first.quarters[t].systems[g].arrived > 0) {
        system.committed[kept.first + t] = {first.quarters[t].systems[g].arrived, 0};
        earlier += kept.payments.deposit * first.quarters[t].systems[g].arrived *
                   system.price.at(kept.first + t).base() *
                   (discount_factor(kept, t - system.order_lead) - discount_factor(kept, t));
      }
    }
    system.first_delivery = std::max(system.first_delivery, kept.first + 6);
    system.growth.reset();
  }
  Programme free = large;
  for (auto& system : free.systems) system.growth.reset();
  const double best = solve(free).value.base(), with_first_half = solve(kept).value.base() - earlier;
  CHECK(second.value.base() <= best * (1 + 1e-9));
  const double loss = (best - with_first_half) / best;
  CHECK(loss <= 0.001);
}

TEST_CASE("the same programme gives the same plan, to the bit") {
  const Plan again = solve(middle_programme());
  const Plan& plan = middle_plan();
  CHECK(again.value == plan.value);
  REQUIRE(again.limits.size() == plan.limits.size());
  for (std::size_t i = 0; i < plan.limits.size(); ++i) CHECK(again.limits[i].price == plan.limits[i].price);
}

TEST_CASE("a supplier that is gone costs tokens, and the others' limits rise") {
  Programme without = middle_programme();
  for (auto& part : without.parts)
    std::erase_if(part.offers, [](const auto& offer) { return offer.supplier == "maker2"; });
  const Plan other = solve(without);
  const PlanDifference difference = compare_plans(middle_plan(), other);
  CHECK(difference.value.base() < 0);
  CHECK(difference.value.base() == near((other.value - middle_plan().value).base()));
  Tokens lost;
  for (const auto& service : difference.services) lost += service.served;
  CHECK(lost.base() < 0);
  double by_quarter = 0;
  for (const auto& quarter : difference.quarters) {
    for (const auto& served : quarter.served) by_quarter += (served * quarter_year).base();
  }
  CHECK(by_quarter == near(lost.base()));
  REQUIRE(!difference.limits.empty());
  CHECK(difference.limits.front().one_percent_other > difference.limits.front().one_percent_base);
}

TEST_CASE("a plan compared with itself differs in nothing") {
  const PlanDifference none = compare_plans(middle_plan(), middle_plan());
  CHECK(none.value.base() == 0);
  CHECK(none.accelerators == 0);
  for (const auto& service : none.services) CHECK(service.served.base() == 0);
  for (const auto& limit : none.limits) CHECK(limit.one_percent_base == limit.one_percent_other);
}

TEST_CASE("a programme of full size stays below 20,000 columns and its coefficients within seven decades") {
  const LpStatistics size = build_programme_lp(broad_programme(20, 13, 10, 5)).statistics();
  CHECK(size.columns < 20000);
  CHECK(size.smallest_entry > 1e-3);
  CHECK(size.largest_entry < 1e4);
}
