// Text as wide as its reader's screen. What a command answers is one string, prose with tables in it. A table stands
// there as marks and cells (`TextTable::format`), not as spaces, so that whoever shows the text chooses the width: a
// terminal its own, a file none. The idea is that of elastic tab stops; the marks are ASCII's separators, which no
// text holds otherwise.
//
// A table too wide for the screen first breaks its titles over lines, then its text cells at spaces, and then stands
// in several parts below each other, each beginning with the columns that name the row. Nothing is left out. A line
// of prose is broken at spaces, a command with a backslash so that it can be copied.
#pragma once

#include <string>
#include <string_view>

namespace stargate {

struct TextLayout {
  /// Below 20 it is taken as 20.
  int width = 0;        ///< columns of the screen; 0: as wide as the text
  bool colour = false;  ///< titles of tables in bold
};

/// The text as lines. Control characters other than the marks become spaces: a name in a file cannot steer a terminal.
std::string lay_out(std::string_view text, const TextLayout& layout = {});

/// The marks of a table inside a text, written by `TextTable::format`.
namespace table_marks {
inline constexpr char kTable = '\x1d', kRow = '\x1e', kCell = '\x1f', kRule = '\x1c';
}

/// Digits without end and words longer than `longest` characters are cut: "123456789012… (300000 characters)". A word
/// of digits, signs and exponents only is a number, and is cut at 40 characters already.
std::string shorten_long_words(std::string_view text, std::size_t longest = 200);

}  // namespace stargate
