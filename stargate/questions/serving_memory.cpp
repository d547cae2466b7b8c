// Wording; the account is replica_memory's.
#include "stargate/questions/serving_memory.hpp"

#include <fmt/format.h>

namespace stargate {
namespace {

std::string gib(Bytes bytes) { return fmt::format("{:.2f} GiB", bytes.in(gibibyte)); }

std::string tokens_text(double tokens) {
  return tokens >= 1e6 ? fmt::format("{:.2f} M", tokens / 1e6) : fmt::format("{:.1f} k", tokens / 1e3);
}

}  // namespace

ServingMemory serving_memory(const EngineCoefficients& engine, const ReplicaMemory& memory) {
  const MemoryRules& rules = engine.memory_rules();
  return {engine.memory != nullptr ? engine.memory->name : "", rules.share_of == MemoryShare::free,
          rules.share_of == MemoryShare::left, memory, std::nullopt};
}

ServingMemory serving_memory(const Replica& replica, int max_model_len) {
  ServingMemory out = serving_memory(replica.engine, replica_memory(replica));
  out.cache = cache_report(replica, out.memory.kv_room, max_model_len);
  return out;
}

std::string format_serving_memory(const ServingMemory& answer, const std::string& margin) {
  const ReplicaMemory& m = answer.memory;
  const char* of = answer.of_free   ? "of what is free before the weights"
                   : answer.of_left ? "of what all else leaves"
                                    : "of all";
  std::string text = fmt::format("{}memory of an accelerator: {}, the engine's share {:.3g} {}", margin,
                                 gib(m.capacity), m.share, of);
  if (!answer.rules.empty()) text += fmt::format(" ({})", answer.rules);
  text += fmt::format("\n{}  weights {}", margin, gib(m.weights));
  if (m.padding > Bytes{}) text += fmt::format(" ({} of them padding)", gib(m.padding));
  if (m.activations > Bytes{}) text += fmt::format(", largest step {}", gib(m.activations));
  text += fmt::format(", runtime {}", gib(m.runtime));
  if (m.graphs > Bytes{}) text += fmt::format(", captured graphs {}", gib(m.graphs));
  text += fmt::format("; cache {}", gib(m.kv_room));
  if (answer.cache && answer.cache->tokens > 0) {
    text += fmt::format(": {} tokens as the engine reports it, {:.2f} requests of {} tokens",
                        tokens_text(answer.cache->tokens), answer.cache->requests, answer.cache->max_model_len);
  }
  return text + "\n";
}

void write_serving_memory(JsonWriter& json, const ServingMemory& answer) {
  const ReplicaMemory& m = answer.memory;
  json.key("memory").begin_object().member("rules", answer.rules).member("capacity_bytes", m.capacity.base());
  json.member("share", m.share).member("share_of", answer.of_free ? "free" : answer.of_left ? "left" : "total");
  json.member("weights_bytes", m.weights.base()).member("padding_bytes", m.padding.base());
  json.member("largest_step_bytes", m.activations.base()).member("runtime_bytes", m.runtime.base());
  json.member("graphs_bytes", m.graphs.base()).member("cache_bytes", m.kv_room.base());
  if (answer.cache) {
    json.member("reported_tokens", answer.cache->tokens).member("reported_requests", answer.cache->requests);
    json.member("max_model_len", answer.cache->max_model_len);
  }
  json.end_object();
}

const AnswerFields& serving_memory_fields() {
  static const AnswerFields fields{
      {"memory/rules", "text", "The engine's rules of memory, as a record of the catalogue"},
      {"memory/capacity_bytes", "number", "Of an accelerator, as programs see it"},
      {"memory/share", "number", "gpu_memory_utilization or what the engine calls it"},
      {"memory/share_of", "text", "total, free (before the weights) or left (by all else)"},
      {"memory/weights_bytes", "number", "On the fullest accelerator"},
      {"memory/padding_bytes", "number", "Of the weights: zeros that the engine's kernels want"},
      {"memory/largest_step_bytes", "number", "Profiled before the cache; 0: the engine does not"},
      {"memory/runtime_bytes", "number", "Handles, workspaces, collectives; graphs where they are charged"},
      {"memory/graphs_bytes", "number", "Captured graphs"},
      {"memory/cache_bytes", "number", "Below 0: lacking"},
      {"memory/reported_tokens", "number", "Cache of an attention group, as the engine reports it"},
      {"memory/reported_requests", "number", "Of the longest length that it lets in at once"},
      {"memory/max_model_len", "integer", "That length"}};
  return fields;
}

}  // namespace stargate
