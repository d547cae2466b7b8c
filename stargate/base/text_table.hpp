// Tables for a terminal: columns sized to their content, numbers right-aligned, Korean and Japanese counted two wide.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stargate {

/// Of a column. A left-aligned column holds text and may be wrapped; a right-aligned one holds numbers and is never
/// broken.
enum class Align { left, right };

/// Cells are text by the time they come here: rounding and units are whoever fills the table's.
struct Column {
  std::string title;           ///< shown above the rule
  Align align = Align::right;  ///< numbers, unless said otherwise
};

class TextTable {
 public:
  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// A row shorter than the header is padded with empty cells. Cells beyond the header's are kept but never shown.
  void add_row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  /// A thin line before the next row.
  void add_rule() { rules_.push_back(rows_.size()); }
  std::size_t row_count() const { return rows_.size(); }
  /// Each line indented by `indent` spaces; the header is underlined. Not spaces yet but marks and cells, for lay_out
  /// (text_layout.hpp), which chooses the widths; `indent` goes before each line.
  std::string format(int indent = 0) const;
  /// The same titles and cells as comma-separated text, without rules.
  std::string format_csv() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> rules_;  ///< row numbers before which one stands
};

/// Columns a UTF-8 text takes on a terminal. Control and combining characters count one: our names have none. `text`
/// must be valid UTF-8, as all input is once it has been read (check_text in config).
int display_width(std::string_view text);
/// One CSV cell, quoted when it must be (RFC 4180).
std::string format_csv_cell(std::string_view cell);

}  // namespace stargate
