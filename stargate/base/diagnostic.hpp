// What is wrong with an input, where, and what to do about it; printed as file:line:column, the line, and a caret.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stargate {

struct Diagnostic {
  std::string file;     ///< empty when the fault is not in a file (a flag, say)
  int line = 0;         ///< 1-based; 0 when unknown
  int column = 0;       ///< 1-based, in bytes
  std::string path;     ///< where in the document: "sites[2].power"
  std::string message;  ///< one sentence
  std::string hint;     ///< the remedy; may be empty
  std::string text;     ///< the line of the file; may be empty
};

/// "file:line:column: path: message", the line, a caret under the value, and the hint. Ends in a newline.
std::string format_diagnostic(const Diagnostic& diagnostic);
/// All of them in order of file, line and column, closing with the count when there are several; of more than 20 the
/// first ten.
std::string format_diagnostics(std::vector<Diagnostic> diagnostics);

/// The name nearest to `wanted` (edit distance, at most a third of its length), or empty.
std::string nearest_name(std::string_view wanted, const std::vector<std::string>& names);
/// `did you mean 'x'?` when a name is near, else `known: a, b, c` (at most a dozen), else empty.
std::string suggest_name(std::string_view wanted, const std::vector<std::string>& names);

}  // namespace stargate
