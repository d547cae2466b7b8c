// Quantities as people write them: "3.35 TB/s", "400 Gb/s" (50 GB/s), "6.6 c/kWh", "500 B$", "18 months".
// Parsing needs a unit: a bare number is an error where a quantity is due. Formatting picks the prefix.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "stargate/units/quantity.hpp"

namespace stargate {

/// A number with its unit worked in: "400 Gb/s" has base 5e10 and the dimension byte/second.
struct ParsedQuantity {
  double base = 0;  ///< value in base units
  Dim dim;          ///< exponents that the unit text adds up to; {} for a plain number
};

/// Why a text is no quantity, in words for the user ("'GBs' is not a unit").
struct QuantityFault {
  std::string message;
};

/// The number a text begins with, and how many bytes it took; 0 when it begins with none. Thousands may be set apart by
/// ',' or '_', always in groups of three ("1,234,567"; never "0,5"). Infinite and "nan" are no numbers.
std::size_t read_leading_number(std::string_view text, double& value);
/// A text that is a number and nothing else. Empty for an empty text, for text behind the number, for spaces around it
/// and for what read_leading_number refuses.
std::optional<double> parse_plain_number(std::string_view text);

/// Parses `number unit[*unit|/unit]...`, e.g. "1.5e3 GB/s". The unit is required and case matters ("Mb" is a megabit,
/// "MB" a megabyte, "mB" a millibyte). Factors are taken from left to right, so "a/b/c" divides twice; at most nine of
/// them. Spaces around the whole and around each factor are free. "req" is an event without dimension: "12 req/s" is a
/// frequency. Faults: no number, no unit, an unknown unit, a value that is not finite.
std::variant<ParsedQuantity, QuantityFault> parse_quantity_text(std::string_view text);

/// As above, and the dimension must be `expected`, the size below largest_of(expected). Answers the value in base
/// units. Every fault also says what was due, with an example.
std::variant<double, QuantityFault> parse_quantity_as(std::string_view text, Dim expected);

/// The same with the dimension taken from the type.
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
/// Of a dimension without an entry both give its exponents: "byte*second^-1".
std::string example_of(Dim dim);

/// A unit text with prefix chosen for size: format_quantity(3.35e12 B/s) is "3.35 TB/s". `digits` significant. Times of
/// two minutes and more are in min, h, days or years (of 8,760 h), shorter ones with a prefix. Money takes k$, M$, B$
/// and T$ and is never in fractions of a dollar's prefix. NaN prints as "n/a", infinity as "unlimited".
std::string format_quantity_base(double base, Dim dim, int digits = 3);

template <Dim D>
std::string format_quantity(Quantity<D> q, int digits = 3) {
  return format_quantity_base(q.base(), D, digits);
}

}  // namespace stargate
