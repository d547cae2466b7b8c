// A fleet as it is set up: replicas of several kinds in pools, pools in regions, tenants with their homes and limits,
// and the gateway that sends requests out. Lists are referred to by their index.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "stargate/engine/engine_spec.hpp"
#include "stargate/engine/step_cost.hpp"

namespace stargate {

/// One replica as it is bought and run.
struct ReplicaKind {
  std::string name;
  EngineSpec engine;
  /// Costs may fill themselves while they are used, so every thread makes its own; all must answer alike.
  std::function<std::unique_ptr<StepCost>()> make_cost;
  /// Of one replica.
  int accelerators = 1;
  double weight = 1;           ///< load it is given beside replicas of other kinds: requests a second it can serve, say
  Power idle, busy, decoding;  ///< at the plug, of the replica: without a step, in one with prefill, in one without
  MoneyRate price;             ///< of the replica, while it is paid for
  Duration request_overhead;   ///< of the engine's front end, before its scheduler sees a request
  Duration token_overhead;     ///< of that front end, a prompt token; one prompt after another
  Duration stream_overhead;    ///< by which tokens reach clients later, for each sequence that runs beside
  Duration transfer_fixed, transfer_token;  ///< of a prompt's cache to a decode replica (disaggregated)
};

/// What its replicas do of a request.
enum class PoolRole { whole, prefill, decode };

/// Times to failure and to repair are exponential; a repaired replica starts up again.
struct ReplicaFailureSpec {
  Duration between;  ///< mean running time of a replica until it fails; zero: never
  Duration repair;   ///< mean
};

/// As Kubernetes' horizontal autoscaler: wanted = ceil(requests in flight / target), at once upwards within the limits,
/// downwards when no look of the last `scale_down_after` wanted more.
struct AutoscaleSpec {
  /// Replicas.
  int least = 1, most = 1;
  double target_in_flight = 1;               ///< requests a replica
  double tolerance = 0.1;                    ///< share the load may be off the target before anything is done
  Duration interval = 15 * second;           ///< between looks
  Duration scale_down_after = 300 * second;  ///< no look of that long may have wanted more
};

struct PoolSpec {
  std::string name;
  /// Indices into FleetSpec::kinds and regions.
  int kind = 0, region = 0;
  int replicas = 1;                        ///< at the beginning
  PoolRole role = PoolRole::whole;         ///< disaggregated: prefill or decode
  Duration start_up;                       ///< from the order to the first step: machine, weights, graphs
  ReplicaFailureSpec failures;             ///< none by default
  std::optional<AutoscaleSpec> autoscale;  ///< empty: always `replicas`
  std::vector<int> tenants;                ///< whom it serves; empty: all

  int most_replicas() const { return autoscale ? autoscale->most : replicas; }
};

struct RegionSpec {
  /// The country is what residency goes by; empty for a region without machines.
  std::string name, country;
};

/// A bucket that fills with `rate` a second up to `burst`; zero rate: no limit.
struct RateLimit {
  /// In whatever is limited: requests, or tokens.
  double rate = 0, burst = 0;
};

struct FleetTenant {
  std::string name;
  int home = 0;                            ///< region its users are in
  std::vector<int> regions{};              ///< where its data may be; empty: anywhere
  RateLimit requests{};                    ///< a second
  RateLimit tokens{};                      ///< prompt and output tokens a second
  std::optional<Duration> ttft{}, tpot{};  ///< targets, of each request: goodput counts those that meet both
};

/// Who gets a request.
enum class RouterPolicy {
  round_robin,
  random,
  two_choices,   ///< the less loaded of two drawn at random (Mitzenmacher 2001)
  least_loaded,  ///< fewest requests in flight for its weight
  prefix_aware,  ///< where the longest prefix was sent last, unless load is uneven (SGLang's router)
  kv_aware,      ///< least prompt left to do and cache in use, as the engines report it (NVIDIA Dynamo's router)
  tenant,        ///< consistent hashing of tenants with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2018)
  session,       ///< the same of sessions
};
/// The name in files and flags: "least-loaded". parse_router_policy reads it back and is empty for any other.
const char* router_policy_name(RouterPolicy policy);
std::optional<RouterPolicy> parse_router_policy(const std::string& name);
std::span<const std::pair<const char*, RouterPolicy>> router_policies();
std::string router_policy_names();  ///< "round-robin, random, ..."

struct RouterSpec {
  RouterPolicy policy = RouterPolicy::least_loaded;  ///< inside the region chosen
  /// The gateway hears of answers, failures and starts this often; between, it counts only what it sends itself.
  Duration report_interval = 250 * millisecond;
  double spill_at =
      0;  ///< requests in flight a replica from which the next nearest region helps; 0: only when none runs
  int max_outstanding = 0;  ///< requests sent to a replica at once, the others wait at the gateway; 0: no limit
  std::int64_t max_held = 1'000'000;  ///< waiting at the gateway; more are refused
  int retries = 3;                    ///< after failures, until a request is given up
  // SGLang's defaults: a prefix counts from half the prompt on; uneven is 32 requests and 1.0001 times apart.
  double prefix_threshold = 0.5;
  int uneven_requests = 32;      ///< both must be passed for load to count as uneven
  double uneven_ratio = 1.0001;  ///< most loaded over least loaded
  double overlap_weight = 1;     ///< of prompt blocks against blocks in use (Dynamo's default)
  double bounded_load = 1.25;    ///< of the mean, for consistent hashing
};

struct FleetSpec {
  std::vector<RegionSpec> regions;   ///< at least one
  std::vector<Duration> round_trip;  ///< regions x regions, row by row
  std::vector<ReplicaKind> kinds;
  std::vector<PoolSpec> pools;
  std::vector<FleetTenant> tenants;
  RouterSpec router;                        ///< of the one gateway
  Duration sample_interval = 300 * second;  ///< of the series in the report
  std::uint64_t seed = 1;                   ///< of failures and random routing; traffic has its own
  int prefix_block_tokens = 64;             ///< of the hashes that requests carry

  /// Half the round trip; regions by index. The matrix need not be symmetric.
  Duration one_way(int from, int to) const {
    return 0.5 * round_trip[static_cast<std::size_t>(from) * regions.size() + static_cast<std::size_t>(to)];
  }
};
/// Every fault: indices, a tenant nobody may serve, prefill pools without decode pools where it may go. Paths name the
/// item ("pool chat.kind"). A kind without make_cost is a fault of ours and aborts.
Check check_fleet(const FleetSpec& spec);
/// One region, one pool of `replicas` equal replicas, one tenant.
FleetSpec simple_fleet(const ReplicaKind& kind, int replicas);

}  // namespace stargate
