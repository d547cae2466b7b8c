// A replica as the simulated engine needs it: the pool its memory leaves for the cache, what it draws, and how long a
// prompt's cache takes to another replica.
//   blocks   = floor(KV room / (bytes a token * block size)) * attention groups
//   power    = idle + (busy - idle) * share of time in steps, a step that only decodes counted at 0.6
#pragma once

#include "stargate/engine/engine_spec.hpp"
#include "stargate/serving/replica.hpp"

namespace stargate {

/// `rules` with the replica's pool, groups and limits put in. What a sequence keeps whatever its length (windows,
/// recurrent states) is charged as whole blocks.
std::variant<EngineSpec, DoesNotFit> engine_of_replica(const Replica& replica, EngineSpec rules);

/// At the plug, of one replica: its share of the system. Idle accelerators draw what their record says (an eighth of
/// their maximum where it is silent), the rest of the machine the same as ever.
struct ReplicaPower {
  Power idle, busy;
  /// Mean of steps that only decode, over the range from idle to busy: a prompt draws the maximum, decoding some 0.6 of
  /// it (Patel et al., "Splitwise", ISCA 2024, on power of the two phases; the figure from memory, unverified).
  static constexpr double decode_share = 0.6;
};
ReplicaPower replica_power(const Catalogue& catalogue, const System& system, int accelerators);

/// Every rank sends its part of the cache over its own scale-out link.
Duration cache_transfer_time(const Replica& replica, double tokens);

}  // namespace stargate
