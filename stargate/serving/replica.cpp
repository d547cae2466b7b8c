// Machines, layouts and what sequences take; the account of the memory is in replica_memory.cpp.
#include "stargate/serving/replica.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stargate/perf/power_law.hpp"
#include "stargate/serving/cache_report.hpp"
#include "stargate/serving/stage.hpp"

namespace stargate {
Result<ServingMachine> make_serving_machine(const Catalogue& catalogue, const System& system,
                                            const KernelChoice& kernels) {
  auto fabric = make_fabric(catalogue, system, kernels.engine);
  if (!fabric) return fabric.faults();
  const Accelerator& accelerator = catalogue.accelerators.at(system.accelerator);
  return ServingMachine{system.id,
                        DeviceLaw(accelerator, catalogue, kernels),
                        *fabric,
                        accelerator.memory_capacity - accelerator.driver_memory,
                        system.accelerators,
                        system.price.mid,
                        system.power,
                        accelerator.host_bandwidth,
                        accelerator.architecture};
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

/// Of the stage whose layers keep most.
Bytes resident_sequence_bytes(const Replica& replica, double length, SlidingCache sliding) {
  const Model& model = *replica.model;
  const auto of_layer = [&](const LayerShape& layer) {
    const auto& a = layer.attention;
    const auto bytes = [&](double tokens) {
      return layer_sequence_bytes(layer, replica.layout.tp, replica.precision.kv, tokens);
    };
    const bool whole = sliding == SlidingCache::full || sliding == SlidingCache::pool;
    if (a.kind != AttentionKind::sliding || a.window <= 0 || !whole) return bytes(length);
    const double share = sliding == SlidingCache::pool ? replica.engine.memory_rules().sliding_pool_share : 1;
    return bytes(a.window) * (share * length / a.window);
  };
  Bytes most;
  for (const auto& stage : serving_stages(model, replica.layout.pp)) {
    Bytes sum;
    for (std::size_t i = 0; i < model.shapes.size(); ++i) {
      if (stage.of_shape[i] == 0) continue;
      sum += stage.of_shape[i] * of_layer(model.shapes[i]);
    }
    most = max(most, sum);
  }
  return most;
}

Bytes rank_sequence_bytes(const Replica& replica, double length) {
  return resident_sequence_bytes(replica, length, replica.engine.memory_rules().sliding_cache);
}

std::variant<Fits, DoesNotFit> sequences_that_fit(const Replica& replica, double isl, double osl) {
  const ReplicaMemory memory = replica_memory(replica);
  const CachePools pools = cache_pools(replica, memory.kv_room);
  const Bytes state = pools.growing < memory.kv_room ? rank_state_bytes(replica) : Bytes{};  // in a pool of its own
  const Bytes first = rank_sequence_bytes(replica, isl) - state, last = rank_sequence_bytes(replica, isl + osl) - state;
  // At least one request must fit at its last token, or the engine would never finish it.
  if (pools.growing < last) return DoesNotFit{last - pools.growing, memory};
  if (pools.state_sequences < 1) return DoesNotFit{state - (memory.kv_room - pools.growing), memory};
  const double mean =
      replica.engine.reserve_output ? last.base() : (rank_sequence_bytes(replica, isl + osl / 2) - state).base();
  if (mean <= 0) return Fits{static_cast<double>(replica.engine.max_num_seqs) * replica.layout.attention_dp, memory};
  // n sequences take n * mean, give or take sqrt(n) * deviation: the root of n * mean + 2 * sqrt(n) * deviation = room.
  const double deviation = replica.engine.reserve_output ? 0 : (last - first).base() / std::sqrt(12.0);
  // A quadratic in sqrt(n); lengths between first and last are uniform, so their deviation is the range over sqrt(12).
  const double root = (std::sqrt(deviation * deviation + mean * pools.growing.base()) - deviation) / mean;
  const double group = std::min(pools.state_sequences, std::max(1.0, std::floor(root * root)));
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
