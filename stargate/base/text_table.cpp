// Widths follow Unicode's East Asian Wide ranges as far as our names need them.
#include "stargate/base/text_table.hpp"

#include <algorithm>

#include "stargate/base/text_layout.hpp"

namespace stargate {

int display_width(std::string_view text) {
  int width = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    // Bytes of the character, by its first byte; the text has been checked to be UTF-8 where it came in.
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    unsigned code = length == 1 ? lead : lead & (0xFFu >> (length + 1));
    for (std::size_t k = 1; k < length && i + k < text.size(); ++k) {
      code = (code << 6) | (static_cast<unsigned char>(text[i + k]) & 0x3Fu);
    }
    const bool wide = (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
                      (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
                      (code >= 0xFF00 && code <= 0xFF60) || code >= 0x1F300;
    width += wide ? 2 : 1;
    i += length;
  }
  return width;
}

namespace {
/// A cell of a table in a text: a mark in it would end the cell.
std::string marked_cell(std::string_view cell) {
  std::string out(cell);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return out;
}
}  // namespace

std::string TextTable::format(int indent) const {
  std::string out = table_marks::kTable + std::string(static_cast<std::size_t>(indent), ' ') + table_marks::kRow;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    if (c > 0) out += table_marks::kCell;
    out += (columns_[c].align == Align::left ? '<' : '>') + marked_cell(columns_[c].title);
  }
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    if (std::find(rules_.begin(), rules_.end(), r) != rules_.end()) (out += table_marks::kRow) += table_marks::kRule;
    out += table_marks::kRow;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (c > 0) out += table_marks::kCell;
      if (c < rows_[r].size()) out += marked_cell(rows_[r][c]);
    }
  }
  return out + table_marks::kTable;
}

std::string format_csv_cell(std::string_view cell) {
  if (cell.find_first_of(",\"\n\r") == std::string_view::npos) return std::string(cell);
  std::string out = "\"";
  for (const char c : cell) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

std::string TextTable::format_csv() const {
  std::string out;
  const auto line = [&](const auto& cell_at) {
    for (std::size_t c = 0; c < columns_.size(); ++c) out += (c ? "," : "") + format_csv_cell(cell_at(c));
    out += "\n";
  };
  line([&](std::size_t c) { return columns_[c].title; });
  for (const auto& row : rows_) line([&](std::size_t c) { return c < row.size() ? row[c] : std::string(); });
  return out;
}

}  // namespace stargate
