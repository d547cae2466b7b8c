// How long the experts of one mixture-of-experts layer take on one rank, as fused kernels do it: permute the rows,
// multiply with the first matrices (gate and up), activate, multiply with the second, add up. Times in microseconds.
//   t       = launch + [sharded] shard + expert L + sum over both multiplications of (memory^4 + body^4)^(1/4) + wave
//             waves + (local rows' traffic / local_traffic_share + all rows' traffic routed_traffic) / bandwidth
//   memory  = reached n k weight bytes / (memory_share bandwidth), times large_tile_memory with the largest tile
//   body    = waves units 128 (M + tile_rows)(1 + partial (1 - fill)) 2 (k + depth) / (compute_share peak)
//   waves   = ceil(tiles ceil(n / 128) / units)
// The busiest rank counts: L = experts / ranks experts, of which `reached` get rows; tiles = sum over experts of
// ceil(rows / M), fill = rows / (tiles M). M is the kernel's tile, small or large by how many rows it expects.
// Routing: an expert's popularity has a density ~ x^-skew on [1, 0.8 tokens] (on [0.01, 2] when there are fewer rows
// than experts), as NVIDIA AIConfigurator's collector draws it; skew 0 is balanced. The busiest of R ranks takes the
// R/(R+1) quantile of a lognormal with the mean and variance of a sum of L draws.
// Form after T. Gale et al., "MegaBlocks", MLSys 2023 (tiles of each expert), and S. Williams et al., "Roofline", 2009.
#pragma once

#include <array>
#include <map>
#include <span>
#include <string>

#include "stargate/catalogue/hardware.hpp"

namespace stargate {

/// Scales of block formats included, as in gemm_law.hpp.
struct MoeFormat {
  Precision precision = Precision::bf16;          ///< of the matrix units
  double weight_bytes = 2, activation_bytes = 2;  ///< of an element
};
/// The format of a table's or group's name ("bf16", "fp8", "fp8_block", "nvfp4", "w4a8_mxfp4_mxfp8", ...; what follows
/// a dot is ignored), or null.
const MoeFormat* find_moe_format(const std::string& name);

/// Facts of a device the law needs.
struct MoeDevice {
  double units = 1;
  double peak = 0;       ///< flop a microsecond, of the format's precision
  double bandwidth = 0;  ///< bytes a microsecond
  double cache = 0;      ///< bytes of the last level
};
MoeDevice moe_device(const Accelerator& accelerator, const MoeFormat& format);

/// The experts of a layer, and how they are spread.
struct MoeShape {
  double hidden = 0, inter = 0;   ///< `inter` is what one rank keeps of an expert's inner width (tensor parallelism)
  double experts = 1, top_k = 1;  ///< of the layer; of a token
  double ranks = 1;               ///< over which experts are spread (expert parallelism)
  bool gated = true;              ///< three matrices an expert, else two
};

inline constexpr int kMoeTileSizes = 6;  ///< 8, 16, ... 256 rows

/// What routing brings to the busiest rank. Depends on tokens and routing alone: one for all layers of a step.
/// Expectations over the routing's distribution, so fractions.
struct RoutedLoad {
  double tokens = 0;  ///< of all expert ranks together
  /// On the busiest rank: experts it holds, those with at least one row, and their rows together.
  double local_experts = 1, reached = 1, rows = 0;
  std::array<double, kMoeTileSizes> tiles{};  ///< expected tiles of all its experts, by tile size
};
/// `tokens`: of all expert ranks together, each of which visits top_k experts.
RoutedLoad routed_load(const MoeShape& shape, double tokens, double skew);

/// What a kernel expects an expert to get when it picks its tile. `rank`: all rows stay on this rank; `model`: spread
/// evenly over all experts; the last two: small while there are at most as many tokens as experts (here, in all). In
/// files a number from 0 to 3, in this order.
enum class MoeTileRule { rank, model, tokens_by_rank, tokens_by_model };

/// Microseconds, shares of the specification, and rows; fitted by `stargate calibrate`. docs/explanation/moe-law.md
/// tells each one's part.
struct MoeCoefficients {
  double launch_us = 15, shard_us = 1, expert_us = 0.01, wave_us = 0.5;     ///< microseconds
  double memory_share = 0.8, large_tile_memory = 0.9, compute_share = 0.6;  ///< of bandwidth; of that; of the peak
  double tile_rows = 10, depth = 64, partial = 0.1;  ///< rows; elements; added work of a nearly empty tile
  double local_traffic_share = 0.5, routed_traffic = 0.1, cache_share = 0.5;  ///< of bandwidth; times; of the cache
  double tile_small = 16, tile_large = 128, tile_rule = 0, tile_fill = 1;     ///< structure: found among few choices
  double cold_weights = 0;  ///< 1: never finds weights in the cache, as in a model whose layers follow each other
};

struct MoeField {
  const char *name, *unit, *meaning;
  double MoeCoefficients::*member;
  double start, lower, upper;
};
/// Those that are fitted, then those of the structure.
std::span<const MoeField> moe_fields();
std::span<const MoeField> moe_structure_fields();
/// Names that are missing keep their default.
MoeCoefficients read_moe_coefficients(const std::map<std::string, double>& values);
std::map<std::string, double> write_moe_coefficients(const MoeCoefficients& coefficients);

/// Microseconds; allocates nothing.
double moe_time_us(const MoeCoefficients& c, const MoeDevice& device, const MoeFormat& format, const MoeShape& shape,
                   const RoutedLoad& load);

}  // namespace stargate
