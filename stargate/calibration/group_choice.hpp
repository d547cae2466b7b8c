// Groups named "format.kernel": which one speaks for a kernel that was not fitted.
#pragma once

#include <string>
#include <vector>

#include "stargate/catalogue/calibration.hpp"

namespace stargate {

/// The name without its kernel: "fp8_block" of "fp8_block.cutlass".
std::string format_part(const std::string& name);

/// The group of that name, else the one of the same format that most rows were fitted for; null without either.
const CalibratedGroup* group_for(const std::vector<CalibratedGroup>& groups, const std::string& name);

}  // namespace stargate
