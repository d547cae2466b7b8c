// The equations of attention_law.hpp on plain doubles: called for every layer of every layout of a search, and by the
// fits.
#include "stargate/perf/attention_law.hpp"

#include <algorithm>
#include <cmath>

#include "stargate/perf/kernel_units.hpp"

namespace stargate {
namespace {

constexpr double kReferenceClock = 1900;  // cycles a microsecond: what coefficients in microseconds are stated at
constexpr double kSpill = 0.6;  // share of the cache over which a circle of bytes goes from all found to all missed

/// (a^4 + b^4)^(1/4): the greater of two that overlap almost wholly.
double overlapped(double a, double b) {
  const double a2 = a * a, b2 = b * b;
  return std::sqrt(std::sqrt(a2 * a2 + b2 * b2));
}

/// std::floor and std::ceil of what is not negative and fits 63 bits, without the call into the library.
double whole_below(double x) { return static_cast<double>(static_cast<long long>(x)); }
double whole_above(double x) {
  const double below = whole_below(x);
  return below < x ? below + 1 : below;
}

/// Rounds of x jobs a place: `wave` of the way from even sharing to whole rounds.
double waves(double x, double wave) { return x <= 1 ? 1 : x + wave * (whole_above(x - 1e-9) - x); }

/// Microseconds a byte takes when `footprint` bytes come round again and again.
template <class Coefficients>
double byte_time(const Coefficients& c, const AttentionDevice& device, double footprint) {
  const double bandwidth = c.memory_share * device.bandwidth;
  const double missed = std::clamp((footprint / (c.cache_share * device.cache) - 1) / kSpill, 0.0, 1.0);
  return (missed + (1 - missed) / c.cache_gain) / bandwidth;
}

/// Keys that tiles of one head walk: of all tiles together and of the longest.
struct Walk {
  double tiles = 1, keys = 0, longest = 0;
};

/// `step` queries a tile; the last tile sees all, tile i the first past + (i + 1) step keys, less what the window
/// hides.
Walk walk_keys(const PrefillCoefficients& c, const AttentionCall& call, double rows, double step) {
  // Sum over the n tiles of the keys each sees: n past + step (1 + ... + (n - 1)), and the last tile's own share; half
  // a step of keys is added a tile, since a kernel walks whole steps.
  const double n = whole_above(rows / c.query_tile), past = call.context - call.query;
  Walk walk{n, 0, whole_above(call.context / c.key_tile) * c.key_tile};
  if (!call.causal) {
    walk.keys = n * walk.longest;
    return walk;
  }
  const double seen = n * past + step * n * (n - 1) / 2 + call.query;
  const double full = n <= 1 ? walk.longest : seen + n * c.key_tile / 2;
  walk.keys = full;
  if (call.window <= 0) return walk;
  // Tile i skips max(0, start + i step) keys; `clear` is the last tile that skips none (-1: all of them skip). The sum
  // of an arithmetic progression again.
  const double start = past - call.window;  // first key that tile 0 need not read, when positive
  const double clear = start >= 0 ? -1 : std::min(whole_below(-start / step), n - 1);
  const double cut = n - 1 - clear;  // tiles whose first keys are hidden
  const double hidden = cut * start + step * ((n - 1) * n / 2 - clear * (clear + 1) / 2);
  const double steps = (n + cut) * c.key_tile / 2;
  const double shown = n <= 1 && cut <= 0 ? full : std::min(full, seen - std::max(hidden, 0.0) + steps);
  // Between no skipping and all of it, as far as this kernel does so.
  walk.keys = full + c.window_skip * (shown - full);
  walk.longest += c.window_skip * (std::min(walk.longest, call.window + step + c.key_tile) - walk.longest);
  return walk;
}

/// Query heads that share a key head and a tile: they reuse its keys.
double heads_together(const PrefillCoefficients& c, const AttentionCall& call) {
  const bool packed = c.packing == 1 || (c.packing == 2 && call.query == 1 && call.window <= 0);
  return packed ? call.heads / call.kv_heads : 1;
}

}  // namespace

AttentionDevice attention_device(const Accelerator& accelerator) {
  AttentionDevice device;
  device.units = kernel_units(accelerator);
  device.clock = accelerator.clock.base() * 1e-6;
  device.bandwidth = accelerator.memory_bandwidth.base() * 1e-6;
  device.cache = accelerator.last_level_cache ? accelerator.last_level_cache->base() : 16 * device.bandwidth;
  device.peak = accelerator.peak_rate(Precision::bf16).base() * 1e-6;
  device.narrow_peak = accelerator.peak_rate(Precision::fp8).base() * 1e-6;
  return device;
}

/// The equations of docs/explanation/attention-law.md. Fitted times are of the reference clock; `slower` brings them to
/// this device's.
double prefill_attention_us(const PrefillCoefficients& c, const AttentionDevice& device, const AttentionCall& call,
                            bool narrow) {
  const double together = heads_together(c, call), width = call.score_dim + call.value_dim;
  const double kv_bytes = bytes_per_element(call.kv_precision);
  const Walk walk = walk_keys(c, call, call.query * together, c.query_tile / together);
  const double peak = narrow || kv_bytes <= 1 ? device.narrow_peak : device.peak;
  // One query and one key on one unit: 2 flop for each element of both products, at a unit's share of the peak.
  const double products = 2 * width * device.units / (peak * c.math_share);
  // A unit has 128 lanes for exponentials: cycles of all of them for one score.
  const double softmax = c.score_cycles / (128 * device.clock);
  const double pair = c.beside > 0 ? overlapped(products, softmax) : products + softmax;
  const double slower = kReferenceClock / device.clock, tile = slower * c.tile_us;
  const double job = c.query_tile * walk.longest * pair + tile;
  // All tiles of all heads; whether the units share it evenly or in rounds of the longest tile is what `wave` says.
  const double total = call.sequences * call.heads / together * (c.query_tile * walk.keys * pair + walk.tiles * tile);
  const double tiles = job * waves(total / (device.units * job), c.wave);
  const double tokens = call.sequences * call.query;
  const double queries = 2 * tokens * call.heads * call.score_dim, outputs = 2 * tokens * call.heads * call.value_dim;
  const double kv = call.sequences * call.context * call.kv_heads * width * kv_bytes;
  const double fresh = 2 * tokens * call.kv_heads * width;  // keys and values as they come from the projection
  // All tensors of the call come round in every repetition of a benchmark and, in a model, from layer to layer: they
  // compete for the last-level cache together.
  const double each_byte = byte_time(c, device, queries + outputs + kv + fresh);
  const double launch = std::max(0.5, c.launch_us - (call.query == 1 ? c.single_us : 0));
  return slower * launch + overlapped(tiles, (queries + outputs + kv) * each_byte) +
         (c.query_copies * queries + c.kv_copies * fresh) * each_byte;
}

/// `serial`: one job walks all tiles of query rows; else each tile is a job of its own.
double decode_attention_us(const DecodeCoefficients& c, const AttentionDevice& device, const AttentionCall& call) {
  const double together = c.grouped > 0 ? call.heads / call.kv_heads : 1, width = call.score_dim + call.value_dim;
  const double kv_width = (call.shared_kv ? call.score_dim : width) * bytes_per_element(call.kv_precision);
  const double tiles = whole_above(together * call.query / c.query_tile);
  const double groups = call.sequences * call.heads / together * (c.serial > 0 ? 1 : tiles);
  const double rows = c.query_tile * (c.serial > 0 ? tiles : 1);
  const double shown = call.window > 0 ? std::min(call.context, call.window) : call.context;
  const double keys = call.context + c.window_skip * (shown - call.context);
  const double most = std::max(1.0, std::min(keys / c.key_tile, c.max_splits));
  // Split until every unit has `fill` jobs, but into parts no shorter than a key tile and no more than the kernel's
  // workspace allows.
  const double splits = c.splits > 0 ? std::clamp(device.units * c.fill / groups, 1.0, most) : 1;
  const double each = std::max(keys / splits, c.key_tile);
  // One job streams its part of the cache at an equal share of the bandwidth and multiplies all its rows with it, one
  // after the other: the pipeline of one unit, whereas the fourth-power sum below is for the whole device.
  const double job = each * kv_width * device.units / (device.bandwidth * c.stream_share) +
                     rows * each * 2 * width * device.units / (device.peak * c.math_share);
  const double slower = kReferenceClock / device.clock;
  const double a_unit = groups * splits / device.units;
  const double stream = job * waves(a_unit / c.resident, c.wave) + slower * c.tile_us * waves(a_unit, c.wave);
  const double queries = 2 * call.sequences * call.query * call.heads * call.score_dim;
  const double moved =
      call.sequences * call.kv_heads * keys * kv_width + queries * (call.score_dim + call.value_dim) / call.score_dim;
  const double each_byte = byte_time(c, device, moved);
  // Merging costs its full time from a quarter of a split on, so that the time has no jump where splitting begins.
  const double launch =
      c.launch_us + (call.kv_heads > 1 ? c.regroup_us : 0) + std::min(4 * (splits - 1), 1.0) * c.merge_us;
  return slower * launch + overlapped(stream, moved * each_byte) + c.query_copies * queries * each_byte;
}

/// The terms of the launch and of memory alone, worded as above.
double least_decode_attention_us(const DecodeCoefficients& c, const AttentionDevice& device,
                                 const AttentionCall& call) {
  constexpr double kRounding = 1 - 1e-9;
  const double width = call.score_dim + call.value_dim;
  const double kv_width = (call.shared_kv ? call.score_dim : width) * bytes_per_element(call.kv_precision);
  const double shown = call.window > 0 ? std::min(call.context, call.window) : call.context;
  const double keys = call.context + c.window_skip * (shown - call.context);
  const double queries = 2 * call.sequences * call.query * call.heads * call.score_dim;
  const double moved = call.sequences * call.kv_heads * keys * kv_width + queries * width / call.score_dim;
  const double each_byte = byte_time(c, device, moved);
  const double launch = c.launch_us + (call.kv_heads > 1 ? c.regroup_us : 0);
  return (kReferenceClock / device.clock * launch + (moved + c.query_copies * queries) * each_byte) * kRounding;
}

}  // namespace stargate
