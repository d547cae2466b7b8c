// Widths come from the terminal's own record; the C library buffers standard output.
#include "stargate/app/standard_output.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace stargate {

TextLayout screen_layout(int width, bool wide) {
  constexpr int kNarrowest = 40;
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  const char* no_colour = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  TextLayout layout;
  layout.colour =
      terminal && (no_colour == nullptr || *no_colour == 0) && (kind != nullptr && std::string_view(kind) != "dumb");
  if (wide) return layout;
  layout.width = width;
  winsize size{};
  if (layout.width == 0 && terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) layout.width = size.ws_col;
  const char* columns = std::getenv("COLUMNS");
  if (layout.width == 0 && columns != nullptr) {
    const long said = std::strtol(columns, nullptr, 10);
    layout.width = said > 0 && said < 100'000 ? static_cast<int>(said) : 0;
  }
  if (layout.width > 0) layout.width = std::max(layout.width, kNarrowest);
  return layout;
}

int fault_width(const TextLayout& screen) {
  winsize size{};
  if (screen.width > 0) return screen.width;
  return isatty(STDERR_FILENO) != 0 && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void StandardOutput::print(std::string_view bytes) {
  if (!fault_.empty() || std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size()) return;
  fault_ = std::strerror(errno);
}

std::string StandardOutput::close() {
  if (std::fflush(stdout) != 0 && fault_.empty()) fault_ = std::strerror(errno);
  return fault_;
}

}  // namespace stargate
