// The check of an answer must see each way in which one can be wrong; a check that sees nothing would pass everything.
#include "stargate/lp/residuals.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace stargate;

namespace {

/// min 2x + 3y, x + y >= 4, 0 <= x <= 3, y >= 0: x = 3, y = 1, dual 3, reduced costs -1 and 0.
LpResiduals residuals_of(std::vector<double> values, std::vector<double> duals) {
  LpProblem lp;
  const int x = lp.add_column_family({"x", {lp.add_axis({})}, ""}), r = lp.add_row_family({"r", {}, ""});
  lp.add_column(0, 3, 2, {x, {0}});
  lp.add_column(0, kInfinity, 3, {x, {1}});
  lp.add_row(4, kInfinity, {r, {}});
  lp.add_entry(0, 0, 1);
  lp.add_entry(0, 1, 1);
  LpSolution solution;
  solution.values = std::move(values);
  solution.duals = std::move(duals);
  complete_solution(lp, lp.matrix(), solution);
  return solution.residuals;
}

}  // namespace

TEST_CASE("the optimum with its prices has no residuals") { CHECK(worst_residual(residuals_of({3, 1}, {3})) == 0); }

TEST_CASE("a limit that is not kept is a primal residual") {
  CHECK(residuals_of({3, 0.5}, {3}).primal == doctest::Approx(0.5 / 5));
  CHECK(residuals_of({4, 0}, {3}).primal == doctest::Approx(1.0 / 4));
}

TEST_CASE("a price of the wrong sign is a dual residual") {
  CHECK(residuals_of({3, 1}, {-3}).dual == doctest::Approx(3));  // the row has no upper limit
  CHECK(residuals_of({3, 1}, {5}).dual ==
        doctest::Approx(0.5));  // y would have a reduced cost of -2 and no upper bound
}

TEST_CASE("a feasible point that is not the cheapest, or prices that prove less, leave a duality gap") {
  CHECK(residuals_of({2, 2}, {3}).duality_gap > 0.01);
  CHECK(residuals_of({3, 1}, {2}).duality_gap > 0.01);
}

TEST_CASE("values that are no numbers do not pass for an optimum") {
  const LpResiduals found = residuals_of({std::numeric_limits<double>::quiet_NaN(), 1}, {3});
  CHECK_FALSE(found.duality_gap <= 1);
}
