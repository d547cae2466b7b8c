// Rows are kept whole until the report, since medians cannot be merged.
#include "stargate/measured/validation_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "stargate/base/check.hpp"
#include "stargate/base/text_table.hpp"

namespace stargate {
namespace {

/// Ten times too long and ten times too short are equally wrong.
double wrongness(double measured, double predicted) {
  return measured > 0 && predicted > 0 ? std::abs(std::log(predicted / measured))
                                       : std::numeric_limits<double>::infinity();
}

bool more_wrong(const WorstRow& a, const WorstRow& b) {
  const double x = wrongness(a.measured, a.predicted), y = wrongness(b.measured, b.predicted);
  return x != y ? x > y : std::tie(a.source, a.row) < std::tie(b.source, b.row);
}

void append_all(std::vector<double>& to, const std::vector<double>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

/// Of the weights, those of rows predicted above what was measured.
double share_above(const std::vector<double>& predicted, const std::vector<double>& measured,
                   const std::vector<double>& weights) {
  double all = 0, above = 0;
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    all += weights[i];
    if (predicted[i] > measured[i]) above += weights[i];
  }
  return all > 0 ? above / all : 0;
}

std::string percent(double value) { return fmt::format("{:.1f} %", value); }

}  // namespace

std::vector<std::string> error_cells(const ValidationGroup& group) {
  const auto& e = group.errors;
  std::vector<std::string> cells = {std::to_string(group.rows), std::to_string(e.rows)};
  for (const double value : {e.median_pct, e.mean_pct, e.p90_pct, e.bias_pct, 100 * group.above}) {
    cells.push_back(e.rows > 0 ? percent(value) : "-");
  }
  return cells;
}

void ValidationTally::Rows::append(const Rows& from) {
  if (basis.empty()) basis = from.basis;
  rows += from.rows;
  append_all(measured, from.measured);
  append_all(predicted, from.predicted);
  append_all(weights, from.weights);
}

void ValidationTally::add(const ValidationKey& key, const std::string& basis, double measured, double predicted,
                          double weight) {
  rows_[key].append({basis, 1, {measured}, {predicted}, {weight}});
}

void ValidationTally::skip(const ValidationKey& key, const std::string& reason) {
  ++rows_[key].rows;
  ++skipped_[reason];
}

bool ValidationTally::is_among_worst(double measured, double predicted) const {
  if (worst_rows_.size() < worst_) return true;
  return worst_ > 0 &&
         wrongness(measured, predicted) >= wrongness(worst_rows_.back().measured, worst_rows_.back().predicted);
}

void ValidationTally::note_worst(WorstRow row) {
  worst_rows_.insert(std::upper_bound(worst_rows_.begin(), worst_rows_.end(), row, more_wrong), std::move(row));
  if (worst_rows_.size() > worst_) worst_rows_.resize(worst_);
}

void ValidationTally::merge(const ValidationTally& other) {
  for (const auto& [key, from] : other.rows_) rows_[key].append(from);
  for (const auto& [reason, rows] : other.skipped_) skipped_[reason] += rows;
  for (const auto& row : other.worst_rows_) note_worst(row);
}

std::vector<ValidationGroup> ValidationTally::summaries(const std::map<ValidationKey, Rows>& groups) {
  std::vector<ValidationGroup> out;
  for (const auto& [key, rows] : groups) {
    out.push_back({key, rows.basis, rows.rows, summarise_errors(rows.predicted, rows.measured, rows.weights),
                   share_above(rows.predicted, rows.measured, rows.weights)});
  }
  return out;
}

ValidationReport ValidationTally::report() const {
  ValidationReport report;
  report.groups = summaries(rows_);
  report.overall = regroup(
      [](const ValidationKey& key) { return ValidationKey{"all", "all", "all", "all", key.metric, key.completeness}; });
  report.skipped = skipped_;
  report.worst = worst_rows_;
  return report;
}

namespace {

std::vector<Column> with_error_columns(std::vector<Column> first) {
  for (const char* title : {"rows", "predicted", "median", "mean", "p90", "bias", "above"}) first.push_back({title});
  return first;
}

}  // namespace

std::string format_validation_text(const ValidationReport& report, const std::string& unit) {
  TextTable groups(with_error_columns({{"source", Align::left},
                                       {"accelerator", Align::left},
                                       {"metric", Align::left},
                                       {"precision", Align::left},
                                       {"stated", Align::left},
                                       {"basis", Align::left}}));
  for (const auto& group : report.groups) {
    std::vector<std::string> cells = {group.key.source,    group.key.accelerator,  group.key.metric,
                                      group.key.precision, group.key.completeness, group.basis};
    for (auto& cell : error_cells(group)) cells.push_back(std::move(cell));
    groups.add_row(std::move(cells));
  }
  return "Relative errors; bias is the median of the signed error (above 0: predicted too high), above the share of rows "
         "predicted too high.\n" +
         groups.format() + "\n" + format_overall_text(report, unit);
}

std::string format_overall_text(const ValidationReport& report, const std::string& unit) {
  TextTable overall(with_error_columns({{"overall", Align::left}, {"stated", Align::left}}));
  for (const auto& group : report.overall) {
    std::vector<std::string> cells = {group.key.metric, group.key.completeness};
    for (auto& cell : error_cells(group)) cells.push_back(std::move(cell));
    overall.add_row(std::move(cells));
  }
  std::string out = overall.format();
  if (!report.skipped.empty()) {
    TextTable skipped({{"left out because", Align::left}, {"rows"}});
    for (const auto& [reason, rows] : report.skipped) skipped.add_row({reason, std::to_string(rows)});
    out += "\n" + skipped.format();
  }
  if (report.worst.empty()) return out;
  const std::string suffix = unit.empty() ? "" : " " + unit;
  TextTable worst(
      {{"most wrong", Align::left}, {"row", Align::left}, {"measured" + suffix}, {"predicted" + suffix}, {"error"}});
  for (const auto& row : report.worst) {
    worst.add_row({row.source, row.row, fmt::format("{:.5g}", row.measured), fmt::format("{:.5g}", row.predicted),
                   fmt::format("{:+.0f} %", 100 * (row.predicted / row.measured - 1))});
  }
  return out + "\n" + worst.format();
}

}  // namespace stargate
