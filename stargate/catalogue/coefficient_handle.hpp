// A coefficient by its name in the file, as a bare number (durations in seconds), and where it may lie: what a fit
// moves.
#pragma once

#include "stargate/units/quantity.hpp"

namespace stargate {

/// Functions instead of members, so that a list may mix durations and plain numbers.
template <class Coefficients>
struct CoefficientHandle {
  const char* name;                    ///< as the record's field
  double lower, upper;                 ///< physical bounds, in the unit of get and set
  double (*get)(const Coefficients&);  ///< as a plain number: durations in seconds
  void (*set)(Coefficients&, double);  ///< likewise; does not check the bounds
};

/// Of a plain number.
template <class C, double C::*member>
constexpr CoefficientHandle<C> number_handle(const char* name, double lower, double upper) {
  return {name, lower, upper, [](const C& c) { return c.*member; }, [](C& c, double v) { c.*member = v; }};
}

/// Of a duration, from 0 to `upper` seconds.
template <class C, Duration C::*member>
constexpr CoefficientHandle<C> seconds_handle(const char* name, double upper) {
  return {name, 0, upper, [](const C& c) { return (c.*member).base(); },
          [](C& c, double v) { c.*member = Duration::from_base(v); }};
}

}  // namespace stargate
