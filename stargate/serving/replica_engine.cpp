// The two terms are read off the caches of two long sequences.
#include "stargate/serving/replica_engine.hpp"

#include <algorithm>
#include <cmath>

namespace stargate {
namespace {

// Longer than any window, so that the rest is a straight line.
constexpr double kLong = 1 << 22, kLonger = 1 << 23;
constexpr int kStateBlock = 1 << 20;  // tokens of a block where only states of fixed size are kept

}  // namespace

SequenceCost sequence_cost(const Replica& replica) {
  const Bytes at_long = rank_sequence_bytes(replica, kLong), at_longer = rank_sequence_bytes(replica, kLonger);
  const Bytes per_token = (at_longer - at_long) / (kLonger - kLong);
  return {per_token, max(Bytes{}, at_long - kLong * per_token)};
}

EngineSpec engine_spec_of(const Replica& replica, bool prefix_caching) {
  EngineSpec spec = default_engine_spec(replica.engine.prefill_first ? EngineKind::sglang : EngineKind::vllm);
  spec.max_num_seqs = replica.engine.max_num_seqs;
  spec.max_num_batched_tokens = replica.engine.max_num_batched_tokens;
  spec.data_parallel = replica.layout.attention_dp, spec.pipeline = replica.layout.pp;
  spec.kv.prefix_caching = prefix_caching;
  const SequenceCost cost = sequence_cost(replica);
  const double room = max(Bytes{}, replica_memory(replica).kv_room).base() * replica.layout.attention_dp;
  if (cost.per_token.base() <= 0) {
    spec.kv.block_size = kStateBlock;
    spec.kv.blocks = std::max<std::int64_t>(1, static_cast<std::int64_t>(room / std::max(1.0, cost.fixed.base())));
    return spec;
  }
  const double block = cost.per_token.base() * spec.kv.block_size;
  spec.kv.blocks = std::max<std::int64_t>(1, static_cast<std::int64_t>(room / block));
  spec.kv.blocks_per_sequence = static_cast<std::int64_t>(std::ceil(cost.fixed.base() / block));
  return spec;
}

}  // namespace stargate
