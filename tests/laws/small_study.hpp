// A small study that has every field, and made-up rates for it, so that a plan takes milliseconds.
#pragma once

#include "shipped.hpp"
#include "stargate/study/make_programme.hpp"
#include "stargate/study/study.hpp"

namespace stargate {

extern const char* const kSmallStudy;

/// Enough that serving pays; both services on every system.
std::vector<MachineRate> made_up_rates(const StudySpec& study);

}  // namespace stargate
