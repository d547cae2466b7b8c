// Evaluation of the grouped-GEMM law; equations and coefficients are in moe_law.hpp.
#include "stargate/perf/moe_law.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "stargate/perf/kernel_units.hpp"

namespace stargate {
namespace {

constexpr double kTileColumns = 128;
constexpr double kUnitsThatFillBandwidth = 0.3;  // share of the units that draws all memory bandwidth
constexpr double kCacheGain = 4;                 // last-level cache against memory, on the parts measured
constexpr int kNodes = 16;                       // of popularity, evenly spaced on a log scale

constexpr double squared(double x) { return x * x; }
constexpr double fourth(double x) { return squared(squared(x)); }

/// Popularity of the experts: values (as expected rows) and their probabilities.
struct Popularity {
  std::array<double, kNodes> rows{}, weight{};
  double variance = 0;  ///< of rows over their mean, squared
  double most = 0;      ///< of one expert, over the mean
};

/// Nodes lie in the middle of equal stretches of log x; `w` is the density times the width of a stretch, x^(1 - skew).
Popularity popularity(double tokens, double pairs, double experts, double skew) {
  Popularity out;
  // The range the collector of the measured tables draws from, so that a predicted row means what the measured one did.
  const bool few = pairs <= experts;
  const double low = few ? 0.01 : 1, high = few ? 2 : std::max(0.8 * tokens, 1.0001);
  const double ratio = std::pow(high / low, 1.0 / kNodes);
  const double growth = std::pow(ratio, 1 - skew);
  double x = low * std::sqrt(ratio), w = 1, sum = 0, first = 0, second = 0;
  for (int j = 0; j < kNodes; ++j, x *= ratio, w *= growth) {
    const auto i = static_cast<std::size_t>(j);
    out.rows[i] = x, out.weight[i] = w;
    sum += w, first += w * x, second += w * x * x;
  }
  const double mean = first / sum;
  for (std::size_t i = 0; i < kNodes; ++i) out.weight[i] /= sum, out.rows[i] *= pairs / (experts * mean);
  // E[x^2] / E[x]^2 - 1, the squared coefficient of variation.
  out.variance = second / sum / squared(mean) - 1;
  out.most = high / mean;
  return out;
}

/// Rows of the busiest rank over those of the mean rank.
double busiest_rank(double variance, double local_experts, double ranks) {
  if (ranks < 1.5) return 1;
  // A rank's rows are the sum of its experts': variance over their number, taken as lognormal. z is the expected
  // largest of `ranks` normal draws (asymptotic expansion with Euler's 0.577; Cramer, Mathematical Methods of
  // Statistics, 28.6).
  const double s2 = std::log1p(variance / local_experts);
  double z = 0.56;  // of the larger of two
  if (ranks > 2) {
    const double t = std::sqrt(2 * std::log(ranks));
    z = t + (0.577 - (std::log(std::log(ranks)) + std::log(4 * M_PI)) / 2) / t;
  }
  return std::max(1.0, std::exp(std::sqrt(s2) * z - s2 / 2));
}

double tile_size(int index) { return static_cast<double>(8 << index); }

/// One expert a row until all experts have one.
RoutedLoad balanced_load(const MoeShape& shape, double tokens) {
  RoutedLoad load;
  const double pairs = tokens * shape.top_k;
  load.tokens = tokens;
  load.local_experts = shape.experts / shape.ranks;
  // With fewer rows than experts the busiest rank still has a whole row: the mean rounded up.
  const double mean = pairs / shape.ranks;
  load.rows = pairs > shape.experts ? mean : std::max(1.0, std::ceil(mean - 1e-9));
  load.reached = std::min(load.local_experts, load.rows);
  for (int i = 0; i < kMoeTileSizes; ++i) {
    load.tiles[static_cast<std::size_t>(i)] = load.reached * std::ceil(load.rows / load.reached / tile_size(i) - 1e-6);
  }
  return load;
}

/// Index of the tile a kernel picks. Kernels are compiled for tiles of powers of two from 8 on; the next above what the
/// rule asks for.
int tile_index(const MoeCoefficients& c, const MoeShape& shape, const RoutedLoad& load) {
  const auto rule = static_cast<MoeTileRule>(static_cast<int>(c.tile_rule));
  const bool whole_model = rule == MoeTileRule::model || rule == MoeTileRule::tokens_by_model;
  const double experts = whole_model ? shape.experts : load.local_experts;
  double wanted = c.tile_fill * load.tokens * shape.top_k / experts;
  if (rule == MoeTileRule::tokens_by_rank || rule == MoeTileRule::tokens_by_model) {
    wanted = load.tokens <= c.tile_fill * experts ? 0 : c.tile_large;
  }
  const double size = std::clamp(wanted, c.tile_small, c.tile_large);
  int index = 0;
  while (index < kMoeTileSizes - 1 && tile_size(index) < size * (1 - 1e-9)) ++index;
  return index;
}

}  // namespace

const MoeFormat* find_moe_format(const std::string& name) {
  static const std::map<std::string, MoeFormat> formats = {
      {"bf16", {Precision::bf16, 2, 2}},
      {"fp8", {Precision::fp8, 1, 1}},
      {"fp8_block", {Precision::fp8, 1, 1}},
      {"nvfp4", {Precision::fp4, 0.5625, 0.5625}},
      {"int4_weight", {Precision::bf16, 0.515625, 2}},
      {"w4a16_mxfp4", {Precision::bf16, 0.53125, 2}},
      {"w4a8_mxfp4_mxfp8", {Precision::fp8, 0.53125, 1.03125}},
  };
  const auto found = formats.find(name.substr(0, name.find('.')));
  return found == formats.end() ? nullptr : &found->second;
}

MoeDevice moe_device(const Accelerator& accelerator, const MoeFormat& format) {
  MoeDevice out;
  out.units = kernel_units(accelerator);
  out.peak = accelerator.peak_rate(format.precision).in(flop / microsecond);
  out.bandwidth = accelerator.memory_bandwidth.in(byte / microsecond);
  out.cache = accelerator.last_level_cache.value_or(Bytes{}).in(byte);
  return out;
}

RoutedLoad routed_load(const MoeShape& shape, double tokens, double skew) {
  if (!(skew > 0)) return balanced_load(shape, tokens);
  const double pairs = tokens * shape.top_k, mean = pairs / shape.experts;
  const Popularity p = popularity(tokens, pairs, shape.experts, skew);
  RoutedLoad load;
  load.tokens = tokens;
  load.local_experts = shape.experts / shape.ranks;
  const double evenly = load.local_experts * mean;
  // An expert gets a token at most once.
  const double most = std::min({load.local_experts * std::min(tokens, p.most * mean), pairs,
                                tokens * std::min(shape.top_k, load.local_experts)});
  const double busiest = evenly * busiest_rank(p.variance, load.local_experts, shape.ranks);
  load.rows = std::max({1.0, evenly, std::min(busiest, most)});
  // The busiest rank's experts are all taken as that much more popular.
  const double grown = load.rows / evenly;
  double reached = 0;
  for (std::size_t j = 0; j < kNodes; ++j) {
    // The chance that an expert of y expected rows gets any, y / sqrt(1 + y^2): y for rare ones, 1 for popular ones.
    // Its tiles: rows over the tile's size and half a tile on average for the last, at least one when reached.
    const double y = p.rows[j] * grown, reach = y / std::sqrt(1 + y * y);
    reached += p.weight[j] * reach;
    for (int i = 0; i < kMoeTileSizes; ++i) {
      load.tiles[static_cast<std::size_t>(i)] += p.weight[j] * std::max(reach, y / tile_size(i) + 0.5 * reach);
    }
  }
  load.reached = std::clamp(load.local_experts * reached, 1.0, load.local_experts);
  for (double& tiles : load.tiles) tiles = std::max(load.reached, load.local_experts * tiles);
  return load;
}

double moe_time_us(const MoeCoefficients& c, const MoeDevice& device, const MoeFormat& format, const MoeShape& shape,
                   const RoutedLoad& load) {
  const int index = tile_index(c, shape, load);
  const double tile = tile_size(index), tiles = load.tiles[static_cast<std::size_t>(index)];
  const double empty = std::max(0.0, 1 - load.rows / (tiles * tile));
  const double first = shape.gated ? 2 * shape.inter : shape.inter;
  const double weights = load.reached * (first + shape.inter) * shape.hidden * format.weight_bytes;
  const double cache = std::max(1.0, c.cache_share * device.cache);
  const double found = c.cold_weights > 0 ? 0 : 1 / (1 + squared(fourth(weights / cache)));
  const double share = tile < c.tile_large ? c.memory_share : c.memory_share * c.large_tile_memory;
  const double per_byte = (1 - found * (1 - 1 / kCacheGain)) / (device.bandwidth * share);
  const double per_wave = device.units * kTileColumns * (tile + c.tile_rows) * (1 + c.partial * empty) * 2 /
                          (device.peak * c.compute_share);
  double time = c.launch_us + (shape.ranks > 1 ? c.shard_us : 0) + c.expert_us * load.local_experts;
  for (const auto& [n, k] : {std::pair{first, shape.hidden}, std::pair{shape.hidden, shape.inter}}) {
    const double blocks = tiles * std::ceil(n / kTileColumns - 1e-9);
    const double waves = std::ceil(blocks / device.units);
    // Few tiles cannot draw all of the bandwidth: each unit has only so many loads in flight.
    const double drawn = std::min(1.0, blocks / (device.units * kUnitsThatFillBandwidth));
    const double memory = load.reached * n * k * format.weight_bytes * per_byte / drawn;
    time += std::sqrt(std::sqrt(fourth(memory) + fourth(waves * per_wave * (k + c.depth)))) + c.wave_us * waves;
  }
  // Rows on this rank: permuted in, activated (2 first in 16 bits) and read again, and the results added up in token
  // order.
  const double local = load.rows * (shape.hidden * (2 * format.activation_bytes + 2) + 2 * first +
                                    shape.inter * format.activation_bytes) +
                       4 * load.tokens * shape.hidden;
  const double resident = 1 / (1 + squared((local + weights) / cache));
  const double routed = load.tokens * shape.top_k * 2 * (shape.hidden + 2 * shape.inter);
  return time + local * (1 - resident * (1 - 1 / kCacheGain)) / (device.bandwidth * c.local_traffic_share) +
         routed * c.routed_traffic / device.bandwidth;
}

std::span<const MoeField> moe_fields() {
  using C = MoeCoefficients;
  static constexpr std::array fields = {
      MoeField{"launch_us", "us", "all launches of the layer, host or graph", &C::launch_us, 15, 0.5, 400},
      MoeField{"shard_us", "us", "added launches when experts are spread over ranks", &C::shard_us, 1, 0.01, 60},
      MoeField{"expert_us", "us", "bookkeeping for each expert of the rank", &C::expert_us, 0.01, 0.0001, 1},
      MoeField{"wave_us", "us", "start and end of a wave of tiles", &C::wave_us, 0.5, 0.01, 30},
      MoeField{"memory_share", "1", "of the memory bandwidth that streaming weights reaches", &C::memory_share, 0.8,
               0.05, 1},
      MoeField{"large_tile_memory", "1", "of that share which kernels with the largest tile reach",
               &C::large_tile_memory, 0.9, 0.3, 1},
      MoeField{"compute_share", "1", "of the peak rate in full tiles", &C::compute_share, 0.6, 0.05, 1},
      MoeField{"tile_rows", "rows", "rows a tile's fixed work is worth", &C::tile_rows, 10, 0.1, 500},
      MoeField{"depth", "elements", "depth that filling a tile's pipeline is worth", &C::depth, 64, 1, 3000},
      MoeField{"partial", "1", "added work of a tile that is nearly empty", &C::partial, 0.1, 0.001, 3},
      MoeField{"local_traffic_share", "1",
               "of the memory bandwidth for rows permuted, activated, added up; above 1 where "
               "steps are fused",
               &C::local_traffic_share, 0.5, 0.02, 3},
      MoeField{"routed_traffic", "1", "times that rows of all ranks are read or written here", &C::routed_traffic, 0.1,
               0.001, 30},
      MoeField{"cache_share", "1", "of the last-level cache in which repeated calls find weights and rows again",
               &C::cache_share, 0.5, 0.05, 1.2}};
  return fields;
}

std::span<const MoeField> moe_structure_fields() {
  using C = MoeCoefficients;
  static constexpr std::array fields = {
      MoeField{"tile_small", "rows", "smallest tile", &C::tile_small, 16, 8, 128},
      MoeField{"tile_large", "rows", "largest tile", &C::tile_large, 128, 32, 256},
      MoeField{"tile_rule", "1",
               "what picks the tile: rows an expert would get if all stayed on the rank (0), or spread "
               "over all experts (1); tokens against experts of the rank (2), of the model (3)",
               &C::tile_rule, 0, 0, 3},
      MoeField{"tile_fill", "1", "factor on that number", &C::tile_fill, 1, 0.5, 8}};
  return fields;
}

MoeCoefficients read_moe_coefficients(const std::map<std::string, double>& values) {
  MoeCoefficients out;
  for (const auto fields : {moe_fields(), moe_structure_fields()}) {
    for (const MoeField& field : fields) {
      if (const auto found = values.find(field.name); found != values.end()) out.*field.member = found->second;
    }
  }
  return out;
}

std::map<std::string, double> write_moe_coefficients(const MoeCoefficients& coefficients) {
  std::map<std::string, double> out;
  for (const auto fields : {moe_fields(), moe_structure_fields()}) {
    for (const MoeField& field : fields) out[field.name] = coefficients.*field.member;
  }
  return out;
}

}  // namespace stargate
