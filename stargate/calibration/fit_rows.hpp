// What every fit does with measured rows, whatever its law: the shortest time, rows that something disturbed, the range
// of shapes among them, errors of a prediction. A row is anything with `microseconds`.
#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "stargate/base/statistics.hpp"
#include "stargate/catalogue/calibration.hpp"

namespace stargate {

/// Infinity for no rows.
template <class Row>
double shortest_time(const std::vector<Row>& rows) {
  double shortest = std::numeric_limits<double>::infinity();
  for (const Row& row : rows) shortest = std::min(shortest, row.microseconds);
  return shortest;
}

/// The rows that `counts` holds for, the fastest first; they must outlive the answer.
template <class Row, class Counts>
std::vector<const Row*> sort_by_time(const std::vector<Row>& rows, const Counts& counts) {
  std::vector<const Row*> out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (counts(i)) out.push_back(&rows[i]);
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Row* a, const Row* b) { return a->microseconds < b->microseconds; });
  return out;
}

/// True when two calls that `asks_no_less` than the row take less than a `factor`th of its time. `by_time` from
/// sort_by_time. Stops at the first row that is not `factor` times faster, so it is cheap for good rows.
template <class Row, class AsksNoLess>
bool is_disturbed(const std::vector<const Row*>& by_time, const Row& row, double factor,
                  const AsksNoLess& asks_no_less) {
  int larger = 0;
  for (const Row* other : by_time) {
    if (!(other->microseconds * factor < row.microseconds)) return false;
    if (asks_no_less(*other, row) && ++larger == 2) return true;
  }
  return false;
}

/// Grows the range of one shape to hold a value.
inline void widen(std::map<std::string, ShapeRange>& ranges, const std::string& name, double value) {
  ShapeRange& range = ranges.try_emplace(name, ShapeRange{value, value}).first->second;
  range.low = std::min(range.low, value), range.high = std::max(range.high, value);
}

/// `time_of` in microseconds.
template <class Row, class TimeOf>
ErrorSummary errors_of(const std::vector<Row>& rows, const TimeOf& time_of) {
  std::vector<double> predicted, measured;
  for (const Row& row : rows) predicted.push_back(time_of(row)), measured.push_back(row.microseconds);
  return summarise_errors(predicted, measured);
}

}  // namespace stargate
