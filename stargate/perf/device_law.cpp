// Evaluation is a few multiplications: the constructor has turned the record into plain arrays.
#include "stargate/perf/device_law.hpp"

#include <algorithm>
#include <cmath>

namespace stargate {

const char* law_origin_name(LawOrigin origin) {
  switch (origin) {
    case LawOrigin::fitted:
      return "fitted";
    case LawOrigin::carried_over:
      return "carried over";
    case LawOrigin::specification:
      return "specification only";
  }
  return "?";
}

// Attention: FlashAttention-3 on H100 reaches 740 of 989 TFLOP/s forward without and about 600 with a causal mask at
// head size 128, about 550 backward (arXiv 2407.08608, figures 5 and 6); FlashAttention-2 on A100 230 of 312 at best,
// about 200 causal and 170 backward (arXiv 2307.08691, figures 4 and 5). Memory: STREAM-like copies reach 85 to 92 % of
// HBM peak. AMD's best matrix multiply is in the catalogue (51 to 68 % of peak); its attention kernels stand at about
// the same share below it as NVIDIA's do. Systolic arrays of TPUs and Trainium keep up 75 to 85 % on large products
// (assumption).
DeviceCoefficients literature_coefficients(const Accelerator& accelerator) {
  DeviceCoefficients c;
  if (accelerator.vendor == "AMD") {
    c.best_gemm = 0.6, c.attention_forward = 0.42, c.attention_backward = 0.34, c.memory_share = 0.8;
  } else if (accelerator.vendor == "Google" || accelerator.vendor == "AWS") {
    c.launch = 2 * microsecond, c.best_gemm = 0.8, c.attention_forward = 0.55, c.attention_backward = 0.45;
  }
  return c;
}

DeviceLaw::DeviceLaw(const Accelerator& accelerator, const DeviceCoefficients& coefficients)
    : coefficients_(coefficients) {
  for (int i = 0; i < kPrecisionCount; ++i) {
    const auto p = static_cast<Precision>(i);
    const auto index = static_cast<std::size_t>(i);
    peak_[index] = accelerator.peak_rate(p);
    best_[index] = coefficients.best_gemm;
    const auto measured = accelerator.achievable.find(p);
    const auto& known =
        measured != accelerator.achievable.end() ? measured : accelerator.achievable.find(Precision::bf16);
    if (known != accelerator.achievable.end()) {
      best_[index] = std::min(1.0, known->second / accelerator.peak_rate(known->first));
    }
  }
  stream_bandwidth_ = accelerator.memory_bandwidth * coefficients.memory_share;
  units_ = accelerator.compute_units.value_or(1);
}

Duration DeviceLaw::stream_time(Bytes traffic) const { return coefficients_.launch + traffic / stream_bandwidth_; }

OperatorTime DeviceLaw::gemm_parts(Precision precision, double m, double n, double k, double groups) const {
  const auto index = static_cast<std::size_t>(precision);
  const double tile = coefficients_.tile;
  // Output tiles fill the compute units in waves; the last wave and the edge tiles do whole work for part of the
  // result. A product with fewer tiles than units splits its depth (split-K) down to slices of 512.
  const double tile_rows = m <= 16 ? 16 : m <= 32 ? 32 : m <= 64 ? 64 : tile;  // kernels for few rows use flat tiles
  const double rows = std::ceil(m / tile_rows), columns = std::ceil(n / tile);
  double tiles = rows * columns * groups;
  const double slices = tiles < units_ ? std::clamp(std::floor(units_ / tiles), 1.0, std::max(1.0, k / 512)) : 1;
  tiles *= slices;
  const double waves = std::ceil(tiles / units_);
  const double depth = k / slices;
  // The best share was measured on products some 8,192 deep, so it already contains their fill.
  constexpr double best_depth = 8192;
  const double full = best_depth / (best_depth + coefficients_.k_half);
  const double fill = std::min(full, depth / (depth + coefficients_.k_half));
  const double work = 2 * tile_rows * tile * depth * waves * units_;
  const Duration compute = Flops::from_base(work) / (peak_[index] * (best_[index] * fill / full));
  const double element = bytes_per_element(precision);
  const double bytes = groups * (m * k * element + k * n * element + m * n * 2);
  return {coefficients_.launch, compute, Bytes::from_base(bytes) / stream_bandwidth_};
}

OperatorTime DeviceLaw::attention_parts(const AttentionCall& call, double flop_factor, double share) const {
  const Duration compute =
      Flops::from_base(call.flops() * flop_factor) / (peak_[static_cast<std::size_t>(Precision::bf16)] * share);
  const double query_bytes = 2 * call.sequences * call.query * call.heads * (call.score_dim + call.value_dim);
  const Bytes traffic = Bytes::from_base(call.cache_bytes() + query_bytes) * flop_factor;
  return {coefficients_.launch, compute, traffic / stream_bandwidth_};
}

OperatorTime DeviceLaw::operator_parts(const Operator& op) const {
  switch (op.kind) {
    case OperatorKind::gemm:
      return gemm_parts(op.precision, op.m, op.n, op.k, op.groups);
    case OperatorKind::attention:
      return attention_parts(op.attention, 1, coefficients_.attention_forward);
    case OperatorKind::element_wise:
      return {coefficients_.launch, {}, op.traffic / stream_bandwidth_};
  }
  return {};
}

Duration DeviceLaw::backward_time(const Operator& op) const {
  switch (op.kind) {
    case OperatorKind::gemm:  // input gradient [m,k] over n, weight gradient [k,n] over m
      return gemm_time(op.precision, op.m, op.k, op.n, op.groups) +
             gemm_time(op.precision, op.k, op.n, op.m, op.groups);
    case OperatorKind::attention:
      return attention_parts(op.attention, 2.5, coefficients_.attention_backward).total();
    case OperatorKind::element_wise:
      return stream_time(op.traffic * 2);
  }
  return {};
}

}  // namespace stargate
