// What every command shares: where the catalogue lies, the disk, and how faults reach the user. Exit codes: 0 answered,
// 1 a fault of ours or an answer that could not be written, 2 a wrong input or flag, 3 the answer is no (does not fit,
// misses the target, infeasible).
#pragma once

#include <string>
#include <vector>

#include "stargate/app/remembered_files.hpp"
#include "stargate/app/standard_output.hpp"
#include "stargate/base/result.hpp"

namespace stargate {

inline constexpr int kExitAnswered = 0, kExitInternal = 1, kExitWrongInput = 2, kExitAnswerIsNo = 3;

struct Session {
  /// --catalogue, else below $STARGATE_HOME, else "catalogue" in the working directory.
  std::string catalogue_folder;
  RememberedFiles files;          ///< the disk, and what was read of it
  StandardOutput output;          ///< where answers go
  TextLayout screen;              ///< width and colour of it
  int exit_code = kExitAnswered;  ///< the process's

  /// A text for people, laid out for their screen.
  void print_text(std::string_view text) { output.print(lay_out(text, screen)); }
  /// JSON and the like, byte by byte.
  void print_data(std::string_view data) { output.print(data); }
  /// A file of the answer, written whole or not at all. False, after telling the user: a file that was read is refused
  /// as a wrong flag, a full disk ends the program with kExitInternal.
  bool write(const std::string& path, const std::string& content);
  /// The same where it is the purpose to change what was read.
  bool replace(const std::string& path, const std::string& content);

  /// Prints the faults to stderr and remembers the exit code.
  void fail(const Diagnostics& faults);
  void fail(const std::string& message, const std::string& hint = {});  ///< one fault of no file
  /// Progress, on stderr: shown when that is a terminal.
  static void progress(const std::string& text);
  /// The same on one line that the next call overwrites; an empty text clears it.
  static void progress_line(const std::string& text);
};

}  // namespace stargate
