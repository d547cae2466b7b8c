// How long sparse attention takes on one device: scores of an index over what is cached, the selection of the best, and
// attention to those and to a window (DeepSeek-V3.2 and GLM-5: "dsa"; DeepSeek-V4: "csa", compressed 4 times and
// selected, "hca", compressed 128 times and seen whole; MiniMax-M3: "msa", blocks of keys and values), with the norms,
// rotary and cache writes beside, without projections. Times in microseconds.
//   t         = launch + index + select + attention + other
//   index     = (products^2 + keys^2)^(1/2), products = 2 index_heads index_dim scored / (index_share 8-bit peak),
//               keys = index keys of each sequence read once / (memory_share bandwidth)
//   select    = select_us for each 1,024 scores of a token, one unit a token: max(1, tokens / units) of them in turn
//   attention = (compute^2 + gather^2)^(1/2), compute = 2 rows (score + value width) attended / (compute_share peak),
//               rows = heads, those of a key head in tiles of head_tile; gather = vectors attended to /
//               (gather_share bandwidth)
//   other     = (queries and outputs of all heads in 16 bits) / (traffic_share bandwidth)
// `scored` and `attended` are counted in operator.hpp. Calls whose host is slower take host_us instead; a captured
// graph has no host. After DeepSeek-AI, "DeepSeek-V3.2" (2025), and the configuration files of DeepSeek-V4.
#pragma once

#include <map>
#include <span>
#include <string>

#include "stargate/catalogue/hardware.hpp"
#include "stargate/perf/operator.hpp"

namespace stargate {

/// Facts of a device the law needs.
struct SparseDevice {
  double units = 1;
  double peak = 0, narrow_peak = 0;  ///< flop a microsecond: bf16, and fp8 where there is one
  double bandwidth = 0;              ///< bytes a microsecond
};
SparseDevice sparse_device(const Accelerator& accelerator);

/// Microseconds, and shares of the specification; fitted by `stargate calibrate`. Without a fit these are guesses that
/// no answer uses: literature_law.hpp takes over.
struct SparseCoefficients {
  double launch_us = 30, host_us = 0, index_share = 0.4, memory_share = 0.6, select_us = 0.3, compute_share = 0.4,
         gather_share = 1, traffic_share = 0.2;
  double head_tile = 64;  ///< structure: found among few choices
};

struct SparseField {
  const char *name, *unit, *meaning;
  double SparseCoefficients::*member;
  double start, lower, upper;
};
std::span<const SparseField> sparse_fields();
SparseField sparse_structure_field();
SparseCoefficients read_sparse_coefficients(const std::map<std::string, double>& values);

/// "dsa", "csa", "hca" or "msa". By what the call sees: no window, a window with selection, a window without, keys and
/// values of several heads.
const char* sparse_family(const SparseCall& call);
inline constexpr int kSparseFamilyCount = 4;
std::size_t sparse_family_index(const SparseCall& call);
/// "bf16_kv_fp8/dsa/decode"; `wide_cache`: vectors in 16 bits.
std::string sparse_group_name(const SparseCall& call, bool wide_cache);

/// Microseconds; allocates nothing.
double sparse_us(const SparseCoefficients& c, const SparseDevice& device, const SparseCall& call);

}  // namespace stargate
