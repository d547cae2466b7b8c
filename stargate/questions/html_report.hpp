// The HTML report: one page with its style, scripts, chart library and the result inside, so that it opens from disk,
// from a mail or from an archive, with no network.
#pragma once

#include <string>
#include <string_view>

namespace stargate {

/// The page for a result in JSON (schema_version 1). The JSON is carried as it is, but with every `<` written \u003c,
/// which means the same to a JSON parser and cannot end the script element that carries it.
std::string format_html_report(std::string_view result_json);

}  // namespace stargate
