// Fits the law of hyper-connections to tables mhc_module, whose rows time both sites of a layer before ("pre") or behind
// ("post") its branches: a site is half of that. Of engines that choose among kernels by shape all rows are one group.
// Rows left out by rule: no time or shape; disturbed, which is over twice what two calls take that ask for no less.
#pragma once

#include <memory>

#include "stargate/calibration/calibration.hpp"

namespace stargate {

/// Law "hyper_connection".
std::unique_ptr<LawFit> make_hyper_connection_fit();

}  // namespace stargate
