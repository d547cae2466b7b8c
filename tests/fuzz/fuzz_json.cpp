// Any text as JSON; each value must know a place inside the text.
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "stargate/config/node.hpp"

namespace {

void check_places(const stargate::Document& document, const stargate::Node& node) {
  if (node.at.line < 1 || node.at.column < 1 || node.at.line > document.line_count()) {
    std::fprintf(stderr, "a value claims line %d column %d\n", node.at.line, node.at.column);
    std::abort();
  }
  for (const auto& item : node.items) check_places(document, item);
  for (const auto& member : node.members) check_places(document, member.value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto document = stargate::parse_json("fuzz.json", text);
  if (document) {
    check_places(*document, document->root);
  } else {
    static_cast<void>(stargate::format_diagnostics(document.faults()));
  }
  return 0;
}
