// A table is read back from its marks into cells; widths are chosen from the widest cell (natural), the widest word
// (least) and the room there is; then cells are wrapped and padded.
#include "stargate/base/text_layout.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

#include "stargate/base/text_table.hpp"

namespace stargate {
namespace {

constexpr int kGap = 2;         // spaces between columns
constexpr int kTextFloor = 18;  // a text column is not wrapped narrower than this, nor than its longest word
constexpr int kLongestWord = 24;
constexpr std::size_t kLongestNumber = 40;

using Cells = std::vector<std::string>;

/// A table read back from its marks; `indent` in spaces before each line.
struct MarkedTable {
  int indent = 0;
  std::vector<Column> columns;
  std::vector<Cells> rows;  // an empty row is a thin line

  bool is_text(std::size_t column) const { return columns[column].align == Align::left; }
};

std::vector<std::string_view> split(std::string_view text, char mark) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0;;) {
    const auto end = text.find(mark, start);
    parts.push_back(text.substr(start, end == std::string_view::npos ? end : end - start));
    if (end == std::string_view::npos) return parts;
    start = end + 1;
  }
}

/// "indent ROW <|>title CELL <|>title ROW cell CELL cell": the text between two table marks.
MarkedTable read_table(std::string_view marked) {
  MarkedTable table;
  const auto lines = split(marked, table_marks::kRow);
  table.indent = static_cast<int>(lines[0].size());
  for (std::size_t l = 1; l < lines.size(); ++l) {
    const auto cells = split(lines[l], table_marks::kCell);
    if (l == 1) {
      for (const auto cell : cells) {
        table.columns.push_back({std::string(cell.substr(1)), cell[0] == '<' ? Align::left : Align::right});
      }
    } else if (lines[l] == std::string_view(&table_marks::kRule, 1)) {
      table.rows.emplace_back();
    } else {
      table.rows.emplace_back(cells.begin(), cells.end());
    }
  }
  return table;
}

/// Bytes of `text` that take at most `width` columns; at least one character.
std::size_t bytes_within(std::string_view text, int width) {
  std::size_t end = 0;
  while (end < text.size()) {
    std::size_t next = end + 1;
    while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xC0) == 0x80) ++next;
    if (end > 0 && display_width(text.substr(0, next)) > width) break;
    end = next;
  }
  return end;
}

/// Broken at spaces; a word longer than `width` is cut. The spaces at a break go.
Cells wrap(std::string_view text, int width) {
  Cells lines;
  while (display_width(text) > width) {
    std::size_t fits = bytes_within(text, width);
    if (fits < text.size() && text[fits] != ' ') {
      if (const auto space = text.rfind(' ', fits); space != std::string_view::npos && space > 0) fits = space;
    }
    lines.emplace_back(text.substr(0, fits));
    while (!lines.back().empty() && lines.back().back() == ' ') lines.back().pop_back();
    text.remove_prefix(std::min(text.size(), text.find_first_not_of(' ', fits)));
  }
  if (!text.empty() || lines.empty()) lines.emplace_back(text);
  return lines;
}

int longest_word(std::string_view text) {
  int longest = 0;
  for (const auto word : split(text, ' ')) longest = std::max(longest, display_width(word));
  return longest;
}

/// Columns that a table's column takes: all of its cells and title on one line; and with title and text wrapped.
struct Widths {
  std::vector<int> natural, least;
};

/// Of a whole line, gaps included.
int row_width(const std::vector<int>& widths) {
  return std::accumulate(widths.begin(), widths.end(), kGap * (static_cast<int>(widths.size()) - 1));
}

/// A column of numbers may not be narrower than its widest cell: a broken number would be misread.
Widths widths_of(const MarkedTable& table) {
  Widths widths;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    int cells = 0, words = 0;
    for (const auto& row : table.rows) {
      if (c < row.size()) cells = std::max(cells, display_width(row[c])), words = std::max(words, longest_word(row[c]));
    }
    const auto& title = table.columns[c].title;
    widths.natural.push_back(std::max(cells, display_width(title)));
    const int text = std::min(cells, std::max(kTextFloor, std::min(words, kLongestWord)));
    widths.least.push_back(std::max(table.is_text(c) ? text : cells, longest_word(title)));
  }
  return widths;
}

/// From the least widths up to the natural ones as far as the room goes; a column that lacks little gets it first.
std::vector<int> fitted(const Widths& widths, int room) {
  if (room <= 0 || row_width(widths.natural) <= room) return widths.natural;
  std::vector<int> out = widths.least;
  std::vector<std::size_t> order(out.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto lack = [&](std::size_t c) { return widths.natural[c] - widths.least[c]; };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return lack(a) < lack(b); });
  int spare = std::max(0, room - row_width(out));
  for (std::size_t i = 0; i < order.size(); ++i) {
    const int share = std::min(lack(order[i]), spare / static_cast<int>(order.size() - i));
    out[order[i]] += share, spare -= share;
  }
  return out;
}

/// Writes one table, or one part of it, at widths that have been decided.
class TableWriter {
 public:
  TableWriter(const MarkedTable& table, std::vector<int> widths, bool colour)
      : table_(table), widths_(std::move(widths)), colour_(colour) {}

  std::string text() {
    Cells titles;
    for (const auto& column : table_.columns) titles.push_back(column.title);
    if (colour_) out_ += "\x1b[1m";
    add(titles, true);
    if (colour_) out_ += "\x1b[0m";
    add_rule();
    for (const auto& row : table_.rows) row.empty() ? add_rule() : add(row, false);
    return std::move(out_);
  }

 private:
  /// Wrapped cells beside each other; titles stand on the line above the rule, cells on their row's first line.
  void add(const Cells& cells, bool to_bottom) {
    std::vector<Cells> wrapped;
    std::size_t height = 1;
    for (std::size_t c = 0; c < widths_.size(); ++c) {
      wrapped.push_back(wrap(c < cells.size() ? cells[c] : std::string(), widths_[c]));
      height = std::max(height, wrapped.back().size());
    }
    for (std::size_t l = 0; l < height; ++l) {
      Cells line;
      for (const auto& lines : wrapped) {
        const std::size_t above = to_bottom ? height - lines.size() : 0;
        line.push_back(l >= above && l - above < lines.size() ? lines[l - above] : std::string());
      }
      add_line(line);
    }
  }
  void add_rule() {
    Cells line;
    for (const int width : widths_) line.emplace_back(static_cast<std::size_t>(width), '-');
    add_line(line);
  }
  void add_line(const Cells& cells) {
    std::string line(static_cast<std::size_t>(table_.indent), ' ');
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const std::string pad(static_cast<std::size_t>(std::max(0, widths_[c] - display_width(cells[c]))), ' ');
      if (c > 0) line.append(kGap, ' ');
      line += table_.is_text(c) ? cells[c] + pad : pad + cells[c];
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    out_ += line + "\n";
  }

  const MarkedTable& table_;
  std::vector<int> widths_;
  bool colour_;
  std::string out_;
};

/// How many of the first columns name a row: until no two rows read alike, within half the room.
std::size_t naming_columns(const MarkedTable& table, const Widths& widths, int room) {
  int taken = 0;
  for (std::size_t count = 1; count < table.columns.size(); ++count) {
    taken += widths.least[count - 1] + kGap;
    if (taken > room / 2) break;
    std::set<Cells> seen;
    bool distinct = true;
    for (const auto& row : table.rows) {
      if (row.empty()) continue;
      distinct = distinct &&
                 seen.insert(Cells(row.begin(), row.begin() + static_cast<long>(std::min(count, row.size())))).second;
    }
    if (distinct) return count;
  }
  return 1;
}

/// Some of the columns, in the order given, with every row.
MarkedTable chosen_columns(const MarkedTable& table, const std::vector<std::size_t>& chosen) {
  MarkedTable part;
  part.indent = table.indent;
  for (const auto c : chosen) part.columns.push_back(table.columns[c]);
  for (const auto& row : table.rows) {
    part.rows.emplace_back();
    if (row.empty()) continue;
    for (const auto c : chosen) part.rows.back().push_back(c < row.size() ? row[c] : std::string());
  }
  return part;
}

/// In one piece when the least widths fit, else in parts: as many further columns as fit beside those that name the
/// row, at least one a part, however narrow the screen.
std::string lay_out_table(const MarkedTable& table, const TextLayout& layout) {
  const int room = layout.width > 0 ? std::max(20, layout.width - table.indent) : 0;
  const Widths widths = widths_of(table);
  if (room == 0 || row_width(widths.least) <= room || table.columns.size() == 1) {
    return TableWriter(table, fitted(widths, room), layout.colour).text();
  }
  const std::size_t naming = naming_columns(table, widths, room);
  std::string out;
  for (std::size_t next = naming; next < table.columns.size();) {
    std::vector<std::size_t> chosen(naming);
    std::iota(chosen.begin(), chosen.end(), std::size_t{0});
    int taken = 0;
    for (const auto c : chosen) taken += widths.least[c] + kGap;
    do {
      taken += widths.least[next] + kGap;
      chosen.push_back(next++);
    } while (next < table.columns.size() && taken + widths.least[next] <= room);
    const MarkedTable part = chosen_columns(table, chosen);
    out += (out.empty() ? "" : "\n") + TableWriter(part, fitted(widths_of(part), room), layout.colour).text();
  }
  return out;
}

/// Where a line continues: under the text after its label ("  power        12 W ..."), else indented by two more.
std::size_t continued_indent(std::string_view line, std::size_t indent, int width) {
  const auto gap = line.find("  ", indent);
  const auto text = gap == std::string_view::npos ? gap : line.find_first_not_of(' ', gap);
  return text != std::string_view::npos && text <= static_cast<std::size_t>(width / 3) ? text : indent + 2;
}

/// One line of prose. A command's lines end in a backslash.
std::string lay_out_line(std::string_view line, int width) {
  if (width <= 0 || display_width(line) <= width) return std::string(line);
  const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
  const bool command = line.substr(indent).starts_with("stargate ");
  const std::size_t continued = continued_indent(line, indent, width);
  std::string out;
  for (std::string_view rest = line.substr(indent); !rest.empty();) {
    const std::size_t margin = out.empty() ? indent : continued;
    const int room = std::max(20, width - static_cast<int>(margin) - (command ? 2 : 0));
    std::size_t end = bytes_within(rest, room);
    if (end < rest.size() && rest[end] != ' ') {
      end = rest.rfind(' ', end);
      if (end == std::string_view::npos || end == 0) end = std::min(rest.find(' ', 1), rest.size());  // a long word
    }
    if (rest.substr(end).starts_with(" %")) {  // stays with its number
      const std::size_t before = rest.rfind(' ', end - 1);
      if (before != std::string_view::npos && before > 0) end = before;
    }
    const std::size_t next = std::min(rest.find_first_not_of(' ', end), rest.size());
    out += std::string(margin, ' ') + std::string(rest.substr(0, end));
    rest.remove_prefix(next);
    if (!rest.empty()) out += command ? " \\\n" : "\n";
  }
  return out;
}

/// Line ends and our own marks stay.
std::string without_control_characters(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    const auto code = static_cast<unsigned char>(c);
    const bool mark = c >= table_marks::kRule && c <= table_marks::kCell;
    if ((code < 0x20 && c != '\n' && !mark) || code == 0x7F) c = ' ';
  }
  return out;
}

}  // namespace

std::string shorten_long_words(std::string_view text, std::size_t longest) {
  std::string out;
  for (std::size_t start = 0; start < text.size();) {
    std::size_t end = start;
    bool number = true;
    for (; end < text.size() && static_cast<unsigned char>(text[end]) > ' '; ++end) {
      number = number && (std::string_view("0123456789.,+-eE'\"").find(text[end]) != std::string_view::npos);
    }
    const auto word = text.substr(start, end - start);
    if (word.size() > (number ? kLongestNumber : longest)) {
      const auto kept = word.substr(0, bytes_within(word, number ? 12 : static_cast<int>(longest / 2)));
      out += std::string(kept) + "... (" + std::to_string(word.size()) + " characters)";
    } else {
      out += word;
    }
    for (; end < text.size() && static_cast<unsigned char>(text[end]) <= ' '; ++end) out += text[end];
    start = end;
  }
  return out;
}

/// Tables were put into the text between marks, so that width and colour are decided only when it is shown.
std::string lay_out(std::string_view marked, const TextLayout& layout) {
  const std::string text = without_control_characters(marked);
  const auto parts = split(text, table_marks::kTable);  // prose, table, prose, ...
  std::string out;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    if (p % 2 == 1) {
      out += lay_out_table(read_table(parts[p]), layout);
      continue;
    }
    const auto lines = split(parts[p], '\n');
    for (std::size_t l = 0; l < lines.size(); ++l) out += (l > 0 ? "\n" : "") + lay_out_line(lines[l], layout.width);
  }
  return out;
}

}  // namespace stargate
