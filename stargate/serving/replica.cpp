// Memory follows vLLM's profile run: what the engine may use, less weights, the largest activations of one step, and
// what the runtime keeps.
#include "stargate/serving/replica.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stargate/perf/power_law.hpp"
#include "stargate/serving/stage.hpp"

namespace stargate {
namespace {

constexpr double kActivationBytes = 2;  // bf16
constexpr double kLogitBytes = 4;       // sampled in fp32

/// The widest row of intermediate results a token of this layer leaves on a rank, in elements.
double widest_row(const Model& model, const LayerShape& layer, const Shard& shard) {
  const auto& a = layer.attention;
  const auto& f = layer.feed_forward;
  // Queries, keys and values of one token side by side, as the fused projection leaves them.
  const double heads = static_cast<double>(a.heads + 2 * a.kv_heads) * std::max(a.head_dim, a.value_dim) / shard.tp;
  const double gates = f.gated ? 3 : 2;
  double feed = gates * f.width / shard.tp;
  if (f.kind == FeedForwardKind::experts) {
    const double rows = static_cast<double>(f.top_k) * shard.etp / shard.tp;
    feed = rows * (gates * f.width / shard.etp + model.hidden) + gates * f.shared_width / shard.tp;
  }
  return std::max(heads, f.kind == FeedForwardKind::none ? 0.0 : feed);
}

/// The largest step: every token of the budget in the widest layer, and the logits of a full batch.
Bytes activation_bytes(const Replica& replica) {
  double widest = 0;
  for (const auto& shape : replica.model->shapes) {
    widest = std::max(widest, widest_row(*replica.model, shape, replica.layout.shard()));
  }
  const double tokens = replica.engine.max_num_batched_tokens;
  const double row = 3.0 * replica.model->hidden + widest;  // residual, branch, normed input
  const double logits = static_cast<double>(replica.engine.max_num_seqs) * replica.model->vocab * kLogitBytes;
  return Bytes::from_base(tokens * row * kActivationBytes + 2 * logits);  // logits and their probabilities
}

/// On one rank. fp4 counts the model's own group of elements to a scale; embeddings and output projection stay in bf16.
Bytes stage_weight_bytes(const Replica& replica, const ServingStage& stage) {
  const Model& model = *replica.model;
  const auto element = [&](Precision p) {
    return p == Precision::fp4 ? 0.5 + 1.0 / model.scale_group : bytes_per_element(p);
  };
  const double linear = element(replica.precision.linear), expert = element(replica.precision.expert);
  double bytes = 0;
  for (std::size_t i = 0; i < model.shapes.size(); ++i) {
    if (stage.of_shape[i] == 0) continue;
    const auto parameters = rank_parameters(model, model.shapes[i], replica.layout.shard());
    bytes += stage.of_shape[i] * (parameters.dense * linear + parameters.experts * expert);
  }
  const double table = static_cast<double>(model.vocab) * model.hidden * 2 / replica.layout.tp;  // bf16, split by rows
  // One stage with both ends holds a tied table once.
  const bool both = stage.first && stage.last && model.tied_embedding;
  if (stage.first) bytes += table;
  if (stage.last && !both) bytes += table;
  return Bytes::from_base(bytes);
}

}  // namespace

Result<ServingMachine> make_serving_machine(const Catalogue& catalogue, const System& system,
                                            const KernelChoice& kernels) {
  auto fabric = make_fabric(catalogue, system, kernels.engine);
  if (!fabric) return fabric.faults();
  const Accelerator& accelerator = catalogue.accelerators.at(system.accelerator);
  return ServingMachine{system.id,
                        DeviceLaw(accelerator, catalogue, kernels),
                        *fabric,
                        accelerator.memory_capacity,
                        system.accelerators,
                        system.price.mid,
                        system.power,
                        accelerator.host_bandwidth};
}

KernelChoice kernel_choice(const Model& model, const std::string& engine) {
  constexpr int microscaled_group = 32;
  const bool four_bits = model.expert_precision == Precision::fp4;
  return {engine, model.block_scaled, four_bits && model.scale_group == microscaled_group};
}

std::string format_layout(const ServingLayout& layout) {
  std::string text = "TP " + std::to_string(layout.tp);
  if (layout.attention_dp > 1) text += " x DP " + std::to_string(layout.attention_dp);
  if (layout.pp > 1) text += " x PP " + std::to_string(layout.pp);
  if (layout.ep > 1) text += ", EP " + std::to_string(layout.ep);
  return text;
}

ServingPrecision stored_precision(const Model& model) {
  return {model.weight_precision, model.expert_precision, model.kv_precision};
}

ServingPrecision serving_precision(Precision weights, Precision kv) { return {weights, weights, kv}; }

std::vector<std::string> layout_faults(const Model& model, const ServingLayout& layout) {
  std::vector<std::string> faults;
  const auto number = [](int value) { return std::to_string(value); };
  if (layout.tp < 1 || layout.pp < 1 || layout.attention_dp < 1 || layout.ep < 1) {
    return {"every parallel size must be at least 1"};
  }
  if (layout.pp > model.layer_count()) faults.push_back("more stages than layers");
  if (layout.ranks() % layout.ep != 0) {
    faults.push_back("EP " + number(layout.ep) + " does not divide the " + number(layout.ranks()) +
                     " ranks of TP x attention DP");
    return faults;  // how many ranks share an expert is not known
  }
  bool experts = false;
  for (const auto& shape : model.shapes) {
    const auto& a = shape.attention;
    const auto& f = shape.feed_forward;
    if (a.kind != AttentionKind::none && a.heads % layout.tp != 0) {
      faults.push_back(number(a.heads) + " heads do not divide by TP " + number(layout.tp));
    }
    if (f.kind != FeedForwardKind::experts) continue;
    experts = true;
    if (layout.ep > f.experts) {
      faults.push_back("EP " + number(layout.ep) + " is more than the " + number(f.experts) + " experts");
    }
    if (f.width % layout.shard().etp != 0) {
      faults.push_back("an expert's width of " + number(f.width) + " does not divide by " + number(layout.shard().etp));
    }
  }
  if (!experts && (layout.ep > 1 || layout.attention_dp > 1)) faults.push_back("EP without experts");
  return faults;
}

/// With utilization_of_free (TensorRT-LLM's free_gpu_memory_fraction) the share is of what weights and activations
/// leave.
ReplicaMemory replica_memory(const Replica& replica) {
  ReplicaMemory memory;
  memory.capacity = replica.machine->memory;
  memory.usable = memory.capacity * replica.engine.gpu_memory_utilization;
  for (const auto& stage : serving_stages(*replica.model, replica.layout.pp)) {
    memory.weights = max(memory.weights, stage_weight_bytes(replica, stage));
  }
  memory.activations = activation_bytes(replica);
  memory.runtime = replica.engine.runtime_memory;
  memory.kv_room = memory.usable - memory.used();
  if (replica.engine.utilization_of_free) {
    memory.kv_room = (memory.capacity - memory.used()) * replica.engine.gpu_memory_utilization;
    memory.usable = memory.used() + memory.kv_room;
  }
  return memory;
}

/// Of the stage whose layers keep most.
Bytes rank_sequence_bytes(const Replica& replica, double length) {
  const Model& model = *replica.model;
  Bytes most;
  for (const auto& stage : serving_stages(model, replica.layout.pp)) {
    Bytes sum;
    for (std::size_t i = 0; i < model.shapes.size(); ++i) {
      if (stage.of_shape[i] == 0) continue;
      sum += stage.of_shape[i] * layer_sequence_bytes(model.shapes[i], replica.layout.tp, replica.precision.kv, length);
    }
    most = max(most, sum);
  }
  return most;
}

std::variant<Fits, DoesNotFit> sequences_that_fit(const Replica& replica, double isl, double osl) {
  const ReplicaMemory memory = replica_memory(replica);
  const Bytes first = rank_sequence_bytes(replica, isl), last = rank_sequence_bytes(replica, isl + osl);
  // At least one request must fit at its last token, or the engine would never finish it.
  if (memory.kv_room < last) return DoesNotFit{last - memory.kv_room, memory};
  const double mean = replica.engine.reserve_output ? last.base() : rank_sequence_bytes(replica, isl + osl / 2).base();
  if (mean <= 0) return Fits{static_cast<double>(replica.engine.max_num_seqs) * replica.layout.attention_dp, memory};
  // n sequences take n * mean, give or take sqrt(n) * deviation: the root of n * mean + 2 * sqrt(n) * deviation = room.
  const double deviation = replica.engine.reserve_output ? 0 : (last - first).base() / std::sqrt(12.0);
  // A quadratic in sqrt(n); lengths between first and last are uniform, so their deviation is the range over sqrt(12).
  const double root = (std::sqrt(deviation * deviation + mean * memory.kv_room.base()) - deviation) / mean;
  const double group = std::max(1.0, std::floor(root * root));
  return Fits{group * replica.layout.attention_dp, memory};
}

/// An idle machine draws what it does at full load less what its accelerators then save, never less than these alone.
ReplicaPower replica_power(const Catalogue& catalogue, const System& system, int accelerators) {
  const Accelerator& part = catalogue.accelerators.at(system.accelerator);
  const double share = static_cast<double>(accelerators) / system.accelerators;
  const double count = system.accelerators;
  const Power idle = max(count * idle_power(part), system.power - count * (part.power - idle_power(part)));
  ReplicaPower power;
  power.idle = idle * share, power.busy = system.power * share;
  power.chip_idle = idle_power(part), power.chip_busy = part.power;
  return power;
}

}  // namespace stargate
