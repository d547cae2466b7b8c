// Which replica gets a request. The router works on what the gateway knows: requests it has sent and not yet seen
// answered (`outstanding`), who was ready at the last report, and, for kv-aware routing, what the engines reported
// then. `serve simulate` and `serve size` route with it as well, their reports being of the moment.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "stargate/base/random.hpp"
#include "stargate/engine/engine.hpp"
#include "stargate/fleet/fleet_spec.hpp"

namespace stargate {

/// One pool as the gateway sees it. A replica that is not ready has kNotReady. Indices of `outstanding` count from
/// `first`. The count of a replica that is not ready is kept, with kNotReady added, so that what is still out with it
/// is not forgotten.
struct PoolView {
  static constexpr std::int32_t kNotReady = 1 << 30;  ///< far above any count of requests
  std::vector<std::int32_t> outstanding;              ///< by replica
  int first = 0;                                      ///< number of its first replica in the fleet
  int ready = 0;                                      ///< replicas that may be chosen
  std::int64_t in_flight = 0;                         ///< of those ready
};

/// One request to place. `home`: the region its user is in, from which distance is counted.
struct RoutingQuery {
  const Request* request = nullptr;  ///< not owned
  std::int64_t session = 0;          ///< what session routing hashes
  int home = 0;                      ///< region
  std::span<const int> pools;        ///< that may serve it, of one role
};

/// Deterministic: draws come from the fleet's seed. The nearest region (by round trip from home) that is not full is
/// chosen first, then the policy chooses in it. Used by one thread.
class Router {
 public:
  using EngineOf = std::function<const Engine&(int replica)>;  ///< as its last report has it
  /// Spec and views outlive it. `views` has an entry a pool.
  Router(const FleetSpec& spec, const std::vector<PoolView>& views, EngineOf engine);

  /// The fleet's number of the replica, or -1 when none is ready or none has room. Updates what prefix-aware routing
  /// remembers; the caller counts the request as sent. O(replicas of the pools asked) for most policies; kv-aware asks
  /// each engine, prefix-aware looks up the prompt's blocks.
  int choose(const RoutingQuery& query);

 private:
  struct Candidates {
    std::vector<int> pools;                 ///< of one region
    std::int64_t ready = 0, in_flight = 0;  ///< over its pools
  };
  const Candidates* nearest(const RoutingQuery& query);          ///< the region to choose in; null: none is ready
  int pick(const Candidates& among, const RoutingQuery& query);  ///< by the policy
  std::int64_t& turn(const Candidates& among) { return turns_[static_cast<std::size_t>(among.pools.front())]; }
  int nth_ready(const Candidates& among, std::int64_t n) const;           ///< the n-th ready replica, from 0
  int least_loaded(const Candidates& among);                              ///< for its weight; ties go round
  int random_of(const Candidates& among);                                 ///< each ready one alike
  int two_choices(const Candidates& among);                               ///< the less loaded of two at random
  int prefix_aware(const Candidates& among, const Request& request);      ///< where its prefix went last
  int kv_aware(const Candidates& among, const Request& request);          ///< least cost of prompt and cache
  int consistent(const Candidates& among, std::uint64_t key);             ///< the key's own, unless it is too full
  int remembered(const Candidates& among, const Request& request) const;  ///< of the longest known prefix; -1: none
  void remember(const Request& request, int replica);                     ///< its blocks went there
  int pool_of(int replica) const { return pool_of_[static_cast<std::size_t>(replica)]; }
  std::int32_t outstanding(int replica) const;  ///< requests sent and not seen answered
  double load(int replica) const;               ///< outstanding and the newcomer, over weight
  bool has_room(int replica) const;             ///< below max_outstanding
  template <class Visit>
  void visit_ready(const Candidates& among, const Visit& visit) const;

  const FleetSpec& spec_;
  const std::vector<PoolView>& views_;
  EngineOf engine_;
  std::vector<int> pool_of_;  ///< by replica
  RandomStream stream_;
  std::vector<std::int64_t> turns_;    ///< by the first pool of those asked: prefill and decode replicas go round apart
  std::vector<Candidates> by_region_;  ///< scratch
  /// Where a block of a prefix was sent last, by the low bits of its hash: the other bits, and in place of those the
  /// replica and 1. 0: an empty place. A fixed table, newest wins.
  std::vector<std::uint64_t> memory_;
};

}  // namespace stargate
