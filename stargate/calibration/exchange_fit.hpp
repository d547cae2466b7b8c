// Fits the law of expert exchange to tables `wideep_deepep_ll` and `wideep_deepep_normal` (each row one way of one
// layer's tokens, out in 8 bits or back in 16; ranks are node_num times those of a node: four where a rack is one
// domain, else eight; rows of several nodes are groups of their own) and `trtllm_alltoall`, inside a rack, out in the
// format of the experts.
#pragma once

#include <memory>

#include "stargate/calibration/calibration.hpp"

namespace stargate {

/// Law "expert_exchange".
std::unique_ptr<LawFit> make_exchange_fit();

}  // namespace stargate
