// The page's files, inside the program.
#pragma once

#include <string_view>

namespace stargate {

struct PageFile {
  std::string_view path, type, content;  ///< "/ui.js"
};
/// Null where there is none; "/" is the page itself.
const PageFile* find_page_file(std::string_view path);

}  // namespace stargate
