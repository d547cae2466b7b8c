// A table's rows by group, for laws that say row by row which of them count: what such fits do with groups, whatever
// the law. A row is anything with `microseconds`.
#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "stargate/calibration/calibration.hpp"
#include "stargate/calibration/fit_rows.hpp"
#include "stargate/calibration/group_choice.hpp"

namespace stargate {

template <class Row>
struct RowGroup {
  std::vector<std::size_t> rows;     ///< of the table
  std::vector<Row> calls;            ///< as long as `rows`
  std::vector<std::string> reasons;  ///< why left out; empty where it counts
};
/// By name.
template <class Row>
using RowGroups = std::map<std::string, RowGroup<Row>>;

template <class Row>
struct SplitRows {
  std::vector<Row> used, held_out;  ///< in file order
};

/// The rows that count, every fourth of them held out. Notes in `out` why others were skipped, and the range of each
/// shape, of which `shapes_of(row)` has name and value.
template <class Row, class ShapesOf>
SplitRows<Row> split_rows(const RowGroup<Row>& group, const ShapesOf& shapes_of, CalibratedGroup& out) {
  SplitRows<Row> split;
  std::size_t kept = 0;
  for (std::size_t j = 0; j < group.calls.size(); ++j) {
    if (!group.reasons[j].empty()) {
      ++out.skipped[group.reasons[j]];
      continue;
    }
    const Row& row = group.calls[j];
    // Every fourth of the rows that count, so that held-out rows lie among the fitted ones in every range of shapes.
    (kept++ % 4 == 3 ? split.held_out : split.used).push_back(row);
    for (const auto& [what, value] : shapes_of(row)) widen(out.fitted_on, what, value);
  }
  return split;
}

/// `fit_one(name, group)` of each group of which enough rows count.
template <class Row, class FitOne>
std::vector<CalibratedGroup> fit_groups(const RowGroups<Row>& groups, const FitOne& fit_one) {
  // Fewer rows than this leave too few for coefficients once a fourth is held out.
  constexpr std::ptrdiff_t least_rows = 24;
  std::vector<CalibratedGroup> out;
  for (const auto& [name, group] : groups) {
    const auto kept = std::count(group.reasons.begin(), group.reasons.end(), "");
    if (kept >= least_rows) out.push_back(fit_one(name, group));
  }
  return out;
}

/// What is said of rows that are not predicted.
struct Unpredicted {
  const char* no_group;         ///< the table's rows that no group has
  const char* no_coefficients;  ///< a group that was not fitted
};

/// `law_of(name, coefficients)` is a function of a row: microseconds with these coefficients.
template <class Row, class LawOf>
std::vector<LawFit::Prediction> predict_groups(const KernelTable& table, const RowGroups<Row>& groups,
                                               const std::vector<CalibratedGroup>& calibrated,
                                               const Unpredicted& unpredicted, const LawOf& law_of) {
  constexpr double nothing = std::numeric_limits<double>::quiet_NaN();
  std::vector<LawFit::Prediction> out(table.rows, {nothing, "", unpredicted.no_group});
  for (const auto& [name, group] : groups) {
    const CalibratedGroup* fitted = group_for(calibrated, name);
    for (std::size_t j = 0; j < group.rows.size(); ++j) {
      LawFit::Prediction& p = out[group.rows[j]];
      p = {nothing, fitted != nullptr ? fitted->precision : name, group.reasons[j]};
      if (p.reason.empty() && fitted == nullptr) p.reason = unpredicted.no_coefficients;
    }
    if (fitted == nullptr) continue;
    const auto microseconds = law_of(name, fitted->coefficients);
    for (std::size_t j = 0; j < group.rows.size(); ++j) {
      if (group.reasons[j].empty()) out[group.rows[j]].milliseconds = microseconds(group.calls[j]) * 1e-3;
    }
  }
  return out;
}

}  // namespace stargate
