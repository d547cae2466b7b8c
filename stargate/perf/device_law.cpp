// Evaluation is a few multiplications: the constructor has turned the record into plain arrays.
#include "stargate/perf/device_law.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <tuple>

namespace stargate {

// Attention: FlashAttention-3 on H100 reaches 740 of 989 TFLOP/s forward without and about 600 with a causal mask at
// head size 128, about 550 backward (arXiv 2407.08608, figures 5 and 6); FlashAttention-2 on A100 230 of 312 at best,
// about 200 causal and 170 backward (arXiv 2307.08691, figures 4 and 5). Memory: STREAM-like copies reach 85 to 92 % of
// HBM peak. AMD's best matrix multiply is in the catalogue (51 to 68 % of peak); its attention kernels stand at about
// the same share below it as NVIDIA's do. Systolic arrays of TPUs keep up 75 to 85 % on large products (assumption);
// Trainium 1 trains at 35 to 45 % of its peak (AWS Neuron 2.17, Llama 2 and GPT-3), which asks for about 0.55 here.
// Intel: 20 us a launch and 0.6 of the bandwidth are what published Gaudi 3 serving (GLM-4.7) asks for: a fit to those
// rows. Usual shapes: the median large product of A100, H100 and B200 in the measured kernel tables (TensorRT-LLM, 16
// bits) runs at 0.97, 0.95 and 0.85 of the best shape that a sweep of the device found (MAMF, ml-engineering).
DeviceCoefficients literature_coefficients(const Accelerator& accelerator) {
  DeviceCoefficients c;
  if (accelerator.vendor == "AMD") {
    c.best_gemm = 0.6, c.attention_forward = 0.42, c.attention_backward = 0.34, c.memory_share = 0.8;
  } else if (accelerator.vendor == "Google") {
    c.launch = 2 * microsecond, c.best_gemm = 0.8, c.attention_forward = 0.55, c.attention_backward = 0.45;
  } else if (accelerator.vendor == "Intel") {
    c.launch = 20 * microsecond, c.memory_share = 0.6;
  } else if (accelerator.vendor == "AWS") {
    c.launch = 2 * microsecond, c.best_gemm = 0.55, c.attention_forward = 0.4, c.attention_backward = 0.32;
  }
  return c;
}

namespace {

/// Bytes an operator has to move: each input and output once, a cache once for every sequence.
double gemm_bytes(Precision precision, double m, double n, double k, double groups) {
  const double element = bytes_per_element(precision);
  return groups * (m * k * element + k * n * element + m * n * 2);
}
double attention_bytes(const AttentionCall& call) {
  return call.cache_bytes() + 2 * call.sequences * call.query * call.heads * (call.score_dim + call.value_dim);
}

/// Groups that serve a precision of operators, the best first. What follows a dot names a kernel.
struct GemmGroups {
  Precision precision;
  std::array<const char*, 3> names;  ///< unused ones null
};
constexpr GemmGroups kGemmGroups[] = {{Precision::bf16, {"bf16", "fp16"}},
                                      {Precision::fp8, {"fp8", "fp8_block", "mxfp8"}},
                                      {Precision::int8, {"int8"}},
                                      {Precision::fp4, {"nvfp4", "mxfp4"}},
                                      {Precision::int4, {"int4_weight"}}};

/// Its own coefficients before borrowed ones, then the order of the names, then the kernel the engine chose most.
const ChosenGroup* find_first(const std::vector<ChosenGroup>& groups, std::span<const char* const> names) {
  const ChosenGroup* best = nullptr;
  std::size_t best_name = names.size();
  for (std::size_t i = 0; i < names.size() && names[i] != nullptr; ++i) {
    const std::string name = names[i];
    for (const ChosenGroup& chosen : groups) {
      const std::string& precision = chosen.group->precision;
      if (precision != name && !precision.starts_with(name + ".")) continue;
      const auto key = [](const ChosenGroup& c, std::size_t at) {
        return std::tuple(c.origin, at, -c.group->used.rows);
      };
      if (best != nullptr && key(*best, best_name) <= key(chosen, i)) continue;
      best = &chosen, best_name = i;
    }
  }
  return best;
}

/// The same with the kernels first that such weights have to themselves.
std::array<const char*, 3> names_for(const GemmGroups& groups, const KernelChoice& kernels) {
  if (groups.precision == Precision::fp8 && kernels.block_scaled) return {"fp8_block", "mxfp8", "fp8"};
  return groups.names;
}
std::array<const char*, 3> expert_names_for(const GemmGroups& groups, const KernelChoice& kernels) {
  if (groups.precision == Precision::fp4 && kernels.microscaled) return {"w4a8_mxfp4_mxfp8", "w4a16_mxfp4", "nvfp4"};
  return names_for(groups, kernels);
}

}  // namespace

DeviceLaw::DeviceLaw(const Accelerator& accelerator, const DeviceCoefficients& coefficients)
    : coefficients_(coefficients), power_(make_power_law(accelerator)), bandwidth_(accelerator.memory_bandwidth) {
  for (int i = 0; i < kPrecisionCount; ++i) {
    const auto p = static_cast<Precision>(i);
    const auto index = static_cast<std::size_t>(i);
    peak_[index] = accelerator.peak_rate(p);
    best_[index] = coefficients.best_gemm;
    const auto measured = accelerator.achievable.find(p);
    const auto& known =
        measured != accelerator.achievable.end() ? measured : accelerator.achievable.find(Precision::bf16);
    if (known != accelerator.achievable.end()) {
      best_[index] = coefficients.usual_shape * std::min(1.0, known->second / accelerator.peak_rate(known->first));
    }
  }
  stream_bandwidth_ = accelerator.memory_bandwidth * coefficients.memory_share;
  units_ = accelerator.compute_units.value_or(1);
}

Duration DeviceLaw::stream_time(Bytes traffic) const { return coefficients_.launch + traffic / stream_bandwidth_; }

void DeviceLaw::note_basis(const ChosenGroup& chosen, const Accelerator& accelerator) {
  const CalibratedGroup& group = *chosen.group;
  const std::string lender = chosen.origin == LawOrigin::fitted ? ""
                             : group.device == accelerator.id   ? group.engine
                                                                : group.device;
  basis_.push_back(
      {group.law, base_precision(group.precision), chosen.origin, lender, chosen.expected_pct, group.used.rows});
}

/// Weights are cold, as in a model whose layers follow each other, and launches come from a captured graph.
void DeviceLaw::calibrate_gemm(const Accelerator& accelerator, const std::vector<ChosenGroup>& groups,
                               const KernelChoice& kernels) {
  for (const auto& entry : kGemmGroups) {
    const Precision precision = entry.precision;
    const ChosenGroup* chosen = find_first(groups, names_for(entry, kernels));
    if (chosen == nullptr) continue;
    GemmCoefficients c = read_gemm_coefficients(chosen->group->coefficients);
    c.host_us = 0;
    const auto index = static_cast<std::size_t>(precision);
    const GemmFormat& format = *find_gemm_format(chosen->group->precision);
    if (!accelerator.peak.contains(format.precision))
      continue;  // others' matrix units say nothing of a chip without them
    gemm_[index] = GemmLaw(gemm_device(accelerator, format.precision), format, c).with_cold_weights();
    gemm_launch_[index] = 1e3 * c.launch / gemm_device(accelerator, format.precision).clock * microsecond;
    note_basis(*chosen, accelerator);
  }
}

namespace {

constexpr double kBestShare =
    0.9;  ///< of the matrix units' peak that kernels reach at all (CUTLASS on Hopper: 80 to 90 %)

/// How many times the matrix rate of one unit of the lender is that of the borrower's, of one architecture (H100 over
/// H20: 4). What feeds the units is the same, so kernels keep the lender's rate until the borrower's units are busy.
double units_weaker_than_lender(const Catalogue& catalogue, const Accelerator& own, const ChosenGroup& chosen) {
  const auto found = catalogue.accelerators.find(chosen.group->device);
  if (found == catalogue.accelerators.end() || found->second.architecture != own.architecture) return 1;
  const auto rate = [](const Accelerator& a) {
    return a.peak_rate(Precision::bf16) / std::max(1.0, 1.0 * a.compute_units.value_or(1));
  };
  return rate(found->second) / rate(own);
}

}  // namespace

DeviceLaw::DeviceLaw(const Accelerator& accelerator, const Catalogue& catalogue, const KernelChoice& kernels)
    : DeviceLaw(accelerator) {
  const auto groups = [&](const char* law) {
    return choose_groups(catalogue, accelerator, {law, kernels.engine, {}, {}});
  };
  calibrate_gemm(accelerator, groups("gemm"), kernels);
  calibrate_attention(accelerator, keep_one_lender(groups("prefill_attention")),
                      keep_one_lender(groups("decode_attention")));
  calibrate_latent(accelerator, keep_one_lender(groups("mla_prefill")), keep_one_lender(groups("mla_decode")));
  const auto moe = keep_one_lender(groups("moe"));
  calibrate_experts(accelerator, moe, kernels);
  for (auto& law : experts_) {
    if (!law || moe.empty()) continue;
    double& share = law->coefficients.compute_share;
    share =
        std::max(share, std::min(kBestShare, share * units_weaker_than_lender(catalogue, accelerator, moe.front())));
  }
}

void DeviceLaw::calibrate_attention(const Accelerator& accelerator, const std::vector<ChosenGroup>& prefill,
                                    const std::vector<ChosenGroup>& decode) {
  const auto copy = [&](const std::vector<ChosenGroup>& chosen) {
    std::vector<CalibratedGroup> groups;
    for (const ChosenGroup& c : chosen) {
      const bool fp8 = base_precision(c.group->precision) == "fp8";
      if (fp8 && !accelerator.peak.contains(Precision::fp8)) continue;
      groups.push_back(*c.group);
      note_basis(c, accelerator);
    }
    return groups;
  };
  const auto prefills = copy(prefill), decodes = copy(decode);
  if (!prefills.empty() || !decodes.empty()) attention_.emplace(accelerator, prefills, decodes);
}

/// Without groups for 8-bit caches those for 16 bits serve, their traffic halved by the format.
void DeviceLaw::calibrate_latent(const Accelerator& accelerator, const std::vector<ChosenGroup>& prefill,
                                 const std::vector<ChosenGroup>& decode) {
  const auto fill = [&](const std::vector<ChosenGroup>& groups, auto& laws, const auto& read) {
    for (std::size_t i = 0; i < laws.size(); ++i) {
      const std::array<const char*, 2> names{i == 0 ? "bf16" : "bf16_kv_fp8", i == 0 ? nullptr : "bf16"};
      const ChosenGroup* chosen = find_first(groups, names);
      if (chosen == nullptr) continue;
      const MlaFormat& format = *find_mla_format(names[0]);
      laws[i] = {read(chosen->group->coefficients), mla_device(accelerator, format), format};
      note_basis(*chosen, accelerator);
    }
  };
  fill(prefill, latent_prefill_, read_mla_prefill_coefficients);
  fill(decode, latent_decode_, [](const auto& values) {
    MlaDecodeCoefficients c = read_mla_decode_coefficients(values);
    c.cold_cache = 1;
    return c;
  });
}

void DeviceLaw::calibrate_experts(const Accelerator& accelerator, const std::vector<ChosenGroup>& groups,
                                  const KernelChoice& kernels) {
  for (const auto& entry : kGemmGroups) {
    const Precision precision = entry.precision;
    const ChosenGroup* chosen = find_first(groups, expert_names_for(entry, kernels));
    const MoeFormat* format = chosen == nullptr ? nullptr : find_moe_format(chosen->group->precision);
    if (format == nullptr || !accelerator.peak.contains(format->precision)) continue;
    MoeCoefficients c = read_moe_coefficients(chosen->group->coefficients);
    c.cold_weights = 1;
    experts_[static_cast<std::size_t>(precision)] = ExpertLaw{c, moe_device(accelerator, *format), *format};
    note_basis(*chosen, accelerator);
  }
}

namespace {

/// Whether an operator in bf16 or one of `used` takes coefficients of this precision.
bool is_used(const std::string& precision, std::span<const Precision> used) {
  const auto serves = [&](Precision p) {
    for (const auto& [served, names] : kGemmGroups) {
      for (const char* name : names) {
        if (served == p && name != nullptr && precision == name) return true;
      }
    }
    return false;
  };
  return serves(Precision::bf16) || std::any_of(used.begin(), used.end(), serves);
}

}  // namespace

LawOrigin DeviceLaw::origin(std::span<const Precision> used) const {
  if (basis_.empty()) return LawOrigin::specification;
  LawOrigin worst = LawOrigin::fitted;
  for (const LawBasis& basis : basis_) {
    if (is_used(basis.precision, used)) worst = std::max(worst, basis.origin);
  }
  return worst;
}

std::string format_law_basis(const DeviceLaw& law, std::span<const Precision> used) {
  struct Sum {
    LawOrigin origin = LawOrigin::fitted;
    std::string lender;
    double weighted = 0;
    int rows = 0;
  };
  std::map<std::string, Sum> sums;  // by law
  for (const LawBasis& basis : law.basis()) {
    if (!is_used(basis.precision, used)) continue;
    Sum& sum = sums[basis.law];
    if (basis.origin > sum.origin) sum = {basis.origin, basis.lender, 0, 0};
    if (basis.origin < sum.origin || basis.expected_pct < 0) continue;
    sum.weighted += basis.expected_pct * basis.rows;
    sum.rows += basis.rows;
  }
  std::string out;
  for (const auto& [name, sum] : sums) {
    out += (out.empty() ? "" : ", ") + name + " " + law_origin_name(sum.origin);
    if (!sum.lender.empty()) out += " from " + sum.lender;
    if (sum.rows > 0) out += fmt::format(" ({:.0f} %)", sum.weighted / sum.rows);
  }
  return out.empty() ? law_origin_name(LawOrigin::specification) : out;
}

/// A total as its parts, for reports of what bounds it: the larger of what arithmetic and traffic would take alone is
/// given all that is left after the launch.
OperatorTime DeviceLaw::parts_of(Duration total, Duration launch, Flops flops, Bytes bytes, Precision precision) const {
  const Duration rest = max(Duration{}, total - launch);
  const Duration compute = flops / peak(precision), memory = bytes / bandwidth_;
  if (memory > compute) return {launch, min(compute, rest), rest};
  return {launch, rest, min(memory, rest)};
}

/// Products side by side are tiles side by side: one with as many more columns.
OperatorTime DeviceLaw::gemm_parts(Precision precision, const Shape& s) const {
  const auto index = static_cast<std::size_t>(precision);
  const auto& law = gemm_[index];
  if (!law) return literature_gemm_parts(precision, s);
  const Duration total = law->time(std::max(1.0, s.m), std::max(1.0, s.n * s.groups), std::max(1.0, s.k));
  return parts_of(total, gemm_launch_[index], Flops::from_base(2 * s.m * s.n * s.k * s.groups),
                  Bytes::from_base(gemm_bytes(precision, s.m, s.n, s.k, s.groups)), precision);
}

OperatorTime DeviceLaw::literature_gemm_parts(Precision precision, const Shape& shape) const {
  const auto [m, n, k, groups] = shape;
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
  const Bytes bytes = Bytes::from_base(gemm_bytes(precision, m, n, k, groups));
  return {coefficients_.launch, compute, bytes / stream_bandwidth_};
}

OperatorTime DeviceLaw::literature_attention_parts(const AttentionCall& call, double flop_factor, double share) const {
  const Duration compute =
      Flops::from_base(call.flops() * flop_factor) / (peak_[static_cast<std::size_t>(Precision::bf16)] * share);
  const Bytes traffic = Bytes::from_base(attention_bytes(call)) * flop_factor;
  return {coefficients_.launch, compute, traffic / stream_bandwidth_};
}

/// Microseconds of multi-head latent attention in the widths its law is of (DeepSeek's); 0 for any other call.
double DeviceLaw::latent_us(const AttentionCall& call, bool decode) const {
  const std::size_t narrow = bytes_per_element(call.kv_precision) < 2 ? 1 : 0;
  const double seen = call.window > 0 ? std::min(call.context, call.window) : call.context;
  const MlaCall mla{call.sequences, call.heads, call.query, std::max(0.0, seen - call.query)};
  if (decode && call.shared_kv && call.score_dim == 576 && call.value_dim == 512 && latent_decode_[narrow]) {
    const auto& law = *latent_decode_[narrow];
    return mla_decode_us(law.coefficients, law.device, law.format, mla);
  }
  const bool whole = call.window <= 0 || call.context <= call.window;
  if (!decode && whole && call.score_dim == 192 && call.value_dim == 128 && latent_prefill_[narrow]) {
    const auto& law = *latent_prefill_[narrow];
    return mla_prefill_us(law.coefficients, law.device, law.format, mla);
  }
  return 0;
}

/// A handful of new tokens behind a cache is decoding (speculation drafts a few); more is prefill.
OperatorTime DeviceLaw::attention_parts(const AttentionCall& call) const {
  constexpr double kMostDecoded = 8;
  const bool decode = call.query <= kMostDecoded && call.context > call.query;
  double us = latent_us(call, decode);
  if (!(us > 0)) {
    const bool known = attention_ && !call.shared_kv && (decode ? attention_->can_decode() : attention_->can_prefill());
    if (!known) return literature_attention_parts(call, 1, coefficients_.attention_forward);
    us = decode ? attention_->decode_us(call) : attention_->prefill_us(call, Precision::bf16);
  }
  return parts_of(us * microsecond, min(us * microsecond, coefficients_.launch), Flops::from_base(call.flops()),
                  Bytes::from_base(attention_bytes(call)), Precision::bf16);
}

Duration DeviceLaw::backward_attention_time(const AttentionCall& call, double slower) const {
  const OperatorTime time = attention_parts(call);
  return time.launch + (time.total() - time.launch) * (2.5 * slower);
}

/// Time of the fused kernel; an imbalance beyond the skew of routing is in the call's tokens.
Duration DeviceLaw::experts_time(const ExpertCall& call, Precision precision) const {
  const ExpertLaw& law = *experts_[static_cast<std::size_t>(precision)];
  const MoeShape shape{call.hidden, call.width, call.experts, call.top_k, call.ranks, call.gated};
  return moe_time_us(law.coefficients, law.device, law.format, shape, routed_load(shape, call.tokens, call.skew)) *
         microsecond;
}

OperatorTime DeviceLaw::operator_parts(const Operator& op) const {
  if (op.experts.tokens > 0 && experts_[static_cast<std::size_t>(op.precision)]) {
    if (op.experts.share <= 0) return {};  // traffic inside the fused kernel
    const Duration time = op.experts.share * experts_time(op.experts, op.precision);
    return parts_of(time, min(time, coefficients_.launch), op.flops(),
                    Bytes::from_base(gemm_bytes(op.precision, op.m, op.n, op.k, op.groups)), op.precision);
  }
  switch (op.kind) {
    case OperatorKind::gemm:
      return gemm_parts(op.precision, {op.m, op.n, op.k, op.groups});
    case OperatorKind::attention:
      return attention_parts(op.attention);
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
      return backward_attention_time(op.attention, coefficients_.attention_forward / coefficients_.attention_backward);
    case OperatorKind::element_wise:
      return stream_time(op.traffic * 2);
  }
  return {};
}

Energy DeviceLaw::operator_energy(const Operator& op) const {
  const Duration time = operator_time(op);
  if (!(time > Duration{})) return {};
  const Bytes bytes = op.kind == OperatorKind::gemm
                          ? Bytes::from_base(gemm_bytes(op.precision, op.m, op.n, op.k, op.groups))
                      : op.kind == OperatorKind::attention ? Bytes::from_base(attention_bytes(op.attention))
                                                           : op.traffic;
  const auto precision = op.kind == OperatorKind::gemm ? op.precision : Precision::bf16;
  return power_.power(op.flops() / (peak(precision) * time), bytes / (bandwidth_ * time)) * time;
}

}  // namespace stargate
