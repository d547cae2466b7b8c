// What every command shares: where the catalogue lies, the disk, and how faults reach the user. Exit codes: 0 answered,
// 1 a fault of ours, 2 a wrong input or flag, 3 the answer is no (does not fit, misses the target, infeasible).
#pragma once

#include <string>
#include <vector>

#include "stargate/questions/changes.hpp"

namespace stargate {

inline constexpr int kExitAnswered = 0, kExitInternal = 1, kExitWrongInput = 2, kExitAnswerIsNo = 3;

struct Session {
  std::string catalogue_folder;
  DiskFileReader files;
  int exit_code = kExitAnswered;

  /// A text for people, laid out for their screen.
  void print_text(std::string_view text);
  /// JSON and the like, byte by byte.
  void print_data(std::string_view data);
  /// A file of the answer; false after telling the user that it could not be written.
  bool write(const std::string& path, const std::string& content);

  /// Prints the faults to stderr and remembers the exit code.
  void fail(const Diagnostics& faults);
  void fail(const std::string& message, const std::string& hint = {});
  /// Progress, on stderr: shown when that is a terminal.
  static void progress(const std::string& text);
  /// The same on one line that the next call overwrites; an empty text clears it.
  static void progress_line(const std::string& text);
};

/// What questions share, for the commands that are not questions yet.
using ChangeFlags = ChangeFields;
/// The session's catalogue with the flags' changes to its records, for commands without a study.
Result<Catalogue> load_changed_catalogue(const Session& session, const ChangeFlags& flags);

}  // namespace stargate
