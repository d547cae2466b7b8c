// Fits the MoE law to the tables `moe`: tokens, the experts' shape, how they are spread (moe_tp_size, moe_ep_size) and
// the routing (balanced, power_law_x), moe_dtype, kernel_source and latency_ms. A group is a format and a kernel
// ("fp8_block.triton"): engines choose it by model and device. Which tile the kernel picks is found among few choices.
// Rows left out by rule: no time or shape; a format unknown to the law; faster than the chip can be; disturbed, which
// is over 1.5 times (of the same model and routing, else 2 times) what two calls take that ask for no less.
#pragma once

#include <memory>

#include "stargate/calibration/calibration.hpp"
#include "stargate/perf/moe_law.hpp"

namespace stargate {

/// One measured call; `shape.gated` is for the fit to say.
struct MoeRow {
  MoeShape shape;  ///< of one rank
  /// tokens of all ranks; skew 0 is balanced; model_inter is an expert's width before tensor_ranks split it.
  double tokens = 0, skew = 0, model_inter = 0, tensor_ranks = 1, microseconds = 0;
  bool may_be_ungated = false;  ///< of a model whose experts have no gate (Nemotron), which some engines run with one
};

/// "bf16.cutlass" of ("bfloat16", "sglang_flashinfer_cutlass_moe").
std::string moe_group_name(const std::string& dtype, const std::string& kernel_source);

/// Why each row is left out; empty for those that count.
std::vector<std::string> broken_moe_rows(const std::vector<MoeRow>& rows, const MoeDevice& device,
                                         const MoeFormat& format);

/// Coefficients from all rows given (none held out); `all_gated` says whether rows that may be ungated ran with a gate.
struct MoeFitted {
  MoeCoefficients coefficients;  ///< structure included
  bool all_gated = false;        ///< rows that may have no gate ran with one
};
MoeFitted fit_moe_rows(const std::vector<MoeRow>& rows, const MoeDevice& device, const MoeFormat& format);

/// The fit behind LawFit, law "moe".
std::unique_ptr<LawFit> make_moe_fit();
/// The same equation of tables `dsv4_megamoe_module`, whose num_tokens is of one rank: one kernel takes the tokens to
/// their experts' ranks, multiplies and brings them back, all ranks inside one scale-up domain. Law "moe_exchange".
std::unique_ptr<LawFit> make_exchanged_moe_fit();

}  // namespace stargate
