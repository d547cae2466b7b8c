// Reading documents: values, the text of every fault, and what a change from outside does.
#include <doctest/doctest.h>

#include "stargate/config/json_writer.hpp"
#include "stargate/config/override.hpp"
#include "stargate/config/record_table.hpp"

using namespace stargate;

namespace {

enum class Colour { red, green };

struct Plot {
  std::string name;
  Power power;
  int count = 3;
  static const RecordTable<Plot>& table();
};
struct Garden {
  std::string title;
  std::vector<Plot> plots;
  Series<Money> price;
  Colour colour = Colour::red;
  std::optional<double> share;
  static const RecordTable<Garden>& table();
};

}  // namespace

namespace stargate {
template <>
struct EnumNames<Colour> {
  static constexpr std::pair<const char*, Colour> names[] = {{"red", Colour::red}, {"green", Colour::green}};
};
}  // namespace stargate

namespace {

const RecordTable<Plot>& Plot::table() {
  static const auto table = RecordTable<Plot>("plot", "A piece of land.")
                                .required("name", &Plot::name, "What it is called.")
                                .required("power", &Plot::power, "Power it has.", positive)
                                .optional("count", &Plot::count, "How many.", positive);
  return table;
}
const RecordTable<Garden>& Garden::table() {
  static const auto table = RecordTable<Garden>("garden", "All of it.")
                                .required("title", &Garden::title, "Its title.")
                                .required("plots", &Garden::plots, "Its plots.")
                                .optional("price", &Garden::price, "Price by quarter.", not_negative)
                                .optional("colour", &Garden::colour, "Its colour.")
                                .optional("share", &Garden::share, "A share.", fraction);
  return table;
}

std::string faults_of(const char* yaml) {
  auto document = parse_yaml("g.yaml", yaml);
  if (!document) return format_diagnostics(document.faults());
  auto garden = read_record<Garden>(*document);
  return garden ? "" : format_diagnostics(garden.faults());
}

}  // namespace

TEST_CASE("a record is read with its units, lists and series") {
  auto document =
      parse_yaml("g.yaml",
                 "title: Home\nplots:\n  - {name: a, power: 2 kW}\n  - name: b\n    power: 700 W\n    count: 5\n"
                 "price: {2025Q1: 10 $, 2026Q1: 20 $}\ncolour: green\nshare: 70 %\n");
  REQUIRE(document.ok());
  auto garden = read_record<Garden>(*document);
  REQUIRE(garden.ok());
  CHECK(garden->plots[0].power == 2 * kilowatt);
  CHECK(garden->plots[0].count == 3);
  CHECK(garden->plots[1].count == 5);
  CHECK(garden->price.at(Quarter::of(2025, 3)).base() == doctest::Approx(15));
  CHECK(garden->colour == Colour::green);
  CHECK(*garden->share == doctest::Approx(0.7));
}

TEST_CASE("all faults of a record are reported at once, each with its place and remedy") {
  CHECK(faults_of(
            "title: Home\nplots:\n  - {name: a, power: 2}\n  - {name: b, powr: 1 kW}\ncolour: gren\nshare: 1.5\n") ==
        "g.yaml:3:22: plots[0].power: '2' has no unit; a power is due here, such as \"700 W\"\n"
        "    3 |   - {name: a, power: 2}\n"
        "                             ^\n"
        "g.yaml:4:5: plots[1]: 'power' is missing\n"
        "    4 |   - {name: b, powr: 1 kW}\n"
        "            ^\n"
        "  hint: Power it has.\n"
        "g.yaml:4:15: plots[1]: 'powr' is not a field of 'plot'\n"
        "    4 |   - {name: b, powr: 1 kW}\n"
        "                      ^\n"
        "  hint: did you mean 'power'?\n"
        "g.yaml:5:9: colour: 'gren' is not one of red | green\n"
        "    5 | colour: gren\n"
        "                ^\n"
        "  hint: did you mean 'green'?\n"
        "g.yaml:6:8: share: '1.5' must be at least 0, at most 1\n"
        "    6 | share: 1.5\n"
        "               ^\n"
        "5 faults.\n");
}

TEST_CASE("YAML that is none, duplicate keys, aliases and deep nesting are faults with a place") {
  CHECK(faults_of("title: [a\n").starts_with("g.yaml:2:1: is not YAML: "));
  CHECK(faults_of("title: a\ntitle: b\n").starts_with("g.yaml:2:1: 'title' is given twice\n"));
  CHECK(faults_of("title: &x a\nplots: *x\n").starts_with("g.yaml:1:8: anchors (&name) are not supported"));
  CHECK(faults_of("title: a\n---\ntitle: b\n").find("a second document begins here") != std::string::npos);
  CHECK(faults_of((std::string(70, '[') + std::string(70, ']')).c_str()).find("nested deeper than 64 levels") !=
        std::string::npos);
}

TEST_CASE("JSON values know their place, and Python's Infinity is read as null") {
  auto document = parse_json("c.json", "{\n  \"a\": 12,\n  \"b\": [0.5, Infinity],\n  \"c\": \"x Infinity\"\n}\n");
  REQUIRE(document.ok());
  const Node& root = document->root;
  CHECK(root.find("a")->text == "12");
  CHECK(root.find("a")->at.line == 2);
  CHECK(root.find("a")->at.column == 8);
  CHECK(root.find("b")->items[1].is_null());
  CHECK(root.find("c")->text == "x Infinity");
  CHECK(root.find("c")->at.column == 8);
}

TEST_CASE("JSON that is none says where") {
  auto document = parse_json("c.json", "{\n  \"a\": 12\n  \"b\": 1\n}\n");
  REQUIRE_FALSE(document.ok());
  CHECK(document.faults()[0].line == 3);
  CHECK(document.faults()[0].text == "  \"b\": 1");
  CHECK_FALSE(parse_json("c.json", "{\"a\": 1, \"a\": 2}").ok());
  CHECK_FALSE(parse_json("c.json", std::string(100000, '[')).ok());
}

TEST_CASE("bytes that are no UTF-8 and control characters are refused with their place, whatever the format") {
  for (const std::string bad : {"\xff", "\x1b[31m", "\xc3", "\xed\xa0\x80", "\xc0\xaf", "\xf4\x90\x80\x80", "\x7f"}) {
    const auto document = parse_yaml("g.yaml", "title: a\nnotes: \xc3\xa9 " + bad);
    REQUIRE_FALSE(document.ok());
    CHECK(format_diagnostics(document.faults()) ==
          "g.yaml:2:11: is not plain UTF-8 text\n  hint: save the file as UTF-8, without control characters\n");
    CHECK_FALSE(parse_json("c.json", "{\"a\": \"" + bad + "\"}").ok());
  }
  CHECK(parse_yaml("g.yaml", "title: \"\xe2\x82\xac \xf0\x9f\x8c\xa0\"\r\nnotes: a\tb\n").ok());
}

TEST_CASE("an override replaces, scales or adds a value and names itself in faults") {
  auto document =
      parse_yaml("g.yaml", "title: Home\nplots:\n  - {name: a, power: 2 kW}\nprice: {2025Q1: 10 $, 2026Q1: 20 $}\n");
  REQUIRE(document.ok());
  CHECK(apply_override(*document, {"plots.a.power", "+50%"}).ok());
  CHECK(apply_override(*document, {"plots[0].count", "7"}).ok());
  CHECK(apply_override(*document, {"price", "x3"}).ok());
  auto garden = read_record<Garden>(*document);
  REQUIRE(garden.ok());
  CHECK(garden->plots[0].power == 3 * kilowatt);
  CHECK(garden->plots[0].count == 7);
  CHECK(garden->price.at(Quarter::of(2025, 1)).base() == doctest::Approx(30));

  const auto unknown = apply_override(*document, {"plots.b.power", "1 W"});
  REQUIRE_FALSE(unknown.ok());
  CHECK(format_diagnostics(unknown.faults()) ==
        "--set plots.b.power=1 W: there is no 'b' in g.yaml\n  hint: did you mean 'a'?\n");
  CHECK(apply_override(*document, {"share", "2"}).ok());
  CHECK(format_diagnostics(read_record<Garden>(*document).faults()) ==
        "--set share=2: share: '2' must be at least 0, at most 1\n");
}

TEST_CASE("JSON that is written reads back the same") {
  JsonWriter json;
  json.begin_object().member("name", "a \"b\"\n").member("x", 0.1).member("n", 3).member("on", true);
  json.member("by", std::map<std::string, double>{{"a", 1.5}}).key("list").begin_array().value(1).value(2).end_array();
  json.key("none").begin_array().end_array().end_object();
  auto document = parse_json("w.json", json.text());
  REQUIRE(document.ok());
  CHECK(document->root.find("name")->text == "a \"b\"\n");
  CHECK(document->root.find("x")->text == "0.1");
  CHECK(document->root.find("by")->find("a")->text == "1.5");
  CHECK(document->root.find("list")->items.size() == 2);
  CHECK(document->root.find("none")->is_sequence());
}
