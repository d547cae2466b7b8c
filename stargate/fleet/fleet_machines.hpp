// The machines' side of a fleet: replicas in pools, what the gateway sees of them, and their runs from window to
// window.
#pragma once

#include <memory>

#include "stargate/base/worker_pool.hpp"
#include "stargate/fleet/autoscaler.hpp"
#include "stargate/fleet/fleet_replica.hpp"
#include "stargate/fleet/router.hpp"

namespace stargate {

/// Replicas are numbered through the pools, each pool with room for as many as it may ever have; those not ordered are
/// off. Replicas are run by lanes of a WorkerPool, each with its own step costs; everything else is called by one
/// thread.
class FleetMachines {
 public:
  /// The spec outlives it. The first replicas of each pool are ready at once.
  FleetMachines(const FleetSpec& spec, int threads);

  /// The views follow what the replicas that ran were at the end of the last window.
  void read_reports();
  /// Pools whose autoscaler looks now. `waiting`: requests at the gateway for each pool.
  void scale(SimTime now, const std::vector<double>& waiting);
  /// Reaches the replica at delivery.at, which must not lie before what it has run.
  void send(int replica, const Delivery& delivery);
  /// One more, or one fewer, is out with a replica.
  void count_sent(int replica, int change);
  /// Replicas that decode, or all others, to the end of the window. Afterwards finished() and returned() hold what came
  /// back from these.
  void run(bool decode, SimTime end);
  /// All of them, whatever they have to do.
  void run_all(SimTime end);

  /// What came back from those that ran last, in order of time; valid until the next run.
  const std::vector<RequestRecord>& finished() const { return finished_; }
  const std::vector<Returned>& returned() const { return returned_; }
  /// Of anything here, looks of autoscalers included.
  SimTime next_event() const;

  const std::vector<FleetReplica>& replicas() const { return replicas_; }
  const FleetReplica& replica(int number) const { return replicas_[static_cast<std::size_t>(number)]; }
  const std::vector<PoolView>& views() const { return views_; }
  const std::vector<int>& pool_of() const { return pool_; }
  int pool(int replica) const { return pool_[static_cast<std::size_t>(replica)]; }
  const PoolSpec& pool_spec(int replica) const { return spec_.pools[static_cast<std::size_t>(pool(replica))]; }
  const ReplicaKind& kind(int replica) const { return spec_.kinds[static_cast<std::size_t>(pool_spec(replica).kind)]; }

 private:
  void add_pool(std::size_t pool);                   ///< room for as many replicas as it may ever have
  void set_state(int replica);                       ///< of a view: ready or not
  void scale_pool(int pool, int more, SimTime now);  ///< negative: fewer
  void touch(int replica);                           ///< its state was changed: view and next event follow
  void collect();                                    ///< what the replicas of this window gave back, in order of time

  const FleetSpec& spec_;
  WorkerPool workers_;
  std::vector<std::unique_ptr<StepCost>> costs_;  ///< by kind and lane
  std::vector<FleetReplica> replicas_;            ///< of all pools, one pool after the other
  std::vector<SimTime> next_;                     ///< event of each replica
  std::vector<int> pool_;                         ///< of each replica
  std::vector<PoolView> views_;                   ///< by pool, as of the last report
  std::vector<Autoscaler> scalers_;               ///< an entry a pool
  std::vector<int> active_, changed_;             ///< to be run in this window; whose state may have changed
  std::vector<RequestRecord> finished_;           ///< of the window that ran last
  std::vector<Returned> returned_;                ///< likewise
};

}  // namespace stargate
