// What every module leans on: diagnostics as printed, quarters, tables.
#include <doctest/doctest.h>

#include "stargate/base/diagnostic.hpp"
#include "stargate/base/quarter.hpp"
#include "stargate/base/series.hpp"
#include "stargate/base/text_layout.hpp"
#include "stargate/base/text_table.hpp"

using namespace stargate;

TEST_CASE("a diagnostic shows the line and puts a caret under the value") {
  const Diagnostic d{"study.yaml",    3, 8, "sites[0].power", "'12 GW/s' is no power", "write \"12 GW\"",
                     "power: 12 GW/s"};
  CHECK(format_diagnostic(d) ==
        "study.yaml:3:8: sites[0].power: '12 GW/s' is no power\n"
        "    3 | power: 12 GW/s\n"
        "               ^\n"
        "  hint: write \"12 GW\"\n");
}

TEST_CASE("diagnostics are printed in the order of the file and counted") {
  const Diagnostic late{"a.yaml", 9, 1, "", "late", "", ""};
  const Diagnostic early{"a.yaml", 2, 1, "", "early", "", ""};
  CHECK(format_diagnostics({late, early}) == "a.yaml:2:1: early\na.yaml:9:1: late\n2 faults.\n");
}

TEST_CASE("the nearest name is proposed only when it is near") {
  const std::vector<std::string> names{"h100-sxm", "h200-sxm", "b200-sxm"};
  CHECK(nearest_name("h100_sxm", names) == "h100-sxm");
  CHECK(nearest_name("tpu", names).empty());
  CHECK(suggest_name("tpu", names) == "known: h100-sxm, h200-sxm, b200-sxm");
}

TEST_CASE("quarters parse, print and count") {
  CHECK(parse_quarter("2025Q1") == Quarter::of(2025, 1));
  CHECK(parse_quarter("2025-Q4") == Quarter::of(2025, 4));
  CHECK_FALSE(parse_quarter("2025Q5"));
  CHECK_FALSE(parse_quarter("25Q1"));
  CHECK(format_quarter(Quarter::of(2025, 4) + 1) == "2026Q1");
  CHECK(Quarter::of(2029, 4) - Quarter::of(2025, 1) == 19);
}

TEST_CASE("a series is zero before its first point, linear between and constant after") {
  const Series<double> s{{{Quarter::of(2025, 1), 10.0}, {Quarter::of(2026, 1), 30.0}}};
  CHECK(s.at(Quarter::of(2024, 4)) == 0.0);
  CHECK(s.at(Quarter::of(2025, 3)) == 20.0);
  CHECK(s.at(Quarter::of(2030, 1)) == 30.0);
}

TEST_CASE("a fault shows neither a number without end nor a line without end") {
  Diagnostic fault{"a.yaml",
                   3,
                   5001,
                   "x",
                   "'" + std::string(400, '9') + "' is too large",
                   "write less",
                   std::string(5000, ' ') + "9" + std::string(5000, 'b')};
  const std::string text = format_diagnostic(fault);
  CHECK(text.size() < 700);
  CHECK(text.find("(402 characters) is too large") != std::string::npos);
  const auto line = text.find("    3 | "), caret = text.find("^\n");
  REQUIRE(caret != std::string::npos);
  const auto next = text.find('\n', line) + 1;
  CHECK(text[line + (caret - next)] == '9');
}

TEST_CASE("tables align and count wide characters twice") {
  TextTable table({{"site", Align::left}, {"MW"}});
  table.add_row({"서울", "5"});
  table.add_row({"Abilene", "1200"});
  CHECK(lay_out(table.format()) == "site       MW\n-------  ----\n서울        5\nAbilene  1200\n");
  CHECK(table.format_csv() == "site,MW\n서울,5\nAbilene,1200\n");
  CHECK(format_csv_cell("a,\"b\"") == "\"a,\"\"b\"\"\"");
}
