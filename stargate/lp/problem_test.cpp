// The builder: entries that are the same place, names, statistics.
#include "stargate/lp/problem.hpp"

#include <doctest/doctest.h>

using namespace stargate;

namespace {

/// One family of columns and one of rows over an axis of two sites.
LpProblem two_sites() {
  LpProblem lp;
  const int site = lp.add_axis({"abilene", "memphis"}), quarter = lp.add_axis({});
  const int power = lp.add_column_family({"power", {site, quarter}, "MW"});
  const int grid = lp.add_row_family({"grid", {site}, "MW"});
  for (int s = 0; s < 2; ++s) {
    for (int t = 0; t < 2; ++t) lp.add_column(0, kInfinity, 1 + s, {power, {s, t}});
    lp.add_row(-kInfinity, 100, {grid, {s}});
  }
  return lp;
}

}  // namespace

TEST_CASE("names are made of the family and the labels of its axes") {
  const LpProblem lp = two_sites();
  CHECK(lp.column_name(3) == "power[memphis,1]");
  CHECK(lp.row_name(0) == "grid[abilene]");
  CHECK(lp.row_axis_label(1, 0) == "memphis");
  CHECK(lp.row_unit(1) == "MW");
}

TEST_CASE("entries come out by column with rows ascending, the same place added, zeros left out") {
  LpProblem lp = two_sites();
  lp.add_entry(1, 3, 5);
  lp.add_entry(1, 0, 2);
  lp.add_entry(0, 0, 1);
  lp.add_entry(1, 0, 0.5);
  lp.add_entry(0, 2, 4);
  lp.add_entry(0, 2, -4);
  const LpMatrix matrix = lp.matrix();
  CHECK(matrix.starts == std::vector<int>{0, 2, 2, 2, 3});
  CHECK(matrix.rows == std::vector<int>{0, 1, 1});
  CHECK(matrix.values == std::vector<double>{1, 2.5, 5});
}

TEST_CASE("statistics give the ranges a badly scaled programme is seen by") {
  LpProblem lp = two_sites();
  lp.add_entry(0, 0, -1e-4);
  lp.add_entry(1, 1, 1e6);
  const LpStatistics found = lp.statistics();
  CHECK(found.columns == 4);
  CHECK(found.rows == 2);
  CHECK(found.entries == 2);
  CHECK(found.smallest_entry == 1e-4);
  CHECK(found.largest_entry == 1e6);
  CHECK(found.smallest_cost == 1);
  CHECK(found.largest_cost == 2);
  CHECK(found.smallest_bound == 100);
  CHECK(found.largest_bound == 100);
}
