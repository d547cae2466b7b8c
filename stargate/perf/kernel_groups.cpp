// The table of names, and the search through it.
#include "stargate/perf/kernel_groups.hpp"

#include <algorithm>
#include <tuple>

namespace stargate {
namespace {

constexpr GemmGroups kGemmGroups[] = {{Precision::bf16, {"bf16", "fp16"}},
                                      {Precision::fp8, {"fp8", "fp8_block", "mxfp8"}},
                                      {Precision::int8, {"int8"}},
                                      {Precision::fp4, {"nvfp4", "mxfp4"}},
                                      {Precision::int4, {"int4_weight"}}};

}  // namespace

std::span<const GemmGroups> gemm_groups() { return kGemmGroups; }

const ChosenGroup* find_first(const std::vector<ChosenGroup>& groups, std::span<const char* const> names) {
  const ChosenGroup* best = nullptr;
  std::size_t best_name = names.size();
  for (std::size_t i = 0; i < names.size() && names[i] != nullptr; ++i) {
    const std::string name = names[i];
    for (const ChosenGroup& chosen : groups) {
      const std::string& precision = chosen.group->precision;
      // "fp8" must not find "fp8_block": either the whole name, or the name with a kernel behind the dot.
      if (precision != name && !precision.starts_with(name + ".")) continue;
      // Lexicographic: origin before preference before rows, so that a device's second-best kernel goes before another
      // device's best.
      const auto key = [](const ChosenGroup& c, std::size_t at) {
        return std::tuple(c.origin, at, -c.group->used.rows);
      };
      if (best != nullptr && key(*best, best_name) <= key(chosen, i)) continue;
      best = &chosen, best_name = i;
    }
  }
  return best;
}

std::vector<const ChosenGroup*> find_rivals(const std::vector<ChosenGroup>& groups, const ChosenGroup& first) {
  constexpr int kFewRows = 50;
  const auto format = [](const ChosenGroup& c) {
    const std::string base = c.group->precision.substr(0, c.group->precision.find('.'));
    return base == "w4a8_mxfp4_mxfp8" ? std::string("w4a16_mxfp4") : base;
  };
  std::vector<const ChosenGroup*> out;
  for (const ChosenGroup& c : groups) {
    const bool same_engine = c.group->engine == first.group->engine && c.group->version == first.group->version;
    const bool rival = same_engine && c.origin == first.origin && format(c) == format(first);
    if (&c == &first || (rival && c.group->used.rows >= kFewRows)) out.push_back(&c);
  }
  return out;
}

std::array<const char*, 3> gemm_names(const GemmGroups& groups, const KernelChoice& kernels) {
  if (groups.precision == Precision::fp8 && kernels.block_scaled) return {"fp8_block", "mxfp8", "fp8"};
  return groups.names;
}
std::array<const char*, 3> expert_names(const GemmGroups& groups, const KernelChoice& kernels) {
  if (groups.precision == Precision::fp4 && kernels.microscaled) return {"w4a8_mxfp4_mxfp8", "w4a16_mxfp4", "nvfp4"};
  return gemm_names(groups, kernels);
}

/// bf16 always is: attention's products, the router and the output layer stay in it.
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

}  // namespace stargate
