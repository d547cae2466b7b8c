// Distance from a bound is measured on the scale the fit searches on.
#include "stargate/calibration/bounds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stargate/base/text_table.hpp"

namespace stargate {

std::optional<double> bound_of(double value, double lower, double upper) {
  constexpr double kNear = 0.01;
  if (!(lower < upper)) return std::nullopt;
  const bool scale = lower > 0 && value > 0;
  const auto on_scale = [&](double x) { return scale ? std::log(x) : x; };
  const double share = (on_scale(value) - on_scale(lower)) / (on_scale(upper) - on_scale(lower));
  if (share <= kNear) return lower;
  if (share >= 1 - kNear) return upper;
  return std::nullopt;
}

/// Groups of the same law and coefficient at the same bound are one note, counted.
void note_bound(std::vector<AtBound>& notes, const AtBound& name, double value, Bounds bounds) {
  const auto bound = bound_of(value, bounds.lower, bounds.upper);
  if (!bound) return;
  AtBound note = name;
  note.bound = *bound, note.lower = *bound == bounds.lower;
  const auto same = std::find_if(notes.begin(), notes.end(), [&](const AtBound& n) {
    return n.what == note.what && n.coefficient == note.coefficient && n.bound == note.bound;
  });
  if (same != notes.end()) {
    ++same->groups;
  } else {
    notes.push_back(note);
  }
}

std::string format_bounds(const std::vector<AtBound>& notes) {
  if (notes.empty()) return {};
  TextTable table(
      {{"at its bound", Align::left}, {"coefficient", Align::left}, {"bound"}, {"", Align::left}, {"groups"}});
  for (const AtBound& n : notes) {
    table.add_row({n.what, n.coefficient, fmt::format("{:.4g}", n.bound), n.lower ? "lowest" : "highest",
                   std::to_string(n.groups)});
  }
  return "\nWarning: the data ask for more than these coefficients may be. The law lacks something there:\n"
         "docs/explanation/calibration.md, \"At a bound\", says what.\n" +
         table.format();
}

}  // namespace stargate
