// What is wrong with an input, where, and what to do about it; printed as file:line:column, the line, and a caret.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stargate {

/// One fault of an input. Values, no exceptions: collected in Diagnostics, sorted and printed at the edge.
struct Diagnostic {
  std::string file;     ///< empty when the fault is not in a file (a flag, say)
  int line = 0;         ///< 1-based; 0 when unknown
  int column = 0;       ///< 1-based, in bytes
  std::string path;     ///< where in the document: "sites[2].power"
  std::string message;  ///< one sentence
  std::string hint;     ///< the remedy; may be empty
  std::string text;     ///< the line of the file; may be empty
};

/// "file:line:column: path: message", the line, a caret under the value, and the hint. Ends in a newline. A line of
/// over 160 bytes is shown around the caret only; words and numbers without end are cut.
std::string format_diagnostic(const Diagnostic& diagnostic);
/// All of them in order of file, line and column, closing with the count when there are several; of more than 20 the
/// first ten. The order is stable for faults at one place, so that equal inputs print equal text.
std::string format_diagnostics(std::vector<Diagnostic> diagnostics);

/// The name nearest to `wanted` (edit distance, at most a third of its length), or empty. Edit distance counts letters
/// added, left out, replaced and neighbours swapped ("modle"), each once (the restricted distance of Damerau and
/// Levenshtein); at least one is always allowed. Of names equally near, one that begins with the same letter, else the
/// first. Empty for a text of more than 200 bytes.
std::string nearest_name(std::string_view wanted, const std::vector<std::string>& names);
/// `did you mean 'x'?` when a name is near, else `known: a, b, c` (at most a dozen), else empty. For a Diagnostic's
/// hint. The edit distance is worked out against every name, so this is for the few names of one document or one folder
/// of the catalogue.
std::string suggest_name(std::string_view wanted, const std::vector<std::string>& names);

}  // namespace stargate
