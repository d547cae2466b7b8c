// The constructor turns records into laws; evaluation is a few multiplications for each law that has a say.
#include "stargate/perf/device_law.hpp"

#include <algorithm>
#include <set>

#include "stargate/perf/dominance.hpp"
#include "stargate/perf/fastest_prefill.hpp"
#include "stargate/perf/law_shelf.hpp"
#include "stargate/perf/typical.hpp"

namespace stargate {
namespace {

/// Energy of attention's operations over those of products: between them the matrix units wait for exponentials. At
/// half of the peak in use, H200 draws 0.7 of its limit where products draw all of it; B200 stands between 0.9 and 1
/// (AIConfigurator's tables of prefill attention with power).
constexpr double kAttentionDraw = 0.7;

/// Of the matrix units' peak that large products reach: 0.73 to 0.87 on A100 to B200 (ml-engineering).
constexpr double kBestOfPeak = 0.8;

/// The accelerator's architecture record; the usual chip where it names none.
const KernelShares& family_of(const Catalogue& catalogue, const Accelerator& accelerator) {
  static const KernelShares usual;
  const Architecture* found = find_architecture(catalogue, accelerator);
  return found != nullptr ? *found : usual;
}

/// Wider formats of weights that an engine may fall back to, the nearest first; bf16 last.
std::span<const Precision> wider_formats(Precision precision) {
  static constexpr std::array kOfFour = {Precision::fp8, Precision::bf16};
  static constexpr std::array kOfEight = {Precision::bf16};
  if (precision == Precision::fp4 || precision == Precision::int4) return kOfFour;
  if (precision == Precision::fp8 || precision == Precision::int8) return kOfEight;
  return {};
}

constexpr double kMostDecoded = 8;  // new tokens behind a cache that are decoding (speculation drafts a few)

bool is_decode(const AttentionCall& call) { return call.query <= kMostDecoded && call.context > call.query; }

/// Latent caches are read from memory; of others the last-level cache may hold a part.
bool is_read_cold(const AttentionCall& call) { return call.shared_kv && is_decode(call) && call.window <= 0; }

constexpr double kRounding = 1 - 1e-9;  // of a lower bound

/// Bytes of weights that a rank's tokens reach, which come from memory: no format has narrower ones than its precision.
Bytes reached_weights(const MoeShape& shape, const RoutedLoad& load, Precision precision) {
  const double weights = load.reached * (shape.gated ? 3 : 2) * shape.inter * shape.hidden;
  return Bytes::from_base(kRounding * weights * bytes_per_element(precision));
}

/// In the order of KernelGroups' members; the names are those of calibration files.
template <class Groups>
KernelGroups all_laws(const Groups& groups) {
  return {groups("gemm"),       groups("prefill_attention"), groups("decode_attention"), groups("mla_prefill"),
          groups("mla_decode"), groups("moe"),               groups("recurrent"),        groups("sparse_attention"),
          groups("hyper_connection"), groups("encoder_attention"), groups("moe_exchange")};
}

}  // namespace

DeviceLaw::DeviceLaw(const Accelerator& accelerator, const KernelShares& family)
    : literature_(accelerator, family),
      power_(make_power_law(accelerator, family, accelerator)),
      bandwidth_(accelerator.memory_bandwidth) {
  for (const auto& [precision, rate] : accelerator.peak) has_rate_[static_cast<std::size_t>(precision)] = true;
}

DeviceLaw::DeviceLaw(const Accelerator& accelerator, const Catalogue& catalogue, const KernelChoice& kernels, Alone)
    : DeviceLaw(accelerator, family_of(catalogue, accelerator)) {
  if (const Accelerator* listed = find_listed(catalogue, accelerator.id)) {
    power_ = make_power_law(accelerator, family_of(catalogue, accelerator), *listed);
  }
  const auto query = [&](const char* law) { return LawQuery{law, kernels.engine, {}, {}}; };
  const auto choose = [&](const LawQuery& asked) {
    const bool fastest = kernels.fastest_prefill && asked.law == "prefill_attention";
    return fastest ? fastest_prefill_groups(catalogue, accelerator, asked)
                   : choose_groups(catalogue, accelerator, asked);
  };
  own_ = KernelLaws(accelerator, catalogue, kernels, all_laws([&](const char* law) { return choose(query(law)); }));
  basis_ = own_.basis();
  confidence_ = catalogue.confidence;
  if (is_known_from_whole_runs(catalogue, accelerator)) return;
  for (const LendingArchitecture& lender : lending_architectures(catalogue, accelerator)) {
    const auto groups = [&](const char* law) {
      LawQuery of_lender = query(law);
      of_lender.architecture = lender.id;
      return choose(of_lender);
    };
    lenders_.push_back({KernelLaws(accelerator, catalogue, kernels, all_laws(groups)), lender.weight});
  }
  note_typical();
}

std::shared_ptr<const DeviceLaw> DeviceLaw::make_alone(const Accelerator& accelerator, const Catalogue& catalogue,
                                                       const KernelChoice& kernels, LawShelf& shelf) {
  const auto make = [&] {
    return std::shared_ptr<const DeviceLaw>(new DeviceLaw(accelerator, catalogue, kernels, Alone::yes));
  };
  return is_as_listed(catalogue, accelerator) ? shelf.take(accelerator.id, kernels, make) : make();
}

DeviceLaw::DeviceLaw(const Accelerator& accelerator, const Catalogue& catalogue, const KernelChoice& kernels)
    : DeviceLaw(accelerator, catalogue, kernels, *LawShelf::of(catalogue)) {}

DeviceLaw::DeviceLaw(const Accelerator& accelerator, const Catalogue& catalogue, const KernelChoice& kernels,
                     LawShelf& shelf)
    : DeviceLaw(*make_alone(accelerator, catalogue, kernels, shelf)) {
  for (const Accelerator* other : no_better_devices(catalogue, accelerator)) {
    // Alone: without looking at other devices in turn, or two chips that are equal on paper would ask each other for
    // ever.
    NoBetter entry{make_alone(*other, catalogue, kernels, shelf), {}};
    for (int i = 0; i < kPrecisionCount; ++i) {
      // A format that the other lacks it multiplies in another, which says nothing of this chip's units.
      const auto precision = static_cast<Precision>(i);
      const bool alike = other->peak.contains(precision) || !accelerator.peak.contains(precision);
      entry.in[static_cast<std::size_t>(i)] = alike && is_no_worse(accelerator, *other, precision);
    }
    no_better_.push_back(std::move(entry));
  }
}

namespace {

/// Whether a device has a law of its own for what the lender's part is of: the same format, or another one in each
/// precision that the part's format serves (nvfp4 where the lender has mxfp4).
bool knows_itself(const std::vector<LawBasis>& own, const LawBasis& part) {
  const auto has = [&](const auto& alike) {
    return std::any_of(own.begin(), own.end(), [&](const LawBasis& b) { return b.law == part.law && alike(b); });
  };
  if (has([&](const LawBasis& b) { return b.precision == part.precision; })) return true;
  for (int i = 0; i < kPrecisionCount; ++i) {
    const std::array served{static_cast<Precision>(i)};
    if (!is_used(part.precision, served)) continue;
    if (!has([&](const LawBasis& b) { return is_used(b.precision, served); })) return false;
  }
  return true;
}

}  // namespace

/// Laws that the device has of nobody near rest on all lenders: one entry each, with the number of them as lender.
void DeviceLaw::note_typical() {
  std::map<std::pair<std::string, std::string>, LawBasis> typical;
  std::map<std::pair<std::string, std::string>, int> families;
  for (const Lender& lender : lenders_) {
    std::set<std::pair<std::string, std::string>> lent;  // a law has several groups of one format
    for (const LawBasis& part : lender.laws.basis()) {
      const std::pair key(part.law, part.precision);
      if (knows_itself(own_.basis(), part)) continue;
      LawBasis& basis = typical.try_emplace(key, LawBasis{part.law, part.precision, LawOrigin::typical, {}, -1, 0})
                            .first->second;
      basis.rows += part.rows;
      if (lent.insert(key).second) ++families[key];
    }
  }
  for (auto& [key, basis] : typical) {
    basis.lender = std::to_string(families[key]) + " measured families";
    basis_.push_back(basis);
  }
}

/// Lenders that have no law for it have no vote. A quantile of times, not of coefficients: those of different kernels
/// do not mean the same.
template <class TimeOf>
KernelTime DeviceLaw::typical_time(const TimeOf& time_of) const {
  WeighedTimes times;
  for (const Lender& lender : lenders_) {
    if (const KernelTime time = time_of(lender.laws); time.known()) times.add(time.us, lender.weight);
  }
  return {times.quantile(time_quantile(confidence_)), LawOrigin::typical};
}

OperatorTime DeviceLaw::stretched(OperatorTime time) const {
  const double factor = stretch_of(time.origin);
  return {factor * time.launch, factor * time.compute, factor * time.memory, time.origin};
}

void DeviceLaw::set_activity(double activity) {
  if (activity == activity_) return;
  activity_ = activity;
  for (NoBetter& other : no_better_) {
    auto sustained = std::make_shared<DeviceLaw>(*other.law);  // other copies of this law share the first
    sustained->activity_ = activity;
    other.law = std::move(sustained);
  }
}

bool DeviceLaw::measured(Precision precision) const {
  return own_.has_gemm(precision) || std::any_of(lenders_.begin(), lenders_.end(), [&](const Lender& lender) {
           return lender.laws.has_gemm(precision);
         });
}

bool DeviceLaw::casts(Precision precision) const {
  if (own_.has_gemm(precision)) return own_.casts(precision);
  return std::any_of(lenders_.begin(), lenders_.end(), [&](const Lender& l) { return l.laws.casts(precision); });
}

/// What the power limit makes of a time.
double DeviceLaw::slowdown(Duration time, const Work& work) const {
  // Uses are over the burst's time: a kernel that is waiting for memory keeps its matrix units half idle and draws
  // less.
  const double use = activity_ * work.draw * (work.flops / (peak(work.precision) * time));
  return power_.slowdown(use, work.bytes / (bandwidth_ * time));
}

/// Of a measured kernel, which was timed in a burst.
Duration DeviceLaw::sustain(Duration burst, const Work& work) const {
  return activity_ > 0 && burst > Duration{} ? burst * slowdown(burst, work) : burst;
}

/// By the data sheet and the literature, whose rates hold under the listed limit.
OperatorTime DeviceLaw::sustain(OperatorTime listed, const Work& work) const {
  if (!(activity_ > 0) || power_.limit >= power_.listed_limit || !(listed.total() > Duration{})) return listed;
  listed.compute = listed.compute * slowdown(listed.total(), work);
  return listed;
}

/// A total as its parts, for reports of what bounds it: the larger of what arithmetic and traffic would take alone is
/// given all that is left after the launch.
OperatorTime DeviceLaw::parts_of(const KernelTime& burst, Duration least_launch, const Work& work) const {
  const Duration time = burst.us * microsecond, launch = min(time, least_launch);
  const Duration rest = max(Duration{}, sustain(time, work) - launch);
  const Duration compute = work.flops / peak(work.precision), memory = work.bytes / bandwidth_;
  if (memory > compute) return {launch, min(compute, rest), rest, burst.origin};
  return {launch, rest, min(memory, rest), burst.origin};
}

KernelTime DeviceLaw::gemm_kernel(Precision precision, const GemmShape& s) const {
  if (own_.has_gemm(precision)) return own_.gemm_time(precision, s);
  return typical_time([&](const KernelLaws& laws) { return laws.gemm_time(precision, s); });
}

/// Of a measured kernel in this format, or in a wider one where that is faster, as an engine would choose; by the
/// literature where nobody measured any.
OperatorTime DeviceLaw::gemm_parts_alone(Precision precision, const GemmShape& s) const {
  const Flops flops = Flops::from_base(2 * s.m * s.n * s.k * s.groups);
  const Work work{flops, Bytes::from_base(gemm_bytes(precision, s)), precision};
  KernelTime kernel = gemm_kernel(precision, s);
  if (!kernel.known()) return sustain(literature_.gemm_parts(precision, s), work);
  for (const Precision wider : wider_formats(precision)) {
    if (!has_rate_[static_cast<std::size_t>(wider)]) continue;
    // No law is below what matrix units and memory take at the least.
    const Bytes weights = Bytes::from_base(s.n * s.k * s.groups * bytes_per_element(wider));
    if (max(flops / peak(wider), weights / bandwidth_).in(microsecond) >= kernel.us) continue;
    if (least_gemm_us_in(wider, s) >= kernel.us) continue;
    kernel = least(kernel, gemm_kernel(wider, s));
  }
  return parts_of(kernel, std::max(own_.gemm_launch_us(precision), 0.0) * microsecond, work);
}

namespace {

struct NoBound {
  double operator()(const auto&) const { return 0; }
};

/// The lesser of a time and that on devices no better, each asked only where its bare rates, and the bound in
/// microseconds that its law has, leave a chance.
template <class Entries, class TimeOf, class BoundOf = NoBound>
OperatorTime least_of(OperatorTime own, const Entries& no_better, Precision precision, Flops flops, Bytes least,
                      const TimeOf& time_of, const BoundOf& bound_of = {}) {
  // Dominance: what runs on a chip that is no better in any figure runs here at least as fast, since the same kernel
  // could be called. It keeps a better data sheet from ever giving a slower prediction.
  for (const auto& other : no_better) {
    if (!other.in[static_cast<std::size_t>(precision)]) continue;
    const Duration bare = max(flops / other.law->peak(precision), least / other.law->stream_bandwidth());
    if (bare * 0.8 >= own.total()) continue;  // the stream's share of the bandwidth is above that
    if (bound_of(*other.law) >= own.total().in(microsecond)) continue;
    OperatorTime theirs = time_of(*other.law);
    theirs.origin = std::max(theirs.origin, LawOrigin::carried_over);
    if (theirs.total() < own.total()) own = theirs;
  }
  return own;
}

}  // namespace

/// A quantile of the lenders' times is no less than the least of their bounds.
double DeviceLaw::least_gemm_us_in(Precision precision, const GemmShape& s) const {
  if (own_.has_gemm(precision)) return own_.least_gemm_us(precision, s);
  double least = 0;
  for (const Lender& lender : lenders_) {
    if (!lender.laws.has_gemm(precision)) continue;
    const double us = lender.laws.least_gemm_us(precision, s);
    least = least > 0 ? std::min(least, us) : us;
  }
  return least;
}

double DeviceLaw::least_gemm_us(Precision precision, const GemmShape& s) const {
  double least = least_gemm_us_in(precision, s);
  for (const Precision wider : wider_formats(precision)) {
    if (!has_rate_[static_cast<std::size_t>(wider)]) continue;
    if (const double us = least_gemm_us_in(wider, s); us > 0) least = std::min(least, us);
  }
  return least;
}

/// Where its own decode law is asked, which has a mask; an 8-bit cache may be read as a wider one.
double DeviceLaw::least_attention_us(const AttentionCall& call) const {
  if (!is_decode(call) || !call.causal || bytes_per_element(call.kv_precision) < 2) return 0;
  return own_.least_decode_us(call);
}

OperatorTime DeviceLaw::gemm_parts(Precision precision, const GemmShape& s) const {
  OperatorTime least = gemm_parts_alone(precision, s);
  if (no_better_.empty()) return stretched(least);
  const auto bound = [&](Precision p, const OperatorTime& own) {
    return least_of(own, no_better_, p, Flops::from_base(2 * s.m * s.n * s.k * s.groups),
                    Bytes::from_base(s.n * s.k * s.groups * bytes_per_element(p)),
                    [&](const DeviceLaw& law) { return law.gemm_parts_alone(p, s); },
                    [&](const DeviceLaw& law) { return law.least_gemm_us(p, s); });
  };
  least = bound(precision, least);
  for (const Precision wider : wider_formats(precision)) {
    if (has_rate_[static_cast<std::size_t>(wider)]) least = bound(wider, least);
  }
  return stretched(least);
}

KernelTime DeviceLaw::attention_kernel(const AttentionCall& call) const {
  const bool decode = is_decode(call);
  if (const KernelTime own = own_.attention_time(call, decode); own.known()) return own;
  return typical_time([&](const KernelLaws& laws) { return laws.attention_time(call, decode); });
}

OperatorTime DeviceLaw::attention_parts_alone(const AttentionCall& call) const {
  const Work work{Flops::from_base(call.flops()), Bytes::from_base(attention_bytes(call)), Precision::bf16,
                  kAttentionDraw};
  KernelTime kernel = attention_kernel(call);
  if (!kernel.known()) return sustain(literature_.attention_parts(call), work);
  if (bytes_per_element(call.kv_precision) < 2) {
    AttentionCall wide = call;
    wide.kv_precision = Precision::bf16;
    // An 8-bit cache read as 16 bits takes twice the traffic: only where even that could be faster is the wide kernel
    // asked.
    const Duration bare = Bytes::from_base(is_decode(call) ? wide.cache_bytes() : 0) / bandwidth_;
    // What the last-level cache holds comes several times as fast.
    const double most_faster = is_read_cold(call) ? 1 : 4;
    if (bare.in(microsecond) * kRounding < most_faster * kernel.us) kernel = least(kernel, attention_kernel(wide));
  }
  return parts_of(kernel, literature_.launch(), work);
}

OperatorTime DeviceLaw::attention_parts(const AttentionCall& call) const { return stretched(attention_bounded(call)); }

OperatorTime DeviceLaw::attention_bounded(const AttentionCall& call) const {
  OperatorTime least = attention_parts_alone(call);
  if (no_better_.empty()) return least;
  const auto bound = [&](const AttentionCall& c, Precision p) {
    return least_of(least, no_better_, p, Flops::from_base(c.flops()),
                    is_read_cold(c) ? Bytes::from_base(c.cache_bytes()) : Bytes{},
                    [&](const DeviceLaw& law) { return law.attention_parts_alone(c); },
                    [&](const DeviceLaw& law) { return law.least_attention_us(c); });
  };
  if (bytes_per_element(call.kv_precision) < 2) {  // may multiply in 8 bits
    least = bound(call, Precision::fp8);
    AttentionCall wide = call;
    wide.kv_precision = Precision::bf16;
    return bound(wide, Precision::bf16);
  }
  return bound(call, Precision::bf16);
}

/// Forward has two products (scores, values); backward recomputes the scores and has four of gradients: 5/2 of the
/// flops (Dao, FlashAttention-2), over the same exponentials. What the forward pass takes beyond its products at the
/// best rate of matrix units is taken to be those, once more.
Duration DeviceLaw::backward_attention_time(const AttentionCall& call, double slower) const {
  const OperatorTime time = attention_parts(call);
  const Duration work = time.total() - time.launch;
  const Duration products = min(work, Flops::from_base(call.flops()) / (kBestOfPeak * peak(Precision::bf16)));
  return time.launch + products * (2.5 * slower) + (work - products);
}

OperatorTime DeviceLaw::recurrent_parts_alone(const RecurrentCall& call) const {
  const Work work{Flops::from_base(call.flops()), Bytes::from_base(call.bytes()), Precision::bf16};
  KernelTime kernel = own_.recurrent_time(call);
  if (!kernel.known()) kernel = typical_time([&](const KernelLaws& laws) { return laws.recurrent_time(call); });
  if (!kernel.known()) return sustain(literature_.core_parts(work.flops, work.bytes), work);
  return parts_of(kernel, literature_.launch(), work);
}

OperatorTime DeviceLaw::recurrent_parts(const RecurrentCall& call) const {
  return stretched(least_of(recurrent_parts_alone(call), no_better_, Precision::bf16, Flops::from_base(call.flops()),
                            Bytes{}, [&](const DeviceLaw& law) { return law.recurrent_parts_alone(call); }));
}

/// Launches inside a captured graph are no lone ones.
OperatorTime DeviceLaw::sparse_parts_alone(const SparseCall& call) const {
  const Work work{Flops::from_base(call.flops()),
                  Bytes::from_base(call.index_key_bytes() + call.gathered_bytes() + call.head_bytes()), Precision::bf16,
                  kAttentionDraw};
  KernelTime kernel = own_.sparse_time(call);
  if (!kernel.known()) kernel = typical_time([&](const KernelLaws& laws) { return laws.sparse_time(call); });
  if (!kernel.known()) return sustain(literature_.core_parts(work.flops, work.bytes), work);
  return parts_of(kernel, {}, work);
}

OperatorTime DeviceLaw::sparse_parts(const SparseCall& call) const {
  const bool narrow = bytes_per_element(call.precision) < 2;
  return stretched(least_of(sparse_parts_alone(call), no_better_, narrow ? Precision::fp8 : Precision::bf16,
                            Flops::from_base(call.flops()), Bytes{},
                            [&](const DeviceLaw& law) { return law.sparse_parts_alone(call); }));
}

OperatorTime DeviceLaw::mixing_parts_alone(const MixingCall& call) const {
  const Work work{Flops::from_base(call.flops()), Bytes::from_base(call.bytes()), Precision::bf16};
  KernelTime kernel = own_.mixing_time(call);
  if (!kernel.known()) kernel = typical_time([&](const KernelLaws& laws) { return laws.mixing_time(call); });
  if (!kernel.known()) return {literature_.launch(), {}, work.bytes / literature_.stream_bandwidth()};
  return parts_of(kernel, literature_.launch(), work);
}

OperatorTime DeviceLaw::mixing_parts(const MixingCall& call) const {
  return stretched(least_of(mixing_parts_alone(call), no_better_, Precision::bf16, Flops{},
                            Bytes::from_base(call.bytes()),
                            [&](const DeviceLaw& law) { return law.mixing_parts_alone(call); }));
}

bool DeviceLaw::knows_experts(Precision precision) const {
  return own_.has_experts(precision) || std::any_of(lenders_.begin(), lenders_.end(), [&](const Lender& lender) {
           return lender.laws.has_experts(precision);
         });
}

KernelTime DeviceLaw::experts_alone(const MoeShape& shape, const RoutedLoad& load, Precision precision) const {
  const auto in = [&](Precision p) {
    if (own_.has_experts(p)) return own_.experts_time(shape, load, p);
    return typical_time([&](const KernelLaws& laws) { return laws.experts_time(shape, load, p); });
  };
  KernelTime kernel = in(precision);
  // Kernels of a wider format are asked only where reading their weights leaves a chance.
  for (const Precision wider : wider_formats(precision)) {
    if (!knows_experts(wider)) continue;
    if (kernel.known() && (reached_weights(shape, load, wider) / bandwidth_).in(microsecond) >= kernel.us) continue;
    kernel = least(kernel, in(wider));
  }
  return kernel;
}

KernelTime DeviceLaw::experts_kernel(const ExpertCall& call, Precision precision) const {
  const MoeShape shape{call.hidden, call.width, call.experts, call.top_k, call.ranks, call.gated};
  const RoutedLoad load = routed_load(shape, call.tokens, call.skew);  // dear, and the same for all laws
  KernelTime kernel = experts_alone(shape, load, precision);
  const auto bound = [&](Precision p) {
    const Bytes least_read = reached_weights(shape, load, p);
    for (const NoBetter& other : no_better_) {
      if (!other.in[static_cast<std::size_t>(p)] || !other.law->knows_experts(p)) continue;
      if (kernel.known() && (least_read / other.law->bandwidth_).in(microsecond) >= kernel.us) continue;
      KernelTime theirs = other.law->experts_alone(shape, load, p);
      theirs.origin = std::max(theirs.origin, LawOrigin::carried_over);
      kernel = least(kernel, theirs);
    }
  };
  bound(precision);
  for (const Precision wider : wider_formats(precision)) bound(wider);
  return kernel;
}

/// A chip whose experts were measured has such a kernel only where that was measured too.
KernelTime DeviceLaw::exchanged_alone(const MoeShape& shape, const RoutedLoad& load, Precision precision) const {
  if (own_.has_exchanged_experts(precision)) return own_.exchanged_experts_time(shape, load, precision);
  if (own_.has_experts(precision)) return {};
  return typical_time([&](const KernelLaws& laws) { return laws.exchanged_experts_time(shape, load, precision); });
}

std::optional<Duration> DeviceLaw::exchanged_experts_time(const ExpertCall& call, Precision precision) const {
  const auto knows = [&](const KernelLaws& laws) { return laws.has_exchanged_experts(precision); };
  const auto any = [&](const DeviceLaw& law) {
    return knows(law.own_) || std::any_of(law.lenders_.begin(), law.lenders_.end(),
                                          [&](const Lender& lender) { return knows(lender.laws); });
  };
  const auto serves = [&](const NoBetter& other) {
    return other.in[static_cast<std::size_t>(precision)] && any(*other.law);
  };
  if (!any(*this) && std::none_of(no_better_.begin(), no_better_.end(), serves)) return {};
  const MoeShape shape{call.hidden, call.width, call.experts, call.top_k, call.ranks, call.gated};
  const RoutedLoad load = routed_load(shape, call.tokens, call.skew);
  KernelTime kernel = exchanged_alone(shape, load, precision);
  for (const NoBetter& other : no_better_) {
    if (!serves(other)) continue;
    KernelTime theirs = other.law->exchanged_alone(shape, load, precision);
    theirs.origin = std::max(theirs.origin, LawOrigin::carried_over);
    kernel = least(kernel, theirs);
  }
  if (!kernel.known()) return {};
  const double flops = 2 * load.rows * (call.gated ? 3 : 2) * call.width * call.hidden;
  const Work work{Flops::from_base(flops), reached_weights(shape, load, precision), precision};
  return stretched(parts_of(kernel, literature_.launch(), work)).total();
}

OperatorTime DeviceLaw::operator_parts(const Operator& op) const {
  const GemmShape shape{op.m, op.n, op.k, op.groups};
  const auto work = [&] { return Work{op.flops(), Bytes::from_base(gemm_bytes(op.precision, shape)), op.precision}; };
  if (op.experts.tokens > 0 && knows_experts(op.precision)) {
    // The law of experts times permutation, both products and activation as one kernel. The walk counts them as
    // operators of their own, so each takes its share of that time: the products as their flops are, the traffic none.
    if (op.experts.share <= 0) return {};  // traffic inside the fused kernel
    KernelTime kernel = experts_kernel(op.experts, op.precision);
    kernel.us *= op.experts.share;
    return stretched(parts_of(kernel, literature_.launch(), work()));
  }
  switch (op.kind) {
    case OperatorKind::gemm:
      if (op.experts.tokens > 0 && !own_.has_gemm(op.precision)) {
        return stretched(sustain(literature_.expert_parts(op.precision, shape), work()));
      }
      return gemm_parts(op.precision, shape);
    case OperatorKind::attention:
      return attention_parts(op.attention);
    case OperatorKind::sparse:
      return sparse_parts(op.sparse);
    case OperatorKind::recurrent:
      return recurrent_parts(op.recurrent);
    case OperatorKind::mixing:
      return mixing_parts(op.mixing);
    case OperatorKind::element_wise:
      return stretched({literature_.launch(), {}, op.traffic / literature_.stream_bandwidth()});
  }
  return {};
}

/// Element-wise work reads and writes twice as much backward.
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
    case OperatorKind::mixing:  // gradients of the streams and of what was mixed
      return operator_time(op) * 2.0;
    case OperatorKind::element_wise:
      return stream_time(op.traffic * 2);
  }
  return {};
}

/// Use of the units, times what its operations draw, and of the bandwidth, over the operator's own time.
Energy DeviceLaw::operator_energy(const Operator& op) const {
  const Duration time = operator_time(op);
  if (!(time > Duration{})) return {};
  const Bytes bytes = op.kind == OperatorKind::gemm
                          ? Bytes::from_base(gemm_bytes(op.precision, {op.m, op.n, op.k, op.groups}))
                      : op.kind == OperatorKind::attention ? Bytes::from_base(attention_bytes(op.attention))
                      : op.kind == OperatorKind::recurrent ? Bytes::from_base(op.recurrent.bytes())
                      : op.kind == OperatorKind::mixing ? Bytes::from_base(op.mixing.bytes())
                      : op.kind == OperatorKind::sparse
                          ? Bytes::from_base(op.sparse.index_key_bytes() + op.sparse.gathered_bytes())
                          : op.traffic;
  const auto precision = op.kind == OperatorKind::gemm ? op.precision : Precision::bf16;
  const double activity = (activity_ > 0 ? activity_ : 1) * (op.kind == OperatorKind::attention ? kAttentionDraw : 1);
  return power_.power(activity * (op.flops() / (peak(precision) * time)), bytes / (bandwidth_ * time)) * time;
}

}  // namespace stargate
