// Time of all micro-batches through a pipeline, from what one micro-batch takes on each stage. A closed form:
//   1F1B         T = m max_i(f_i + b_i) + sum of the other stages' f + b     (fill and drain)
//   interleaved  the same with the others' share divided by vpp             (arXiv 2104.04473, section 2.2.2)
// Sends wait in plain 1F1B (a stage sends and then receives); the interleaved schedule hides them under the next chunk
// except while it fills and drains. A simulated schedule can replace this function behind the same signature.
#pragma once

#include <span>

#include "stargate/units/quantity.hpp"

#include <cstdint>

namespace stargate {

/// One micro-batch on one stage, all its chunks together.
struct StageTime {
  Duration forward, backward;
  Duration total() const { return forward + backward; }
};

struct PipelineTime {
  Duration total;
  Duration bubble;  ///< the slowest stage waits for others
  Duration send;    ///< exposed sends and receives
  int slowest = 0;  ///< stage whose work fills the rest: total = m (f + b) + bubble + send
};

PipelineTime pipeline_time(std::span<const StageTime> stages, std::int64_t micro_batches, int vpp, Duration send);

}  // namespace stargate
