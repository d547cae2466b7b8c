// Any text into the quantity parser: it must answer or say why not, and what it answers must survive being printed and
// read again (the report prints quantities people will paste back into a study).
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "stargate/units/text.hpp"

namespace {

void demand(bool condition, const char* why, std::string_view text, const std::string& printed) {
  if (condition) return;
  std::fprintf(stderr, "%s: '%.*s' printed as '%s'\n", why, static_cast<int>(text.size()), text.data(),
               printed.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  for (const stargate::Dim dim : {stargate::Dim{.byte = 1}, stargate::Dim{.second = -1, .joule = 1}}) {
    static_cast<void>(stargate::parse_quantity_as(text, dim));
  }
  const auto parsed = stargate::parse_quantity_text(text);
  const auto* quantity = std::get_if<stargate::ParsedQuantity>(&parsed);
  if (quantity == nullptr) return 0;
  const std::string printed = stargate::format_quantity_base(quantity->base, quantity->dim, 6);
  // A dimension without a unit of its own prints as "byte^2*second", a description and no quantity text; so does a
  // plain number. Subnormal numbers have too few digits to come back.
  if (stargate::example_of(quantity->dim) == stargate::describe_dim(quantity->dim) || quantity->dim == stargate::Dim{})
    return 0;
  if (std::abs(quantity->base) < 1e-290 || std::abs(quantity->base) > 1e300) return 0;
  const auto again = stargate::parse_quantity_text(printed);
  const auto* same = std::get_if<stargate::ParsedQuantity>(&again);
  demand(same != nullptr, "a printed quantity does not parse", text, printed);
  demand(same->dim == quantity->dim, "a printed quantity changes dimension", text, printed);
  demand(std::abs(same->base - quantity->base) <= 0.01 * std::abs(quantity->base), "a printed quantity changes value",
         text, printed);
  return 0;
}
