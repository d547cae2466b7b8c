// What TOML becomes, and that what is none is refused with its place.
#include "stargate/config/toml.hpp"

#include <doctest/doctest.h>

using namespace stargate;

namespace {

std::string fault_of(std::string_view text) {
  const auto document = parse_toml("f.toml", text);
  REQUIRE_FALSE(document.ok());
  const auto& fault = document.faults()[0];
  return std::to_string(fault.line) + ":" + std::to_string(fault.column) + " " + fault.message;
}

}  // namespace

TEST_CASE("TOML's tables, dotted keys, arrays and inline tables become one tree with lines, in the order written") {
  const auto document = parse_toml("f.toml",
                                   "# top\ntitle = \"a # b\"\n[parallelism]\ntensor_parallel_degree = 8 # eight\n"
                                   "a.b = 1_000\n[training]\nlist = [\n  \"x\", # one\n  'y',\n]\n"
                                   "inline = { on = true, n = -1 }\n[parallelism.more]\nz = 2.5e-4\n");
  REQUIRE(document.ok());
  const Node& root = document->root;
  CHECK(root.members[1].key == "parallelism");
  CHECK(root.members[2].key == "training");
  CHECK(root.find("title")->text == "a # b");
  const Node* parallelism = root.find("parallelism");
  CHECK(parallelism->find("tensor_parallel_degree")->text == "8");
  CHECK(parallelism->find("tensor_parallel_degree")->at.line == 4);
  CHECK(parallelism->find("tensor_parallel_degree")->at.column == 26);
  CHECK(parallelism->find("a")->find("b")->text == "1000");
  CHECK(parallelism->find("more")->find("z")->text == "0.00025");
  CHECK(root.find("training")->find("list")->items.size() == 2);
  CHECK(root.find("training")->find("inline")->find("n")->text == "-1");
  CHECK(root.find("training")->find("inline")->find("on")->text == "true");
}

TEST_CASE("arrays of tables, multi-line texts and dates are read") {
  const auto document = parse_toml("f.toml",
                                   "day = 2026-11-24\n[[step]]\nname = \"\"\"\none\ntwo\"\"\"\n[[step]]\n"
                                   "at = 1979-05-27T07:32:00Z\nraw = '''\\d'''\nhex = 0xff\n");
  REQUIRE(document.ok());
  const Node* steps = document->root.find("step");
  REQUIRE(steps->is_sequence());
  REQUIRE(steps->items.size() == 2);
  CHECK(steps->items[0].find("name")->text == "one\ntwo");
  CHECK(steps->items[1].find("at")->text == "1979-05-27T07:32:00Z");
  CHECK(steps->items[1].find("raw")->text == "\\d");
  CHECK(steps->items[1].find("hex")->text == "255");
  CHECK(document->root.find("day")->text == "2026-11-24");
}

TEST_CASE("columns count bytes, as in every other fault") {
  const auto document = parse_toml("f.toml", "a = { \"\xc3\xa9\" = 1, b = 2 }\n");
  REQUIRE(document.ok());
  CHECK(document->root.find("a")->find("b")->at.column == 21);
}

TEST_CASE("faulty TOML says where") {
  CHECK(fault_of("a = 1\na = 2\n").starts_with("2:"));
  CHECK(fault_of("a = 1\nb = bf16\n").starts_with("2:5 is not TOML: "));
  CHECK(fault_of("a = \"b\n").starts_with("1:"));
  CHECK(fault_of("a = 1 2\n").starts_with("1:7 is not TOML: "));
  CHECK(fault_of("a = 1\n[a]\nb = 2\n").starts_with("2:"));
  CHECK(fault_of("a = " + std::string(200'000, '[')).find("nested too deeply") != std::string::npos);
  std::string dotted = "a";
  for (int i = 0; i < 100'000; ++i) dotted += ".a";
  CHECK(fault_of("[x]\n" + dotted + " = 1\n").starts_with("2:"));
}
