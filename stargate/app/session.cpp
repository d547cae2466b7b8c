// Messages to the user.
#include "stargate/app/session.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "stargate/base/diagnostic_layout.hpp"

namespace stargate {

namespace {

/// A program outside its tree finds no catalogue; a missing file of it would not say so.
std::optional<Diagnostic> missing_catalogue(const std::string& folder, const Diagnostics& faults) {
  std::error_code error;
  const auto inside = [&](const Diagnostic& fault) { return fault.file.starts_with(folder + "/"); };
  if (std::none_of(faults.begin(), faults.end(), inside) || std::filesystem::exists(folder + "/sources.yaml", error)) {
    return {};
  }
  return Diagnostic{folder,
                    0,
                    0,
                    {},
                    "there is no catalogue",
                    "name its folder with --catalogue, or set STARGATE_HOME to the folder that holds 'catalogue'",
                    {}};
}

}  // namespace

void Session::fail(const Diagnostics& faults) {
  const auto missing = missing_catalogue(catalogue_folder, faults);
  std::fputs(lay_out_diagnostics(missing ? Diagnostics{*missing} : faults, fault_width(screen)).c_str(), stderr);
  exit_code = kExitWrongInput;
}

void Session::fail(const std::string& message, const std::string& hint) {
  fail(Diagnostics{Diagnostic{{}, 0, 0, {}, message, hint, {}}});
}

bool Session::write(const std::string& path, const std::string& content) {
  if (files.was_read(path)) {
    fail(path + ": is a file that the answer was made from; it is not written over", "choose another name");
    return false;
  }
  return replace(path, content);
}

bool Session::replace(const std::string& path, const std::string& content) {
  auto written = write_file(path, content);
  if (written.ok()) return true;
  fail(written.faults());
  exit_code = kExitInternal;
  return false;
}

void Session::progress(const std::string& text) {
  if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "%s\n", text.c_str());
}

void Session::progress_line(const std::string& text) {
  if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r\033[K%s", text.c_str());
}

}  // namespace stargate
