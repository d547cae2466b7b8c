// Quantities and shares written in flags. All are read before faults are told, so that every one is.
#pragma once

#include <cmath>
#include <cstdlib>
#include <string>

#include "stargate/base/result.hpp"
#include "stargate/units/text.hpp"

namespace stargate {

/// An empty text leaves `out` as it is.
class FlagReader {
 public:
  template <Dim D>
  void quantity(const char* flag, const std::string& text, Quantity<D>& out) {
    if (text.empty()) return;
    auto parsed = parse_quantity<D>(text);
    if (const auto* fault = std::get_if<QuantityFault>(&parsed)) return add(flag, text, fault->message, example_of(D));
    const auto value = std::get<Quantity<D>>(parsed);
    if (value.base() < 0 || !is_finite(value)) return add(flag, text, "is negative or endless", example_of(D));
    out = value;
  }
  /// "10 %" or "0.1".
  void share(const char* flag, std::string text, double& out) {
    if (text.empty()) return;
    const bool percent = text.ends_with('%');
    if (percent) text.pop_back();
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    while (*end == ' ') ++end;
    if (end == text.c_str() || *end != 0 || !(value >= 0) || !std::isfinite(value)) {
      return add(flag, text, "is no share", "0.5 %");
    }
    out = percent ? value / 100 : value;
  }
  Diagnostics faults;

 private:
  void add(const char* flag, const std::string& text, const std::string& message, const std::string& example) {
    faults.push_back({flag, 0, 0, {}, "'" + text + "': " + message, "write it as \"" + example + "\"", {}});
  }
};

}  // namespace stargate
