// Whose measured prefill attention stands for that of training. Frameworks train with FlashAttention or the vendor's
// own kernels, over whole sequences; serving engines were measured over paged caches, some with kernels of their own
// that are slower (A100: 140 TFLOP/s against 200). The fastest at a long sequence is taken for what training has.
#pragma once

#include <vector>

#include "stargate/perf/law_choice.hpp"

namespace stargate {

/// Like choose_groups, of the engine whose kernels in bf16 are fastest on the device: the query's engine unless another
/// one measured on the same chips is faster. Engines known at few shapes only have no say.
std::vector<ChosenGroup> fastest_prefill_groups(const Catalogue& catalogue, const Accelerator& device,
                                                const LawQuery& query);

}  // namespace stargate
