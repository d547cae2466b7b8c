// Standard output: how wide the screen behind it is, and whether all that was printed arrived.
#pragma once

#include <string>
#include <string_view>

#include "stargate/base/text_layout.hpp"

namespace stargate {

/// The screen: as wide as the terminal that standard output is; else as COLUMNS says; else without limit, so that a
/// file or a pipe holds every table whole. `width` (columns, of --width) goes before both, `wide` (--wide) before all.
/// Colour on a terminal only, and not where NO_COLOR is set.
TextLayout screen_layout(int width, bool wide);

/// Columns that faults may take: the screen's, else those of the terminal that standard error is; 0: no limit.
int fault_width(const TextLayout& screen);

/// Standard output with the system's reason when it took no more.
class StandardOutput {
 public:
  /// After a failure the rest is dropped: close() tells.
  void print(std::string_view bytes);
  /// Hands on what is buffered. The reason why not all arrived, such as "No space left on device"; empty when it did.
  std::string close();

 private:
  std::string fault_;  ///< the first; empty: all was written
};

}  // namespace stargate
