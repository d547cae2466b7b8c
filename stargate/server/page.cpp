// web/ui, embedded when the program is built.
#include "stargate/server/page.hpp"

#include <algorithm>
#include <array>

namespace stargate {

namespace embedded {
extern const std::string_view ui_html, ui_css, ui_js;
}

const PageFile* find_page_file(std::string_view path) {
  static const std::array files{PageFile{"/", "text/html; charset=utf-8", embedded::ui_html},
                                PageFile{"/ui.css", "text/css; charset=utf-8", embedded::ui_css},
                                PageFile{"/ui.js", "text/javascript; charset=utf-8", embedded::ui_js}};
  const auto found = std::find_if(files.begin(), files.end(), [&](const PageFile& f) { return f.path == path; });
  return found == files.end() ? nullptr : &*found;
}

}  // namespace stargate
