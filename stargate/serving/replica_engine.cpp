// The two terms are read off the caches of two long sequences.
#include "stargate/serving/replica_engine.hpp"

#include <algorithm>
#include <cmath>

namespace stargate {
namespace {

// Longer than any window, so that the rest is a straight line.
constexpr double kLong = 1 << 22, kLonger = 1 << 23;

}  // namespace

SequenceCost sequence_cost(const Replica& replica) {
  const Bytes at_long = rank_sequence_bytes(replica, kLong), at_longer = rank_sequence_bytes(replica, kLonger);
  const Bytes per_token = (at_longer - at_long) / (kLonger - kLong);
  return {per_token, max(Bytes{}, at_long - kLong * per_token)};
}

}  // namespace stargate
