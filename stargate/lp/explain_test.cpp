// Programmes without an answer: which limits would have to move and by how much, and along what the cost falls.
#include "stargate/lp/explain.hpp"

#include <doctest/doctest.h>

#include "stargate/lp/clp_solver.hpp"

using namespace stargate;

namespace {

/// Demand for compute at one site against its grid power and a supplier's offer: x systems, 2 MW each.
struct Site {
  LpProblem lp;
  int demand = 0, grid = 0, offer = 0;
  Site(double wanted, double power, double systems) {
    const int site = lp.add_axis({"abilene", "memphis"}), quarter = lp.add_axis({"2026Q3"});
    const int x = lp.add_column_family({"systems", {site}, "systems"});
    demand = lp.add_row_family({"demand", {}, "systems"});
    grid = lp.add_row_family({"grid", {site, quarter}, "MW"});
    offer = lp.add_row_family({"offer", {}, "systems"});
    lp.add_column(0, kInfinity, 1, {x, {1}});
    lp.add_row(wanted, kInfinity, {demand, {}});
    lp.add_row(-kInfinity, power, {grid, {1, 0}});
    lp.add_row(-kInfinity, systems, {offer, {}});
    for (int row = 0; row < 3; ++row) lp.add_entry(row, 0, row == 1 ? 2 : 1);
  }
};

LpInfeasible gaps_of(const LpProblem& lp) {
  LpOutcome outcome = make_clp_solver()->solve(lp, {});
  REQUIRE(std::holds_alternative<LpInfeasible>(outcome));
  return std::get<LpInfeasible>(std::move(outcome));
}

}  // namespace

TEST_CASE("a limit that stands in the way is named with how far it must move, in its unit") {
  Site site(50, 80, 200);
  site.lp.make_relaxable(site.grid, 1);
  const LpInfeasible found = gaps_of(site.lp);
  CHECK(found.relaxable_only);
  REQUIRE(found.gaps.size() == 1);
  CHECK(found.gaps[0].row == 1);
  CHECK(found.gaps[0].family == site.grid);
  CHECK(found.gaps[0].side == LpSide::upper);
  CHECK(found.gaps[0].amount == doctest::Approx(20));
  CHECK(found.gaps[0].unit == "MW");
}

TEST_CASE("the penalties decide which of two limits gives way") {
  for (const double price_of_demand : {1.0, 10.0}) {  // 20 MW or 10 systems less demand
    Site site(50, 80, 200);
    site.lp.make_relaxable(site.grid, 1);
    site.lp.make_relaxable(site.demand, price_of_demand);
    const LpInfeasible found = gaps_of(site.lp);
    REQUIRE(found.gaps.size() == 1);
    CHECK(found.gaps[0].family == (price_of_demand < 2 ? site.demand : site.grid));
  }
}

TEST_CASE("moving the found gaps by their amounts makes the programme feasible") {
  Site site(50, 80, 30);
  site.lp.make_relaxable(site.grid, 1);
  site.lp.make_relaxable(site.offer, 1);
  const LpInfeasible found = gaps_of(site.lp);
  CHECK(found.gaps.size() == 2);
  for (const LpGap& gap : found.gaps) {
    site.lp.set_row_bounds(gap.row, -kInfinity, site.lp.row_upper()[gap.row] + gap.amount * (1 + 1e-9));
  }
  CHECK(std::holds_alternative<LpSolution>(make_clp_solver()->solve(site.lp, {})));
}

TEST_CASE("without a relaxable row, or when those do not suffice, all rows take part") {
  Site plain(50, 80, 200);
  const LpInfeasible any = gaps_of(plain.lp);
  CHECK_FALSE(any.relaxable_only);
  REQUIRE(any.gaps.size() == 1);
  CHECK(any.gaps[0].family == plain.demand);  // 10 systems weigh less than 20 MW
  CHECK(any.gaps[0].side == LpSide::lower);

  Site firm(50, 80, 200);
  firm.lp.make_relaxable(firm.offer, 1);
  CHECK_FALSE(gaps_of(firm.lp).relaxable_only);
}

TEST_CASE("column bounds that no row can mend show up in the rows") {
  Site site(50, 1000, 200);
  site.lp.set_column_bounds(0, 0, 12);
  const LpInfeasible found = gaps_of(site.lp);
  REQUIRE(found.gaps.size() == 1);
  CHECK(found.gaps[0].amount == doctest::Approx(38));
}

TEST_CASE("an unbounded programme comes with a ray: no limit is crossed along it and the cost falls") {
  // min -x - y + z with x - y <= 3, z >= y - x: along x = y the cost falls for ever.
  LpProblem lp;
  const int x = lp.add_column_family({"x", {lp.add_axis({})}, ""}), r = lp.add_row_family({"r", {0}, ""});
  for (const double cost : {-1.0, -1.0, 1.0}) lp.add_column(0, kInfinity, cost, {x, {lp.column_count()}});
  lp.add_row(-kInfinity, 3, {r, {0}});
  lp.add_row(0, kInfinity, {r, {1}});
  lp.add_entry(0, 0, 1);
  lp.add_entry(0, 1, -1);
  lp.add_entry(1, 0, 1);
  lp.add_entry(1, 1, -1);
  lp.add_entry(1, 2, 1);
  const LpOutcome outcome = make_clp_solver()->solve(lp, {});
  REQUIRE(std::holds_alternative<LpUnbounded>(outcome));
  const auto& ray = std::get<LpUnbounded>(outcome).ray;
  REQUIRE(ray.size() == 2);
  CHECK(ray[0].column == 0);
  CHECK(ray[0].direction == doctest::Approx(1));
  CHECK(ray[1].column == 1);
  CHECK(ray[1].direction == doctest::Approx(1));
}

TEST_CASE("an unbounded column without rows is unbounded; infeasible comes before unbounded") {
  LpProblem lp;
  const int x = lp.add_column_family({"x", {}, ""}), r = lp.add_row_family({"r", {}, ""});
  lp.add_column(0, kInfinity, -1, {x, {}});
  CHECK(std::holds_alternative<LpUnbounded>(make_clp_solver()->solve(lp, {})));
  const int held = lp.add_column(0, 1, 0, {x, {}});
  lp.add_entry(lp.add_row(2, kInfinity, {r, {}}), held, 1);
  CHECK(std::holds_alternative<LpInfeasible>(make_clp_solver()->solve(lp, {})));
}
