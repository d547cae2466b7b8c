// Quantities as people write them: "3.35 TB/s", "400 Gb/s" (50 GB/s), "6.6 c/kWh", "500 B$", "18 months".
// Parsing needs a unit: a bare number is an error where a quantity is due. Formatting picks the prefix.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "stargate/units/quantity.hpp"

namespace stargate {

struct ParsedQuantity {
  double base = 0;  ///< value in base units
  Dim dim;
};

/// Why a text is no quantity, in words for the user ("'GBs' is not a unit").
struct QuantityFault {
  std::string message;
};

/// The number a text begins with, and how many bytes it took; 0 when it begins with none. Thousands may be set apart by
/// ',' or '_', always in groups of three ("1,234,567"; never "0,5"). Infinite and "nan" are no numbers.
std::size_t read_leading_number(std::string_view text, double& value);
/// A text that is a number and nothing else.
std::optional<double> parse_plain_number(std::string_view text);

/// Parses `number unit[*unit|/unit]...`, e.g. "1.5e3 GB/s".
std::variant<ParsedQuantity, QuantityFault> parse_quantity_text(std::string_view text);

/// As above, and the dimension must be `expected`, the size below largest_of(expected).
std::variant<double, QuantityFault> parse_quantity_as(std::string_view text, Dim expected);

template <Dim D>
std::variant<Quantity<D>, QuantityFault> parse_quantity(std::string_view text) {
  auto parsed = parse_quantity_as(text, D);
  if (auto* fault = std::get_if<QuantityFault>(&parsed)) return std::move(*fault);
  return Quantity<D>::from_base(std::get<double>(parsed));
}

/// Beyond this no figure of that dimension is meant (a million years, the world's product a million times): sums and
/// products of what is below it stay finite and countable.
double largest_of(Dim dim);

/// "bytes a second", with an example "3.35 TB/s"; for error messages and the reference pages.
std::string describe_dim(Dim dim);
std::string example_of(Dim dim);

/// A unit text with prefix chosen for size: format_quantity(3.35e12 B/s) is "3.35 TB/s". `digits` significant.
std::string format_quantity_base(double base, Dim dim, int digits = 3);

template <Dim D>
std::string format_quantity(Quantity<D> q, int digits = 3) {
  return format_quantity_base(q.base(), D, digits);
}

}  // namespace stargate
