// Messages to the user.
#include "stargate/app/session.hpp"

#include <unistd.h>

#include <cstdio>

namespace stargate {

void Session::fail(const Diagnostics& faults) {
  std::fputs(format_diagnostics(faults).c_str(), stderr);
  exit_code = kExitWrongInput;
}

void Session::fail(const std::string& message, const std::string& hint) {
  fail(Diagnostics{Diagnostic{{}, 0, 0, {}, message, hint, {}}});
}

void Session::progress(const std::string& text) {
  if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "%s\n", text.c_str());
}

void Session::progress_line(const std::string& text) {
  if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r\033[K%s", text.c_str());
}

void Session::print_text(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }
void Session::print_data(std::string_view data) { std::fwrite(data.data(), 1, data.size(), stdout); }

bool Session::write(const std::string& path, const std::string& content) {
  auto written = write_file(path, content);
  if (!written.ok()) fail(written.faults());
  return written.ok();
}

Result<Catalogue> load_changed_catalogue(const Session& session, const ChangeFlags& flags) {
  auto changes = parse_changes(flags);
  if (!changes) return changes.faults();
  return load_catalogue(session.files, session.catalogue_folder, changes->catalogue);
}

}  // namespace stargate
