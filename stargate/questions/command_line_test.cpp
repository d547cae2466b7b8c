// A question's command line is the one that asks it.
#include "stargate/questions/command_line.hpp"

#include <doctest/doctest.h>

#include "stargate/questions/registry.hpp"

namespace stargate {
namespace {

std::string line_of(const char* json) {
  const auto asked = parse_asked_question("test", json);
  REQUIRE(asked);
  return format_command_line(*asked->question, asked->document);
}

TEST_CASE("fields become flags in the order of the table, lists and switches as the command takes them") {
  CHECK(line_of(R"({"question": "model", "model": "my models/a.json"})") == "stargate model 'my models/a.json'");
  CHECK(line_of(R"({"question": "train", "gpus": 8, "model": "llama-3.1-8b", "compare": true,
                    "system": "hgx-h100", "set": ["a.b=+10%", "c=it's"]})") ==
        "stargate train --model llama-3.1-8b --system hgx-h100 --gpus 8 --compare --set a.b=+10% --set 'c=it'\\''s'");
}

}  // namespace
}  // namespace stargate
