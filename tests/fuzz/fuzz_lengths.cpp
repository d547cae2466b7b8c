// Each line of any text as what stands in one flag or cell: a length, a quarter, a quantity, a number, a time, a change
// of a value.
#include <string_view>

#include "stargate/base/csv.hpp"
#include "stargate/base/quarter.hpp"
#include "stargate/config/override.hpp"
#include "stargate/traffic/length.hpp"
#include "stargate/traffic/trace_text.hpp"
#include "stargate/units/text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(bytes), size);
  auto document = stargate::parse_yaml("fuzz.yaml",
                                       "a: {2025Q1: 1 GW, 2026Q1: 2 GW}\nb: {low: 1, mid: 2, high: 3}\n"
                                       "c: [{id: x, v: 5 %}]\nd: 2026Q1\n");
  for (int lines = 0; !rest.empty() && lines < 200; ++lines) {
    const std::string_view line = stargate::take_line(rest);
    if (const auto length = stargate::parse_length("isl", line); length.ok()) {
      if (!(length->mean() >= 1) || length->longest() < 1) __builtin_trap();
    }
    static_cast<void>(stargate::parse_quarter(line));
    static_cast<void>(stargate::parse_quantity_text(line));
    static_cast<void>(stargate::parse_plain_number(line));
    static_cast<void>(stargate::parse_csv_number(line));
    static_cast<void>(stargate::parse_timestamp(line));
    if (const auto change = stargate::parse_override(line); change.ok()) {
      static_cast<void>(stargate::apply_override(*document, *change).ok());
    }
    for (const char* path : {"a", "b", "b.mid", "c.x.v", "d"}) {
      static_cast<void>(stargate::apply_override(*document, {path, std::string(line)}).ok());
    }
  }
  return 0;
}
