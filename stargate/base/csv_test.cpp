// Comma-separated text: quoting, line numbers and faults.
#include "stargate/base/csv.hpp"

#include <doctest/doctest.h>

using namespace stargate;

TEST_CASE("quoted cells hold commas, quotes and line breaks, and rows know their line") {
  const auto table = parse_csv("t.csv", "id,notes\r\na,\"x, \"\"y\"\"\nz\"\n\nb,\n");
  REQUIRE(table);
  REQUIRE(table->rows.size() == 2);
  CHECK(table->rows[0].cells[1] == "x, \"y\"\nz");
  CHECK(table->rows[0].line == 2);
  CHECK(table->rows[1].line == 5);
  CHECK(table->rows[1].cells[1].empty());
  CHECK(table->column("notes") == 1u);
  CHECK_FALSE(table->column("none"));
}

TEST_CASE("every broken row of a table is a fault with its line") {
  const auto table = parse_csv("t.csv", "a,b\n1\n1,2\n1,2,3\n\"open,2\n");
  REQUIRE_FALSE(table);
  REQUIRE(table.faults().size() == 4);
  CHECK(table.faults()[0].message == "a quoted cell is not closed");
  CHECK(table.faults()[0].line == 5);
  CHECK(table.faults()[1].message == "the row has 1 cells, the header 2");
  CHECK(table.faults()[1].line == 2);
}

TEST_CASE("thousands set apart in a number, a column named twice and monstrous cells are faults with a place") {
  const auto thousands = parse_csv("t.csv", "a,b,c\n0.5,1,024,200\n");
  REQUIRE_FALSE(thousands);
  CHECK(thousands.faults()[0].message == "the row has 4 cells, the header 3");
  CHECK(thousands.faults()[0].line == 2);
  const auto twice = parse_csv("t.csv", "a,b,a,a\n1,2,3,4\n");
  REQUIRE_FALSE(twice);
  REQUIRE(twice.faults().size() == 1);
  CHECK(twice.faults()[0].message == "the column 'a' is there twice");
  const auto cell = parse_csv("t.csv", "a,b\n1,2\n" + std::string(300'000, 'x') + ",1\n");
  REQUIRE_FALSE(cell);
  CHECK(cell.faults()[0].message == "a cell of 300000 bytes is longer than 100000");
  CHECK(cell.faults()[0].line == 3);
  std::string many = "a\n";
  for (std::size_t i = 0; i <= kMostCsvCells; ++i) many += "1\n";
  CHECK_FALSE(parse_csv("t.csv", many));
}

TEST_CASE("a cell is a number only as a whole") {
  CHECK(parse_csv_number("2.5") == 2.5);
  CHECK_FALSE(parse_csv_number("2.5 s"));
  CHECK_FALSE(parse_csv_number(""));
  CHECK_FALSE(parse_csv_number("nan"));
  CHECK_FALSE(parse_csv_number("inf"));
  CHECK_FALSE(parse_csv_number("1e999"));
}
