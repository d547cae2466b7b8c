// Reasons of plans small enough to be argued by hand.
#include "stargate/planner/reasons.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/conflict.hpp"
#include "stargate/planner/near_best.hpp"
#include "stargate/planner/planner.hpp"
#include "stargate/planner/target.hpp"
#include "stargate/planner/test_programmes.hpp"

namespace stargate {
namespace {

Reasons reasons_of(const Programme& p, const ReasonOptions& options = {}) {
  auto found = find_reasons(p, options, *make_clp_solver());
  REQUIRE(std::holds_alternative<Reasons>(found));
  return std::get<Reasons>(std::move(found));
}

TEST_CASE("half the power: the grid holds it, and what a percent is worth falls as it grows") {
  Programme p = hand_programme();
  p.sites[0].grid = constant(p.first, p.last, 0.5 * megawatt);
  const Reasons reasons = reasons_of(p);
  // More power in one quarter alone is worth nothing where a machine for it must be bought for that quarter alone.
  CHECK(std::any_of(reasons.sites.begin(), reasons.sites.end(), [](const Reason& reason) {
    return reason.binds == "the grid" && reason.worth.base() > 0;
  }));
  REQUIRE_FALSE(reasons.curves.empty());
  CHECK(reasons.curves[0].limit == "power at abilene");
  double before = kInfinity;  // concave: each step up is worth no more than the one before
  double scale_before = 0.5, value_before = reasons.curves[0].change.front().second.base();
  for (const auto& [scale, change] : reasons.curves[0].change) {
    if (scale == 0.5) continue;
    const double slope = (change.base() - value_before) / (scale - scale_before);
    CHECK(slope <= before * (1 + 1e-9));
    before = slope, scale_before = scale, value_before = change.base();
  }
}

TEST_CASE("each machine's account closes: what it earns is its price and what holds it, less what it loses") {
  const Reasons reasons = reasons_of(broad_programme(10, 4, 4, 3), {.curves = 0, .entry_tolerance = 0.2});
  REQUIRE_FALSE(reasons.machines.empty());
  for (const auto& m : reasons.machines) {
    const Money held = m.price + m.parts + m.ramp + m.money - m.loses;
    CHECK(m.earns.base() == doctest::Approx(held.base()).epsilon(1e-6));
    if (m.ordered > 1) CHECK(m.loses.base() == doctest::Approx(0).epsilon(1));
  }
}

TEST_CASE("a machine at three times another's price for the same work enters at its price") {
  Programme p = hand_programme();
  PlanSystem dear = p.systems[0];
  dear.id = "dear", dear.accelerator = "dear chip";
  dear.price = constant(p.first, p.last, 3.0 * million_dollars);
  p.systems.push_back(dear);
  p.services[0].throughput["dear"] = p.services[0].throughput["rack"];
  const Reasons reasons = reasons_of(p, {.curves = 0, .entry_tolerance = 0.005});
  REQUIRE(reasons.left.size() == 1);
  CHECK(reasons.left[0].name == "dear");
  REQUIRE(reasons.left[0].entry.share.has_value());
  CHECK(*reasons.left[0].entry.share == doctest::Approx(1.0 / 3).epsilon(0.02));
  CHECK(reasons.left[0].entry.first == p.first);
}

TEST_CASE("a supplier whose parts are plenty limits nothing, one whose parts are short does") {
  Programme p = hand_programme();
  p.systems[0].parts = {{"memory:a", 10}, {"memory:b", 10}};
  for (const char* product : {"memory:a", "memory:b"}) {
    PlanPart part;
    part.product = product, part.unit = "GB";
    const double amount = part.product == "memory:a" ? 100 : 1e6;  // ten systems a quarter, of a hundred wanted
    part.offers = {{part.product == "memory:a" ? "scarce" : "plenty", constant(p.first, p.last, amount)}};
    p.parts.push_back(part);
  }
  const Reasons reasons = reasons_of(p, {.curves = 0});
  REQUIRE(reasons.suppliers.size() == 2);
  CHECK(reasons.suppliers[0].supplier == "scarce");
  CHECK(reasons.suppliers[0].one_percent.base() > 0);
  CHECK(reasons.suppliers[1].one_percent == Money{});
}

TEST_CASE("power that must be paid and no money: these two conflict and nothing else") {
  Programme p = hand_programme();
  p.sites[0].energised = 10.0 * megawatt, p.sites[0].take_or_pay = 0.8;
  p.sites[0].electricity_price = 50.0 * dollar / megawatt_hour;
  p.capital = {{"purse", p.first, 1.0 * dollar}};
  const auto solver = make_clp_solver();
  REQUIRE(std::holds_alternative<InfeasiblePlan>(solve_programme(p, *solver)));
  const PlanConflict conflict = find_conflict(p, *solver);
  REQUIRE(conflict.limits.size() >= 2);
  const auto has = [&](const char* words) {
    return std::any_of(conflict.limits.begin(), conflict.limits.end(),
                       [&](const std::string& limit) { return limit.find(words) != std::string::npos; });
  };
  CHECK(has("tranche purse"));
  CHECK(has("take-or-pay at abilene"));
  // The smallest: with any one of them lifted the others hold.
  for (const auto& limit : movable_limits(p)) {
    if (std::find(conflict.limits.begin(), conflict.limits.end(), limit.name) == conflict.limits.end()) continue;
    Programme lifted = p;
    limit.lift(lifted);
    CHECK(std::holds_alternative<Plan>(solve_programme(lifted, *solver)));
  }
}

TEST_CASE("two machines alike: either may be bought for the same value, so each has a range from none to all") {
  Programme p = hand_programme();
  PlanSystem twin = p.systems[0];
  twin.id = "twin", twin.accelerator = "twin chip";
  p.systems.push_back(twin);
  p.services[0].throughput["twin"] = p.services[0].throughput["rack"];
  const auto solver = make_clp_solver();
  auto found = find_near_best(p, {}, *solver);
  REQUIRE(std::holds_alternative<NearBest>(found));
  const auto& near = std::get<NearBest>(found);
  for (const auto& range : near.ranges) {
    CHECK(range.least <= range.best);
    CHECK(range.best <= range.most);
    if (range.figure.kind != "system") continue;
    CHECK(range.least == doctest::Approx(0));
    CHECK(range.most >= 1);  // a thousand accelerators serve all
  }
  REQUIRE_FALSE(near.others.empty());
  CHECK(near.others[0].differs > 0.5);
  for (const auto& other : near.others) CHECK(other.value.base() >= 0.98 * near.value.base() * (1 - 1e-9));
}

TEST_CASE("a target is met when the slowest limit on the way allows it, and is never a gain") {
  Programme p = hand_programme();
  p.sites[0].grid = constant(p.first, p.last, 0.4 * megawatt);
  p.sites[0].grid.points[p.first + 2] = p.sites[0].grid.points[p.first + 3] = 2.0 * megawatt;
  const auto solver = make_clp_solver();
  const auto when = [&](double rate) {
    auto found = reach_target(p, {TargetKind::tokens, 0, rate}, *solver);
    REQUIRE(std::holds_alternative<TargetReached>(found));
    return std::get<TargetReached>(found);
  };
  const TargetReached half = when(0.5);  // M tokens a second: 0.5 MW
  CHECK(half.first == p.first + 2);
  CHECK(half.most[0] == doctest::Approx(0.4));
  CHECK(half.value_lost.base() >= 0);
  REQUIRE_FALSE(half.limits.empty());
  CHECK(half.limits[0].group == "power at abilene");
  CHECK(half.limits[0].brings == doctest::Approx(1));  // a megawatt is a million tokens a second here
  CHECK_FALSE(when(1.5).first.has_value());            // more than anybody wants
}

}  // namespace
}  // namespace stargate
