// A replica as the simulated engine sees it: its rules, and its cache as a pool of blocks.
//   bytes of a sequence of L tokens on the fullest rank = per_token * L + fixed      (windows full, states whole)
//   pool = attention_dp * KV room of a rank / (block_size * per_token) blocks
#pragma once

#include "stargate/serving/replica.hpp"

namespace stargate {

/// What one token and one sequence take on the rank that holds most.
struct SequenceCost {
  Bytes per_token, fixed;
};
SequenceCost sequence_cost(const Replica& replica);

}  // namespace stargate
