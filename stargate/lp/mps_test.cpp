// MPS text, word for word: each kind of row and bound, the offset's sign, names.
#include "stargate/lp/mps.hpp"

#include <doctest/doctest.h>

using namespace stargate;

TEST_CASE("every kind of row and bound has its MPS form") {
  LpProblem lp;
  const int x = lp.add_column_family({"x", {lp.add_axis({})}, ""});
  const int r = lp.add_row_family({"r", {lp.add_axis({})}, ""});
  lp.set_objective_offset(7);
  lp.add_column(0, kInfinity, 0.1, {x, {0}});
  lp.add_column(-kInfinity, kInfinity, 0, {x, {1}});
  lp.add_column(3, 3, 0, {x, {2}});
  lp.add_column(-kInfinity, -1, 0, {x, {3}});
  lp.add_column(-5, -1, 0, {x, {4}});
  lp.add_column(0, 9, 0, {x, {5}});
  lp.add_row(2, 2, {r, {0}});
  lp.add_row(1, kInfinity, {r, {1}});
  lp.add_row(-kInfinity, 4, {r, {2}});
  lp.add_row(-1, 5, {r, {3}});
  lp.add_row(-kInfinity, kInfinity, {r, {4}});
  for (int row = 0; row < 5; ++row) lp.add_entry(row, row, 1.0 / 3);
  CHECK(format_mps(lp) ==
        "NAME stargate\n"
        "ROWS\n N COST\n E r[0]\n G r[1]\n L r[2]\n G r[3]\n N r[4]\n"
        "COLUMNS\n"
        " x[0] COST 0.10000000000000001\n"
        " x[0] r[0] 0.33333333333333331\n"
        " x[1] r[1] 0.33333333333333331\n"
        " x[2] r[2] 0.33333333333333331\n"
        " x[3] r[3] 0.33333333333333331\n"
        " x[4] r[4] 0.33333333333333331\n"
        " x[5] COST 0\n"
        "RHS\n RHS COST -7\n RHS r[0] 2\n RHS r[1] 1\n RHS r[2] 4\n RHS r[3] -1\n"
        "RANGES\n RANGE r[3] 6\n"
        "BOUNDS\n"
        " FR BOUND x[1]\n"
        " FX BOUND x[2] 3\n"
        " MI BOUND x[3]\n UP BOUND x[3] -1\n"
        " LO BOUND x[4] -5\n UP BOUND x[4] -1\n"
        " UP BOUND x[5] 9\n"
        "ENDATA\n");
}

TEST_CASE("names in MPS have no blanks and are unique, also where a suffix was taken") {
  LpProblem lp;
  const int site = lp.add_axis({"El Paso", "El_Paso", "El$Paso"});
  const int x = lp.add_column_family({"x", {site}, ""});
  for (int s = 0; s < 3; ++s) lp.add_column(0, 1, 1, {x, {s}});
  const std::string text = format_mps(lp);
  CHECK(text.find(" x[El_Paso] COST") != std::string::npos);
  CHECK(text.find(" x[El_Paso]#1 COST") != std::string::npos);
  CHECK(text.find(" x[El_Paso]#2 COST") != std::string::npos);
}
