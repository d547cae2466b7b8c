// Equal replicas under traffic, each an engine, from event to event: requests come from the source, go to a replica,
// and what their end sets off comes back to the source. Disaggregated, a request is prefilled by one engine, its cache
// is sent over the network, and another decodes it.
#pragma once

#include "stargate/engine/engine.hpp"
#include "stargate/fleet/fleet_spec.hpp"
#include "stargate/traffic/source.hpp"

namespace stargate {

/// Time a cache takes to another replica: so much, and so much a token. Its time is fixed + tokens * per_token.
struct CacheTransfer {
  Duration fixed, per_token;  ///< seconds; seconds a token of the prompt
};

/// `cost` is shared by the replicas, which run one after another on one thread; not owned.
struct ServicePool {
  EngineSpec engine;  ///< checked
  const StepCost* cost = nullptr;
  int replicas = 1;  ///< at least 1
};

struct SimulatedService {
  ServicePool pool;                                 ///< of whole requests; disaggregated, of decoding
  std::optional<ServicePool> prefill;               ///< disaggregated: engines that only prefill
  CacheTransfer transfer;                           ///< of a prompt's cache; one at a time from each prefill replica
  RouterPolicy router = RouterPolicy::round_robin;  ///< sees the engines as they are, at each request
  int prefix_block_tokens = 0;                      ///< of a prefix's hash, at least; long prefixes need no short ones
  Duration request_overhead;                        ///< from the client to the scheduler and back; part of TTFT
  Duration token_overhead;   ///< of an engine's front end a prompt token; one prompt after another
  Duration stream_overhead;  ///< by which clients see a token later than it is made, for each sequence beside

  int engines() const { return pool.replicas + (prefill ? prefill->replicas : 0); }
};

/// Called in order of time, from the calling thread.
class ServiceListener {
 public:
  virtual ~ServiceListener() = default;
  /// Times in the record are the client's, overheads of the front end included.
  virtual void finished(const IncomingRequest& request, const RequestRecord& record) = 0;
  /// It can never fit into the cache of a replica, or its prompt into a step.
  virtual void refused(const IncomingRequest&) {}
  /// Engines are numbered: the pool's, then those that prefill. A run lasts as long as nothing changes but the context,
  /// whether the engine was walked step by step or not; it is told when the next one begins, or at the end.
  virtual void ran(int, const StepRun&) {}
};

/// Until the source is empty and everything has left. Single-threaded and deterministic. The source must end. Prefix
/// hashes are asked of it only where a cache or the router looks at them. Memory grows with the requests in flight.
/// Time grows with events: arrivals, ends, and steps with prompts.
void simulate_service(const SimulatedService& spec, RequestSource& source, ServiceListener& listener);

}  // namespace stargate
