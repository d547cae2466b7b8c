// The columns as one table of name and member, so that reading and the list of missing columns cannot disagree.
#include "stargate/measured/serving_row.hpp"

#include <fmt/format.h>

#include <cmath>
#include <variant>

namespace stargate {
namespace {

using R = MeasuredServing;
using Member = std::variant<std::string R::*, int R::*, double R::*, bool R::*>;
struct Field {
  const char* column;
  Member member;
  bool required;
};

constexpr Field kFields[] = {{"id", &R::id, true},
                             {"source_group", &R::source, true},
                             {"trust", &R::trust, false},
                             {"full_config", &R::full_config, false},
                             {"year", &R::year, false},
                             {"engine", &R::engine, true},
                             {"engine_version", &R::engine_version, false},
                             {"model", &R::model, true},
                             {"weights_dtype", &R::weights_dtype, true},
                             {"kv_dtype", &R::kv_dtype, false},
                             {"accelerator", &R::accelerator, true},
                             {"accel_mem_gb", &R::accel_mem_gb, false},
                             {"gpus", &R::gpus, true},
                             {"tp", &R::tp, true},
                             {"pp", &R::pp, true},
                             {"ep", &R::ep, false},
                             {"dp", &R::dp, false},
                             {"isl", &R::isl, true},
                             {"osl", &R::osl, true},
                             {"concurrency_or_batch", &R::concurrency_or_batch, true},
                             {"request_rate", &R::request_rate, true},
                             {"metric", &R::metric, true},
                             {"value", &R::value, true},
                             {"percentile", &R::percentile, false},
                             {"notes", &R::notes, false}};

constexpr double kLargestCount = 1e7;

/// Writes one cell into its member; false when it is no number that the member can hold.
struct CellReader {
  const std::string& cell;
  MeasuredServing& row;

  bool operator()(std::string R::*member) const {
    row.*member = cell;
    return true;
  }
  bool operator()(bool R::*member) const {
    row.*member = cell != "0";
    return cell.empty() || cell == "0" || cell == "1";
  }
  bool operator()(double R::*member) const {
    if (cell.empty()) return true;
    const auto number = parse_csv_number(cell);
    row.*member = number.value_or(0);
    return number && *number >= 0;
  }
  bool operator()(int R::*member) const {
    if (cell.empty()) return true;
    const auto number = parse_csv_number(cell);
    if (!number || *number < 0 || *number > kLargestCount || std::floor(*number) != *number) return false;
    row.*member = static_cast<int>(*number);
    return true;
  }
};

const char* expected(const Member& member) {
  if (std::holds_alternative<bool R::*>(member)) return "0 or 1";
  return std::holds_alternative<double R::*>(member) ? "a number of at least 0" : "a whole number of at least 0";
}

bool is_rate(const std::string& cell) {
  const auto number = parse_csv_number(cell);
  return cell.empty() || cell == "inf" || (number && *number > 0);
}

}  // namespace

Result<std::vector<MeasuredServing>> read_measured_serving(const CsvTable& table) {
  Diagnostics faults;
  std::vector<std::pair<Field, std::size_t>> columns;
  for (const auto& field : kFields) {
    if (const auto at = table.column(field.column)) {
      columns.emplace_back(field, *at);
    } else if (field.required) {
      const std::string message = fmt::format("the column '{}' is missing", field.column);
      faults.push_back({table.file, 1, 0, {}, message, suggest_name(field.column, table.header), {}});
    }
  }
  if (!faults.empty()) return faults;
  std::vector<MeasuredServing> rows;
  rows.reserve(table.rows.size());
  for (const auto& line : table.rows) {
    MeasuredServing row;
    row.line = line.line;
    const auto fault = [&](const char* column, const std::string& cell, const char* wanted) {
      faults.push_back({table.file, line.line, 0, column, fmt::format("'{}' is not {}", cell, wanted), {}, {}});
    };
    for (const auto& [field, at] : columns) {
      if (std::visit(CellReader{line.cells[at], row}, field.member)) continue;
      fault(field.column, line.cells[at], expected(field.member));
    }
    if (!is_rate(row.request_rate)) fault("request_rate", row.request_rate, "a number above 0, inf or nothing");
    rows.push_back(std::move(row));
  }
  if (!faults.empty()) return faults;
  return rows;
}

Result<std::vector<MeasuredServing>> load_measured_serving(const FileReader& files, const std::string& path) {
  const auto text = files.read(path);
  if (!text) return text.faults();
  const auto table = parse_csv(path, *text);
  if (!table) return table.faults();
  return read_measured_serving(*table);
}

}  // namespace stargate
