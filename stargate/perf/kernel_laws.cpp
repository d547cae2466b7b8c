// Groups of coefficients to laws of one device; evaluation is a few multiplications.
#include "stargate/perf/kernel_laws.hpp"

#include <algorithm>
#include <cmath>

#include "stargate/perf/kernel_units.hpp"

namespace stargate {
namespace {

/// Of the matrix units' peak that kernels reach at all (CUTLASS on Hopper: 80 to 90 %).
constexpr double kBestShare = 0.9;

/// No launch from a captured graph takes as long.
constexpr double kHostBoundUs = 25;

/// How many times the matrix rate of one unit of the lender is that of the borrower's, of one architecture (H100 over
/// H20: 4). What feeds the units is the same, so kernels keep the lender's rate until the borrower's units are busy.
double units_weaker_than_lender(const Catalogue& catalogue, const Accelerator& own, const ChosenGroup& chosen) {
  const Accelerator* lender = find_listed(catalogue, chosen.group->device);
  if (lender == nullptr || lender->architecture != own.architecture) return 1;
  const auto rate = [](const Accelerator& a) { return a.peak_rate(Precision::bf16) / kernel_units(a); };
  return rate(*lender) / rate(own);
}

}  // namespace

KernelLaws::KernelLaws(const Accelerator& accelerator, const Catalogue& catalogue, const KernelChoice& kernels,
                       const KernelGroups& groups) {
  calibrate_gemm(accelerator, groups.gemm, kernels);
  calibrate_attention(accelerator, keep_one_lender(groups.prefill), keep_one_lender(groups.decode));
  calibrate_latent(accelerator, groups);
  calibrate_experts(accelerator, catalogue, keep_one_lender(groups.experts), kernels, experts_);
  // An engine that has no such kernel cannot take another's.
  std::vector<ChosenGroup> exchanged = keep_one_lender(groups.exchanged);
  std::erase_if(exchanged, [&](const ChosenGroup& chosen) { return chosen.group->engine != kernels.engine; });
  calibrate_experts(accelerator, catalogue, exchanged, kernels, exchanged_);
  calibrate_recurrent(accelerator, groups.recurrent);
  calibrate_sparse(accelerator, groups.sparse);
  calibrate_mixing(accelerator, keep_one_lender(groups.mixing));
  calibrate_encoder(accelerator, keep_one_lender(groups.encoder));
}

void KernelLaws::note_basis(const ChosenGroup& chosen, const Accelerator& accelerator) {
  const CalibratedGroup& group = *chosen.group;
  const std::string lender = chosen.origin == LawOrigin::fitted ? ""
                             : group.device == accelerator.id   ? group.engine
                                                                : group.device;
  basis_.push_back(
      {group.law, base_precision(group.precision), chosen.origin, lender, chosen.expected_pct, group.used.rows});
}

void KernelLaws::calibrate_gemm(const Accelerator& accelerator, const std::vector<ChosenGroup>& groups,
                                const KernelChoice& kernels) {
  for (const GemmGroups& entry : gemm_groups()) {
    const ChosenGroup* chosen = find_first(groups, gemm_names(entry, kernels));
    if (chosen == nullptr) continue;
    GemmCoefficients c = read_gemm_coefficients(scaled_coefficients(*chosen));
    // Engines replay captured graphs: no host launches a kernel by itself.
    c.host_us = 0;
    const auto index = index_of(entry.precision);
    const GemmFormat& format = *find_gemm_format(chosen->group->precision);
    if (!accelerator.peak.contains(format.precision))
      continue;  // others' matrix units say nothing of a chip without them
    const GemmDevice device = gemm_device(accelerator, format.precision);
    gemm_[index] = GemmLaw(device, format, c).with_cold_weights();
    gemm_launch_us_[index] = 1e3 * c.launch / device.clock;
    gemm_origin_[index] = chosen->origin;
    note_basis(*chosen, accelerator);
  }
}

void KernelLaws::calibrate_attention(const Accelerator& accelerator, const std::vector<ChosenGroup>& prefill,
                                     const std::vector<ChosenGroup>& decode) {
  const auto copy = [&](const std::vector<ChosenGroup>& chosen, LawOrigin& worst) {
    std::vector<CalibratedGroup> groups;
    for (const ChosenGroup& c : chosen) {
      // A chip without 8-bit units cannot take a kernel that multiplies in 8 bits; one that only reads an 8-bit cache
      // it can.
      const bool fp8 = base_precision(c.group->precision) == "fp8";
      if (fp8 && !accelerator.peak.contains(Precision::fp8)) continue;
      groups.push_back(*c.group);
      worst = std::max(worst, c.origin);
      note_basis(c, accelerator);
    }
    return groups;
  };
  const auto prefills = copy(prefill, prefill_origin_), decodes = copy(decode, decode_origin_);
  if (!prefills.empty() || !decodes.empty()) attention_.emplace(accelerator, prefills, decodes);
}

/// Without groups for 8-bit caches those for 16 bits serve, their traffic halved by the format. Launches that took the
/// host longer than a captured graph ever does are taken as usual ones.
void KernelLaws::calibrate_latent(const Accelerator& accelerator, const KernelGroups& lent) {
  const auto fill = [&](const std::vector<ChosenGroup>& groups, auto& laws, const auto& read) {
    for (std::size_t i = 0; i < laws.size(); ++i) {
      const std::array<const char*, 2> names{i == 0 ? "bf16" : "bf16_kv_fp8", i == 0 ? nullptr : "bf16"};
      const ChosenGroup* chosen = find_first(groups, names);
      if (chosen == nullptr) continue;
      const MlaFormat& format = *find_mla_format(names[0]);
      auto c = read(scaled_coefficients(*chosen));
      if (c.launch_us > kHostBoundUs) c.launch_us = decltype(c){}.launch_us;
      laws[i] = {c, mla_device(accelerator, format), format, chosen->origin};
      note_basis(*chosen, accelerator);
    }
  };
  fill(keep_one_lender(lent.latent_prefill), latent_prefill_, read_mla_prefill_coefficients);
  fill(keep_one_lender(lent.latent_decode), latent_decode_, [](const auto& values) {
    MlaDecodeCoefficients c = read_mla_decode_coefficients(values);
    c.cold_cache = 1;
    return c;
  });
}

void KernelLaws::calibrate_experts(const Accelerator& accelerator, const Catalogue& catalogue,
                                   const std::vector<ChosenGroup>& groups, const KernelChoice& kernels,
                                   ExpertLaws& laws) {
  for (const GemmGroups& entry : gemm_groups()) {
    const ChosenGroup* first = find_first(groups, expert_names(entry, kernels));
    if (first == nullptr) continue;
    for (const ChosenGroup* chosen : find_rivals(groups, *first)) {
      const MoeFormat* format = find_moe_format(chosen->group->precision);
      if (format == nullptr || !accelerator.peak.contains(format->precision)) continue;
      MoeCoefficients c = read_moe_coefficients(chosen->group->coefficients);
      c.cold_weights = 1;
      // A unit with a weaker matrix unit is fed as well as the lender's: the share of its own peak rises, up to what
      // kernels reach at all.
      const double faster = c.compute_share * units_weaker_than_lender(catalogue, accelerator, *chosen);
      c.compute_share = std::max(c.compute_share, std::min(kBestShare, faster));
      laws[index_of(entry.precision)].push_back({c, moe_device(accelerator, *format), *format, chosen->origin});
      note_basis(*chosen, accelerator);
    }
  }
}

/// For each rule and kernel the nearest group: engines have a convolution in common, and scans of their own. States are
/// cold, as in a model whose layers follow each other.
void KernelLaws::calibrate_recurrent(const Accelerator& accelerator, const std::vector<ChosenGroup>& groups) {
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
    law = RecurrentLaw{read_recurrent_coefficients(chosen.group->coefficients), recurrent_device(accelerator),
                       chosen.origin};
    law->coefficients.cache_share = 0;
  }
  // An engine whose step has the convolution in it has no other; a step of its own goes before a borrowed fused one.
  for (std::size_t rule = 0; rule < places.size(); ++rule) {
    constexpr auto step = static_cast<std::size_t>(RecurrentKernel::step);
    constexpr auto fused = static_cast<std::size_t>(RecurrentKernel::fused_step);
    if (recurrent_[rule][step] && places[rule][step] < places[rule][fused]) recurrent_[rule][fused].reset();
  }
}

/// Without groups for one width of the cache those for the other serve.
void KernelLaws::calibrate_sparse(const Accelerator& accelerator, const std::vector<ChosenGroup>& groups) {
  // A call of each family: DeepSeek-V3.2's, V4's with a selection and without, MiniMax-M3's.
  std::array<SparseCall, kSparseFamilyCount> families;
  families[1].window = families[1].selected = families[2].window = families[3].kv_heads = 1;
  for (SparseCall call : families) {
    for (const bool decode : {false, true}) {
      for (const bool wide : {true, false}) {
        call.decode = decode;
        const std::string own = sparse_group_name(call, wide), other = sparse_group_name(call, !wide);
        const std::array<const char*, 2> names{own.c_str(), other.c_str()};
        const ChosenGroup* chosen = find_first(groups, names);
        if (chosen == nullptr) continue;
        SparseCoefficients c = read_sparse_coefficients(chosen->group->coefficients);
        c.host_us = 0;
        sparse_[sparse_family_index(call)][decode ? 1 : 0][wide ? 0 : 1] =
            SparseLaw{c, sparse_device(accelerator), chosen->origin};
      }
    }
  }
}

/// Streams are cold, as in a model whose layers follow each other.
void KernelLaws::calibrate_mixing(const Accelerator& accelerator, const std::vector<ChosenGroup>& groups) {
  for (const bool before : {false, true}) {
    const std::string name = mixing_group_name(before);
    const std::array<const char*, 1> names{name.c_str()};
    const ChosenGroup* chosen = find_first(groups, names);
    if (chosen == nullptr) continue;
    MixingCoefficients c = read_mixing_coefficients(chosen->group->coefficients);
    c.cache_share = 0;
    mixing_[before ? 1 : 0] = MixingLaw{c, mixing_device(accelerator), chosen->origin};
  }
}

/// Of encoders' groups for each width the nearest; more rows settle ties.
void KernelLaws::calibrate_encoder(const Accelerator& accelerator, const std::vector<ChosenGroup>& groups) {
  for (const ChosenGroup& chosen : groups) {
    const double width = parse_attention_group(chosen.group->precision).head_dim;
    const auto same = [&](const EncoderLaw& law) { return law.head_dim == width; };
    const EncoderLaw law{read_prefill_coefficients(chosen.group->coefficients), attention_device(accelerator), width,
                         chosen.group->used.rows, chosen.origin};
    const auto known = std::find_if(encoder_.begin(), encoder_.end(), same);
    if (known == encoder_.end()) {
      encoder_.push_back(law);
    } else if (known->rows < law.rows) {
      *known = law;
    }
  }
}

/// Products side by side are tiles side by side: one with as many more columns.
KernelTime KernelLaws::gemm_time(Precision precision, const GemmShape& s) const {
  const auto& law = gemm_[index_of(precision)];
  if (!law) return {};
  return {law->microseconds(std::max(1.0, s.m), std::max(1.0, s.n * s.groups), std::max(1.0, s.k)),
          gemm_origin_[index_of(precision)]};
}

double KernelLaws::least_gemm_us(Precision precision, const GemmShape& s) const {
  const auto& law = gemm_[index_of(precision)];
  if (!law) return 0;
  return law->least_microseconds(std::max(1.0, s.m), std::max(1.0, s.n * s.groups), std::max(1.0, s.k));
}

bool KernelLaws::casts(Precision precision) const {
  const auto& law = gemm_[index_of(precision)];
  return law && law->format().quantises;
}

/// Multi-head latent attention in the widths its law is of (DeepSeek's); nothing of any other call.
KernelTime KernelLaws::latent_time(const AttentionCall& call, bool decode) const {
  const std::size_t narrow = bytes_per_element(call.kv_precision) < 2 ? 1 : 0;
  const double seen = call.window > 0 ? std::min(call.context, call.window) : call.context;
  // The law knows no window: a call with one is taken as a shorter context, which is right when decoding.
  const MlaCall mla{call.sequences, call.heads, call.query, std::max(0.0, seen - call.query)};
  if (decode && call.shared_kv && is_latent_width(call.score_dim, call.value_dim) && latent_decode_[narrow]) {
    const auto& law = *latent_decode_[narrow];
    return {mla_decode_us(law.coefficients, law.device, law.format, mla), law.origin};
  }
  const bool whole = call.window <= 0 || call.context <= call.window;
  if (!decode && whole && is_expanded_width(call.score_dim, call.value_dim) && latent_prefill_[narrow]) {
    const auto& law = *latent_prefill_[narrow];
    return {mla_prefill_us(law.coefficients, law.device, law.format, mla), law.origin};
  }
  return {};
}

KernelTime KernelLaws::attention_time(const AttentionCall& call, bool decode) const {
  if (!call.causal) return encoder_time(call);
  if (const KernelTime latent = latent_time(call, decode); latent.known()) return latent;
  if (!attention_ || call.shared_kv) return {};
  if (decode && attention_->can_decode()) return {attention_->decode_us(call), decode_origin_};
  if (!decode && attention_->can_prefill()) return {attention_->prefill_us(call, Precision::bf16), prefill_origin_};
  return {};
}

double KernelLaws::least_decode_us(const AttentionCall& call) const {
  const bool by_law = attention_ && attention_->can_decode() && !call.shared_kv;
  return by_law ? attention_->least_decode_us(call) : 0;
}

KernelTime KernelLaws::fastest_experts(const std::vector<ExpertLaw>& laws, const MoeShape& shape,
                                       const RoutedLoad& load) {
  KernelTime fastest;
  for (const ExpertLaw& law : laws) {
    fastest = least(fastest, {moe_time_us(law.coefficients, law.device, law.format, shape, load), law.origin});
  }
  return fastest;
}

KernelTime KernelLaws::experts_time(const MoeShape& shape, const RoutedLoad& load, Precision precision) const {
  return fastest_experts(experts_[index_of(precision)], shape, load);
}

KernelTime KernelLaws::exchanged_experts_time(const MoeShape& shape, const RoutedLoad& load,
                                              Precision precision) const {
  return fastest_experts(exchanged_[index_of(precision)], shape, load);
}

KernelTime KernelLaws::recurrent_time(const RecurrentCall& asked) const {
  constexpr double kInOtherKernel = 1e-9;
  RecurrentCall call = asked;
  const auto rule = static_cast<std::size_t>(call.rule);
  const bool decodes = call.kernel == RecurrentKernel::step || call.kernel == RecurrentKernel::convolution_step;
  const auto& fused = recurrent_[rule][static_cast<std::size_t>(RecurrentKernel::fused_step)];
  if (decodes && fused) {
    if (call.kernel == RecurrentKernel::convolution_step) return {kInOtherKernel, fused->origin};
    call.kernel = RecurrentKernel::fused_step;
  }
  const auto kernel = static_cast<std::size_t>(call.kernel);
  // Verifying drafted tokens takes a kernel that writes a state for each of them, so that a rejected draft can be
  // undone.
  const auto& several = recurrent_verify_[rule][kernel];
  const auto& law = call.query > 1 && several ? several : recurrent_[rule][kernel];
  if (!law) return {};
  return {recurrent_us(law->coefficients, law->device, call), law->origin};
}

KernelTime KernelLaws::mixing_time(const MixingCall& call) const {
  const auto& law = mixing_[call.before ? 1 : 0];
  if (!law) return {};
  return {mixing_us(law->coefficients, law->device, call), law->origin};
}

KernelTime KernelLaws::encoder_time(const AttentionCall& call) const {
  const EncoderLaw* nearest = nullptr;
  const auto away = [&](const EncoderLaw& law) { return std::abs(law.head_dim - call.score_dim); };
  for (const EncoderLaw& law : encoder_) {
    if (nearest == nullptr || away(law) < away(*nearest)) nearest = &law;
  }
  if (nearest == nullptr) return {};
  return {prefill_attention_us(nearest->coefficients, nearest->device, call, false), nearest->origin};
}

KernelTime KernelLaws::sparse_time(const SparseCall& call) const {
  const bool narrow = bytes_per_element(call.precision) < 2;
  const auto& law = sparse_[sparse_family_index(call)][call.decode ? 1 : 0][narrow ? 1 : 0];
  if (!law) return {};
  return {sparse_us(law->coefficients, law->device, call), law->origin};
}

}  // namespace stargate
