// The account of an accelerator's memory as an engine's version draws it up. Weights as its kernels lay them out, the
// step it profiles (vLLM's dummy run: max_num_batched_tokens tokens, then the sampler on max_num_seqs rows), what lies
// beside tensors, and the share that decides what the cache gets. Symbols: M tokens of the step, k top_k, K hidden, I
// width of an expert on the rank, both padded.
//   experts' buffers   M k (max(I, K) + max(2 I, K)) elements of 16 bits   (vLLM fused_moe, Marlin, CUTLASS, DeepGEMM)
//                      M k I (gpt-oss on Triton); M k K + M K (FlashInfer CUTLASS); 0 (FlashInfer TRT-LLM)
//   sampler            max_num_seqs * vocabulary * sampler_bytes
#include <algorithm>
#include <array>
#include <cmath>

#include "stargate/serving/replica.hpp"
#include "stargate/serving/stage.hpp"

namespace stargate {
namespace {

constexpr double kActivationBytes = 2;  // bf16
constexpr int kMicroscaledGroup = 32;

const MemoryRules& rules_of(const Replica& replica) { return replica.engine.memory_rules(); }

bool has_mxfp4_experts(const Replica& replica) {
  return replica.precision.expert == Precision::fp4 && replica.model->scale_group == kMicroscaledGroup;
}

ExpertBackend backend_of(const Replica& replica) {
  return rules_of(replica).backend(replica.machine->architecture, has_mxfp4_experts(replica));
}

double padded(double value, int multiple) { return std::ceil(value / multiple) * multiple; }

struct ExpertWidths {
  double hidden = 0, width = 0;  ///< of one expert on a rank, as the engine holds it
};
ExpertWidths expert_widths(const Replica& replica, const FeedForwardShape& f) {
  ExpertWidths out{static_cast<double>(f.expert_hidden > 0 ? f.expert_hidden : replica.model->hidden),
                   static_cast<double>(f.width) / replica.layout.shard().etp};
  if (!has_mxfp4_experts(replica)) return out;
  const ExpertPadding to = expert_padding(backend_of(replica));
  return {padded(out.hidden, to.hidden), padded(out.width, to.width)};
}

/// Elements that the experts' kernels set aside for `tokens` of a step.
double expert_buffers(const Replica& replica, const FeedForwardShape& f, double tokens) {
  const auto [hidden, width] = expert_widths(replica, f);
  const double rows = tokens * f.top_k;
  switch (backend_of(replica)) {
    case ExpertBackend::triton_mxfp4:
      return rows * width;
    case ExpertBackend::flashinfer_cutlass:
      return rows * hidden + tokens * hidden;
    case ExpertBackend::flashinfer_trtllm:
      return 0;
    default:
      return rows * (std::max(width, hidden) + std::max(2 * width, hidden));
  }
}

/// The widest row of intermediate results that a token leaves on a rank outside experts, in elements.
double widest_row(const LayerShape& layer, int tp) {
  const auto& a = layer.attention;
  const auto& f = layer.feed_forward;
  // Queries, keys and values of one token side by side, as the fused projection leaves them.
  const double heads = static_cast<double>(a.heads + 2 * a.kv_heads) * std::max(a.head_dim, a.value_dim) / tp;
  const double gates = f.gated ? 3 : 2;
  const double width = f.kind == FeedForwardKind::experts ? f.shared_width : f.width;
  return std::max(heads, f.kind == FeedForwardKind::none ? 0.0 : gates * width / tp);
}

/// Every token of the budget in the layer that needs most. Under attention data parallelism the experts of a rank see
/// the tokens of all groups, gathered, in calls of at most expert_chunk.
Bytes forward_bytes(const Replica& replica) {
  const double tokens = replica.engine.max_num_batched_tokens, hidden = replica.model->hidden;
  const int groups = replica.layout.attention_dp, chunk = rules_of(replica).expert_chunk;
  double most = 0;
  for (const auto& shape : replica.model->shapes) {
    double elements = tokens * widest_row(shape, replica.layout.tp);
    if (const auto& f = shape.feed_forward; f.kind == FeedForwardKind::experts) {
      const double gathered = tokens * groups;
      double experts = expert_buffers(replica, f, chunk > 0 ? std::min<double>(gathered, chunk) : gathered);
      if (groups > 1) experts += 2 * gathered * hidden;  // what goes in and what comes out
      elements = std::max(elements, experts);
    }
    most = std::max(most, elements);
  }
  return Bytes::from_base((most + 3 * tokens * hidden) * kActivationBytes);  // residual, branch, normed input
}

Bytes sampler_bytes(const Replica& replica) {
  const double rows = std::min(replica.engine.max_num_seqs, replica.engine.max_num_batched_tokens);
  return Bytes::from_base(rows * replica.model->vocab * rules_of(replica).sampler_bytes);
}

struct StageWeights {
  Bytes bytes, padding;
};

/// On one rank. fp4 counts the model's own group of elements to a scale; embeddings and output projection stay in bf16,
/// and so does what the file leaves out of its quantisation, where it is served as stored.
StageWeights stage_weights(const Replica& replica, const ServingStage& stage) {
  const Model& model = *replica.model;
  const auto element = [&](Precision p) {
    return p == Precision::fp4 ? 0.5 + 1.0 / model.scale_group : bytes_per_element(p);
  };
  const double linear = element(replica.precision.linear), expert = element(replica.precision.expert);
  const bool stored = replica.precision.linear == model.weight_precision;
  double bytes = 0, padding = 0;
  // Layers of multi-token prediction, where they draft, lie behind the last layer and are made like it.
  std::vector<int> of_shape = stage.of_shape;
  if (stage.last && replica.speculation.draft_tokens > 0) {
    of_shape[static_cast<std::size_t>(model.layers.back())] += std::min(1, model.mtp_layers);
  }
  for (std::size_t i = 0; i < model.shapes.size(); ++i) {
    if (of_shape[i] == 0) continue;
    const auto parameters = rank_parameters(model, model.shapes[i], replica.layout.shard());
    bytes += of_shape[i] * (parameters.dense * linear + parameters.experts * expert);
    const auto& f = model.shapes[i].feed_forward;
    if (f.kind != FeedForwardKind::experts) continue;
    const auto widths = expert_widths(replica, f);
    const double plain = static_cast<double>(f.expert_hidden > 0 ? f.expert_hidden : model.hidden) * f.width;
    const double factor = widths.hidden * widths.width * replica.layout.shard().etp / plain;
    padding += of_shape[i] * parameters.experts * expert * (factor - 1);
  }
  if (stored) bytes += stage.layers() * model.wide_parameters / model.layer_count() * (2 - linear) / replica.layout.tp;
  const double table = static_cast<double>(model.vocab) * model.hidden * 2 / replica.layout.tp;  // bf16, split by rows
  // One stage with both ends holds a tied table once.
  const bool both = stage.first && stage.last && model.tied_embedding;
  if (stage.first) bytes += table;
  if (stage.last && !both) bytes += table;
  return {Bytes::from_base(bytes + padding), Bytes::from_base(padding)};
}

/// Sizes 1, 2, 4, then every 8 to 256 and every 16 beyond, up to twice the batch or the rule's largest.
Bytes graph_bytes(const Replica& replica) {
  const MemoryRules& rules = rules_of(replica);
  const int most = std::min(2 * replica.engine.max_num_seqs, rules.graph_batch);
  const int sizes = 3 + std::min(most, 256) / 8 + std::max(0, most - 256) / 16;
  return rules.graph * (static_cast<double>(sizes) * rules.graph_modes);
}

/// SGLang's chunk, largest graph and share by memory and layout (server_args.py), in MiB of the accelerator.
struct SglangDefaults {
  double chunk, graph_batch;
};
SglangDefaults sglang_defaults(double mib, int tp) {
  const double gib = mib / 1024;
  if (gib < 20) return {2048, 8};
  if (gib < 35) return {2048, tp < 4 ? 24.0 : 80.0};
  if (gib < 60) return {4096, tp < 4 ? 32.0 : 160.0};
  if (gib < 160) return {8192, tp < 4 ? 256.0 : 512.0};
  return {16384, 512};
}

double share_by_settings(const Replica& replica, double mib) {
  const auto& l = replica.layout;
  auto [chunk, graph_batch] = sglang_defaults(mib, l.ranks());
  chunk = std::min<double>(chunk, replica.engine.max_num_batched_tokens);
  double reserve = 512 + 1.5 * chunk / l.attention_dp + 2 * graph_batch + 1024.0 * l.ranks() * l.pp / 8;
  if (l.attention_dp > 1) {
    reserve += 3 * graph_batch * l.attention_dp;
    if (graph_batch > 300) reserve += 1.5 * graph_batch * l.attention_dp;
  }
  if (mib > 60 * 1024) reserve = std::max(reserve, 10.0 * 1024);
  if (replica.speculation.draft_tokens > 0) reserve += 2048;
  return (mib - reserve) / mib;
}

double share_by_capacity(const Replica& replica, double mib) {
  const double gib = mib / 1024, parallel = replica.layout.accelerators();
  double reserve = gib < 90 ? 9.5 + parallel / 2 : gib < 160 ? 12 + parallel / 2 : 32;
  if (replica.layout.attention_dp > 1 || replica.speculation.draft_tokens > 0) reserve += 4;  // 2 to 6
  return (gib - reserve) / gib;
}

double share_by_parallel_size(const Replica& replica) {
  constexpr std::array<std::pair<int, double>, 5> kShares = {{{16, 0.79}, {8, 0.81}, {4, 0.85}, {2, 0.87}, {1, 0.88}}};
  for (const auto& [ranks, share] : kShares) {
    if (replica.layout.ranks() >= ranks) return share;
  }
  return kShares.back().second;
}

double share_of(const Replica& replica) {
  constexpr double kLeastShare = 0.1;
  if (replica.engine.gpu_memory_utilization) return *replica.engine.gpu_memory_utilization;
  const MemoryRules& rules = rules_of(replica);
  const double mib = replica.machine->memory.base() / (1 << 20);
  switch (rules.share_default) {
    case ShareDefault::fixed:
      return rules.gpu_memory_utilization;
    case ShareDefault::by_parallel_size:
      return share_by_parallel_size(replica);
    case ShareDefault::by_capacity:
      return std::max(kLeastShare, share_by_capacity(replica, mib));
    case ShareDefault::by_settings:
      return std::max(kLeastShare, share_by_settings(replica, mib));
  }
  return rules.gpu_memory_utilization;
}

}  // namespace

ReplicaMemory replica_memory(const Replica& replica) {
  const MemoryRules& rules = rules_of(replica);
  ReplicaMemory memory;
  memory.capacity = replica.machine->memory;
  memory.share = share_of(replica);
  for (const auto& stage : serving_stages(*replica.model, replica.layout.pp)) {
    const StageWeights weights = stage_weights(replica, stage);
    if (weights.bytes <= memory.weights) continue;
    memory.weights = weights.bytes, memory.padding = weights.padding;
  }
  if (rules.profiled_step) memory.activations = max(forward_bytes(replica), sampler_bytes(replica));
  memory.graphs = graph_bytes(replica);
  memory.runtime = rules.runtime + (replica.layout.accelerators() > 1 ? rules.collectives : Bytes{});
  const Bytes before = memory.capacity - memory.runtime;
  if (rules.graphs_charged) memory.runtime += memory.graphs;
  switch (rules.share_of) {
    case MemoryShare::total:
      memory.usable = memory.capacity * memory.share;
      break;
    case MemoryShare::free:
      memory.usable = before * memory.share + memory.runtime;
      break;
    case MemoryShare::left:
      memory.usable = memory.used() + (memory.capacity - memory.used()) * memory.share;
      break;
  }
  memory.kv_room = memory.usable - memory.used();
  return memory;
}

}  // namespace stargate
