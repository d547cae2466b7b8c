// What the backward pass finds again instead of keeping it. Names are Megatron-Core's: recompute_granularity, its
// recompute_modules, and recompute_method block with recompute_num_layers.
#pragma once

#include <string>

#include "stargate/base/result.hpp"
#include "stargate/perf/layer_operators.hpp"

namespace stargate {

/// `selective`: the modules of a layer that RecomputeModules names; `full`: whole layers, of which only the input is
/// kept.
enum class Recompute { none, selective, full };

template <>
struct EnumNames<Recompute> {
  static constexpr std::pair<const char*, Recompute> names[] = {
      {"none", Recompute::none}, {"selective", Recompute::selective}, {"full", Recompute::full}};
};

/// `core_attn`: scores and values; `mlp`: a dense feed-forward; `moe`: router, exchange, experts and shared experts;
/// `moe_act`: the experts' activation function alone; `layernorm`: outputs of both norms; `mla_up_proj`: queries, keys
/// and values from their latents, with the rotary embedding. `alternate_products`: all but attention's kernel and every
/// second product, the policy of PyTorch's per-operator checkpoints (torchtitan's selective "op").
enum class RecomputeModule { core_attn, mlp, moe, moe_act, shared_experts, layernorm, mla_up_proj, alternate_products };

template <>
struct EnumNames<RecomputeModule> {
  static constexpr std::pair<const char*, RecomputeModule> names[] = {
      {"core_attn", RecomputeModule::core_attn},
      {"mlp", RecomputeModule::mlp},
      {"moe", RecomputeModule::moe},
      {"moe_act", RecomputeModule::moe_act},
      {"layernorm", RecomputeModule::layernorm},
      {"shared_experts", RecomputeModule::shared_experts},
      {"mla_up_proj", RecomputeModule::mla_up_proj},
      {"alternate_products", RecomputeModule::alternate_products}};
};

/// A set of them.
class RecomputeModules {
 public:
  constexpr RecomputeModules() = default;
  constexpr explicit RecomputeModules(RecomputeModule module) { add(module); }

  constexpr void add(RecomputeModule module) { bits_ |= bit(module); }
  constexpr bool has(RecomputeModule module) const { return (bits_ & bit(module)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  friend bool operator==(const RecomputeModules&, const RecomputeModules&) = default;

 private:
  static constexpr unsigned bit(RecomputeModule module) { return 1U << static_cast<unsigned>(module); }
  unsigned bits_ = 0;
};

/// "core_attn,mlp"; the fault names the nearest module. Names with commas; an empty text is the empty set. Faults have
/// the path "recompute-modules", one for each name that is none.
Result<RecomputeModules> parse_recompute_modules(const std::string& text);
std::string format_recompute_modules(RecomputeModules modules);

/// Whether a layer has what the module stands for.
bool has_module(const LayerShape& layer, RecomputeModule module);

/// The share of an operator of the layer that runs again when `modules` are found again: half of the products where
/// every second one is kept, else all or nothing. Norms and whole feed-forwards run with everything in them.
double redone_share(const LayerShape& layer, const Operator& op, RecomputeModules modules);

}  // namespace stargate
