// Fits the law of sparse attention to tables that time a layer's whole attention block: dsa_*_module (DeepSeek-V3.2,
// GLM-5), dsv4_csa_*_module and dsv4_hca_*_module (DeepSeek-V4), msa_*_module (MiniMax-M3). What a block takes is what a model's walk says of it:
// projections by the law of products in the row's format, as the catalogue has it for the engine, and the rest by this
// law, whose coefficients alone are fitted. isl is the new tokens of a sequence, step those cached, num_heads the heads
// of the rank. A group is the cache's width, the family, the phase and the kernel
// ("bf16_kv_fp8/dsa/decode.flashmla").
// Rows left out by rule: no time or shape; a model or format the law has no place for; prompts that an engine attends
// to without the index; faster than the chip can be; disturbed, which is over twice what two calls take that ask for no
// less.
#pragma once

#include <memory>

#include "stargate/calibration/calibration.hpp"
#include "stargate/perf/sparse_law.hpp"

namespace stargate {

struct SparseRow {
  SparseCall call;                             ///< of one rank
  double projections_us = 0, launches_us = 0;  ///< of the block's projections, the launches apart: given to the fit
  double microseconds = 0;                     ///< of the whole block, as measured
};

/// Of a block: the law's, and of the lone launches of the projections what is left where the block was measured. A step
/// takes its engine's share of launches.
struct BlockCoefficients : SparseCoefficients {
  double launch_share = 0.5;  ///< 0 to 1
};

/// Coefficients from all rows given (none held out).
BlockCoefficients fit_sparse_rows(const std::vector<SparseRow>& rows, const SparseDevice& device);

/// `catalogue` must outlive it. Law "sparse_attention".
std::unique_ptr<LawFit> make_sparse_fit(const Catalogue& catalogue);

}  // namespace stargate
