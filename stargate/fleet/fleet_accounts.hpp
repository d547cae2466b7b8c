// The books of a fleet: what left, when, for whom, and who pays for the machines.
//   a pool's cost  = price * time paid for; split by the time its steps spent with prefill and without
//   a tenant pays    of the first part its share of prompt tokens not found in a cache, of the second its share of
//                    output
#pragma once

#include "stargate/fleet/fleet_report.hpp"

namespace stargate {

class FleetAccounts {
 public:
  explicit FleetAccounts(const FleetSpec& spec);

  void arrived(int tenant) { ++report_.tenants[static_cast<std::size_t>(tenant)].arrived, ++now_.arrived; }
  void retried(int tenant) { ++report_.tenants[static_cast<std::size_t>(tenant)].retried; }
  /// `prefill_pool` computed the prompt; -1 when nobody did. Once for each request that arrived, answered or not.
  void left(const FleetRequestRecord& record, int prefill_pool);
  /// Requests that have left in any way.
  std::int64_t gone() const { return gone_; }

  /// Requests with a replica, and requests the gateway holds.
  struct Waiting {
    std::int64_t in_flight = 0, held = 0;  ///< with a replica; at the gateway
  };
  /// Closes the running interval at `now`: every replica must have run up to it. `pool_of` gives each replica's pool.
  void sample(SimTime now, const std::vector<FleetReplica>& replicas, const std::vector<int>& pool_of,
              const Waiting& waiting);
  /// The replicas have run to the end. Splits the cost. Costs are price times time paid for, by pool; a pool that did
  /// no work at all is charged to nobody.
  FleetReport report(const std::vector<FleetReplica>& replicas, const std::vector<int>& pool_of, std::int64_t windows);

 private:
  Energy energy(const ReplicaTotals& totals, int pool) const;  ///< idle, prefill and decode time, each at its power
  void split_cost(std::size_t pool);                           ///< over tenants, by the tokens they caused

  const FleetSpec& spec_;
  FleetReport report_;                         ///< grows as requests leave
  FleetSample now_;                            ///< counts of the interval that runs
  std::vector<ReplicaTotals> at_last_sample_;  ///< by pool
  SimTime last_sample_;                        ///< where the running interval began
  std::int64_t gone_ = 0;                      ///< requests that have left
  struct Work {
    double prompt = 0, output = 0;  ///< tokens computed: prompts less what caches held
  };
  std::vector<Work> work_;  ///< tokens by pool and tenant
};

}  // namespace stargate
