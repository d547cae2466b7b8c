// One pass over the text; a cell is quoted when its first character is a quote.
#include "stargate/base/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace stargate {
namespace {

constexpr std::size_t kMostFaults = 100;  // a thousand broken rows are one mistake

/// A position that only moves on, and the number of the line it is in. Faults are collected; what is too long or too
/// many stops the reading, since the rest would be read for nothing.
class CsvReader {
 public:
  CsvReader(const std::string& file, std::string_view text) : file_(file), text_(text) {}

  std::vector<CsvRow> read(Diagnostics& faults) {
    std::vector<CsvRow> rows;
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") at_ = 3;  // byte order mark
    while (at_ < text_.size() && !stopped_) {
      CsvRow row = read_row(faults);
      if (row.cells.size() > 1 || !row.cells[0].empty()) rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  /// Quoted cells may hold line ends, so lines are counted here.
  CsvRow read_row(Diagnostics& faults) {
    CsvRow row{line_, {}};
    for (;;) {
      row.cells.push_back(at_ < text_.size() && text_[at_] == '"' ? read_quoted(faults) : read_plain());
      if (is_too_much(row.cells.back(), faults)) return row;
      if (at_ >= text_.size()) return row;
      const char end = text_[at_++];
      if (end == ',') continue;
      if (end == '\r' && at_ < text_.size() && text_[at_] == '\n') ++at_;
      ++line_;
      return row;
    }
  }

  /// Counts the cell; true, with a fault, when it or the table passes a limit of csv.hpp.
  bool is_too_much(const std::string& cell, Diagnostics& faults) {
    std::string message;
    if (cell.size() > kLongestCsvCell) {
      message = fmt::format("a cell of {} bytes is longer than {}", cell.size(), kLongestCsvCell);
    } else if (++cells_ > kMostCsvCells) {
      message = fmt::format("the table has more than {} cells", kMostCsvCells);
    }
    if (message.empty()) return false;
    faults.push_back({file_, line_, 0, {}, message, {}, {}});
    return stopped_ = true;
  }

  /// Up to the next comma or line end. Quotes inside a cell that does not begin with one stand for themselves.
  std::string read_plain() {
    const std::size_t end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
    const std::string_view cell = text_.substr(at_, end - at_);
    at_ = end;
    return std::string(cell);
  }

  /// Behind the opening quote; ends behind the closing one. A doubled quote is one quote.
  std::string read_quoted(Diagnostics& faults) {
    const int opened = line_;
    std::string cell;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') break;
        ++at_;
      }
      if (text_[at_] == '\n') ++line_;
      cell += text_[at_];
    }
    if (at_ >= text_.size()) {
      faults.push_back({file_, opened, 0, {}, "a quoted cell is not closed", {}, {}});
      return cell;
    }
    ++at_;
    if (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\r' && text_[at_] != '\n') {
      faults.push_back(
          {file_, line_, 0, {}, "text follows a closing quote", "double a quote that belongs to the cell", {}});
      cell += read_plain();
    }
    return cell;
  }

  const std::string& file_;
  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::size_t cells_ = 0;
  bool stopped_ = false;
};

}  // namespace

std::optional<std::size_t> CsvTable::column(std::string_view name) const {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header.begin());
}

Result<CsvTable> parse_csv(const std::string& file, std::string_view text) {
  Diagnostics faults;
  CsvTable table{file, {}, CsvReader(file, text).read(faults)};
  if (table.rows.empty()) {
    faults.push_back({file, 1, 0, {}, "the table has no header", {}, {}});
    return faults;
  }
  table.header = std::move(table.rows.front().cells);
  table.rows.erase(table.rows.begin());
  auto names = table.header;
  std::sort(names.begin(), names.end());
  for (auto name = std::adjacent_find(names.begin(), names.end()); name != names.end();
       name = std::adjacent_find(std::upper_bound(name, names.end(), *name), names.end())) {
    faults.push_back({file, 1, 0, {}, "the column '" + *name + "' is there twice", "keep one of them", {}});
  }
  for (const auto& row : table.rows) {
    if (row.cells.size() == table.header.size() || faults.size() >= kMostFaults) continue;
    faults.push_back({file,
                      row.line,
                      0,
                      {},
                      fmt::format("the row has {} cells, the header {}", row.cells.size(), table.header.size()),
                      {},
                      {}});
  }
  if (!faults.empty()) return faults;
  return table;
}

std::optional<double> parse_csv_number(std::string_view cell) {
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace stargate
