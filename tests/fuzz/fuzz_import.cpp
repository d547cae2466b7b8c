// Any text as a configuration of another program, in every syntax: read, mapped to a layout and written out.
#include <string_view>

#include "stargate/import/import_layout.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  for (const char* file : {"fuzz.sh", "fuzz.toml", "fuzz.py", "fuzz.yaml"}) {
    const auto options = stargate::read_import_options(file, text);
    if (!options) {
      static_cast<void>(stargate::format_diagnostics(options.faults()));
      continue;
    }
    const auto layout = stargate::import_layout(*options, 0);
    if (!layout) {
      static_cast<void>(stargate::format_diagnostics(layout.faults()));
    } else {
      static_cast<void>(stargate::format_import_command(*layout, {}, {}) + stargate::format_import_yaml(*layout));
    }
  }
  return 0;
}
