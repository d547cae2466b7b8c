// Evaluation of the MLA laws; equations and coefficients are in mla_law.hpp.
#include "stargate/perf/mla_law.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "stargate/perf/kernel_units.hpp"

namespace stargate {
namespace {

constexpr double kScoreWidth = 192, kValueWidth = 128;     // of a head, expanded
constexpr double kLatentWidth = 576, kLatentValues = 512;  // of the cached latent, rotary part included
constexpr double kCacheBlock = 64;
constexpr double kCacheGain = 4;  // last-level cache against memory, on the parts measured

constexpr double squared(double x) { return x * x; }
constexpr double fourth(double x) { return squared(squared(x)); }
constexpr double eighth(double x) { return squared(fourth(x)); }

}  // namespace

const MlaFormat* find_mla_format(const std::string& name) {
  static const std::map<std::string, MlaFormat> formats = {{"bf16", {Precision::bf16, 2}},
                                                           {"bf16_kv_fp8", {Precision::fp8, 1}}};
  const auto found = formats.find(name.substr(0, name.find('.')));
  return found == formats.end() ? nullptr : &found->second;
}

bool is_latent_width(double score_dim, double value_dim) {
  return score_dim == kLatentWidth && value_dim == kLatentValues;
}
bool is_expanded_width(double score_dim, double value_dim) {
  return score_dim == kScoreWidth && value_dim == kValueWidth;
}

MlaDevice mla_device(const Accelerator& accelerator, const MlaFormat& format) {
  MlaDevice out;
  out.units = kernel_units(accelerator);
  out.peak = accelerator.peak_rate(format.precision).in(flop / microsecond);
  out.bandwidth = accelerator.memory_bandwidth.in(byte / microsecond);
  out.cache = accelerator.last_level_cache.value_or(Bytes{}).in(byte);
  return out;
}

double mla_prefill_us(const MlaPrefillCoefficients& c, const MlaDevice& device, const MlaFormat& format,
                      const MlaCall& call) {
  // Pairs in whole tiles: a tile sees all that is cached, and on the diagonal whole tiles, half of which is masked.
  const double tile = c.query_tile, tiles = std::ceil(call.query / tile);
  const double rows = tiles * tile;
  const double pairs =
      rows * call.cached + (call.query < tile ? call.query * tile : squared(tile) * tiles * (tiles + 1) / 2);
  const double pair = 2 * (kScoreWidth + kValueWidth);
  // Prefill does not share keys between heads: each head of each sequence walks its own.
  const double jobs = call.sequences * call.heads;
  const double work = jobs * pair * pairs * (1 + c.short_rows / call.query) / (device.peak * c.compute_share);
  const double longest =
      pair * tile * std::max(call.cached + call.query, tile) / (device.peak / device.units * c.unit_share);
  const double queries = kScoreWidth + kValueWidth, keys = kScoreWidth + kValueWidth;
  const double traffic = call.sequences * (call.heads * 2 * (call.query * queries + (call.query + call.cached) * keys) +
                                           call.query * kLatentWidth * format.cache_bytes);
  // A soft threshold at the cache's size: traffic far below is found, far above is not.
  const double resident = 1 / (1 + squared(traffic / std::max(1.0, c.cache_share * device.cache)));
  return c.launch_us + std::sqrt(squared(work) + squared(longest)) +
         traffic * (1 - resident * (1 - 1 / kCacheGain)) / (device.bandwidth * c.traffic_share) +
         c.wave_us * std::ceil(jobs * tiles / device.units);
}

double mla_decode_us(const MlaDecodeCoefficients& c, const MlaDevice& device, const MlaFormat& format,
                     const MlaCall& call) {
  const double context = call.cached + call.query;
  const double blocks = std::ceil(context / kCacheBlock);
  const double read = call.sequences * blocks * kCacheBlock * kLatentWidth * format.cache_bytes;
  const double found = c.cold_cache > 0 ? 0 : 1 / (1 + eighth(read / std::max(1.0, c.cache_share * device.cache)));
  // Kernels for few heads take 16 at a time, others 128; each group reads the cache anew.
  const double groups = call.heads < 64 ? std::ceil(call.heads / 16) : std::ceil(call.heads / 128);
  const double memory =
      read * (1 + c.reread * (groups - 1)) * (1 - found * (1 - 1 / kCacheGain)) / (device.bandwidth * c.memory_share);
  const double rows = std::ceil(call.heads * call.query / 16) * 16 + c.head_rows;
  const double compute =
      2 * call.sequences * rows * context * (kLatentWidth + kLatentValues) / (device.peak * c.compute_share);
  const double jobs = call.sequences * std::ceil(call.heads * call.query / c.job_heads);
  const bool splits = c.splits > 0;
  // Flash-Decoding: split until the units are full, into parts of whole blocks.
  const double parts = splits ? std::min(blocks, std::max(1.0, std::floor(device.units / jobs))) : 1;
  const double waves = std::ceil(jobs / device.units);
  const double turns = splits ? std::max(1.0, jobs * parts / device.units) : waves;
  const double walk = c.block_us * std::ceil(blocks / parts) * turns;
  // Queries in and outputs back, in latent width and 16 bits, of every head.
  const double heads = call.sequences * call.heads * call.query * (kLatentWidth + kLatentValues) * 2;
  return c.launch_us + std::sqrt(std::sqrt(fourth(memory) + fourth(compute) + fourth(walk))) +
         heads / (device.bandwidth * c.head_traffic_share) + c.wave_us * waves +
         0.25 * c.rise_us * std::log2(1 + context / 128);
}

std::span<const MlaField<MlaPrefillCoefficients>> mla_prefill_fields() {
  using C = MlaPrefillCoefficients;
  using F = MlaField<C>;
  static constexpr std::array fields = {
      F{"launch_us", "us", "all launches of the call, host or graph", &C::launch_us, 12, 0.5, 500},
      F{"compute_share", "1", "of the peak rate with all units busy", &C::compute_share, 0.6, 0.02, 1},
      F{"unit_share", "1", "of one unit's peak rate by the longest tile", &C::unit_share, 0.5, 0.02, 1},
      F{"traffic_share", "1", "of the memory bandwidth; above 1 where tensors are read fewer times than counted",
        &C::traffic_share, 0.5, 0.02, 2},
      F{"short_rows", "rows", "query rows that starting a sequence is worth", &C::short_rows, 100, 1, 3000},
      F{"wave_us", "us", "start and end of a wave of tiles", &C::wave_us, 0.1, 0.001, 20},
      F{"cache_share", "1", "of the last-level cache in which what was just written is found", &C::cache_share, 0.3,
        0.01, 1.2}};
  return fields;
}

std::span<const MlaField<MlaPrefillCoefficients>> mla_prefill_structure_fields() {
  using C = MlaPrefillCoefficients;
  static constexpr std::array fields = {
      MlaField<C>{"query_tile", "rows", "queries that one tile holds", &C::query_tile, 128, 16, 128}};
  return fields;
}

std::span<const MlaField<MlaDecodeCoefficients>> mla_decode_fields() {
  using C = MlaDecodeCoefficients;
  using F = MlaField<C>;
  static constexpr std::array fields = {
      F{"launch_us", "us", "all launches of the call, host or graph", &C::launch_us, 12, 0.5, 500},
      F{"memory_share", "1", "of the memory bandwidth; low where a narrow cache is read as a wider one",
        &C::memory_share, 0.85, 0.05, 1},
      F{"compute_share", "1", "of the peak rate", &C::compute_share, 0.5, 0.02, 1},
      F{"head_traffic_share", "1", "of the memory bandwidth for queries and outputs of all heads",
        &C::head_traffic_share, 0.5, 0.02, 3},
      F{"reread", "1", "of the cache read again for each further group of heads, where kernels for few heads are used",
        &C::reread, 0.05, 0.001, 1},
      F{"block_us", "us", "least time of 64 cached tokens on one unit", &C::block_us, 0.5, 0.01, 20},
      F{"cache_share", "1", "of the last-level cache in which repeated calls find the latent again", &C::cache_share,
        0.7, 0.05, 1.2},
      F{"rise_us", "us", "a quarter of it is added with each doubling of the context over 128 tokens", &C::rise_us, 1,
        0.001, 30},
      F{"head_rows", "heads", "heads that a job's fixed work is worth", &C::head_rows, 16, 1, 128},
      F{"wave_us", "us", "start and end of a wave of jobs", &C::wave_us, 1, 0.001, 100}};
  return fields;
}

std::span<const MlaField<MlaDecodeCoefficients>> mla_decode_structure_fields() {
  using C = MlaDecodeCoefficients;
  using F = MlaField<C>;
  static constexpr std::array fields = {
      F{"splits", "1", "1: the context is split over units, 0: it is not", &C::splits, 1, 0, 1},
      F{"job_heads", "heads", "heads that one job serves", &C::job_heads, 64, 16, 128}};
  return fields;
}

MlaPrefillCoefficients read_mla_prefill_coefficients(const std::map<std::string, double>& values) {
  MlaPrefillCoefficients out;
  for (const auto fields : {mla_prefill_fields(), mla_prefill_structure_fields()}) {
    for (const auto& field : fields) {
      if (const auto found = values.find(field.name); found != values.end()) out.*field.member = found->second;
    }
  }
  return out;
}

MlaDecodeCoefficients read_mla_decode_coefficients(const std::map<std::string, double>& values) {
  MlaDecodeCoefficients out;
  for (const auto fields : {mla_decode_fields(), mla_decode_structure_fields()}) {
    for (const auto& field : fields) {
      if (const auto found = values.find(field.name); found != values.end()) out.*field.member = found->second;
    }
  }
  return out;
}

}  // namespace stargate
