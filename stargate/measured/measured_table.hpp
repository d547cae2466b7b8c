// Reading of tables of measured runs: one table of column and member for each kind of row, so that reading and the list
// of missing columns cannot disagree. Rows stay as they are written; what a cell means is decided later.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "stargate/base/csv.hpp"

namespace stargate {

/// One column: its title, where its cells go, and whether a table without it is refused.
template <class Row>
struct MeasuredField {
  const char* column;  ///< title in the file
  /// Its type says how the cell is read.
  std::variant<std::string Row::*, int Row::*, std::int64_t Row::*, double Row::*, bool Row::*> member;
  bool required = false;        ///< an empty cell is a fault
  const char* words = nullptr;  ///< the words a text may be, with blanks around each (" host whole_step "); else any
  double most = 0;  ///< of a number: more is a slip, and would take for ever to replay; 0: what fits the type
};

/// Largest count and largest figure of a cell: more is a slip, and would overflow what is made of it.
inline constexpr double kLargestMeasuredCount = 1e9, kLargestMeasured = 1e15;

/// Writes one cell into its member; what it should have been when it cannot. An empty cell leaves the default.
template <class Row>
struct MeasuredCell {
  const std::string& cell;  ///< as written
  const MeasuredField<Row>& field;
  Row& row;

  std::string operator()(std::string Row::*member) const {
    row.*member = cell;
    if (field.words == nullptr || cell.empty()) return {};
    const bool known =
        cell.find(' ') == std::string::npos && std::string(field.words).find(" " + cell + " ") != std::string::npos;
    return known ? std::string() : std::string("one of") + field.words;
  }
  std::string operator()(bool Row::*member) const {
    if (cell.empty()) return {};
    row.*member = cell == "yes" || cell == "1";
    return row.*member || cell == "no" || cell == "0" ? "" : "yes or no";
  }
  std::string operator()(double Row::*member) const {
    if (cell.empty()) return {};
    const auto number = parse_csv_number(cell);
    if (!number || *number < 0 || *number > most_or(kLargestMeasured)) return "a number " + range();
    row.*member = *number;
    return {};
  }
  std::string operator()(int Row::*member) const { return count(member); }
  std::string operator()(std::int64_t Row::*member) const { return count(member); }

  template <class Int>
  std::string count(Int Row::*member) const {
    if (cell.empty()) return {};
    const auto number = parse_csv_number(cell);
    if (!number || *number < 0 || *number > most_or(kLargestMeasuredCount) || std::floor(*number) != *number) {
      return "a whole number " + range();
    }
    row.*member = static_cast<Int>(*number);
    return {};
  }

  double most_or(double largest) const { return field.most > 0 ? field.most : largest; }
  std::string range() const { return field.most > 0 ? fmt::format("from 0 to {:.0f}", field.most) : "of at least 0"; }
};

/// Columns are found by name and may stand in any order; those not needed are passed over. Faults: required columns
/// that are missing, cells that are not what their column holds, and a table without rows, each with its line.
/// `check(row, fault)` may add more: fault(column, cell, expected).
template <class Row, class Fields, class Check>
Result<std::vector<Row>> read_measured_table(const CsvTable& table, const Fields& fields, Check check) {
  Diagnostics faults;
  std::vector<std::pair<MeasuredField<Row>, std::size_t>> columns;
  for (const MeasuredField<Row>& field : fields) {
    if (const auto at = table.column(field.column)) {
      columns.emplace_back(field, *at);
    } else if (field.required) {
      const std::string message = fmt::format("the column '{}' is missing", field.column);
      faults.push_back({table.file, 1, 0, {}, message, suggest_name(field.column, table.header), {}});
    }
  }
  if (faults.empty() && table.rows.empty()) faults.push_back({table.file, 1, 0, {}, "there are no rows", {}, {}});
  if (!faults.empty()) return faults;
  std::vector<Row> rows;
  rows.reserve(table.rows.size());
  for (const auto& line : table.rows) {
    Row row;
    row.line = line.line;
    const auto fault = [&](const char* column, const std::string& cell, const std::string& expected) {
      faults.push_back({table.file, line.line, 0, column, fmt::format("'{}' is not {}", cell, expected), {}, {}});
    };
    for (const auto& [field, at] : columns) {
      const auto expected = std::visit(MeasuredCell<Row>{line.cells[at], field, row}, field.member);
      if (!expected.empty()) fault(field.column, line.cells[at], expected);
    }
    check(row, fault);
    rows.push_back(std::move(row));
  }
  if (!faults.empty()) return faults;
  return rows;
}

}  // namespace stargate
