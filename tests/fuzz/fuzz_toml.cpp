// Any text as TOML; each value must know a line inside the text.
#include <cstdlib>
#include <string_view>

#include "stargate/config/toml.hpp"

namespace {

void check_places(const stargate::Document& document, const stargate::Node& node) {
  if (node.at.line < 1 || node.at.column < 1 || node.at.line > document.line_count()) std::abort();
  for (const auto& item : node.items) check_places(document, item);
  for (const auto& member : node.members) check_places(document, member.value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  const auto document = stargate::parse_toml("fuzz.toml", std::string_view(reinterpret_cast<const char*>(bytes), size));
  if (document.ok()) {
    check_places(*document, document->root);
  } else {
    static_cast<void>(stargate::format_diagnostics(document.faults()));
  }
  return 0;
}
