// Rows are kept whole until the report, since medians cannot be merged.
#include "stargate/calibration/validation_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "stargate/base/text_table.hpp"
#include "stargate/calibration/fit.hpp"
#include "stargate/config/json_writer.hpp"

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

void append(std::vector<double>& to, const std::vector<double>& from) { to.insert(to.end(), from.begin(), from.end()); }

std::string percent(double value) { return fmt::format("{:.1f} %", value); }

std::vector<std::string> error_cells(const ValidationGroup& group) {
  const auto& e = group.errors;
  std::vector<std::string> cells = {std::to_string(group.rows), std::to_string(e.rows)};
  for (const double value : {e.median_pct, e.mean_pct, e.p90_pct, e.bias_pct}) {
    cells.push_back(e.rows > 0 ? percent(value) : "-");
  }
  return cells;
}

void write_groups(JsonWriter& json, const char* name, const std::vector<ValidationGroup>& groups) {
  json.key(name).begin_array();
  for (const auto& g : groups) {
    json.begin_object().member("source", g.key.source).member("accelerator", g.key.accelerator);
    json.member("engine", g.key.engine).member("precision", g.key.precision).member("metric", g.key.metric);
    json.member("rows", g.rows).member("predicted", g.errors.rows).member("median_pct", g.errors.median_pct);
    json.member("mean_pct", g.errors.mean_pct)
        .member("p90_pct", g.errors.p90_pct)
        .member("bias_pct", g.errors.bias_pct);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

void ValidationTally::add(const ValidationKey& key, const std::string& basis, double measured, double predicted) {
  Rows& rows = rows_[key];
  rows.basis = basis;
  ++rows.rows;
  rows.measured.push_back(measured);
  rows.predicted.push_back(predicted);
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
  for (const auto& [key, from] : other.rows_) {
    Rows& to = rows_[key];
    if (to.basis.empty()) to.basis = from.basis;
    to.rows += from.rows;
    append(to.measured, from.measured);
    append(to.predicted, from.predicted);
  }
  for (const auto& [reason, rows] : other.skipped_) skipped_[reason] += rows;
  for (const auto& row : other.worst_rows_) note_worst(row);
}

ValidationReport ValidationTally::report() const {
  ValidationReport report;
  std::map<std::string, Rows> by_metric;
  for (const auto& [key, rows] : rows_) {
    report.groups.push_back({key, rows.basis, rows.rows, summarise_errors(rows.predicted, rows.measured)});
    Rows& all = by_metric[key.metric];
    all.rows += rows.rows;
    append(all.measured, rows.measured);
    append(all.predicted, rows.predicted);
  }
  for (const auto& [metric, rows] : by_metric) {
    report.overall.push_back(
        {{"all", "all", "all", "all", metric}, {}, rows.rows, summarise_errors(rows.predicted, rows.measured)});
  }
  report.skipped = skipped_;
  report.worst = worst_rows_;
  return report;
}

std::string format_validation_text(const ValidationReport& report, const std::string& unit) {
  const std::vector<Column> error_columns = {{"rows"}, {"predicted"}, {"median"}, {"mean"}, {"p90"}, {"bias"}};
  const auto columns = [&](std::vector<Column> first) {
    first.insert(first.end(), error_columns.begin(), error_columns.end());
    return first;
  };
  TextTable groups(
      columns({{"source", Align::left}, {"metric", Align::left}, {"precision", Align::left}, {"basis", Align::left}}));
  for (const auto& group : report.groups) {
    std::vector<std::string> cells = {group.key.source, group.key.metric, group.key.precision, group.basis};
    for (auto& cell : error_cells(group)) cells.push_back(std::move(cell));
    groups.add_row(std::move(cells));
  }
  TextTable overall(columns({{"overall", Align::left}}));
  for (const auto& group : report.overall) {
    std::vector<std::string> cells = {group.key.metric};
    for (auto& cell : error_cells(group)) cells.push_back(std::move(cell));
    overall.add_row(std::move(cells));
  }
  std::string out =
      "Relative error of predicted times; bias is the median of the signed error (above 0: predicted too long).\n";
  out += groups.format() + "\n" + overall.format();
  if (!report.skipped.empty()) {
    TextTable skipped({{"left out because", Align::left}, {"rows"}});
    for (const auto& [reason, rows] : report.skipped) skipped.add_row({reason, std::to_string(rows)});
    out += "\n" + skipped.format();
  }
  if (report.worst.empty()) return out;
  TextTable worst(
      {{"most wrong", Align::left}, {"row", Align::left}, {"measured " + unit}, {"predicted " + unit}, {"error"}});
  for (const auto& row : report.worst) {
    worst.add_row({row.source, row.row, fmt::format("{:.5g}", row.measured), fmt::format("{:.5g}", row.predicted),
                   fmt::format("{:+.0f} %", 100 * (row.predicted / row.measured - 1))});
  }
  return out + "\n" + worst.format();
}

std::string format_validation_json(const ValidationReport& report) {
  JsonWriter json;
  json.begin_object().member("schema_version", 1);
  write_groups(json, "groups", report.groups);
  write_groups(json, "overall", report.overall);
  json.key("skipped").begin_array();
  for (const auto& [reason, rows] : report.skipped) {
    json.begin_object().member("reason", reason).member("rows", rows).end_object();
  }
  return json.end_array().end_object().text();
}

}  // namespace stargate
