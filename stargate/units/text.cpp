// The table of units and the small grammar around it. No locale: a decimal point is '.', always (std::from_chars).
#include "stargate/units/text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "stargate/units/trim.hpp"

namespace stargate {
namespace {

/// `scale` turns one of the unit into base units: a bit is an eighth of a byte, a watt-hour 3600 J. A symbol of two
/// letters that could also be a prefix and a unit ("min", "PB") is told apart in find_unit.
struct Unit {
  std::string_view symbol;
  double scale;
  Dim dim;
  bool prefixed;  ///< takes k, M, G, T, P, E (and m, u, n, p where small ones make sense)
};

constexpr double kHour = 3600, kYear = 8760 * kHour;  // seconds; the financial year of quantity.hpp

constexpr std::array kUnits = {
    Unit{"B", 1, {.byte = 1}, true},
    Unit{"b", 0.125, {.byte = 1}, true},
    Unit{"FLOP", 1, {.flop = 1}, true},
    Unit{"OP", 1, {.flop = 1}, true},
    Unit{"s", 1, {.second = 1}, true},
    Unit{"min", 60, {.second = 1}, false},
    Unit{"h", kHour, {.second = 1}, false},
    Unit{"hour", kHour, {.second = 1}, false},
    Unit{"hours", kHour, {.second = 1}, false},
    Unit{"d", 24 * kHour, {.second = 1}, false},
    Unit{"day", 24 * kHour, {.second = 1}, false},
    Unit{"days", 24 * kHour, {.second = 1}, false},
    Unit{"month", kYear / 12, {.second = 1}, false},
    Unit{"months", kYear / 12, {.second = 1}, false},
    Unit{"quarter", kYear / 4, {.second = 1}, false},
    Unit{"quarters", kYear / 4, {.second = 1}, false},
    Unit{"year", kYear, {.second = 1}, false},
    Unit{"years", kYear, {.second = 1}, false},
    Unit{"J", 1, {.joule = 1}, true},
    Unit{"Wh", kHour, {.joule = 1}, true},
    Unit{"W", 1, {.second = -1, .joule = 1}, true},
    Unit{"$", 1, {.dollar = 1}, true},
    Unit{"USD", 1, {.dollar = 1}, true},
    Unit{"B$", 1e9, {.dollar = 1}, false},
    Unit{"BUSD", 1e9, {.dollar = 1}, false},
    Unit{"c", 0.01, {.dollar = 1}, false},
    Unit{"tok", 1, {.token = 1}, true},
    Unit{"Tok", 1, {.token = 1}, true},
    Unit{"token", 1, {.token = 1}, true},
    Unit{"tokens", 1, {.token = 1}, true},
    Unit{"g", 1, {.gram = 1}, true},
    Unit{"t", 1e6, {.gram = 1}, true},
    Unit{"Hz", 1, {.second = -1}, true},
    Unit{"req", 1, {}, true},
};

/// Binary prefixes stand first, so that "KiB" is tried as such before any single letter; "u" is micro, since a keyboard
/// has no Greek letter.
struct Prefix {
  std::string_view symbol;
  double scale;
};
constexpr std::array kPrefixes = {
    Prefix{"Ki", 1024.0}, Prefix{"Mi", 1048576.0}, Prefix{"Gi", 1073741824.0}, Prefix{"Ti", 1099511627776.0},
    Prefix{"k", 1e3},     Prefix{"M", 1e6},        Prefix{"G", 1e9},           Prefix{"T", 1e12},
    Prefix{"P", 1e15},    Prefix{"E", 1e18},       Prefix{"Z", 1e21},          Prefix{"Y", 1e24},
    Prefix{"m", 1e-3},    Prefix{"u", 1e-6},       Prefix{"n", 1e-9},          Prefix{"p", 1e-12},
};

/// One factor of a unit: a symbol as it stands, else a prefix and a symbol that takes prefixes. Whole symbols go first,
/// so that "min" is a minute and no milli-"in", "PB" a petabyte. KiB and its like are for data only.
std::optional<ParsedQuantity> find_unit(std::string_view symbol) {
  for (const Unit& unit : kUnits) {
    if (unit.symbol == symbol) return ParsedQuantity{unit.scale, unit.dim};
  }
  for (const Prefix& prefix : kPrefixes) {
    if (!symbol.starts_with(prefix.symbol)) continue;
    const auto rest = symbol.substr(prefix.symbol.size());
    const bool binary = prefix.symbol.size() == 2;
    for (const Unit& unit : kUnits) {
      const bool data = unit.dim == Dim{.byte = 1};
      if (unit.prefixed && unit.symbol == rest && (!binary || data)) {
        return ParsedQuantity{prefix.scale * unit.scale, unit.dim};
      }
    }
  }
  return std::nullopt;
}

Dim negate(Dim d) { return Dim{} - d; }

/// For messages: nobody reads more of it.
std::string shortened(std::string_view text) {
  if (text.size() <= 60) return std::string(text);
  std::size_t end = 57;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // never half a UTF-8 character
  return std::string(text.substr(0, end)) + "...";
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes digits off `text` from `at`, with separators between groups of three; false when the groups are not of three.
/// "1,234,567" and "1_000": once a separator was seen every further group has exactly three digits, so that the decimal
/// comma of "0,5" is refused instead of read as five.
bool take_whole_part(std::string_view text, std::size_t& at, std::string& digits) {
  std::size_t group = 0;
  bool grouped = false;
  for (; at < text.size(); ++at) {
    if (is_digit(text[at])) {
      digits += text[at], ++group;
      continue;
    }
    const bool separator = (text[at] == ',' || text[at] == '_') && at + 1 < text.size() && is_digit(text[at + 1]);
    if (!separator || group == 0) break;
    if (grouped ? group != 3 : group > 3) return false;
    grouped = true, group = 0;
  }
  return !grouped || group == 3;
}

}  // namespace

/// The text is first rewritten without separators and plus signs, which std::from_chars does not take; from_chars then
/// rounds correctly, whatever the locale. An exponent counts only when digits follow: in "2 exa" the number is 2.
std::size_t read_leading_number(std::string_view text, double& value) {
  std::string digits;
  std::size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) {
    if (text[at] == '-') digits += '-';
    ++at;
  }
  if (!take_whole_part(text, at, digits)) return 0;
  if (at < text.size() && text[at] == '.') {
    for (digits += text[at++]; at < text.size() && is_digit(text[at]); ++at) digits += text[at];
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    std::size_t power = at + 1;
    if (power < text.size() && (text[power] == '-' || text[power] == '+')) ++power;
    if (power < text.size() && is_digit(text[power])) {
      digits += 'e';
      if (text[at + 1] == '-') digits += '-';
      for (at = power; at < text.size() && is_digit(text[at]); ++at) digits += text[at];
    }
  }
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || !std::isfinite(value)) return 0;
  return at;
}

std::optional<double> parse_plain_number(std::string_view text) {
  double value = 0;
  const std::size_t used = read_leading_number(text, value);
  if (used == 0 || used != text.size()) return std::nullopt;
  return value;
}

std::variant<ParsedQuantity, QuantityFault> parse_quantity_text(std::string_view raw) {
  const auto text = trimmed(raw);
  double value = 0;
  const std::size_t used = read_leading_number(text, value);
  if (used == 0) return QuantityFault{"'" + shortened(text) + "' does not start with a number"};
  auto units = trimmed(text.substr(used));
  if (units.empty()) return QuantityFault{"'" + shortened(text) + "' has no unit"};
  ParsedQuantity result{value, {}};
  bool divide = false;
  for (int parts = 0;; ++parts) {
    if (parts > 8) return QuantityFault{"a unit of so many parts is none"};
    const std::size_t end = units.find_first_of("*/");
    const auto symbol = trimmed(units.substr(0, end));
    const auto unit = find_unit(symbol);
    if (!unit) return QuantityFault{"'" + shortened(symbol) + "' is not a unit"};
    result.base = divide ? result.base / unit->base : result.base * unit->base;
    result.dim = result.dim + (divide ? negate(unit->dim) : unit->dim);
    if (end == std::string_view::npos) break;
    divide = units[end] == '/';
    units = units.substr(end + 1);
  }
  if (!std::isfinite(result.base)) return QuantityFault{"'" + shortened(text) + "' is too large"};
  return result;
}

std::variant<double, QuantityFault> parse_quantity_as(std::string_view text, Dim expected) {
  auto parsed = parse_quantity_text(text);
  const std::string wanted = describe_dim(expected) + " is due here, such as \"" + example_of(expected) + "\"";
  if (auto* fault = std::get_if<QuantityFault>(&parsed)) return QuantityFault{fault->message + "; " + wanted};
  const auto& quantity = std::get<ParsedQuantity>(parsed);
  if (quantity.dim != expected) {
    return QuantityFault{"'" + shortened(trimmed(text)) + "' is in " + describe_dim(quantity.dim) + "; " + wanted};
  }
  if (!(std::abs(quantity.base) <= largest_of(expected))) {
    return QuantityFault{"'" + shortened(trimmed(text)) + "' is more than any figure of its kind, at most " +
                         format_quantity_base(largest_of(expected), expected)};
  }
  return quantity.base;
}

/// In base units: seconds, dollars (the world's yearly product is of the order of 10^14 $), watts (it uses some 10^13
/// W) and grams; 10^36 for the rest, so that even a product of eight such figures stays below a double's 10^308.
double largest_of(Dim dim) {
  if (dim == Dim{.second = 1}) return 1e6 * kYear;
  if (dim == Dim{.dollar = 1}) return 1e21;
  if (dim == Dim{.second = -1, .joule = 1}) return 1e18;
  if (dim == Dim{.gram = 1}) return 1e24;
  return 1e36;
}

namespace {

/// How a dimension reads and prints: `unit` is its symbol without prefix, `scale` that unit in base units. `prefixes`
/// is false where the usual unit already has one in it ("$/Mtok"): a prefix in front would read as nonsense.
struct DimText {
  Dim dim;
  std::string_view words, example, unit;
  double scale;
  bool prefixes;
};
constexpr std::array kDimTexts = {
    DimText{{.byte = 1}, "a data size", "80 GB", "B", 1, true},
    DimText{{.flop = 1}, "a number of operations", "2.5 PFLOP", "FLOP", 1, true},
    DimText{{.second = 1}, "a time", "18 months", "s", 1, true},
    DimText{{.joule = 1}, "an energy", "3 kWh", "Wh", 3600, true},
    DimText{{.dollar = 1}, "an amount of money", "40 k$", "$", 1, true},
    DimText{{.token = 1}, "a number of tokens", "15 Ttok", "tok", 1, true},
    DimText{{.gram = 1}, "a mass", "12 kt", "t", 1e6, true},
    DimText{{.second = -1, .joule = 1}, "a power", "700 W", "W", 1, true},
    DimText{{.byte = 1, .second = -1}, "a data rate", "3.35 TB/s", "B/s", 1, true},
    DimText{{.flop = 1, .second = -1}, "a compute rate", "989 TFLOP/s", "FLOP/s", 1, true},
    DimText{{.second = -1, .token = 1}, "a token rate", "5 ktok/s", "tok/s", 1, true},
    DimText{{.second = -1}, "a rate of events", "12 req/s", "Hz", 1, true},
    DimText{{.joule = -1, .dollar = 1}, "a price an energy", "6.6 c/kWh", "$/kWh", 1 / 3.6e6, false},
    DimText{{.second = 1, .joule = -1, .dollar = 1}, "a price a power", "10.5 $/W", "$/W", 1, true},
    DimText{{.dollar = 1, .token = -1}, "a price a token", "2 $/Mtok", "$/Mtok", 1e-6, false},
    DimText{{.byte = -1, .dollar = 1}, "a price a byte", "15 $/GB", "$/GB", 1e-9, false},
    DimText{{.second = -1, .dollar = 1}, "a price a time", "3 B$/year", "$/h", 1 / 3600.0, true},
    DimText{{.byte = -1, .joule = 1}, "an energy a byte", "3.9 pJ/b", "pJ/b", 8e-12, false},
    DimText{{.flop = -1, .joule = 1}, "an energy an operation", "0.5 pJ/FLOP", "pJ/FLOP", 1e-12, false},
    DimText{{.joule = 1, .token = -1}, "an energy a token", "0.3 J/tok", "J/tok", 1, false},
    DimText{{.joule = -1, .gram = 1}, "a carbon intensity", "334 g/kWh", "g/kWh", 1 / 3.6e6, false},
    DimText{{.byte = 1, .token = -1}, "a size a token", "128 kB/tok", "B/tok", 1, true},
    DimText{{.second = -1, .joule = -1, .dollar = 1},
            "a price an energy a time",
            "1 $/kWh/year",
            "$/kWh/s",
            1 / 3.6e6,
            false},
    DimText{{.dollar = 1, .gram = -1}, "a price of emissions", "50 $/t", "$/t", 1e-6, false},
    DimText{{}, "a plain number", "1", "", 1, false},
};

const DimText* find_dim_text(Dim dim) {
  for (const auto& text : kDimTexts) {
    if (text.dim == dim) return &text;
  }
  return nullptr;
}

}  // namespace

std::string describe_dim(Dim dim) {
  if (const auto* text = find_dim_text(dim)) return std::string(text->words);
  std::string out;
  const auto add = [&](const char* name, int exponent) {
    if (exponent == 0) return;
    if (!out.empty()) out += '*';
    out += name;
    if (exponent != 1) out += '^' + std::to_string(exponent);
  };
  add("byte", dim.byte), add("flop", dim.flop), add("second", dim.second), add("joule", dim.joule);
  add("dollar", dim.dollar), add("token", dim.token), add("gram", dim.gram);
  return out;
}

std::string example_of(Dim dim) {
  const auto* text = find_dim_text(dim);
  return text ? std::string(text->example) : describe_dim(dim);
}

/// The prefix is the largest that leaves at least 1; 0.9995 of it counts, since three digits would print 1000 of the
/// smaller.
std::string format_quantity_base(double base, Dim dim, int digits) {
  if (std::isnan(base)) return "n/a";
  if (std::isinf(base)) return base > 0 ? "unlimited" : "-unlimited";
  const auto* text = find_dim_text(dim);
  // Dimensions without an entry print in base units, with their exponents for a unit.
  double value = text ? base / text->scale : base;
  std::string_view prefix;
  const double size = std::abs(value);
  const bool time = dim == Dim{.second = 1};
  const bool money = dim == Dim{.dollar = 1};
  if (time && size >= 120) {
    const auto [unit, scale] = size >= 2 * kYear    ? std::pair{"years", kYear}
                               : size >= 48 * kHour ? std::pair{"days", 24 * kHour}
                               : size >= 2 * kHour  ? std::pair{"h", kHour}
                                                    : std::pair{"min", 60.0};
    char out[64];
    std::snprintf(out, sizeof out, "%.*g %s", digits, value / scale, unit);
    return out;
  }
  if (text && text->prefixes && size > 0) {
    constexpr std::array<Prefix, 10> kSteps = {{{"E", 1e18},
                                                {"P", 1e15},
                                                {"T", 1e12},
                                                {"G", 1e9},
                                                {"M", 1e6},
                                                {"k", 1e3},
                                                {"", 1},
                                                {"m", 1e-3},
                                                {"u", 1e-6},
                                                {"n", 1e-9}}};
    for (const auto& step : kSteps) {
      if (time && step.scale > 1) continue;
      if (money && (step.scale > 1e12 || step.scale < 1)) continue;
      if (size >= step.scale * 0.9995 || (money && step.scale == 1) || step.scale == 1e-9) {
        value /= step.scale;
        prefix = money && step.symbol == "G" ? "B" : step.symbol;
        break;
      }
    }
  }
  const double rounded = std::abs(value);
  char number[64];
  if (rounded >= 1000 && rounded < 1e7) {  // %.3g would print 1234 as 1.23e+03
    std::snprintf(number, sizeof number, "%.0f", value);
  } else {
    std::snprintf(number, sizeof number, "%.*g", digits, value);
  }
  const std::string unit = text ? std::string(text->unit) : describe_dim(dim);
  return std::string(number) + (unit.empty() ? "" : " ") + std::string(prefix) + unit;
}

}  // namespace stargate
