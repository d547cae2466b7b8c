// Messages to the user, and the reading of --set and --without.
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

Result<Changes> parse_changes(const ChangeFlags& flags) {
  Changes changes;
  Diagnostics faults;
  for (const auto& text : flags.set) {
    auto change = parse_override(text);
    if (!change) {
      faults.insert(faults.end(), change.faults().begin(), change.faults().end());
    } else if (change->path.find(':') < change->path.find('.')) {
      changes.catalogue.set.push_back(*change);
    } else {
      changes.study.push_back(*change);
    }
  }
  for (const auto& text : flags.without) {
    auto name = parse_record_name(text);
    if (!name) {
      faults.push_back(name.faults()[0]);
      faults.back().file = "--without " + text;
    } else {
      changes.catalogue.without.push_back(text);
    }
  }
  if (!faults.empty()) return faults;
  return changes;
}

}  // namespace stargate
