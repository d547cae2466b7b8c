// The constructor turns records into laws; evaluation is a few multiplications.
#include "stargate/perf/device_law.hpp"

#include <algorithm>

namespace stargate {
namespace {

const KernelShares& family_of(const Catalogue& catalogue, const Accelerator& accelerator) {
  static const KernelShares usual;
  const auto found = catalogue.architectures.find(accelerator.architecture);
  return found != catalogue.architectures.end() ? found->second : usual;
}

}  // namespace

DeviceLaw::DeviceLaw(const Accelerator& accelerator, const KernelShares& family)
    : literature_(accelerator, family), power_(make_power_law(accelerator)), bandwidth_(accelerator.memory_bandwidth) {}

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
  for (const GemmGroups& entry : gemm_groups()) {
    const Precision precision = entry.precision;
    const ChosenGroup* chosen = find_first(groups, gemm_names(entry, kernels));
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

/// Of the matrix units' peak that kernels reach at all (CUTLASS on Hopper: 80 to 90 %).
constexpr double kBestShare = 0.9;

/// How many times the matrix rate of one unit of the lender is that of the borrower's, of one architecture (H100 over
/// H20: 4). What feeds the units is the same, so kernels keep the lender's rate until the borrower's units are busy.
double units_weaker_than_lender(const Catalogue& catalogue, const Accelerator& own, const ChosenGroup& chosen) {
  const Accelerator* lender = find_listed(catalogue, chosen.group->device);
  if (lender == nullptr || lender->architecture != own.architecture) return 1;
  const auto rate = [](const Accelerator& a) {
    return a.peak_rate(Precision::bf16) / std::max(1.0, 1.0 * a.compute_units.value_or(1));
  };
  return rate(*lender) / rate(own);
}

}  // namespace

DeviceLaw::DeviceLaw(const Accelerator& accelerator, const Catalogue& catalogue, const KernelChoice& kernels)
    : DeviceLaw(accelerator, family_of(catalogue, accelerator)) {
  const auto groups = [&](const char* law) {
    return choose_groups(catalogue, accelerator, {law, kernels.engine, {}, {}});
  };
  calibrate_gemm(accelerator, groups("gemm"), kernels);
  calibrate_attention(accelerator, keep_one_lender(groups("prefill_attention")),
                      keep_one_lender(groups("decode_attention")));
  calibrate_latent(accelerator, keep_one_lender(groups("mla_prefill")), keep_one_lender(groups("mla_decode")));
  calibrate_recurrent(accelerator, groups("recurrent"));
  calibrate_sparse(accelerator, groups("sparse_attention"));
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

/// For each rule and kernel the nearest group: engines have a convolution in common, and scans of their own. States are
/// cold, as in a model whose layers follow each other.
void DeviceLaw::calibrate_recurrent(const Accelerator& accelerator, const std::vector<ChosenGroup>& groups) {
  std::array<std::array<int, kRecurrentKernelCount>, kRecurrentRuleCount> places{}, verify_places{};
  for (const ChosenGroup& chosen : groups) {
    RecurrentCall named;
    const std::string& name = chosen.group->precision;
    if (!read_recurrent_group_name(name, named)) continue;
    const auto rule = static_cast<std::size_t>(named.rule), kernel = static_cast<std::size_t>(named.kernel);
    const bool verifies = name.ends_with(".verify");
    auto& law = (verifies ? recurrent_verify_ : recurrent_)[rule][kernel];
    int& place = (verifies ? verify_places : places)[rule][kernel];
    if (law && place <= chosen.place) continue;
    place = chosen.place;
    law = RecurrentLaw{read_recurrent_coefficients(chosen.group->coefficients), recurrent_device(accelerator)};
    law->coefficients.cache_share = 0;
  }
  // An engine whose step has the convolution in it has no other; a step of its own goes before a borrowed fused one.
  for (std::size_t rule = 0; rule < places.size(); ++rule) {
    constexpr auto step = static_cast<std::size_t>(RecurrentKernel::step);
    constexpr auto fused = static_cast<std::size_t>(RecurrentKernel::fused_step);
    if (recurrent_[rule][step] && places[rule][step] < places[rule][fused]) recurrent_[rule][fused].reset();
  }
}

/// Walks count convolution and step apart; where they are one kernel its time is the step's.
OperatorTime DeviceLaw::recurrent_parts(RecurrentCall call) const {
  const auto rule = static_cast<std::size_t>(call.rule);
  const bool decodes = call.kernel == RecurrentKernel::step || call.kernel == RecurrentKernel::convolution_step;
  if (decodes && recurrent_[rule][static_cast<std::size_t>(RecurrentKernel::fused_step)]) {
    if (call.kernel == RecurrentKernel::convolution_step) return {};
    call.kernel = RecurrentKernel::fused_step;
  }
  const auto kernel = static_cast<std::size_t>(call.kernel);
  const auto& several = recurrent_verify_[rule][kernel];
  const auto& law = call.query > 1 && several ? several : recurrent_[rule][kernel];
  const Flops flops = Flops::from_base(call.flops());
  const Bytes bytes = Bytes::from_base(call.bytes());
  if (!law) return literature_.core_parts(flops, bytes);
  const Duration time = recurrent_us(law->coefficients, law->device, call) * microsecond;
  return parts_of(time, min(time, law->coefficients.launch_us * microsecond), flops, bytes, Precision::bf16);
}

/// Launches come from a captured graph. Without groups for one width of the cache those for the other serve.
void DeviceLaw::calibrate_sparse(const Accelerator& accelerator, const std::vector<ChosenGroup>& groups) {
  for (const bool decode : {false, true}) {
    for (const double window : {0.0, 1.0}) {
      for (const double selected : {0.0, 1.0}) {
        for (const bool wide : {true, false}) {
          SparseCall call;
          call.decode = decode, call.window = window, call.selected = selected;
          const std::string own = sparse_group_name(call, wide), other = sparse_group_name(call, !wide);
          const std::array<const char*, 2> names{own.c_str(), other.c_str()};
          const ChosenGroup* chosen = find_first(groups, names);
          if (chosen == nullptr) continue;
          SparseCoefficients c = read_sparse_coefficients(chosen->group->coefficients);
          c.host_us = 0;
          sparse_[sparse_family_index(call)][decode ? 1 : 0][wide ? 0 : 1] = SparseLaw{c, sparse_device(accelerator)};
        }
      }
    }
  }
}

OperatorTime DeviceLaw::sparse_parts(const SparseCall& call) const {
  const auto& law =
      sparse_[sparse_family_index(call)][call.decode ? 1 : 0][bytes_per_element(call.precision) < 2 ? 1 : 0];
  const Flops flops = Flops::from_base(call.flops());
  const Bytes bytes = Bytes::from_base(call.index_key_bytes() + call.gathered_bytes() + call.head_bytes());
  if (!law) return literature_.core_parts(flops, bytes);
  const Duration time = sparse_us(law->coefficients, law->device, call) * microsecond;
  return parts_of(time, {}, flops, bytes, Precision::bf16);  // launches inside a captured graph are no lone ones
}

void DeviceLaw::calibrate_experts(const Accelerator& accelerator, const std::vector<ChosenGroup>& groups,
                                  const KernelChoice& kernels) {
  for (const GemmGroups& entry : gemm_groups()) {
    const Precision precision = entry.precision;
    const ChosenGroup* chosen = find_first(groups, expert_names(entry, kernels));
    const MoeFormat* format = chosen == nullptr ? nullptr : find_moe_format(chosen->group->precision);
    if (format == nullptr || !accelerator.peak.contains(format->precision)) continue;
    MoeCoefficients c = read_moe_coefficients(chosen->group->coefficients);
    c.cold_weights = 1;
    experts_[static_cast<std::size_t>(precision)] = ExpertLaw{c, moe_device(accelerator, *format), *format};
    note_basis(*chosen, accelerator);
  }
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
OperatorTime DeviceLaw::gemm_parts(Precision precision, const GemmShape& s) const {
  const auto index = static_cast<std::size_t>(precision);
  const auto& law = gemm_[index];
  if (!law) return literature_.gemm_parts(precision, s);
  const Duration total = law->time(std::max(1.0, s.m), std::max(1.0, s.n * s.groups), std::max(1.0, s.k));
  return parts_of(total, gemm_launch_[index], Flops::from_base(2 * s.m * s.n * s.k * s.groups),
                  Bytes::from_base(gemm_bytes(precision, s)), precision);
}

/// Microseconds of multi-head latent attention in the widths its law is of (DeepSeek's); 0 for any other call.
double DeviceLaw::latent_us(const AttentionCall& call, bool decode) const {
  const std::size_t narrow = bytes_per_element(call.kv_precision) < 2 ? 1 : 0;
  const double seen = call.window > 0 ? std::min(call.context, call.window) : call.context;
  const MlaCall mla{call.sequences, call.heads, call.query, std::max(0.0, seen - call.query)};
  if (decode && call.shared_kv && is_latent_width(call.score_dim, call.value_dim) && latent_decode_[narrow]) {
    const auto& law = *latent_decode_[narrow];
    return mla_decode_us(law.coefficients, law.device, law.format, mla);
  }
  const bool whole = call.window <= 0 || call.context <= call.window;
  if (!decode && whole && is_expanded_width(call.score_dim, call.value_dim) && latent_prefill_[narrow]) {
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
    if (!known) return literature_.attention_parts(call);
    us = decode ? attention_->decode_us(call) : attention_->prefill_us(call, Precision::bf16);
  }
  return parts_of(us * microsecond, min(us * microsecond, literature_.launch()), Flops::from_base(call.flops()),
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
    return parts_of(time, min(time, literature_.launch()), op.flops(),
                    Bytes::from_base(gemm_bytes(op.precision, {op.m, op.n, op.k, op.groups})), op.precision);
  }
  switch (op.kind) {
    case OperatorKind::gemm:
      if (op.experts.tokens > 0 && !gemm_[static_cast<std::size_t>(op.precision)]) {
        return literature_.expert_parts(op.precision, {op.m, op.n, op.k, op.groups});
      }
      return gemm_parts(op.precision, {op.m, op.n, op.k, op.groups});
    case OperatorKind::attention:
      return attention_parts(op.attention);
    case OperatorKind::sparse:
      return sparse_parts(op.sparse);
    case OperatorKind::recurrent:
      return recurrent_parts(op.recurrent);
    case OperatorKind::element_wise:
      return {literature_.launch(), {}, op.traffic / literature_.stream_bandwidth()};
  }
  return {};
}

Duration DeviceLaw::backward_time(const Operator& op) const {
  switch (op.kind) {
    case OperatorKind::gemm:  // input gradient [m,k] over n, weight gradient [k,n] over m
      return gemm_time(op.precision, op.m, op.k, op.n, op.groups) +
             gemm_time(op.precision, op.k, op.n, op.m, op.groups);
    case OperatorKind::attention:
      return backward_attention_time(op.attention, literature_.backward_slower());
    case OperatorKind::sparse:
    case OperatorKind::recurrent: {  // the same products as attention's: five for the forward's two
      const OperatorTime time = operator_parts(op);
      return time.launch + (time.total() - time.launch) * 2.5;
    }
    case OperatorKind::element_wise:
      return stream_time(op.traffic * 2);
  }
  return {};
}

Energy DeviceLaw::operator_energy(const Operator& op) const {
  const Duration time = operator_time(op);
  if (!(time > Duration{})) return {};
  const Bytes bytes = op.kind == OperatorKind::gemm
                          ? Bytes::from_base(gemm_bytes(op.precision, {op.m, op.n, op.k, op.groups}))
                      : op.kind == OperatorKind::attention ? Bytes::from_base(attention_bytes(op.attention))
                      : op.kind == OperatorKind::recurrent ? Bytes::from_base(op.recurrent.bytes())
                      : op.kind == OperatorKind::sparse
                          ? Bytes::from_base(op.sparse.index_key_bytes() + op.sparse.gathered_bytes())
                                                           : op.traffic;
  const auto precision = op.kind == OperatorKind::gemm ? op.precision : Precision::bf16;
  return power_.power(op.flops() / (peak(precision) * time), bytes / (bandwidth_ * time)) * time;
}

}  // namespace stargate
