// Bytes of training state kept for one parameter, in the formats real runs use, and how ZeRO's ranks share them.
//   Adam in mixed precision: bf16 weights, gradients summed in fp32, an fp32 master copy and two fp32 moments (ZeRO,
//   arXiv 1910.02054, section 3.1; fp32 gradients as Megatron's). Lower: DeepSeek-V3's moments in bf16 (arXiv
//   2412.19437, section 3.3.2), 8-bit moments (arXiv 2110.02861), FP8-LM's fp8 gradients and first moment under an fp16
//   master copy and second moment (arXiv 2310.18313, section 2.2), and bf16 throughout.
#pragma once

#include <optional>
#include <string>

#include "stargate/catalogue/precision.hpp"

namespace stargate {

/// Bytes of one parameter, whole: sharding divides them. A parameter without a master copy has main_weight 0.
struct StateBytes {
  /// Bytes of one parameter, and so below.
  double weight = 2, gradient = 4;
  double main_weight = 4, first_moment = 4, second_moment = 4;  ///< of the optimiser

  double optimizer() const { return main_weight + first_moment + second_moment; }
  friend bool operator==(const StateBytes&, const StateBytes&) = default;
};

enum class OptimizerStates { fp32, bf16_moments, eight_bit_moments, fp8_lm, bf16 };

template <>
struct EnumNames<OptimizerStates> {
  static constexpr std::pair<const char*, OptimizerStates> names[] = {
      {"fp32", OptimizerStates::fp32},
      {"bf16-moments", OptimizerStates::bf16_moments},
      {"8bit-moments", OptimizerStates::eight_bit_moments},
      {"fp8-lm", OptimizerStates::fp8_lm},
      {"bf16", OptimizerStates::bf16}};
};

/// By the name of a recipe; see the list above for whose it is. Sums of bytes a parameter that papers print: 18 in
/// mixed precision with fp32 gradients.
StateBytes state_bytes(OptimizerStates states);

/// Bytes of weights by the two groups that share them: all ranks of a stage, and the copies of an expert.
struct WeightBytes {
  double dense = 0, experts = 0;  ///< bytes on one rank
  double total() const { return dense + experts; }
  void add(const WeightBytes& more, double count) { dense += count * more.dense, experts += count * more.experts; }
};

}  // namespace stargate
