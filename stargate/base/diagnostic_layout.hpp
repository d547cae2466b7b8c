// Faults on a screen of a certain width.
#pragma once

#include "stargate/base/diagnostic.hpp"

namespace stargate {

/// As format_diagnostics, with prose broken at spaces and the line of the file cut to what fits `width` columns around
/// its caret; 0: no limit.
std::string lay_out_diagnostics(std::vector<Diagnostic> diagnostics, int width);

}  // namespace stargate
