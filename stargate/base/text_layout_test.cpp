// Tables and prose on screens of several widths.
#include "stargate/base/text_layout.hpp"

#include <doctest/doctest.h>

#include <sstream>

#include "stargate/base/diagnostic_layout.hpp"
#include "stargate/base/text_table.hpp"

namespace stargate {
namespace {

int widest_line(const std::string& text) {
  int widest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) widest = std::max(widest, display_width(line));
  return widest;
}

TextTable systems() {
  TextTable table({{"system", Align::left},
                   {"mode", Align::left},
                   {"accelerators wanted"},
                   {"time to first token"},
                   {"held back by", Align::left}});
  table.add_row({"hgx-h100", "whole", "64", "123.4 ms", "the memory of an accelerator and then the fabric"});
  table.add_row({"hgx-h100", "disaggregated", "128", "99 ms", "latency"});
  return table;
}

TEST_CASE("without a width a table is as wide as its cells") {
  const std::string text = lay_out("Sizes\n" + systems().format(2) + "done\n");
  CHECK(
      text ==
      "Sizes\n"
      "  system    mode           accelerators wanted  time to first token  held back by\n"
      "  --------  -------------  -------------------  -------------------  "
      "------------------------------------------------\n"
      "  hgx-h100  whole                           64             123.4 ms  the memory of an accelerator and then the "
      "fabric\n"
      "  hgx-h100  disaggregated                  128                99 ms  latency\n"
      "done\n");
}

TEST_CASE("a table too wide breaks titles and text over lines before it loses its shape") {
  const std::string text = lay_out(systems().format(), {80, false});
  CHECK(widest_line(text) <= 80);
  CHECK(text.find("accelerators\n") == std::string::npos);
  CHECK(text.find("the memory of an") != std::string::npos);
  CHECK(text.find("123.4 ms") != std::string::npos);
}

TEST_CASE("a table with more columns than the screen holds stands in parts that each name the row; nothing is lost") {
  TextTable table({{"system", Align::left}, {"mode", Align::left}, {"a"}, {"b"}, {"c"}, {"d"}, {"e"}});
  table.add_row({"hgx-h100", "whole", "1000000", "2000000", "3000000", "4000000", "5000000"});
  table.add_row({"hgx-h100", "apart", "1000001", "2000001", "3000001", "4000001", "5000001"});
  const std::string text = lay_out(table.format(2), {45, false});
  CHECK(widest_line(text) <= 45);
  for (const char* cell : {"1000000", "2000000", "3000000", "4000000", "5000000", "5000001"}) {
    CHECK(text.find(cell) != std::string::npos);
  }
  std::size_t named = 0;
  for (auto at = text.find("hgx-h100  apart"); at != std::string::npos; at = text.find("hgx-h100  apart", at + 1))
    ++named;
  CHECK(named == 2);
}

TEST_CASE("a table of one column and a word longer than the screen end") {
  TextTable table({{"reason", Align::left}});
  table.add_row({std::string(200, 'x') + " and more"});
  CHECK(widest_line(lay_out(table.format(), {40, false})) <= 40);
}

TEST_CASE("prose breaks at spaces under its own indent, a command with backslashes") {
  CHECK(lay_out("  one two three four five six seven eight nine ten\n", {30, false}) ==
        "  one two three four five six\n    seven eight nine ten\n");
  CHECK(lay_out("  power      one two three four five six seven eight nine\n", {40, false}) ==
        "  power      one two three four five six\n             seven eight nine\n");
  const std::string command = lay_out("stargate train --model a --system b --gpus 1024 --tp 8\n", {40, false});
  CHECK(command == "stargate train --model a --system b \\\n  --gpus 1024 --tp 8\n");
}

TEST_CASE("a name cannot steer the terminal") {
  TextTable table({{"name", Align::left}});
  table.add_row(
      {"a\x1b[31mb\x1f"
       "c\nd"});
  CHECK(lay_out(table.format() + "\x1b[2J\a\n") == "name\n-----------\na [31mb c d\n [2J \n");
}

TEST_CASE("titles are bold where colour is wanted") {
  TextTable table({{"name", Align::left}});
  table.add_row({"a"});
  CHECK(lay_out(table.format(), {0, true}) == "\x1b[1mname\n\x1b[0m----\na\n");
}

TEST_CASE("numbers without end and endless words are cut, with their length") {
  CHECK(shorten_long_words("rate 12345678901234567890 is much") == "rate 12345678901234567890 is much");
  CHECK(shorten_long_words("rate " + std::string(300, '9') + " is much") ==
        "rate 999999999999... (300 characters) is much");
  CHECK(shorten_long_words(std::string(2000, 'x')).size() < 150);
}

}  // namespace
}  // namespace stargate

TEST_CASE("faults fit the screen: prose is broken, the line of the file is cut around its caret") {
  stargate::Diagnostic fault{"study.yaml", 7, 120, "sites[2].power", "", "", ""};
  for (int i = 0; i < 20; ++i) fault.message += "words and ", fault.hint += "more words ";
  fault.text = std::string(119, 'a') + "b" + std::string(200, 'c');
  for (const int width : {40, 80, 120}) {
    const std::string text = stargate::lay_out_diagnostics({fault}, width);
    std::size_t caret = 0, mark = 0;
    for (std::size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1) {
      const std::string line = text.substr(begin, text.find('\n', begin) - begin);
      CHECK_MESSAGE(line.size() <= static_cast<std::size_t>(width), line);
      if (line.find("ab") != std::string::npos) mark = line.find('b');
      if (line.ends_with("^")) caret = line.size() - 1;
    }
    CHECK(caret == mark);
  }
}

TEST_CASE("a per cent sign stays with its number at the end of a line") {
  for (int width = 40; width < 80; ++width) {
    const std::string text = stargate::lay_out("half of them are within TPOT 6 %, TTFT 12 %, throughput 18 % of what was measured\n", {width});
    CHECK(text.find("\n  %") == std::string::npos);
  }
}
