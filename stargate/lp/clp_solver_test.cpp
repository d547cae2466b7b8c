// Programmes whose primal and dual values are in textbooks or can be worked out by hand, solved with Clp: the signs of
// duals, bounds of every kind, and that the same programme gives the same bits.
#include "stargate/lp/clp_solver.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace stargate;

namespace {

/// One family of numbered columns and one of numbered rows.
class Numbered {
 public:
  Numbered() : columns_(lp.add_column_family({"x", {lp.add_axis({})}, ""})), rows_(lp.add_row_family({"r", {0}, ""})) {}
  int column(double lower, double upper, double cost) {
    return lp.add_column(lower, upper, cost, {columns_, {lp.column_count()}});
  }
  int row(double lower, double upper, const std::vector<double>& coefficients) {
    const int added = lp.add_row(lower, upper, {rows_, {lp.row_count()}});
    for (int j = 0; j < static_cast<int>(coefficients.size()); ++j) lp.add_entry(added, j, coefficients[j]);
    return added;
  }
  LpProblem lp;

 private:
  int columns_, rows_;
};

LpSolution optimum(const LpProblem& lp, const LpOptions& options = {}) {
  LpOutcome outcome = make_clp_solver()->solve(lp, options);
  REQUIRE(std::holds_alternative<LpSolution>(outcome));
  LpSolution solution = std::get<LpSolution>(std::move(outcome));
  CHECK(solution.residuals.primal < 1e-9);
  CHECK(solution.residuals.dual < 1e-9);
  CHECK(solution.residuals.duality_gap < 1e-9);
  return solution;
}

void check_near(const std::vector<double>& found, const std::vector<double>& wanted) {
  REQUIRE(found.size() == wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == doctest::Approx(wanted[i]).epsilon(1e-9));
}

/// Hillier and Lieberman, "Introduction to Operations Research", ch. 3 and 6: maximise 3 doors + 5 windows with the
/// hours of three plants. Z = 36 at (2, 6), shadow prices (0, 3/2, 1).
Numbered wyndor_glass() {
  Numbered n;
  n.column(0, kInfinity, -3);
  n.column(0, kInfinity, -5);
  n.row(-kInfinity, 4, {1, 0});
  n.row(-kInfinity, 12, {0, 2});
  n.row(-kInfinity, 18, {3, 2});
  return n;
}

constexpr LpMethod kMethods[] = {LpMethod::automatic, LpMethod::dual, LpMethod::primal};

/// Sources, sinks and random prices; feasible and bounded.
LpProblem random_transport(int sources, int sinks, unsigned seed) {
  std::mt19937 random(seed);
  const auto draw = [&] { return 1 + static_cast<double>(random() % 1000) / 100; };
  LpProblem lp;
  const int from = lp.add_axis({}), to = lp.add_axis({});
  const int ship = lp.add_column_family({"ship", {from, to}, "t"}), supply = lp.add_row_family({"supply", {from}, "t"});
  const int demand = lp.add_row_family({"demand", {to}, "t"});
  for (int j = 0; j < sinks; ++j) lp.add_row(draw(), kInfinity, {demand, {j}});
  for (int i = 0; i < sources; ++i) {
    const double most = 3 * draw() * sinks / sources;
    const int row = lp.add_row(-kInfinity, most, {supply, {i}});
    for (int j = 0; j < sinks; ++j) {
      const double price = draw();
      const int column = lp.add_column(0, kInfinity, price, {ship, {i, j}});
      lp.add_entry(row, column, 1);
      lp.add_entry(j, column, 1);
    }
  }
  return lp;
}

}  // namespace

TEST_CASE("Wyndor Glass has its textbook optimum and shadow prices by every method, with and without presolve") {
  for (const LpMethod method : kMethods) {
    for (const bool presolve : {true, false}) {
      const LpSolution found = optimum(wyndor_glass().lp, {.method = method, .presolve = presolve});
      CHECK(found.objective == doctest::Approx(-36));
      check_near(found.values, {2, 6});
      check_near(found.activities, {2, 12, 18});
      check_near(found.duals, {0, -1.5, -1});  // an hour more lowers the cost: it raises the profit by 1.5 and 1
      check_near(found.reduced_costs, {0, 0});
    }
  }
}

TEST_CASE("a dual is the change of the optimal cost when the bound rises by one") {
  // min 2x + 3y + z, x + y >= 4, x <= 3 as a row, y - z = 1, z in [0.5, 10]: z = 0.5, y = 1.5, x = 2.5.
  Numbered n;
  n.column(0, kInfinity, 2);
  n.column(0, kInfinity, 3);
  n.column(0.5, 10, 1);
  n.row(4, kInfinity, {1, 1, 0});
  n.row(-kInfinity, 3, {1, 0, 0});
  n.row(1, 1, {0, 1, -1});
  const LpSolution base = optimum(n.lp);
  CHECK(base.objective == doctest::Approx(10));
  check_near(base.values, {2.5, 1.5, 0.5});
  const double step = 0.25;
  for (int row = 0; row < 3; ++row) {
    LpProblem moved = n.lp;
    const double lower = n.lp.row_lower()[row], upper = n.lp.row_upper()[row];
    moved.set_row_bounds(row, lower + step, upper + step);
    CHECK(optimum(moved).objective - base.objective == doctest::Approx(step * base.duals[row]));
  }
  LpProblem moved = n.lp;
  moved.set_column_bounds(2, 0.5 + step, 10);
  CHECK(optimum(moved).objective - base.objective == doctest::Approx(step * base.reduced_costs[2]));
}

TEST_CASE("a transport problem has its hand-worked cost and its duals prove it") {
  // Supplies 20, 30; demands 10, 25, 15; costs {2 3 1; 5 4 8}. Cheapest: source 1 sends 5 to sink 1 and 15 to sink 3,
  // source 2 sends 5 to sink 1 and 25 to sink 2: 10 + 15 + 25 + 100 = 150.
  Numbered n;
  for (const double cost : {2, 3, 1, 5, 4, 8}) n.column(0, kInfinity, cost);
  n.row(-kInfinity, 20, {1, 1, 1, 0, 0, 0});
  n.row(-kInfinity, 30, {0, 0, 0, 1, 1, 1});
  n.row(10, kInfinity, {1, 0, 0, 1, 0, 0});
  n.row(25, kInfinity, {0, 1, 0, 0, 1, 0});
  n.row(15, kInfinity, {0, 0, 1, 0, 0, 1});
  const LpSolution found = optimum(n.lp);
  CHECK(found.objective == doctest::Approx(150));
  check_near(found.values, {5, 0, 15, 5, 25, 0});
  double dual = 20 * found.duals[0] + 30 * found.duals[1];
  for (int sink = 0; sink < 3; ++sink) dual += std::vector{10., 25., 15.}[sink] * found.duals[2 + sink];
  CHECK(dual == doctest::Approx(150));
  for (int row = 0; row < 2; ++row) CHECK(found.duals[row] <= 0);
  for (int row = 2; row < 5; ++row) CHECK(found.duals[row] >= 0);
}

TEST_CASE("Beale's degenerate programme, on which a naive simplex cycles, is solved") {
  // Beale, "Cycling in the dual simplex algorithm", Naval Research Logistics Quarterly 2 (1955): optimum -1/20.
  for (const LpMethod method : kMethods) {
    Numbered n;
    for (const double cost : {-0.75, 150., -0.02, 6.}) n.column(0, kInfinity, cost);
    n.row(-kInfinity, 0, {0.25, -60, -0.04, 9});
    n.row(-kInfinity, 0, {0.5, -90, -0.02, 3});
    n.row(-kInfinity, 1, {0, 0, 1, 0});
    const LpSolution found = optimum(n.lp, {.method = method});
    CHECK(found.objective == doctest::Approx(-0.05));
    check_near(found.values, {0.04, 0, 1, 0});
  }
}

TEST_CASE("a range row binds on the side the cost pushes to, and its dual has that side's sign") {
  for (const double cost : {1.0, -1.0}) {
    Numbered n;
    n.column(-kInfinity, kInfinity, cost);
    n.column(0, kInfinity, 2);
    n.row(2, 5, {1, -1});
    const LpSolution found = optimum(n.lp);
    CHECK(found.activities[0] == doctest::Approx(cost > 0 ? 2 : 5));
    CHECK(found.duals[0] == doctest::Approx(cost));
  }
}

TEST_CASE("fixed, free, negative and boxed columns, and the offset, all count") {
  // x fixed at 3; y free with y >= x - 10 as a row; z in [-8, -2]; w in [0, 5] wants to be large.
  Numbered n;
  n.column(3, 3, 10);
  n.column(-kInfinity, kInfinity, 1);
  n.column(-8, -2, -1);
  n.column(0, 5, -2);
  n.row(-10, kInfinity, {-1, 1, 0, 0});
  n.lp.set_objective_offset(100);
  const LpSolution found = optimum(n.lp);
  check_near(found.values, {3, -7, -2, 5});
  CHECK(found.objective == doctest::Approx(100 + 30 - 7 + 2 - 10));
  check_near(found.reduced_costs, {11, 0, -1, -2});
}

TEST_CASE("programmes without rows, without columns and without anything have their optimum") {
  CHECK(optimum(LpProblem{}).objective == 0);
  Numbered columns;
  columns.column(1, 4, 2);
  columns.column(-3, 4, -2);
  check_near(optimum(columns.lp).values, {1, 4});
  Numbered rows;
  rows.row(-1, 1, {});
  rows.lp.set_objective_offset(5);
  CHECK(optimum(rows.lp).objective == 5);
}

TEST_CASE("the same programme gives the same bits, by every method") {
  const LpProblem lp = random_transport(25, 40, 11);
  for (const LpMethod method : kMethods) {
    const LpSolution one = optimum(lp, {.method = method}), two = optimum(lp, {.method = method});
    CHECK(one.values == two.values);
    CHECK(one.duals == two.duals);
    CHECK(one.iterations == two.iterations);
  }
}

TEST_CASE("the iteration limit stops a solve and says so") {
  const LpOutcome outcome =
      make_clp_solver()->solve(random_transport(30, 60, 5), {.presolve = false, .iteration_limit = 3});
  REQUIRE(std::holds_alternative<LpStopped>(outcome));
  CHECK(std::get<LpStopped>(outcome).reason == "the iteration limit");
}
