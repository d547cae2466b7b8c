// Widths follow Unicode's East Asian Wide ranges as far as our names need them.
#include "stargate/base/text_table.hpp"

#include <algorithm>

namespace stargate {

int display_width(std::string_view text) {
  int width = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
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

std::string TextTable::format(int indent) const {
  std::vector<int> widths;
  for (const auto& column : columns_) widths.push_back(display_width(column.title));
  for (const auto& row : rows_) {
    for (std::size_t c = 0; c < row.size() && c < widths.size(); ++c) {
      widths[c] = std::max(widths[c], display_width(row[c]));
    }
  }
  std::string out;
  const std::string margin(static_cast<std::size_t>(indent), ' ');
  const auto line = [&](const auto& cell_at) {
    std::string text = margin;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const std::string cell = cell_at(c);
      const std::string pad(static_cast<std::size_t>(std::max(0, widths[c] - display_width(cell))), ' ');
      if (c > 0) text += "  ";
      text += columns_[c].align == Align::right ? pad + cell : cell + pad;
    }
    while (!text.empty() && text.back() == ' ') text.pop_back();
    out += text + "\n";
  };
  const auto rule = [&] { line([&](std::size_t c) { return std::string(static_cast<std::size_t>(widths[c]), '-'); }); };
  line([&](std::size_t c) { return columns_[c].title; });
  rule();
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    if (std::find(rules_.begin(), rules_.end(), r) != rules_.end()) rule();
    line([&](std::size_t c) { return c < rows_[r].size() ? rows_[r][c] : std::string(); });
  }
  return out;
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
