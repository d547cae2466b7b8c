// Names of modules, and which operators each one repeats.
#include "stargate/training/recompute.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stargate {
namespace {

/// Projections that expand a latent read one. Told apart by depth: a product whose depth is a latent's rank reads that
/// latent.
bool expands_latent(const AttentionShape& a, const Operator& op) {
  return op.kind == OperatorKind::gemm && (op.k == a.kv_lora_rank || (a.q_lora_rank > 0 && op.k == a.q_lora_rank));
}

}  // namespace

bool has_module(const LayerShape& layer, RecomputeModule module) {
  const auto& a = layer.attention;
  const auto& f = layer.feed_forward;
  const bool experts = f.kind == FeedForwardKind::experts;
  switch (module) {
    case RecomputeModule::core_attn:
      return a.kind == AttentionKind::full || a.kind == AttentionKind::sliding || a.kind == AttentionKind::latent;
    case RecomputeModule::mlp:
      return f.kind == FeedForwardKind::dense;
    case RecomputeModule::moe:
    case RecomputeModule::moe_act:
      return experts;
    case RecomputeModule::shared_experts:
      return experts && f.shared_width > 0;
    case RecomputeModule::layernorm:
    case RecomputeModule::alternate_products:
      return true;
    case RecomputeModule::mla_up_proj:
      return a.kind == AttentionKind::latent;
  }
  return false;
}

namespace {

/// By modules that are kept or found again as a whole.
bool is_redone(const LayerShape& layer, const Operator& op, RecomputeModules modules) {
  const bool experts = layer.feed_forward.kind == FeedForwardKind::experts;
  const bool element_wise = op.kind == OperatorKind::element_wise;
  switch (op.part) {
    case OperatorPart::attention_core:
      return modules.has(RecomputeModule::core_attn) && has_module(layer, RecomputeModule::core_attn);
    case OperatorPart::attention_projection:  // traffic: the rotary embedding of what was expanded
      return layer.attention.kind == AttentionKind::latent && modules.has(RecomputeModule::mla_up_proj) &&
             (element_wise || expands_latent(layer.attention, op));
    case OperatorPart::feed_forward:
      return experts ? modules.has(RecomputeModule::moe) || modules.has(RecomputeModule::shared_experts)
                     : modules.has(RecomputeModule::mlp);
    case OperatorPart::experts:
      return modules.has(RecomputeModule::moe) || (element_wise && modules.has(RecomputeModule::moe_act));
    case OperatorPart::router:
      return modules.has(RecomputeModule::moe);
    case OperatorPart::norm:
      return modules.has(RecomputeModule::layernorm);
    case OperatorPart::output:
    case OperatorPart::optimizer:
      return false;
  }
  return false;
}

/// Experts' grouped products are on no list of what is kept.
double alternate_share(const Operator& op) {
  const bool kept = op.part == OperatorPart::attention_core || op.part == OperatorPart::output ||
                    op.part == OperatorPart::optimizer;
  return kept ? 0 : op.kind == OperatorKind::gemm && op.part != OperatorPart::experts ? 0.5 : 1;
}

}  // namespace

double redone_share(const LayerShape& layer, const Operator& op, RecomputeModules modules) {
  if (is_redone(layer, op, modules)) return 1;
  return modules.has(RecomputeModule::alternate_products) ? alternate_share(op) : 0;
}

Result<RecomputeModules> parse_recompute_modules(const std::string& text) {
  RecomputeModules out;
  Diagnostics faults;
  std::size_t from = 0;
  while (from <= text.size()) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    const std::string word = text.substr(from, comma - from);
    from = comma + 1;
    bool known = false;
    std::vector<std::string> names;
    for (const auto& [name, module] : EnumNames<RecomputeModule>::names) {
      names.emplace_back(name);
      if (word == name) out.add(module), known = true;
    }
    if (known) continue;
    std::string message = fmt::format("'{}' is no module that can be recomputed", word);
    faults.push_back({{}, 0, 0, "recompute-modules", std::move(message), suggest_name(word, names), {}});
  }
  if (!faults.empty()) return faults;
  return out;
}

std::string format_recompute_modules(RecomputeModules modules) {
  std::string out;
  for (const auto& [name, module] : EnumNames<RecomputeModule>::names) {
    if (modules.has(module)) out += (out.empty() ? "" : ",") + std::string(name);
  }
  return out;
}

}  // namespace stargate
