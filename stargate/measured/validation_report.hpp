// What every `validate` prints: how far predictions are from measurements, group by group and by metric overall, what
// was left out and why, and the rows that are most wrong. Kernels, training and serving fill the same report.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "stargate/base/statistics.hpp"

namespace stargate {

struct ValidationKey {
  std::string source;                          ///< where the measurements come from: a file, a publication
  std::string accelerator, engine, precision;  ///< of the group; "" where it goes by none
  std::string metric;                          ///< "gemm", "iteration_s", "ttft"
  std::string completeness;  ///< how much of its configuration a row states ("strict"); empty where that is no question
  auto operator<=>(const ValidationKey&) const = default;
};

struct ValidationGroup {
  ValidationKey key;    ///< what it goes by
  std::string basis;    ///< what the predictions rest on: "fitted", "carried over from h200-sxm"
  int rows = 0;         ///< of the source, predicted or not
  ErrorSummary errors;  ///< its rows are those predicted
  double above = 0;     ///< share of those predicted above what was measured
};

/// Rows, those predicted, then median, mean, p90, bias and the share above as text: "5.3 %"; dashes where nothing is
/// predicted.
std::vector<std::string> error_cells(const ValidationGroup& group);

struct WorstRow {
  std::string source, row;             ///< the row as the source has it: "m=1 n=4096 k=128"
  double measured = 0, predicted = 0;  ///< in the figure's own unit
};

struct ValidationReport {
  std::vector<ValidationGroup> groups, overall;  ///< by key; `overall` has a metric (and completeness) each
  std::map<std::string, int> skipped;            ///< reason -> rows
  std::vector<WorstRow> worst;                   ///< most wrong first, by ratio
};

/// Collects rows; the order of adding does not matter to the report.
class ValidationTally {
 public:
  explicit ValidationTally(std::size_t worst) : worst_(worst) {}

  /// A row with its prediction; `weight` below 1 where several rows repeat one configuration.
  void add(const ValidationKey& key, const std::string& basis, double measured, double predicted, double weight = 1);
  /// A row without.
  void skip(const ValidationKey& key, const std::string& reason);
  /// Rows of no group at all.
  void skip(const std::string& reason, int rows) { skipped_[reason] += rows; }
  /// Whether a row this wrong is among the worst so far: only then its text need be made.
  bool is_among_worst(double measured, double predicted) const;
  void note_worst(WorstRow row);             ///< kept when among the farthest off
  void merge(const ValidationTally& other);  ///< of another part of the rows
  ValidationReport report() const;           ///< medians and quantiles of each group
  /// Groups again, with fewer names: rows whose keys `shorten` makes the same are one group.
  template <class Shorten>
  std::vector<ValidationGroup> regroup(Shorten shorten) const {
    std::map<ValidationKey, Rows> merged;
    for (const auto& [key, rows] : rows_) merged[shorten(key)].append(rows);
    return summaries(merged);
  }

 private:
  struct Rows {
    std::string basis;                                 ///< what the predictions rest on
    int rows = 0;                                      ///< those without a prediction included
    std::vector<double> measured, predicted, weights;  ///< one a row
    void append(const Rows& from);
  };
  static std::vector<ValidationGroup> summaries(const std::map<ValidationKey, Rows>& groups);

  std::size_t worst_;                   ///< rows to show
  std::map<ValidationKey, Rows> rows_;  ///< by group
  std::map<std::string, int> skipped_;  ///< reason -> rows
  std::vector<WorstRow> worst_rows_;    ///< the farthest first
};

/// Tables for a terminal. The values of the worst rows are in `unit`.
std::string format_validation_text(const ValidationReport& report, const std::string& unit);
/// What stands in it below the groups: by metric, what was left out, the worst rows.
std::string format_overall_text(const ValidationReport& report, const std::string& unit);

}  // namespace stargate
