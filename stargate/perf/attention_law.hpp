// How long attention takes on one device, as fused kernels (FlashAttention and its kin) do it. Times in microseconds.
// Prefill: a call is heads x query tiles; a tile walks its keys in steps, on one compute unit at a time.
//   t      = launch + (tiles^4 + memory^4)^(1/4) + copies
//   pair   = products + softmax, or (products^4 + softmax^4)^(1/4) where a kernel does both at once  one query, one key
//            products = 2 (score + value) / (math_share peak / units),  softmax = score_cycles / (128 clock)
//   job    = query_tile keys pair + tile       the longest tile; total = the sum over all tiles
//   tiles  = job waves(total / (units job)),   waves(x) = x + wave (ceil x - x), at least 1
//   memory = (queries + outputs + keys and values in view) / bandwidth
//   copies = (query_copies queries + kv_copies new keys and values) / bandwidth: rotary, quantisation, cache update
// Decode: the query heads that share a key head walk its cache together; a cache is split until the units are full.
//   t      = launch + (stream^4 + memory^4)^(1/4) + [split] merge + query_copies queries / bandwidth
//   stream = job waves(jobs / (units resident)) + tile waves(jobs / units)
//   job    = keys (2 width) / (stream_share bandwidth / units)
//            + rows keys 2 (score + value) / (math_share peak / units)
// Bandwidth is memory_share of the data sheet's; what fits in cache_share of the last-level cache comes cache_gain
// times as fast, and bytes that come round in a circle leave it within another 60 % of its size. After Dao,
// "FlashAttention-2" (2023); Shah et al., "FlashAttention-3" (2024); Hong et al., "FlashDecoding++" (2023); Williams et
// al., "Roofline" (2009).
#pragma once

#include <array>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/perf/operator.hpp"

namespace stargate {

/// Facts of a device the law needs, in microseconds, bytes and flops.
struct AttentionDevice {
  double units = 1;                  ///< SMs, or as many GPU-sized ones as a large core is worth (kernel_units.hpp)
  double clock = 0;                  ///< cycles a microsecond
  double cache = 0;                  ///< bytes of the last level
  double bandwidth = 0;              ///< bytes a microsecond
  double peak = 0, narrow_peak = 0;  ///< flop a microsecond, of 16-bit and 8-bit multiplication
};
/// Where the catalogue names no cache, 16 MB for each TB/s. Of the record as it is now, changes of a question included.
AttentionDevice attention_device(const Accelerator& accelerator);

/// Shares are of the specification; structure (tiles, packing) is the kernel's, found by the fit among few choices.
/// Times in microseconds at a clock of 1,900 MHz; a part that clocks higher takes less. Fitted by `stargate calibrate`;
/// the values here are what a file that lacks a name means.
struct PrefillCoefficients {
  double launch_us = 8, single_us = 0;        ///< second: what a call of one query token a sequence saves
  double math_share = 0.6, score_cycles = 1;  ///< of the peak; lane cycles of 128 a unit, for one query and one key
  double tile_us = 0.5, wave = 0.5;  ///< prologue and epilogue of a tile; 0: tiles share out evenly, 1: whole rounds
  /// Share of the bandwidth; times as fast; share of the last-level cache.
  double memory_share = 0.8, cache_gain = 3, cache_share = 0.7;
  double query_copies = 0.5, kv_copies = 1;  ///< passes over queries, and over new keys and values, outside the kernel
  double window_skip = 1;  ///< share of what a sliding window hides that the kernel does not work through
  double query_tile = 128, key_tile = 64;  ///< query rows of a tile; keys of a step
  double packing = 0;  ///< query heads of a key head in one tile: 0 never, 1 always, 2 for one token without a window
  double beside = 0;   ///< 1: softmax of one step beside the products of another, 0: after them
};

/// As for prefill: shares of the specification, microseconds at 1,900 MHz, fitted by `stargate calibrate`.
struct DecodeCoefficients {
  double launch_us = 8, regroup_us = 0;  ///< second: to sort queries by key head, when there are several
  /// A job's fixed time; its stream, in equal parts of the bandwidth; share of the peak.
  double tile_us = 0.5, stream_share = 1, math_share = 0.3;
  double merge_us = 1, wave = 0.5;  ///< joining the parts of a split cache; 0: evenly, 1: whole rounds
  double memory_share = 0.8, cache_gain = 3, cache_share = 0.7;  ///< as for prefill
  double query_copies = 1;                                       ///< passes over the queries outside the kernel
  double window_skip = 1, max_splits = 16;                       ///< as for prefill; most parts of a cache
  double query_tile = 16, key_tile = 64;                         ///< query heads of a tile; fewest keys of a part
  double resident = 1, fill = 1;  ///< jobs side by side on a unit; jobs a unit that splitting aims at
  double grouped = 1;             ///< 1: query heads of a key head together; 0: each on its own
  double splits = 1;              ///< 0: never splits a cache
  double serial = 0;              ///< 1: tiles of one group one after another; 0: side by side
};

/// `narrow`: scores are multiplied in 8 bits. Microseconds of one call. Pure; allocates nothing.
double prefill_attention_us(const PrefillCoefficients& c, const AttentionDevice& device, const AttentionCall& call,
                            bool narrow);
/// Microseconds of one call, launch included; the cache is found in the last-level cache as far as cache_share goes.
double decode_attention_us(const DecodeCoefficients& c, const AttentionDevice& device, const AttentionCall& call);
/// No more than that: the launch, and what has to be moved.
double least_decode_attention_us(const DecodeCoefficients& c, const AttentionDevice& device, const AttentionCall& call);

/// One coefficient: name and unit in files, meaning, usual value and physical bounds. Outside [lower, upper] it means
/// nothing: fits search inside, readers clamp to it.
template <class Coefficients>
struct AttentionField {
  const char *name, *unit, *meaning;
  double Coefficients::*member;
  double start, lower, upper;
};
/// Name, unit, meaning, usual value and bounds of each, as files and fits have them; also below.
std::span<const AttentionField<PrefillCoefficients>> prefill_fields();
std::span<const AttentionField<DecodeCoefficients>> decode_fields();
/// Names that are missing keep their default, values beyond the physical bounds are brought back to them.
PrefillCoefficients read_prefill_coefficients(const std::map<std::string, double>& values);
DecodeCoefficients read_decode_coefficients(const std::map<std::string, double>& values);

/// Kinds of calls that engines give to kernels of their own, as groups of coefficients name them.
enum class AttentionVariant { plain, window, one_head, wide, narrow_group, unsplit };
const char* attention_variant_name(AttentionVariant variant);

/// "bf16/fa3/128/window" (scores and cache in bf16), "bf16_kv_fp8/trtllm/64", "fp8/triton/192/one_head", ...
struct AttentionGroupName {
  /// Products in 8 bits; the cache in 8 bits.
  bool narrow = false, narrow_cache = false;
  std::string kernel;                                  ///< "fa3", "trtllm", "triton": as tables name it
  double head_dim = 128;                               ///< of the scores, elements
  AttentionVariant variant = AttentionVariant::plain;  ///< kind of call the kernel was compiled for

  std::string text() const;
  /// How badly a group of this name serves calls of another; 0 for the same, below 100 within the same precision. Not
  /// symmetric: a plain group serves a special variant better than the other way round. The weights are an order of
  /// preference (precision, then width and kernel, then variant), no measurement.
  double distance(const AttentionGroupName& wanted) const;
};
/// Reads back text(); parts that are missing are the plain ones. Never fails: a name that is none of ours reads as
/// plain bf16 of an unknown kernel.
AttentionGroupName parse_attention_group(const std::string& text);

/// What a kernel's name says of how it treats calls; fa2 and flashinfer as in the papers, trtllm TensorRT-LLM's own.
enum class AttentionKernel { other, fa2, flashinfer, trtllm };
AttentionKernel attention_kernel(const std::string& name);

/// The variant a kernel has for a call.
AttentionVariant prefill_variant(const AttentionCall& call);
AttentionVariant decode_variant(AttentionKernel kernel, const AttentionCall& call);

/// All groups of one engine on one device, ready to time calls: for each precision and head width the kernel that most
/// rows were fitted for. What has no group of its own takes the nearest. Evaluation allocates nothing.
class AttentionLaw {
 public:
  /// Groups may be empty: ask can_prefill and can_decode before times.
  AttentionLaw(const Accelerator& accelerator, std::span<const CalibratedGroup> prefill,
               std::span<const CalibratedGroup> decode);

  bool can_prefill() const { return !prefill_.coefficients.empty(); }
  bool can_decode() const { return !decode_.coefficients.empty(); }
  /// Microseconds; `precision` is of the multiplication, the cache's is the call's own.
  double prefill_us(const AttentionCall& call, Precision precision) const;
  double decode_us(const AttentionCall& call) const;
  /// No more than decode_us, for a few multiplications.
  double least_decode_us(const AttentionCall& call) const;

  /// Usual head widths 64, 128, 192, 256 and 512, and the values of AttentionVariant.
  static constexpr int kWidths = 5, kVariants = 6;

 private:
  /// For (8-bit multiplication, 8-bit cache, head width): the kernel, and which coefficients each variant takes.
  struct Choice {
    AttentionKernel kernel = AttentionKernel::other;
    std::array<int, kVariants> index{};  ///< into Side::coefficients, by variant
  };
  template <class Coefficients>
  struct Side {
    std::vector<Coefficients> coefficients;
    std::array<Choice, 4 * kWidths> choices{};  ///< four pairs of precisions times the head widths
  };
  const DecodeCoefficients& decode_coefficients(const AttentionCall& call) const;
  template <class Coefficients>
  static void prepare(Side<Coefficients>& side, std::span<const CalibratedGroup> groups);

  AttentionDevice device_;  ///< figures of the device, in microseconds
  Side<PrefillCoefficients> prefill_;
  Side<DecodeCoefficients> decode_;
};

}  // namespace stargate
