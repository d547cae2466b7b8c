// Fills web/report/report.html, which the build embeds together with everything its placeholders stand for.
#include "stargate/questions/html_report.hpp"

#include <array>

#include "stargate/base/check.hpp"

namespace stargate {

// Defined in files made by cmake/embed_files.cmake.
namespace embedded {
extern const std::string_view report_html, report_css, chart_js;
extern const std::string_view report_format_js, report_figure_js, report_limits_js;
extern const std::string_view report_ground_js, report_answers_js, report_js;
}  // namespace embedded

namespace {

struct Part {
  std::string_view name, text;
};

/// "</script>" in a text would end the script: no "<" is left, and JSON reads the escape as the same character.
std::string escape_for_script(std::string_view json) {
  std::string escaped;
  escaped.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      escaped += "\\u003c";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace

std::string format_html_report(std::string_view result_json) {
  const std::string result = escape_for_script(result_json);
  const std::array<Part, 9> parts{{{"style", embedded::report_css},
                                   {"chart", embedded::chart_js},
                                   {"format", embedded::report_format_js},
                                   {"figure", embedded::report_figure_js},
                                   {"limits", embedded::report_limits_js},
                                   {"ground", embedded::report_ground_js},
                                   {"answers", embedded::report_answers_js},
                                   {"report", embedded::report_js},
                                   {"result", result}}};
  std::string page;
  page.reserve(embedded::report_html.size() + embedded::chart_js.size() + result.size() + 100'000);
  // One pass over the template: what is filled in is never searched again, so a result may hold "{{style}}".
  std::string_view rest = embedded::report_html;
  for (auto open = rest.find("{{"); open != std::string_view::npos; open = rest.find("{{")) {
    const auto close = rest.find("}}", open);
    STARGATE_CHECK(close != std::string_view::npos, "report.html: a placeholder that does not end");
    const std::string_view name = rest.substr(open + 2, close - open - 2);
    const Part* part = nullptr;
    for (const Part& candidate : parts) {
      if (candidate.name == name) part = &candidate;
    }
    STARGATE_CHECK(part != nullptr, "report.html: a placeholder that stands for nothing");
    page.append(rest.substr(0, open)).append(part->text);
    rest.remove_prefix(close + 2);
  }
  return page.append(rest);
}

}  // namespace stargate
