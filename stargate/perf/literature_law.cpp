// Evaluation is a few multiplications: the constructor has turned the records into plain arrays.
#include "stargate/perf/literature_law.hpp"

#include <algorithm>
#include <cmath>

namespace stargate {

double gemm_bytes(Precision precision, const GemmShape& shape) {
  const auto [m, n, k, groups] = shape;
  const double element = bytes_per_element(precision);
  return groups * (m * k * element + k * n * element + m * n * 2);
}

/// Queries and outputs in 16 bits beside the cache.
double attention_bytes(const AttentionCall& call) {
  return call.cache_bytes() + 2 * call.sequences * call.query * call.heads * (call.score_dim + call.value_dim);
}

LiteratureLaw::LiteratureLaw(const Accelerator& accelerator, const KernelShares& family)
    : family_(family),
      stream_bandwidth_(accelerator.memory_bandwidth * family.memory_share),
      units_(accelerator.compute_units) {
  for (int i = 0; i < kPrecisionCount; ++i) {
    const auto p = static_cast<Precision>(i);
    const auto index = static_cast<std::size_t>(i);
    peak_[index] = accelerator.peak_rate(p);
    best_[index] = family.best_gemm;
    const auto own = accelerator.best_share.find(p);
    // The chip's own best share in this format, else its 16-bit one, times how much usual shapes reach of the best.
    const auto known = own != accelerator.best_share.end() ? own : accelerator.best_share.find(Precision::bf16);
    if (known != accelerator.best_share.end()) best_[index] = family.usual_shape * std::min(1.0, known->second);
  }
}

OperatorTime LiteratureLaw::gemm_parts(Precision precision, const GemmShape& shape) const {
  const auto [m, n, k, groups] = shape;
  const auto index = static_cast<std::size_t>(precision);
  const double tile = family_.tile;
  // Output tiles fill the compute units in waves; the last wave and the edge tiles do whole work for part of the
  // result. A product with fewer tiles than units splits its depth (split-K) down to slices of 512.
  const double tile_rows = m <= 16 ? 16 : m <= 32 ? 32 : m <= 64 ? 64 : tile;  // kernels for few rows use flat tiles
  const double rows = std::ceil(m / tile_rows), columns = std::ceil(n / tile);
  double tiles = rows * columns * groups;
  // few tiles: the depth is split until the units are full
  const double slices = tiles < units_ ? std::clamp(std::floor(units_ / tiles), 1.0, std::max(1.0, k / 512)) : 1;
  tiles *= slices;
  // A last wave that is not full takes as long as a full one.
  const double waves = std::ceil(tiles / units_);
  const double depth = k / slices;
  // The best share was measured on products some 8,192 deep, so it already contains their fill.
  constexpr double best_depth = 8192;
  const double full = best_depth / (best_depth + family_.k_half);
  const double fill = std::min(full, depth / (depth + family_.k_half));
  // Flops of all units for all waves, idle ones included: what the time is in proportion to.
  const double work = 2 * tile_rows * tile * depth * waves * units_;
  const Duration compute = Flops::from_base(work) / (peak_[index] * (best_[index] * fill / full));
  const Bytes bytes = Bytes::from_base(gemm_bytes(precision, shape));
  return {family_.launch, compute, bytes / stream_bandwidth_};
}

OperatorTime LiteratureLaw::expert_parts(Precision precision, const GemmShape& shape) const {
  OperatorTime time = gemm_parts(precision, shape);
  time.compute = time.compute / family_.expert_rate, time.memory = time.memory / family_.expert_stream;
  return time;
}

OperatorTime LiteratureLaw::attention_parts(const AttentionCall& call) const {
  const FlopRate rate = peak_[static_cast<std::size_t>(Precision::bf16)] * family_.attention_forward;
  return {family_.launch, Flops::from_base(call.flops()) / rate,
          Bytes::from_base(attention_bytes(call)) / stream_bandwidth_};
}

OperatorTime LiteratureLaw::core_parts(Flops flops, Bytes bytes) const {
  const FlopRate rate = peak_[static_cast<std::size_t>(Precision::bf16)] * family_.attention_forward;
  return {family_.launch, flops / rate, bytes / stream_bandwidth_};
}

}  // namespace stargate
