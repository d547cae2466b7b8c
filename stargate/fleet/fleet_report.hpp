// What came out of a fleet's simulation: by tenant, by pool, and over time.
#pragma once

#include <string>
#include <vector>

#include "stargate/fleet/fleet_replica.hpp"
#include "stargate/sim/histogram.hpp"

namespace stargate {

/// How a request left.
enum class RequestOutcome {
  answered,
  rate_limited,  ///< over its tenant's limit
  refused,       ///< too many waited at the gateway
  too_long,      ///< for the cache of the replica it was to go to
  lost           ///< given up after failures
};
inline constexpr int kRequestOutcomeCount = 5;
/// In words for tables: "rate limited".
const char* request_outcome_name(RequestOutcome outcome);

/// One request as its user saw it; network both ways included. Replica, pool and region are -1 where no replica had it.
/// Of a request that was not answered only arrival and the time it left (last_token) mean anything.
struct FleetRequestRecord {
  /// As the source of requests numbers them.
  std::int64_t number = 0, session = 0;
  /// Index into the spec's tenants; of its conversation, from 0.
  int tenant = 0, turn = 0;
  RequestOutcome outcome = RequestOutcome::answered;
  SimTime arrival, first_token, last_token;  ///< at the user's end
  /// The last: of the prompt, found in the cache of the replica that computed it.
  std::int32_t prompt_tokens = 0, output_tokens = 0, cached_tokens = 0;
  /// Disaggregated: those of decoding.
  int replica = -1, pool = -1, region = -1;
  /// After failures of replicas.
  int retries = 0;
  Duration held;  ///< at the gateway
};

/// Means over answered requests only; `left` counts by RequestOutcome. Latencies are the user's: from sending the
/// request, with network and waiting; TPOT only of answers of two tokens and more.
struct TenantReport {
  std::string name;
  /// Requests, later turns of conversations included.
  std::int64_t arrived = 0;
  std::int64_t left[kRequestOutcomeCount] = {};
  std::int64_t retried = 0;                                              ///< sent again after a failure
  std::int64_t prompt_tokens = 0, output_tokens = 0, cached_tokens = 0;  ///< of answered requests
  Histogram ttft, tpot, end_to_end, held;                                ///< seconds
  std::int64_t met_targets = 0;                                          ///< answered inside the tenant's targets
  std::vector<std::int64_t> by_region;                                   ///< answered there
  /// Its share of what the machines cost over the whole simulation.
  Money cost;  ///< price times time paid for

  std::int64_t answered() const { return left[static_cast<int>(RequestOutcome::answered)]; }
  std::int64_t gone() const;  ///< by any way out
};

/// Of all replicas of one pool together.
struct PoolReport {
  std::string name;
  ReplicaTotals totals;  ///< of all its replicas
  /// Requests whose last token it made.
  std::int64_t answered = 0;
  /// Replicas, at the beginning or at the end of any interval.
  int most_ready = 0;
  std::int64_t blocks = 0;  ///< of one replica's cache
  Energy energy;            ///< at the plugs, while paid for
  Money cost;
  /// Of its running time it spent in steps. From 0 to 1; 0 for a pool that never ran.
  double utilisation() const;
};

/// Over one interval, or at its end. Counts are of the interval, levels at its end.
struct FleetSample {
  SimTime end;  ///< of the interval
  /// turned_away: whatever was not answered. Tokens count when their request is answered.
  std::int64_t arrived = 0, answered = 0, turned_away = 0, output_tokens = 0;
  /// With a replica; waiting at the gateway.
  std::int64_t in_flight = 0, held = 0;
  int ready = 0, paid = 0;  ///< replicas
  double utilisation = 0;   ///< of running time
  double kv_share = 0;      ///< of the caches' blocks, at the end
  /// Mean over the interval.
  Power power;
};

struct FleetReport {
  std::vector<TenantReport> tenants;  ///< in the spec's order
  std::vector<PoolReport> pools;      ///< likewise
  std::vector<FleetSample> samples;   ///< in order of time, sample_interval apart
  SimTime end;                        ///< when the last request left
  /// Report intervals that were walked; those without an event are not.
  std::int64_t windows = 0;

  /// Histograms and counts added up; its name is "all".
  TenantReport all() const;  ///< the tenants together
  Money cost() const;
  Energy energy() const;
};

}  // namespace stargate
