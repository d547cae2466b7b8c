// Which groups of measured kernels serve which operators: an engine's kernels come by number format and by name
// ("fp8_block.deepgemm"), operators by precision.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "stargate/perf/law_choice.hpp"

namespace stargate {

/// Whose kernels are meant when nobody says: vLLM's, which calls the vendor's libraries and FlashAttention.
inline constexpr const char* kUsualEngine = "vllm";
/// Whose kernels, and for which weights: fp8 with a scale for each block (DeepSeek) and 4 bits in the microscaling
/// format (gpt-oss) have kernels of their own.
struct KernelChoice {
  std::string engine = kUsualEngine;
  bool block_scaled = false, microscaled = false;
  bool fastest_prefill = false;  ///< attention of the engine that is fastest on the device (fastest_prefill.hpp)
};
/// Whose measured kernels stand for those of training frameworks: TensorRT-LLM multiplies with cuBLASLt, as Transformer
/// Engine does; attention is the fastest there is.
inline const KernelChoice kTrainingKernels{"trtllm", false, false, true};

/// Groups that serve a precision of operators, the best first. What follows a dot names a kernel.
struct GemmGroups {
  Precision precision;
  std::array<const char*, 3> names;  ///< unused ones null
};
/// One entry a precision, in order of preference of kernels.
std::span<const GemmGroups> gemm_groups();

/// The same with the kernels first that such weights have to themselves: of plain products, and of fused experts.
std::array<const char*, 3> gemm_names(const GemmGroups& groups, const KernelChoice& kernels);
std::array<const char*, 3> expert_names(const GemmGroups& groups, const KernelChoice& kernels);

/// A device's own coefficients before borrowed ones, then the order of the names, then the kernel the engine chose
/// most; null when no group has one of the names.
const ChosenGroup* find_first(const std::vector<ChosenGroup>& groups, std::span<const char* const> names);

/// The kernels an engine can choose from for the same weights: those of the same device and engine as `first`, in the
/// same format or, of weights in microscaled 4 bits, in either format of activations. A kernel with few rows is left
/// out, being known at few shapes only.
std::vector<const ChosenGroup*> find_rivals(const std::vector<ChosenGroup>& groups, const ChosenGroup& first);

/// Whether an operator in bf16 or one of `used` takes coefficients of this precision.
bool is_used(const std::string& precision, std::span<const Precision> used);

}  // namespace stargate
