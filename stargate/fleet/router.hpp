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
  static constexpr std::int32_t kNotReady = 1 << 30;
  std::vector<std::int32_t> outstanding;  ///< by replica
  int first = 0;                          ///< number of its first replica in the fleet
  int ready = 0;
  std::int64_t in_flight = 0;  ///< of those ready
};

/// One request to place. `home`: the region its user is in, from which distance is counted.
struct RoutingQuery {
  const Request* request = nullptr;
  std::int64_t session = 0;
  int home = 0;
  std::span<const int> pools;  ///< that may serve it, of one role
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
  /// each engine, prefix-aware hashes the prompt's blocks.
  int choose(const RoutingQuery& query);

 private:
  struct Candidates {
    std::vector<int> pools;  ///< of one region
    std::int64_t ready = 0, in_flight = 0;
  };
  const Candidates* nearest(const RoutingQuery& query);
  int pick(const Candidates& among, const RoutingQuery& query);
  std::int64_t& turn(const Candidates& among) { return turns_[static_cast<std::size_t>(among.pools.front())]; }
  int nth_ready(const Candidates& among, std::int64_t n) const;
  int least_loaded(const Candidates& among);
  int random_of(const Candidates& among);
  int two_choices(const Candidates& among);
  int prefix_aware(const Candidates& among, const Request& request);
  int kv_aware(const Candidates& among, const Request& request);
  int consistent(const Candidates& among, std::uint64_t key);
  int remembered(const Candidates& among, const Request& request) const;
  void remember(const Request& request, int replica);
  int pool_of(int replica) const { return pool_of_[static_cast<std::size_t>(replica)]; }
  std::int32_t outstanding(int replica) const;
  double load(int replica) const;
  bool has_room(int replica) const;
  template <class Visit>
  void visit_ready(const Candidates& among, const Visit& visit) const;

  const FleetSpec& spec_;
  const std::vector<PoolView>& views_;
  EngineOf engine_;
  std::vector<int> pool_of_;  ///< by replica
  RandomStream stream_;
  std::vector<std::int64_t> turns_;    ///< by the first pool of those asked: prefill and decode replicas go round apart
  std::vector<Candidates> by_region_;  ///< scratch
  struct Remembered {
    std::uint64_t hash = 0;
    std::int32_t replica = -1;
  };
  std::vector<Remembered> memory_;  ///< where a block of a prefix was sent last; a fixed table, newest wins
};

}  // namespace stargate
