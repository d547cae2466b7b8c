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
  auto other = parse_yaml("g.yaml", "title: Home\n");
  REQUIRE(other.ok());
  CHECK(apply_override(*other, {"titel", "Shed"}).ok());
  const auto added = read_record<Garden>(*other);
  REQUIRE_FALSE(added.ok());
  CHECK(added.faults()[0].file == "--set titel=Shed");
  CHECK(added.faults()[0].hint == "did you mean 'title'?");
}

TEST_CASE("an override replaces, shifts and scales a series, and keeps the order of a price range") {
  const auto changed = [](const char* path, const char* value) {
    auto document = parse_yaml("g.yaml",
                               "title: Home\nplots:\n  - {name: Frontier, id: gpt-5.1, power: 2 kW}\n"
                               "price: {2025Q1: 10 $, 2026Q1: 20 $}\nrange: {low: 1 k$, mid: 2 k$, high: 3 k$}\n");
    const auto applied = apply_override(*document, {path, value});
    return std::pair(std::move(*document), applied.ok() ? std::string() : applied.faults()[0].message);
  };
  const auto price = [](const Document& document) {
    std::string out;
    const Node& node = *document.root.find("price");
    for (const auto& member : node.members) out += member.key + " " + member.value.text + "; ";
    return out + node.text;
  };
  CHECK(price(changed("price", "+2 quarters").first) == "2025Q3 10 $; 2026Q3 20 $; ");
  CHECK(price(changed("price", "-1 quarter").first) == "2024Q4 10 $; 2025Q4 20 $; ");
  CHECK(price(changed("price", "{2027Q1: 5 $, 2028Q1: 6 $}").first) == "2027Q1 5 $; 2028Q1 6 $; ");
  CHECK(price(changed("price", "7 $").first) == "7 $");
  CHECK(price(changed("price", "x3").first) == "2025Q1 30 $; 2026Q1 60 $; ");
  CHECK(changed("plots.gpt-5.1.power", "1 kW").first.root.find("plots")->items[0].find("power")->text == "1 kW");
  CHECK(changed("plots.Frontier.power", "1 kW").second.empty());
  const Document raised = changed("range.mid", "4 k$").first;
  CHECK(raised.root.find("range")->find("high")->text == "4 k$");
  CHECK(raised.root.find("range")->find("low")->text == "1 k$");
  CHECK(changed("range.mid", "x0.1").first.root.find("range")->find("low")->text == "0.2 k$");
  CHECK(changed("range", "5 k$").first.root.find("range")->find("low")->text == "5 k$");
  CHECK(changed("title", "+2 quarters").second == "'Home' is no quarter, so it cannot be shifted");
  CHECK(changed("plots", "5").second == "names a list, not a value");
  CHECK(changed("price", "{").second.starts_with("is not YAML"));
}

TEST_CASE("numbers that are none, endless or too large are refused wherever a number is due") {
  const auto is_refused = [](const std::string& yaml) {
    return !faults_of(("title: a\n" + yaml + "\n").c_str()).empty();
  };
  for (const std::string text : {"nan", "inf", "-inf", ".nan", ".inf", "1e999", "0,5"}) {
    CHECK_MESSAGE(is_refused("plots: [{name: a, power: 1 W, count: \"" + text + "\"}]"), text);
    CHECK_MESSAGE(is_refused("plots: [{name: a, power: \"" + text + " W\"}]"), text);
    CHECK_MESSAGE(is_refused("plots: []\nshare: \"" + text + "\""), text);
    CHECK_MESSAGE(is_refused("plots: []\nprice: {2025Q1: \"" + text + " $\"}"), text);
  }
  for (const std::string count : {"99999999999999999999", "4294967296", "9223372036854775807", "1.5", "1e300"}) {
    CHECK_MESSAGE(is_refused("plots: [{name: a, power: 1 W, count: " + count + "}]"), count);
  }
}

TEST_CASE("hundreds of thousands of unknown keys are ten faults and a count") {
  std::string yaml = "title: a\nplots: []\n";
  for (int i = 0; i < 300'000; ++i) yaml += "key" + std::to_string(i) + ": 1\n";
  const std::string text = faults_of(yaml.c_str());
  CHECK(text.find("'key9' is not a field of 'garden'") != std::string::npos);
  CHECK(text.find("'key10' is not a field of 'garden'") == std::string::npos);
  CHECK(text.find("299990 more keys are no fields of 'garden', this is the last") != std::string::npos);
}

TEST_CASE("a column counts bytes, whatever characters stand before it") {
  auto document = parse_yaml("g.yaml", "title: \xc3\xa9\nplots: [{name: \xc3\xa9, powr: 1}]\n");
  REQUIRE(document.ok());
  CHECK(document->root.find("plots")->items[0].members[1].at.column == 20);
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
