// Coefficients of the attention law by name, the names of their groups, and which group times which call.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "stargate/base/check.hpp"
#include "stargate/perf/attention_law.hpp"

namespace stargate {
namespace {

using P = PrefillCoefficients;
using D = DecodeCoefficients;

constexpr AttentionField<P> kPrefillFields[] = {
    {"launch_us", "us", "start and end of a call", &P::launch_us, 8, 1, 40},
    {"single_us", "us", "what one query token a sequence saves of it", &P::single_us, 0.5, 0, 10},
    {"math_share", "1", "share of the peak rate of the matrix units", &P::math_share, 0.6, 0.03, 1},
    {"score_cycles", "1", "lane cycles of 128 a unit that softmax adds to a pair of query and key", &P::score_cycles, 1,
     0, 60},
    {"tile_us", "us", "prologue and epilogue of a tile", &P::tile_us, 0.5, 0, 20},
    {"wave", "1", "0: tiles share out evenly; 1: in whole rounds", &P::wave, 0.5, 0, 1},
    {"memory_share", "1", "share of the memory bandwidth", &P::memory_share, 0.8, 0.3, 1},
    {"cache_gain", "1", "bandwidth of the last-level cache over that of memory", &P::cache_gain, 3, 1, 10},
    {"cache_share", "1", "share of the last-level cache that keeps what comes round", &P::cache_share, 0.7, 0.2, 1.5},
    {"query_copies", "1", "times the queries are moved besides (rotary, quantisation)", &P::query_copies, 0.5, 0, 8},
    {"kv_copies", "1", "times new keys and values are moved besides (cache update)", &P::kv_copies, 1, 0, 12},
    {"window_skip", "1", "share of the hidden keys that is not worked through", &P::window_skip, 0.9, 0, 1},
    {"query_tile", "1", "query rows of a tile", &P::query_tile, 128, 16, 1024},
    {"key_tile", "1", "keys of a step", &P::key_tile, 64, 16, 1024},
    {"packing", "1", "query heads of a key head in one tile: 0 never, 1 always, 2 for one token without a window",
     &P::packing, 0, 0, 2},
    {"beside", "1", "1: softmax beside the products of another step; 0: after them", &P::beside, 0, 0, 1},
};

constexpr AttentionField<D> kDecodeFields[] = {
    {"launch_us", "us", "start and end of a call", &D::launch_us, 8, 1, 40},
    {"regroup_us", "us", "sorting queries by key head when there are several", &D::regroup_us, 0.5, 0, 30},
    {"tile_us", "us", "prologue and epilogue of a job", &D::tile_us, 0.5, 0, 10},
    {"stream_share", "1", "rate one job streams its cache at, in equal shares of the memory bandwidth",
     &D::stream_share, 1, 0.05, 12},
    {"math_share", "1", "share of the 16-bit peak rate", &D::math_share, 0.3, 0.01, 1},
    {"merge_us", "us", "joining the parts of a split cache", &D::merge_us, 1, 0, 20},
    {"wave", "1", "0: jobs share out evenly; 1: in whole rounds", &D::wave, 0.5, 0, 1},
    {"memory_share", "1", "share of the memory bandwidth", &D::memory_share, 0.8, 0.3, 1},
    {"cache_gain", "1", "bandwidth of the last-level cache over that of memory", &D::cache_gain, 3, 1, 10},
    {"cache_share", "1", "share of the last-level cache that keeps what comes round", &D::cache_share, 0.7, 0.2, 1.5},
    {"query_copies", "1", "times the queries are moved besides (rotary, quantisation, partial results)",
     &D::query_copies, 1, 0, 20},
    {"window_skip", "1", "share of the hidden keys that is not worked through", &D::window_skip, 0.9, 0, 1},
    {"max_splits", "1", "most parts of a cache", &D::max_splits, 16, 1, 256},
    {"query_tile", "1", "query heads of a tile", &D::query_tile, 16, 1, 128},
    {"key_tile", "1", "fewest keys of a part", &D::key_tile, 64, 16, 512},
    {"resident", "1", "jobs side by side on a unit", &D::resident, 1, 1, 8},
    {"fill", "1", "jobs a unit that splitting aims at", &D::fill, 1, 1, 8},
    {"grouped", "1", "1: query heads of a key head together; 0: each on its own", &D::grouped, 1, 0, 1},
    {"splits", "1", "0: a cache is never split", &D::splits, 1, 0, 1},
    {"serial", "1", "1: tiles of one key head one after another; 0: side by side", &D::serial, 0, 0, 1},
};

/// What a file lacks keeps the usual value; a file written before a bound moved is brought inside it.
template <class Coefficients, std::size_t n>
Coefficients read_fields(const AttentionField<Coefficients> (&fields)[n], const std::map<std::string, double>& values) {
  Coefficients out;
  for (const auto& field : fields) {
    if (const auto it = values.find(field.name); it != values.end()) {
      out.*field.member = std::clamp(it->second, field.lower, field.upper);
    }
  }
  return out;
}

constexpr std::array<const char*, AttentionLaw::kVariants> kVariantNames = {"plain", "window",       "one_head",
                                                                            "wide",  "narrow_group", "unsplit"};

std::vector<std::string> cut(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == '/') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

constexpr std::array<double, AttentionLaw::kWidths> kWidthOf = {64, 128, 192, 256, 512};

/// Index of the nearest usual head width, on a log scale. The borders are the geometric means of neighbours: sqrt(64
/// 128) = 90.5 and so on.
int width_index(double head_dim) {
  return head_dim < 90 ? 0 : head_dim < 157 ? 1 : head_dim < 222 ? 2 : head_dim < 362 ? 3 : 4;
}

/// Row-major over (8-bit products, 8-bit cache, width).
std::size_t choice_index(bool narrow, bool narrow_cache, int width) {
  return static_cast<std::size_t>(((narrow ? 2 : 0) + (narrow_cache ? 1 : 0)) * AttentionLaw::kWidths + width);
}

/// Part of AttentionGroupName::distance.
double width_distance(double head_dim, double wanted) {
  return std::min(3 * std::abs(std::log2(head_dim / wanted)), 30.0);
}

/// A group's name with what its distances are made of, each worked out once.
struct PreparedName {
  AttentionGroupName name;
  int kernel = 0;  ///< among all kernels, by name
  std::array<double, AttentionLaw::kWidths> width_distance{};

  /// AttentionGroupName::distance from a wanted precision, kernel, variant and usual width.
  double distance(bool narrow, bool narrow_cache, int wanted_kernel, AttentionVariant variant,
                  std::size_t width) const {
    double out = (narrow != name.narrow ? 200 : 0) + (narrow_cache != name.narrow_cache ? 100 : 0);
    if (kernel != wanted_kernel) out += 12;
    if (variant != name.variant) out += name.variant == AttentionVariant::plain ? 4 : 10;
    return out + width_distance[width];
  }
};

/// `kernels`: filled with their names, sorted.
std::vector<PreparedName> prepare_names(std::span<const CalibratedGroup> groups, std::vector<std::string>& kernels) {
  std::vector<PreparedName> names;
  names.reserve(groups.size());
  for (const CalibratedGroup& group : groups) {
    PreparedName& prepared = names.emplace_back(PreparedName{parse_attention_group(group.precision)});
    kernels.push_back(prepared.name.kernel);
    for (std::size_t w = 0; w < kWidthOf.size(); ++w) {
      prepared.width_distance[w] = width_distance(prepared.name.head_dim, kWidthOf[w]);
    }
  }
  std::sort(kernels.begin(), kernels.end());
  kernels.erase(std::unique(kernels.begin(), kernels.end()), kernels.end());
  for (PreparedName& prepared : names) {
    const auto at = std::lower_bound(kernels.begin(), kernels.end(), prepared.name.kernel);
    prepared.kernel = static_cast<int>(at - kernels.begin());
  }
  return names;
}

DecodeCoefficients read_coefficients(const CalibratedGroup& group, const DecodeCoefficients*) {
  return read_decode_coefficients(group.coefficients);
}
PrefillCoefficients read_coefficients(const CalibratedGroup& group, const PrefillCoefficients*) {
  return read_prefill_coefficients(group.coefficients);
}

}  // namespace

std::span<const AttentionField<PrefillCoefficients>> prefill_fields() { return kPrefillFields; }
std::span<const AttentionField<DecodeCoefficients>> decode_fields() { return kDecodeFields; }

PrefillCoefficients read_prefill_coefficients(const std::map<std::string, double>& values) {
  return read_fields(kPrefillFields, values);
}
DecodeCoefficients read_decode_coefficients(const std::map<std::string, double>& values) {
  return read_fields(kDecodeFields, values);
}

const char* attention_variant_name(AttentionVariant variant) {
  return kVariantNames[static_cast<std::size_t>(variant)];
}

std::string AttentionGroupName::text() const {
  std::string out = narrow ? "fp8" : "bf16";
  // The cache is named only where it differs from the products: "fp8" alone has both in 8 bits.
  if (narrow != narrow_cache) out += narrow_cache ? "_kv_fp8" : "_kv_bf16";
  out += "/" + kernel + "/" + std::to_string(static_cast<int>(head_dim));
  if (variant != AttentionVariant::plain) out += std::string("/") + attention_variant_name(variant);
  return out;
}

/// Width counts 3 for each doubling, 30 at most, so that no width outweighs a wrong precision (100 or 200).
double AttentionGroupName::distance(const AttentionGroupName& wanted) const {
  double out = (narrow != wanted.narrow ? 200 : 0) + (narrow_cache != wanted.narrow_cache ? 100 : 0);
  if (kernel != wanted.kernel) out += 12;
  if (variant != wanted.variant) out += variant == AttentionVariant::plain ? 4 : 10;
  return out + width_distance(head_dim, wanted.head_dim);
}

AttentionGroupName parse_attention_group(const std::string& text) {
  const auto parts = cut(text);
  AttentionGroupName name;
  name.narrow = parts[0].starts_with("fp8");
  name.narrow_cache = parts[0] == "fp8" || parts[0].ends_with("_kv_fp8");
  if (parts.size() > 1) name.kernel = parts[1];
  if (parts.size() > 2) name.head_dim = std::max(1.0, std::strtod(parts[2].c_str(), nullptr));
  if (parts.size() > 3) {
    const auto at = std::find(kVariantNames.begin(), kVariantNames.end(), parts[3]);
    if (at != kVariantNames.end()) name.variant = static_cast<AttentionVariant>(at - kVariantNames.begin());
  }
  return name;
}

AttentionKernel attention_kernel(const std::string& name) {
  if (name == "fa2") return AttentionKernel::fa2;
  if (name == "flashinfer") return AttentionKernel::flashinfer;
  return name == "trtllm" ? AttentionKernel::trtllm : AttentionKernel::other;
}

AttentionVariant prefill_variant(const AttentionCall& call) {
  if (call.window > 0) return AttentionVariant::window;
  return call.heads <= call.kv_heads ? AttentionVariant::one_head : AttentionVariant::plain;
}

AttentionVariant decode_variant(AttentionKernel kernel, const AttentionCall& call) {
  // Query heads a key head serves: kernels for decoding put them into the rows of one tile, and differ in how many they
  // take.
  const double together = call.heads / call.kv_heads;
  const bool window = call.window > 0;
  switch (kernel) {
    case AttentionKernel::trtllm:  // XQA has tiles of 8 to 32 heads; masked multi-head attention takes the rest
      if (together <= 1 || together > 32) return AttentionVariant::one_head;
      if (!window && together > 8) return AttentionVariant::wide;
      break;
    case AttentionKernel::fa2:  // swaps query heads and tokens, which splitting needs, only without a window
      return window || together <= 1 ? AttentionVariant::unsplit : AttentionVariant::plain;
    case AttentionKernel::flashinfer:  // matrix units from four heads on, or to widen an 8-bit cache
      if (together < 4 && bytes_per_element(call.kv_precision) > 1) return AttentionVariant::narrow_group;
      break;
    case AttentionKernel::other:
      break;
  }
  return window ? AttentionVariant::window : AttentionVariant::plain;
}

/// Made once, so that timing a call is two look-ups: for each pair of precisions and head width the kernel with the
/// nearest group, most rows first; then for each variant of that kernel the nearest group of all.
template <class Coefficients>
void AttentionLaw::prepare(Side<Coefficients>& side, std::span<const CalibratedGroup> groups) {
  for (const CalibratedGroup& group : groups) {
    side.coefficients.push_back(read_coefficients(group, static_cast<const Coefficients*>(nullptr)));
  }
  if (groups.empty()) return;
  std::vector<std::string> kernels;
  const std::vector<PreparedName> names = prepare_names(groups, kernels);
  struct Nearest {
    double distance = 1e9;
    int rows = 0;  ///< to settle ties
  };
  std::vector<Nearest> of_kernel;
  for (std::size_t at = 0; at < side.choices.size(); ++at) {
    const bool narrow = at >= 2 * kWidths, narrow_cache = at / kWidths % 2 == 1;
    const std::size_t width = at % kWidths;
    of_kernel.assign(kernels.size(), {});
    for (std::size_t i = 0; i < names.size(); ++i) {
      Nearest& nearest = of_kernel[static_cast<std::size_t>(names[i].kernel)];
      const double d = names[i].distance(narrow, narrow_cache, names[i].kernel, names[i].name.variant, width);
      if (d < nearest.distance) nearest = {d, 0};
      if (d == nearest.distance) nearest.rows += groups[i].used.rows;
    }
    const auto better = [](const Nearest& a, const Nearest& b) {
      return a.distance != b.distance ? a.distance < b.distance : a.rows > b.rows;
    };
    const auto kernel = std::min_element(of_kernel.begin(), of_kernel.end(), better) - of_kernel.begin();
    Choice& choice = side.choices[at];
    choice.kernel = attention_kernel(kernels[static_cast<std::size_t>(kernel)]);
    for (int v = 0; v < kVariants; ++v) {
      const auto variant = static_cast<AttentionVariant>(v);
      double least = 1e9;
      for (std::size_t i = 0; i < names.size(); ++i) {
        const double d = names[i].distance(narrow, narrow_cache, static_cast<int>(kernel), variant, width);
        if (d >= least) continue;
        least = d, choice.index[static_cast<std::size_t>(v)] = static_cast<int>(i);
      }
    }
  }
}

AttentionLaw::AttentionLaw(const Accelerator& accelerator, std::span<const CalibratedGroup> prefill,
                           std::span<const CalibratedGroup> decode)
    : device_(attention_device(accelerator)) {
  prepare(prefill_, prefill);
  prepare(decode_, decode);
}

/// The variant follows from the call alone, and the width from that of the scores: two look-ups and one evaluation.
double AttentionLaw::prefill_us(const AttentionCall& call, Precision precision) const {
  STARGATE_CHECK(can_prefill(), "prefill needs a calibrated group");
  const bool narrow = bytes_per_element(precision) <= 1, narrow_cache = bytes_per_element(call.kv_precision) <= 1;
  const Choice& choice = prefill_.choices[choice_index(narrow, narrow_cache, width_index(call.score_dim))];
  const int index = choice.index[static_cast<std::size_t>(prefill_variant(call))];
  return prefill_attention_us(prefill_.coefficients[static_cast<std::size_t>(index)], device_, call, narrow);
}

const DecodeCoefficients& AttentionLaw::decode_coefficients(const AttentionCall& call) const {
  STARGATE_CHECK(can_decode(), "decode needs a calibrated group");
  const bool narrow_cache = bytes_per_element(call.kv_precision) <= 1;
  const Choice& choice = decode_.choices[choice_index(false, narrow_cache, width_index(call.score_dim))];
  const int index = choice.index[static_cast<std::size_t>(decode_variant(choice.kernel, call))];
  return decode_.coefficients[static_cast<std::size_t>(index)];
}

double AttentionLaw::decode_us(const AttentionCall& call) const {
  return decode_attention_us(decode_coefficients(call), device_, call);
}

double AttentionLaw::least_decode_us(const AttentionCall& call) const {
  return least_decode_attention_us(decode_coefficients(call), device_, call);
}

}  // namespace stargate
