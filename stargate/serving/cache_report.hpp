// The capacity of a replica's cache as its engine reports it at its start ("GPU KV cache size", max_total_num_tokens),
// in pages as the engine's version lays them out. What a request reserves when it is let in may be much more than what
// it keeps while it decodes; the simulation works with the latter.
//   pages of all layers   tokens = room / bytes a token
//   groups (vLLM)         kinds of layers in groups of g layers that share one pool of blocks; a block is g pages.
//                         tokens = blocks / groups * block, or requests of the longest length x that length
//   pools (SGLang)        room = T (bytes of full layers + 0.8 bytes of layers with a window), states apart
#pragma once

#include "stargate/serving/replica.hpp"

namespace stargate {

struct CacheReport {
  double tokens = 0;      ///< of one attention group: a request lives on one
  double requests = 0;    ///< of max_model_len that one attention group lets in at once
  int max_model_len = 0;  ///< as given, else what the model says
  Bytes request;          ///< of one of them, on the rank that holds most
};
/// `room`: of the cache (ReplicaMemory::kv_room). `max_model_len` 0: the model's.
CacheReport cache_report(const Replica& replica, Bytes room, int max_model_len = 0);

/// Room of caches that grow and sequences whose recurrent states have room; where the engine keeps one pool for both,
/// all of the room and no bound.
struct CachePools {
  Bytes growing;
  double state_sequences;
};
CachePools cache_pools(const Replica& replica, Bytes room);
/// Recurrent states of one sequence on the rank that holds most.
Bytes rank_state_bytes(const Replica& replica);

}  // namespace stargate
