// Formatting of diagnostics and the edit distance behind "did you mean".
#include "stargate/base/diagnostic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "stargate/base/diagnostic_layout.hpp"
#include "stargate/base/text_layout.hpp"

namespace stargate {

namespace {

/// The part of a line longer than `longest` around a column, and that column within it.
std::pair<std::string, int> around(const std::string& line, int column, std::size_t longest) {
  // Bytes. The cut is moved to the beginning of a UTF-8 character on both sides.
  const std::size_t before = longest / 2;
  if (line.size() <= longest) return {line, column};
  const auto at = static_cast<std::size_t>(std::max(0, column - 1));
  std::size_t from = at > before ? std::min(at - before, line.size() - before) : 0;
  while (from < line.size() && (static_cast<unsigned char>(line[from]) & 0xC0) == 0x80) ++from;
  std::size_t end = std::min(line.size(), from + longest);
  while (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) ++end;
  const std::string begin = from > 0 ? "..." : "";
  return {begin + line.substr(from, end - from) + (end < line.size() ? "..." : ""),
          column - static_cast<int>(from) + static_cast<int>(begin.size())};
}

/// The caret stands under a character, so bytes of UTF-8 that continue one take no place, and tabs stay tabs.
std::string lay_out_diagnostic(const Diagnostic& d, int width) {
  std::string out;
  if (!d.file.empty()) {
    out += d.file;
    if (d.line > 0) out += fmt::format(":{}:{}", d.line, d.column);
    out += ": ";
  }
  if (!d.path.empty()) out += shorten_long_words(d.path) + ": ";
  out = lay_out(out + shorten_long_words(d.message) + "\n", {width});
  if (d.line > 0 && !d.text.empty()) {
    constexpr std::size_t kLongest = 160, kShortest = 20;
    const std::string gutter = fmt::format("{:>5} | ", d.line);
    const std::size_t taken = gutter.size() + 6;  // and the dots of a line that is cut on both sides
    const std::size_t room = static_cast<std::size_t>(width) > taken + kShortest ? width - taken : kShortest;
    const auto [text, column] = around(d.text, d.column, width > 0 ? std::min(kLongest, room) : kLongest);
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
  if (!d.hint.empty()) out += lay_out("  hint: " + shorten_long_words(d.hint) + "\n", {width});
  return out;
}

}  // namespace

std::string format_diagnostic(const Diagnostic& d) { return lay_out_diagnostic(d, 0); }

std::string format_diagnostics(std::vector<Diagnostic> diagnostics) {
  return lay_out_diagnostics(std::move(diagnostics), 0);
}

std::string lay_out_diagnostics(std::vector<Diagnostic> diagnostics, int width) {
  std::stable_sort(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
  });
  constexpr std::size_t kMostShown = 20, kShown = 10;  // hundreds are one mistake: nobody reads them
  const std::size_t shown = diagnostics.size() > kMostShown ? kShown : diagnostics.size();
  std::string out;
  for (std::size_t i = 0; i < shown; ++i) out += lay_out_diagnostic(diagnostics[i], width);
  if (shown < diagnostics.size()) {
    out += fmt::format("{} faults; these are the first {}.\n", diagnostics.size(), shown);
  } else if (diagnostics.size() > 1) {
    out += fmt::format("{} faults.\n", diagnostics.size());
  }
  return out;
}

namespace {

/// Letters added, left out or replaced, and neighbours swapped ("modle"), each once. Dynamic programming over prefixes
/// with three rows (the optimal string alignment distance): `before` serves swaps only.
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

/// By edit distance, at most a third of the letters and one more.
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
