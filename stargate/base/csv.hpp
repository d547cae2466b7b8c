// Tables as comma-separated text (RFC 4180): a header line, then rows whose quoted cells may hold commas, doubled
// quotes and line breaks. What breaks the form is a fault with file and line, all of them at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stargate/base/result.hpp"

namespace stargate {

/// A row as text: cells are unquoted but not trimmed, converted or checked.
struct CsvRow {
  int line = 0;                    ///< of the file, where the row begins
  std::vector<std::string> cells;  ///< by column, in the header's order
};

struct CsvTable {
  /// As given to parse_csv, for the faults of whoever reads the cells.
  std::string file;
  std::vector<std::string> header;  ///< titles as written, each once
  std::vector<CsvRow> rows;         ///< each with as many cells as the header

  /// The index of a column by its exact title; empty when there is none. A linear search: ask once a table, not once a
  /// row.
  std::optional<std::size_t> column(std::string_view name) const;
};

/// Beyond these a table is no table people measured, and is refused with its place. In bytes and in cells of the whole
/// table.
inline constexpr std::size_t kLongestCsvCell = 100'000, kMostCsvCells = 6'000'000;

/// `file` names the text in faults. Empty lines are passed over. A row with more or fewer cells than the header, and a
/// column named twice, are faults. So are a table without a header, a quote that is not closed, text behind a closing
/// quote, and what passes the limits above. Line ends may be LF or CRLF; a byte order mark is skipped. A table of a
/// header only is no fault.
Result<CsvTable> parse_csv(const std::string& file, std::string_view text);

/// A whole cell as a number; empty when it is not one or not finite. Stricter than parse_plain_number: no separators of
/// thousands, no plus sign, no spaces. "nan" and "inf" are not numbers.
std::optional<double> parse_csv_number(std::string_view cell);

}  // namespace stargate
