// Any text as a trace; what is read is in order and inside its bounds.
#include <cstdlib>
#include <string_view>

#include "stargate/traffic/trace.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  const auto trace = stargate::parse_trace("fuzz.csv", {reinterpret_cast<const char*>(bytes), size});
  if (!trace) {
    static_cast<void>(stargate::format_diagnostics(trace.faults()));
    return 0;
  }
  stargate::SimTime before;
  for (const auto& row : trace->rows) {
    if (row.arrival < before || row.prompt_tokens < 1 || row.output_tokens < 1) std::abort();
    if (trace->blocks_of(row).size() + row.first_block > trace->block_ids.size()) std::abort();
    before = row.arrival;
  }
  static_cast<void>(stargate::summarise_trace(*trace));
  return 0;
}
