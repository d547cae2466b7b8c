// Fits the MLA laws: prefill to tables `context_mla`, decode to `generation_mla` (DeepSeek's shape: 512 + 64 latent,
// heads of 192 and 128). Of a row, num_heads is of one rank (num_heads x tp_size is the model's 64 or 128 and says no
// more), isl its new tokens, step those already cached; the time is of the attention kernels with what they launch
// beside, without any projection. A group is a format of multiplication and cache and a kernel ("bf16_kv_fp8.trtllm").
// Rows left out by rule: no time or shape; another format; faster than the chip can be; disturbed, which is over twice
// what two calls take that ask for no less.
#pragma once

#include <memory>

#include "stargate/calibration/calibration.hpp"
#include "stargate/perf/mla_law.hpp"

namespace stargate {

/// One measured call.
struct MlaRow {
  MlaCall call;             ///< of one rank
  double microseconds = 0;  ///< of one call, as measured
};

/// "bf16_kv_fp8.flashmla" of ("bfloat16", "fp8", "vllm_flashmla").
std::string mla_group_name(const std::string& dtype, const std::string& cache_dtype, const std::string& kernel_source);

/// Why each row is left out; empty for those that count.
std::vector<std::string> broken_mla_rows(const std::vector<MlaRow>& rows, const MlaDevice& device,
                                         const MlaFormat& format, bool decode);

/// Coefficients from all rows given (none held out).
MlaPrefillCoefficients fit_mla_prefill_rows(const std::vector<MlaRow>& rows, const MlaDevice& device,
                                            const MlaFormat& format);
MlaDecodeCoefficients fit_mla_decode_rows(const std::vector<MlaRow>& rows, const MlaDevice& device,
                                          const MlaFormat& format);

/// Laws "mla_prefill" and, below, "mla_decode".
std::unique_ptr<LawFit> make_mla_prefill_fit();
std::unique_ptr<LawFit> make_mla_decode_fit();

}  // namespace stargate
