// What the subset reads, and that what it does not read is refused with its place.
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

TEST_CASE("TOML's tables, dotted keys, arrays and inline tables become one tree with lines") {
  const auto document = parse_toml("f.toml",
                                   "# top\ntitle = \"a # b\"\n[parallelism]\ntensor_parallel_degree = 8 # eight\n"
                                   "a.b = 1_000\n[training]\nlist = [\n  \"x\", # one\n  'y',\n]\n"
                                   "inline = { on = true, n = -1 }\n[parallelism.more]\nz = 2.5e-4\n");
  REQUIRE(document.ok());
  const Node& root = document->root;
  CHECK(root.find("title")->text == "a # b");
  const Node* parallelism = root.find("parallelism");
  CHECK(parallelism->find("tensor_parallel_degree")->text == "8");
  CHECK(parallelism->find("tensor_parallel_degree")->at.line == 4);
  CHECK(parallelism->find("a")->find("b")->text == "1000");
  CHECK(parallelism->find("more")->find("z")->text == "2.5e-4");
  CHECK(root.find("training")->find("list")->items.size() == 2);
  CHECK(root.find("training")->find("inline")->find("n")->text == "-1");
}

TEST_CASE("faulty TOML says where") {
  CHECK(fault_of("a = 1\na = 2\n") == "2:1 'a' is given twice");
  CHECK(fault_of("a = bf16\n") == "1:5 a value is due here");
  CHECK(fault_of("a = \"b\n") == "1:5 the quote is not closed");
  CHECK(fault_of("[[a]]\n") == "1:1 arrays of tables are not read");
  CHECK(fault_of("a = 1 2\n") == "1:7 there is more on the line than one value");
  CHECK(fault_of("a = [1, 2\n") == "2:1 ']' is due here");
  CHECK(fault_of("a\n") == "1:2 '=' is due here");
  CHECK(fault_of("a = 1\n[a]\nb = 2\n") == "2:2 'a' is a value, not a table");
  CHECK(fault_of("a = " + std::string(200, '[')).find("nested too deeply") != std::string::npos);
}
