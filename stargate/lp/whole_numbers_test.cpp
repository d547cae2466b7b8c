// Programmes in whole numbers whose optimum is in a textbook, can be counted, or does not exist, through the one door.
#include "stargate/lp/whole_numbers.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "stargate/lp/clp_solver.hpp"
#include "stargate/lp/mps.hpp"

using namespace stargate;

namespace {

/// Columns x0, x1, ... and rows over all of them; every column is whole.
struct Whole {
  LpProblem lp;
  int columns = lp.add_column_family({"x", {lp.add_axis({})}, ""});
  int rows = lp.add_row_family({"r", {0}, "t"});

  void column(double lower, double upper, double cost) {
    const int added = lp.add_column(lower, upper, cost, {columns, {lp.column_count()}});
    lp.set_integer(added);
  }
  void row(double lower, double upper, const std::vector<double>& coefficients) {
    const int added = lp.add_row(lower, upper, {rows, {lp.row_count()}});
    for (int j = 0; j < static_cast<int>(coefficients.size()); ++j) lp.add_entry(added, j, coefficients[j]);
  }
};

template <class Outcome>
Outcome outcome_of(const LpProblem& lp, const LpOptions& options = {}) {
  LpOutcome outcome = make_clp_solver()->solve(lp, options);
  REQUIRE(std::holds_alternative<Outcome>(outcome));
  return std::get<Outcome>(std::move(outcome));
}

TEST_CASE("Wolsey's example: the best whole numbers are not the relaxation's rounded") {
  // Wolsey, "Integer Programming", 1998, ch. 7: maximise 4 x1 - x2, 7 x1 - 2 x2 <= 14, x2 <= 3, 2 x1 - 2 x2 <= 3;
  // the relaxation gives 59/7, whole numbers 7 at (2, 1).
  Whole w;
  w.column(0, kInfinity, -4);
  w.column(0, kInfinity, 1);
  w.row(-kInfinity, 14, {7, -2});
  w.row(-kInfinity, 3, {0, 1});
  w.row(-kInfinity, 3, {2, -2});
  const auto found = outcome_of<LpSolution>(w.lp);
  CHECK(found.objective == doctest::Approx(-7).epsilon(1e-9));
  CHECK(found.values == std::vector<double>{2, 1});
  CHECK(found.residuals.integer_gap < 1e-9);
  w.lp.forget_integers();
  CHECK(outcome_of<LpSolution>(w.lp).objective == doctest::Approx(-59.0 / 7).epsilon(1e-9));
}

TEST_CASE("knapsacks are packed as counting every packing says") {
  std::mt19937 random(7);
  for (int trial = 0; trial < 20; ++trial) {
    constexpr int items = 10;
    std::vector<double> weight(items), worth(items);
    for (int i = 0; i < items; ++i) {
      weight[i] = 1 + static_cast<int>(random() % 40);
      worth[i] = 1 + static_cast<int>(random() % 60);
    }
    const double room = 90;
    double best = 0;
    for (unsigned packing = 0; packing < 1U << items; ++packing) {
      double heavy = 0, dear = 0;
      for (int i = 0; i < items; ++i) {
        if ((packing >> i & 1U) != 0) heavy += weight[i], dear += worth[i];
      }
      if (heavy <= room) best = std::max(best, dear);
    }
    Whole w;
    for (const double value : worth) w.column(0, 1, -value);
    w.row(-kInfinity, room, weight);
    const auto found = outcome_of<LpSolution>(w.lp);
    CHECK(found.objective == doctest::Approx(-best).epsilon(1e-9));
    for (const double value : found.values) CHECK((value == 0 || value == 1));
  }
}

TEST_CASE("columns that need not be whole are not, and the prices are those at the best whole numbers") {
  // A machine (whole) makes 3, a tonne bought costs 2: need 7; machines cost 4. Two machines, one tonne: 10.
  Whole w;
  w.column(0, kInfinity, 4);
  w.lp.add_column(0, kInfinity, 2, {w.columns, {1}});
  w.row(7, kInfinity, {3, 1});
  w.lp.set_objective_offset(5);
  const auto found = outcome_of<LpSolution>(w.lp);
  CHECK(found.objective == doctest::Approx(15).epsilon(1e-9));
  CHECK(found.values == std::vector<double>{2, 1});
  CHECK(found.duals[0] == doctest::Approx(2).epsilon(1e-9));
}

TEST_CASE("no whole number fits although the relaxation has a solution: how far the limit must move") {
  Whole w;
  w.column(0, 10, 1);
  w.row(3, 5, {2});
  w.row(5, 5, {2});  // 2 x = 5
  const auto why = outcome_of<LpInfeasible>(w.lp);
  REQUIRE(why.gaps.size() == 1);
  CHECK(why.gaps[0].row == 1);
  CHECK(why.gaps[0].amount == doctest::Approx(1).epsilon(1e-6));
}

TEST_CASE("a cost that falls for ever along whole numbers is said to") {
  Whole w;
  w.column(0, kInfinity, -1);
  w.column(0, kInfinity, 1);
  w.row(-kInfinity, 1, {1, -2});
  const auto why = outcome_of<LpUnbounded>(w.lp);
  CHECK(!why.ray.empty());
}

TEST_CASE("a search that meets its limit of nodes says so") {
  Whole w;  // 2 (x - y) is never odd: without an end to the columns no number of nodes proves it
  w.column(0, kInfinity, 1);
  w.column(0, kInfinity, 1);
  w.row(1, 1, {2, -2});
  const auto stopped = outcome_of<LpStopped>(w.lp, {.node_limit = 50});
  CHECK(stopped.reason.find("nodes") != std::string::npos);
}

TEST_CASE("an MPS file says which columns are whole numbers, and that they need not be 0 or 1") {
  Whole w;
  w.column(0, kInfinity, 1);
  w.row(1, kInfinity, {1});
  const std::string text = format_mps(w.lp);
  CHECK(text.find("'MARKER' 'INTORG'") != std::string::npos);
  CHECK(text.find("'INTEND'") != std::string::npos);
  CHECK(text.find(" PL BOUND ") != std::string::npos);
}

}  // namespace
