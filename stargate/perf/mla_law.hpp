// How long multi-head latent attention (DeepSeek's MLA) takes on one device, without its projections. Times in
// microseconds.
// Prefill works on heads (192 wide for scores, 128 for values): tiles of query_tile queries walk the keys before them,
// each on one compute unit.
//   t       = launch + (work^2 + longest^2)^(1/2) + traffic / (traffic_share bandwidth) + wave jobs / units
//   work    = 2 (192 + 128) pairs (1 + short / query) / (compute_share peak), pairs padded to tiles
//   longest = 2 (192 + 128) query_tile keys / (unit_share peak / units)
//   traffic = heads' queries, keys, values and outputs, and the latent written to the cache
// Decode works on the latent itself (576 wide, 512 of it values), all heads of a rank sharing one read of the cache:
//   t       = launch + (memory^4 + compute^4 + walk^4)^(1/4) + heads' traffic / (head_traffic_share bandwidth)
//             + wave ceil(jobs / units) + rise log2(1 + context / 128) / 4
//   memory  = cache read (1 + reread (groups - 1)) / (memory_share bandwidth), groups of 16 heads below 64 heads
//   compute = 2 (576 + 512) (heads + head_rows) / (compute_share peak)
//   walk    = block_us a block of 64 tokens, in turn, of one job; jobs = sequences x groups of heads, split over the
//             context until the units are full where the kernel does so
// What fits in cache_share of the last-level cache comes 4 times as fast.
// After DeepSeek-AI, "DeepSeek-V2" (2024), section 2.1 (absorbed projections); T. Dao, "FlashAttention-2" (2023) and
// "Flash-Decoding" (2023); S. Williams et al., "Roofline" (2009).
#pragma once

#include <map>
#include <span>
#include <string>

#include "stargate/catalogue/hardware.hpp"

namespace stargate {

struct MlaFormat {
  Precision precision = Precision::bf16;  ///< of the multiplication
  double cache_bytes = 2;                 ///< of an element of the cached latent
};
/// "bf16" or "bf16_kv_fp8"; what follows a dot is ignored. Null for others.
const MlaFormat* find_mla_format(const std::string& name);

/// Widths of the models the law is of: DeepSeek-V2 and later, as the paper gives them. Decode scores and values on the
/// latent; prefill on heads expanded from it.
bool is_latent_width(double score_dim, double value_dim);
bool is_expanded_width(double score_dim, double value_dim);

/// Facts of a device the law needs.
struct MlaDevice {
  double units = 1;
  double peak = 0;       ///< flop a microsecond
  double bandwidth = 0;  ///< bytes a microsecond
  double cache = 0;      ///< bytes of the last level
};
/// Where the catalogue names no units or cache, usual ones.
MlaDevice mla_device(const Accelerator& accelerator, const MlaFormat& format);

/// One call for equal sequences on one rank.
struct MlaCall {
  double sequences = 1, heads = 1;  ///< heads of this rank
  double query = 1;                 ///< new tokens of each sequence
  double cached = 0;                ///< tokens before them
};

/// Microseconds and shares of the specification, fitted by `stargate calibrate`; shares above 1 mean that a tensor is
/// read fewer times than counted.
struct MlaPrefillCoefficients {
  double launch_us = 12, compute_share = 0.6, unit_share = 0.5, traffic_share = 0.5;  ///< see the equations above
  double short_rows = 100, wave_us = 0.1, cache_share = 0.3;  ///< rows; us; of the last-level cache
  double query_tile = 128;                                    ///< structure: found among few choices
};

/// `rise_us` has no equation behind it: it rests on the fit alone.
struct MlaDecodeCoefficients {
  double launch_us = 12, memory_share = 0.85, compute_share = 0.5, head_traffic_share = 0.5;
  double reread = 0.05, block_us = 0.5, cache_share = 0.5, rise_us = 1, head_rows = 16, wave_us = 1;
  double splits = 1, job_heads = 64;  ///< structure: found among few choices
  double cold_cache = 0;              ///< 1: never finds the latent in the last-level cache
};

/// As AttentionField: name and unit in files, meaning, usual value and bounds.
template <class Coefficients>
struct MlaField {
  const char *name, *unit, *meaning;
  double Coefficients::*member;
  double start, lower, upper;
};
std::span<const MlaField<MlaPrefillCoefficients>> mla_prefill_fields();
std::span<const MlaField<MlaPrefillCoefficients>> mla_prefill_structure_fields();
std::span<const MlaField<MlaDecodeCoefficients>> mla_decode_fields();
std::span<const MlaField<MlaDecodeCoefficients>> mla_decode_structure_fields();
/// Names that are missing keep their default.
MlaPrefillCoefficients read_mla_prefill_coefficients(const std::map<std::string, double>& values);
MlaDecodeCoefficients read_mla_decode_coefficients(const std::map<std::string, double>& values);

/// Microseconds; allocate nothing.
double mla_prefill_us(const MlaPrefillCoefficients& c, const MlaDevice& device, const MlaFormat& format,
                      const MlaCall& call);
double mla_decode_us(const MlaDecodeCoefficients& c, const MlaDevice& device, const MlaFormat& format,
                     const MlaCall& call);

}  // namespace stargate
