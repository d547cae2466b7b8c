// Any text as YAML, then as a record of the catalogue: every table has the same codecs under it, so an accelerator
// (enums, maps, prices, quarters) and a supplier (series) reach them all. Faults are formatted too: they quote the
// input.
#include <string_view>

#include "stargate/catalogue/place.hpp"
#include "stargate/config/override.hpp"

namespace {

template <class R>
void read_as(const stargate::Document& document) {
  const auto record = stargate::read_record<R>(document);
  if (!record) static_cast<void>(stargate::format_diagnostics(record.faults()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  auto document = stargate::parse_yaml("fuzz.yaml", text);
  if (!document) {
    static_cast<void>(stargate::format_diagnostics(document.faults()));
    return 0;
  }
  read_as<stargate::Accelerator>(*document);
  read_as<stargate::Site>(*document);
  read_as<stargate::Supplier>(*document);
  // The document's own first key as an override path: what `--set` does to it.
  if (!document->root.members.empty()) {
    const auto change = stargate::parse_override(document->root.members.front().key + "=+50%");
    if (change) static_cast<void>(stargate::apply_override(*document, *change).ok());
    read_as<stargate::Accelerator>(*document);
  }
  return 0;
}
