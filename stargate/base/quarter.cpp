// Text form of quarters.
#include "stargate/base/quarter.hpp"

#include <fmt/format.h>

#include <charconv>

namespace stargate {

std::string format_quarter(Quarter quarter) { return fmt::format("{}Q{}", quarter.year(), quarter.number()); }

std::optional<Quarter> parse_quarter(std::string_view text) {
  if (text.size() == 7 && text[4] == '-') return parse_quarter(std::string(text.substr(0, 4)) + std::string(text.substr(5)));
  if (text.size() != 6 || text[4] != 'Q' || text[5] < '1' || text[5] > '4') return std::nullopt;
  int year = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + 4, year);
  if (error != std::errc{} || end != text.data() + 4 || year < 1990 || year > 2100) return std::nullopt;
  return Quarter::of(year, text[5] - '0');
}

}  // namespace stargate
