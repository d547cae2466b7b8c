// A calendar quarter, "2025Q1": the planner's period and the grain of every supply, price and delivery date.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace stargate {

/// Ordered, and counted: adding n goes n quarters on, the difference of two is a number of quarters.
struct Quarter {
  int index = 0;  ///< quarters since year 0: 4 * year + (quarter - 1)

  /// `quarter` is 1 to 4.
  static constexpr Quarter of(int in_year, int quarter) { return {4 * in_year + quarter - 1}; }
  constexpr int year() const { return index / 4; }
  /// 1 to 4.
  constexpr int number() const { return index % 4 + 1; }
  friend constexpr auto operator<=>(Quarter, Quarter) = default;
  friend constexpr Quarter operator+(Quarter q, int n) { return {q.index + n}; }
  friend constexpr Quarter operator-(Quarter q, int n) { return {q.index - n}; }
  friend constexpr int operator-(Quarter a, Quarter b) { return a.index - b.index; }
};

/// "2025Q1"; what parse_quarter reads.
std::string format_quarter(Quarter quarter);
/// "2025Q1" (also "2025-Q1"); years 1990 to 2100. Empty for anything else.
std::optional<Quarter> parse_quarter(std::string_view text);

}  // namespace stargate
