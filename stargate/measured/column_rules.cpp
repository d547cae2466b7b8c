// The interpreter of the rules, the same as that of tools/measured_columns.py. No regular expressions: a cell may be
// long, and std::regex recurses once a character.
#include "stargate/measured/column_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "stargate/base/check.hpp"
#include "stargate/units/trim.hpp"

namespace stargate {

namespace embedded {
extern const std::string_view measured_rules_csv;  // NOLINT: defined in a generated file
}

namespace {

constexpr std::size_t kLongestDigits = 9;

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z'); }
bool same_text(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

/// "column sign text"; signs are = (same text), ~ and !~ (holds the pattern or not), <= and >= (as numbers).
struct Condition {
  std::string column, sign, text;
};
struct Rule {
  std::string id, kind, column, value;
  std::vector<Condition> when;
};

/// "notes ~ max_num_tokens {n}"
Condition parse_condition(const std::string& text) {
  const auto first = text.find(' ');
  STARGATE_CHECK(first != std::string::npos, "a condition has a column, a sign and a text");
  const auto second = std::min(text.find(' ', first + 1), text.size());
  return {text.substr(0, first), text.substr(first + 1, second - first - 1),
          std::string(trimmed(std::string_view(text).substr(second)))};
}

std::vector<Rule> parse_rules() {
  const auto table = parse_csv("measured_rules.csv", embedded::measured_rules_csv);
  STARGATE_CHECK(table.ok(), "the rules that were compiled in are a table");
  const auto cell = [&](const CsvRow& row, const char* column) { return row.cells[*table->column(column)]; };
  std::vector<Rule> rules;
  for (const CsvRow& row : table->rows) {
    Rule rule{cell(row, "rule"), cell(row, "table"), cell(row, "column"), cell(row, "value"), {}};
    const std::string when = cell(row, "when");
    constexpr std::string_view both = " & ";
    for (std::size_t from = 0; from <= when.size();) {
      const std::size_t end = std::min(when.find(both, from), when.size());
      rule.when.push_back(parse_condition(std::string(trimmed(std::string_view(when).substr(from, end - from)))));
      from = end + both.size();
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

const std::vector<Rule>& rules() {
  static const std::vector<Rule> all = parse_rules();
  return all;
}

std::size_t digits_from(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && end - at < kLongestDigits && is_digit(text[end])) ++end;
  return end;
}

/// Whether the pattern matches at one place of the text.
bool matches_at(std::string_view text, std::size_t at, std::string_view pattern, std::vector<std::string>& found) {
  for (std::size_t p = 0; p < pattern.size();) {
    if (pattern.substr(p).starts_with("{n}")) {
      std::size_t end = digits_from(text, at);
      if (end == at) return false;
      if (end + 1 < text.size() && text[end] == '.' && is_digit(text[end + 1])) end = digits_from(text, end + 1);
      found.emplace_back(text.substr(at, end - at));
      at = end, p += 3;
    } else if (pattern[p] == ' ') {
      while (p < pattern.size() && pattern[p] == ' ') ++p;
      while (at < text.size() && text[at] == ' ') ++at;
    } else {
      if (at >= text.size() || lower(text[at]) != lower(pattern[p])) return false;
      ++at, ++p;
    }
  }
  return true;
}

/// One row of a table whose cells are found by column.
struct RowCells {
  const std::map<std::string, std::size_t>& columns;
  std::vector<std::string>& cells;

  const std::string& at(const std::string& column) const {
    static const std::string nothing;
    const auto found = columns.find(column);
    return found == columns.end() ? nothing : cells[found->second];
  }
};

/// An empty cell equals nothing but an empty text, and is no number. What patterns find is kept for value_of.
bool holds(const Condition& condition, const RowCells& row, std::vector<std::string>& found) {
  const std::string& cell = row.at(condition.column);
  if (condition.sign == "=") return same_text(cell, condition.text);
  if (condition.sign == "~") return mentions(cell, condition.text, found);
  if (condition.sign == "!~") {
    std::vector<std::string> nothing;
    return !mentions(cell, condition.text, nothing);
  }
  const auto value = parse_csv_number(cell), limit = parse_csv_number(condition.text);
  STARGATE_CHECK(limit && (condition.sign == "<=" || condition.sign == ">="), "a condition compares with a number");
  return value && (condition.sign == "<=" ? *value <= *limit : *value >= *limit);
}

/// "{1}*{2}", "{gpus}", "{year-1}-06", "yes"
std::string value_of(const Rule& rule, const RowCells& row, const std::vector<std::string>& found) {
  std::string out;
  for (std::size_t at = 0; at < rule.value.size();) {
    const auto close = rule.value[at] == '{' ? rule.value.find('}', at) : std::string::npos;
    if (close == std::string::npos) {
      out += rule.value[at++];
      continue;
    }
    const std::string name = rule.value.substr(at + 1, close - at - 1);
    const auto number = parse_csv_number(name);
    const auto above = name.ends_with("-1") ? parse_csv_number(row.at(name.substr(0, name.size() - 2))) : std::nullopt;
    out += number  ? found.at(static_cast<std::size_t>(*number) - 1)
           : above ? fmt::format("{:.15g}", *above - 1)
                   : row.at(name);
    at = close + 1;
  }
  const auto star = out.find('*');
  if (star == std::string::npos) return out;
  const auto a = parse_csv_number(std::string_view(out).substr(0, star));
  const auto b = parse_csv_number(std::string_view(out).substr(star + 1));
  return a && b ? fmt::format("{:.15g}", *a * *b) : out;
}

/// A cell that is filled is never changed; all conditions must hold.
void apply_rule(const Rule& rule, const RowCells& row, std::string& applied) {
  std::string& cell = row.cells[row.columns.at(rule.column)];
  std::vector<std::string> found;
  if (!cell.empty()) return;
  for (const auto& condition : rule.when) {
    if (!holds(condition, row, found)) return;
  }
  cell = value_of(rule, row, found);
  if ((" " + applied + " ").find(" " + rule.id + " ") == std::string::npos) {
    applied += (applied.empty() ? "" : " ") + rule.id;
  }
}

}  // namespace

/// At the beginning of a word or of a number only; what "{n}" matched is appended to `found`.
bool mentions(std::string_view text, std::string_view pattern, std::vector<std::string>& found) {
  const bool word = !pattern.empty() && is_word(pattern.front()), number = pattern.starts_with("{n}");
  const std::size_t before = found.size();
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (word && (lower(text[at]) != lower(pattern.front()) || (at > 0 && is_word(text[at - 1])))) continue;
    if (number && at > 0 && (is_digit(text[at - 1]) || text[at - 1] == '.')) continue;
    if (matches_at(text, at, pattern, found)) return true;
    found.resize(before);
  }
  return false;
}

void apply_column_rules(std::string_view kind, CsvTable& table) {
  if (table.column("rules_applied")) return;
  std::map<std::string, std::size_t> columns;
  for (std::size_t i = 0; i < table.header.size(); ++i) columns.emplace(table.header[i], i);
  const auto add = [&](const std::string& column) {
    if (columns.emplace(column, table.header.size()).second) table.header.push_back(column);
  };
  for (const Rule& rule : rules()) {
    if (rule.kind == kind) add(rule.column);
  }
  add("rules_applied");
  for (CsvRow& line : table.rows) {
    line.cells.resize(table.header.size());
    const RowCells row{columns, line.cells};
    std::string applied;
    for (const Rule& rule : rules()) {
      if (rule.kind == kind) apply_rule(rule, row, applied);
    }
    line.cells[columns.at("rules_applied")] = applied;
  }
}

std::string format_rule_counts(const RuleCounts& counts) {
  std::string out;
  for (const auto& [rule, rows] : counts) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", rule, rows);
  if (out.empty()) return out;
  return "Columns set by rules (tools/measured_columns.py --list), rows each: " + out + ".\n";
}

}  // namespace stargate
