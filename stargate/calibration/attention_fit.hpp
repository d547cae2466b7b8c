// Fits the attention law to tables of measured kernels: `context_attention` (prefill), `encoder_attention` (without a
// causal mask) and `generation_attention` (decode). A group is one kernel for one pair of precisions, head width and kind of call (attention_law.hpp names
// them): kernels are compiled apart for each. Its structure (tiles, packing, jobs side by side) is tried among few
// choices on a sample of rows, the best three on all. Rows left out by rule: no time; faster than the multiplications
// or the bytes allow; disturbed, which is slower by half than two calls of the same heads that ask for more.
#pragma once

#include <memory>

#include "stargate/calibration/calibration.hpp"
#include "stargate/perf/attention_law.hpp"

namespace stargate {

/// One measured call with the kernel that ran it.
struct AttentionRow {
  AttentionCall call;       ///< of one rank
  AttentionGroupName name;  ///< of the group it belongs to
  double microseconds = 0;  ///< of one call, as measured
};

/// Rows of a table in file order. Linear in the rows; a row whose shape the law does not know is kept, so that the
/// numbers of rows agree.
std::vector<AttentionRow> read_attention_rows(const KernelTable& table);

/// Why each row is left out; empty for those that count.
std::vector<std::string> broken_attention_rows(const std::vector<AttentionRow>& rows, const AttentionDevice& device);

/// For `context_attention`: law "prefill_attention".
std::unique_ptr<LawFit> make_prefill_attention_fit();
/// For `encoder_attention`: law "encoder_attention", prefill's without a causal mask.
std::unique_ptr<LawFit> make_encoder_attention_fit();
/// For `generation_attention`: law "decode_attention".
std::unique_ptr<LawFit> make_decode_attention_fit();

}  // namespace stargate
