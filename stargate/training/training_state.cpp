// The presets of optimiser states.
#include "stargate/training/training_state.hpp"

namespace stargate {

StateBytes state_bytes(OptimizerStates states) {
  switch (states) {
    case OptimizerStates::fp32:
      return {};
    case OptimizerStates::bf16_moments:
      return {.first_moment = 2, .second_moment = 2};
    case OptimizerStates::eight_bit_moments:
      return {.first_moment = 1, .second_moment = 1};
    case OptimizerStates::fp8_lm:
      return {.gradient = 1, .main_weight = 2, .first_moment = 1, .second_moment = 2};
    case OptimizerStates::bf16:
      return {.gradient = 2, .main_weight = 0, .first_moment = 2, .second_moment = 2};
  }
  return {};
}

}  // namespace stargate
