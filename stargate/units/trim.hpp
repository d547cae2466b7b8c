// Spaces around a text, as people leave them around separators.
#pragma once

#include <string_view>

namespace stargate {

/// Without the spaces at both ends; tabs and line ends stay. A view into `text`.
inline std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace stargate
