// From bytes to blocks, and the machine's share.
#include "stargate/serving/service.hpp"

#include <algorithm>
#include <cmath>

#include "stargate/serving/replica_engine.hpp"

namespace stargate {
namespace {

constexpr double kFar = 1 << 20;        // tokens: beyond every window
constexpr double kIdleShare = 1.0 / 8;  // H100: 70 of 700 W, A100: 55 of 400 W
constexpr double kEndlessPool = 1e12;   // blocks, where the cache does not grow

}  // namespace

std::variant<EngineSpec, DoesNotFit> engine_of_replica(const Replica& replica, EngineSpec rules) {
  const ReplicaMemory memory = replica_memory(replica);
  const auto [token_bytes, fixed] = sequence_cost(replica);
  const Bytes least = token_bytes * rules.kv.block_size + fixed;
  if (memory.kv_room < least) return DoesNotFit{least - memory.kv_room, memory};
  rules.max_num_seqs = replica.engine.max_num_seqs;
  rules.max_num_batched_tokens = replica.engine.max_num_batched_tokens;
  rules.data_parallel = replica.layout.attention_dp;
  rules.pipeline = replica.layout.pp;
  double blocks = kEndlessPool;
  if (token_bytes > Bytes{}) {
    const Bytes block = token_bytes * rules.kv.block_size;
    blocks = memory.kv_room / block;
    rules.kv.blocks_per_sequence = static_cast<std::int64_t>(std::ceil(fixed / block - 1e-9));
  } else if (fixed > Bytes{}) {
    rules.max_num_seqs = std::min(rules.max_num_seqs, std::max(1, static_cast<int>(memory.kv_room / fixed)));
  }
  rules.kv.blocks = static_cast<std::int64_t>(blocks) * rules.data_parallel;
  return rules;
}

ReplicaPower replica_power(const Catalogue& catalogue, const System& system, int accelerators) {
  const Accelerator& part = catalogue.accelerators.at(system.accelerator);
  const double share = static_cast<double>(accelerators) / system.accelerators;
  const Power saved = part.power - part.idle_power.value_or(part.power * kIdleShare);
  const Power idle = max(system.power * kIdleShare, system.power - static_cast<double>(system.accelerators) * saved);
  return {idle * share, system.power * share};
}

Duration cache_transfer_time(const Replica& replica, double tokens) {
  Fabric across = replica.machine->fabric;
  const Group pair{2, 1};
  return collective_time(across, Collective::send_receive, rank_sequence_bytes(replica, tokens), pair);
}

}  // namespace stargate
