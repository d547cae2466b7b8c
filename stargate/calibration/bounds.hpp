// Coefficients that a fit pushed against a bound. Bounds are physical (no share over 1, no time below 0), so a value at
// one says that the data ask for something the law does not have; docs/explanation/calibration.md names what, by
// coefficient.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace stargate {

/// The bound a value stands at: within a hundredth of the range, of the logarithms where the lower bound is above 0.
/// Nothing in between, or where the bounds are one.
std::optional<double> bound_of(double value, double lower, double upper);

struct AtBound {
  std::string what, coefficient;  ///< "gemm", "step_overhead"
  double bound = 0;               ///< in the coefficient's unit
  bool lower = false;             ///< the lower bound, else the upper
  int groups = 1;                 ///< that stand at it
};

/// Counts one more group at a bound of `what`'s coefficient; nothing when the value lies between them.
struct Bounds {
  double lower = 0, upper = 0;  ///< in the coefficient's unit
};
void note_bound(std::vector<AtBound>& notes, const AtBound& name, double value, Bounds bounds);

/// A table with a warning above it; empty text for no notes. For people; the page it names says what physics is
/// missing.
std::string format_bounds(const std::vector<AtBound>& notes);

}  // namespace stargate
