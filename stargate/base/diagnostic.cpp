// Formatting of diagnostics and the edit distance behind "did you mean".
#include "stargate/base/diagnostic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "stargate/base/text_layout.hpp"

namespace stargate {

namespace {

/// The part of a long line around a column, and that column within it.
std::pair<std::string, int> around(const std::string& line, int column) {
  constexpr std::size_t kLongest = 160, kBefore = 80;
  if (line.size() <= kLongest) return {line, column};
  const auto at = static_cast<std::size_t>(std::max(0, column - 1));
  std::size_t from = at > kBefore ? std::min(at - kBefore, line.size() - kBefore) : 0;
  while (from < line.size() && (static_cast<unsigned char>(line[from]) & 0xC0) == 0x80) ++from;
  std::size_t end = std::min(line.size(), from + kLongest);
  while (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) ++end;
  const std::string begin = from > 0 ? "..." : "";
  return {begin + line.substr(from, end - from) + (end < line.size() ? "..." : ""),
          column - static_cast<int>(from) + static_cast<int>(begin.size())};
}

}  // namespace

std::string format_diagnostic(const Diagnostic& d) {
  std::string out;
  if (!d.file.empty()) {
    out += d.file;
    if (d.line > 0) out += fmt::format(":{}:{}", d.line, d.column);
    out += ": ";
  }
  if (!d.path.empty()) out += shorten_long_words(d.path) + ": ";
  out += shorten_long_words(d.message) + "\n";
  if (d.line > 0 && !d.text.empty()) {
    const auto [text, column] = around(d.text, d.column);
    const std::string gutter = fmt::format("{:>5} | ", d.line);
    out += gutter + text + "\n";
    std::string pad(gutter.size(), ' ');
    for (int i = 0; i + 1 < column && i < static_cast<int>(text.size()); ++i) {
      const auto c = static_cast<unsigned char>(text[static_cast<std::size_t>(i)]);
      if (c == '\t') {
        pad += '\t';
      } else if ((c & 0xC0) != 0x80) {  // one caret column for each character, not for each UTF-8 byte
        pad += ' ';
      }
    }
    out += pad + "^\n";
  }
  if (!d.hint.empty()) out += "  hint: " + shorten_long_words(d.hint) + "\n";
  return out;
}

std::string format_diagnostics(std::vector<Diagnostic> diagnostics) {
  std::stable_sort(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
  });
  constexpr std::size_t kMostShown = 20, kShown = 10;  // hundreds are one mistake: nobody reads them
  const std::size_t shown = diagnostics.size() > kMostShown ? kShown : diagnostics.size();
  std::string out;
  for (std::size_t i = 0; i < shown; ++i) out += format_diagnostic(diagnostics[i]);
  if (shown < diagnostics.size()) {
    out += fmt::format("{} faults; these are the first {}.\n", diagnostics.size(), shown);
  } else if (diagnostics.size() > 1) {
    out += fmt::format("{} faults.\n", diagnostics.size());
  }
  return out;
}

namespace {

/// Letters added, left out or replaced, and neighbours swapped ("modle"), each once.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1), above(b.size() + 1), before(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before.swap(above), above.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest_name(std::string_view wanted, const std::vector<std::string>& names) {
  if (wanted.size() > 200) return {};
  std::size_t best = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  std::string nearest;
  for (const auto& name : names) {
    const std::size_t distance = edit_distance(wanted, name);
    // of names as near as each other, one that begins alike: 'kk' rather than 'm' for 'k'
    const bool begins_alike = !wanted.empty() && name.starts_with(wanted.front());
    const bool better = distance == best && !nearest.empty() && begins_alike && !nearest.starts_with(wanted.front());
    if (distance < best || better) best = distance, nearest = name;
  }
  return nearest;
}

std::string suggest_name(std::string_view wanted, const std::vector<std::string>& names) {
  if (const auto near = nearest_name(wanted, names); !near.empty()) return "did you mean '" + near + "'?";
  if (names.empty()) return {};
  std::string out = "known: ";
  for (std::size_t i = 0; i < names.size() && i < 12; ++i) out += (i ? ", " : "") + names[i];
  if (names.size() > 12) out += fmt::format(", and {} more", names.size() - 12);
  return out;
}

}  // namespace stargate
