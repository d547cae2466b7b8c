// How often a job of a given size is interrupted, from what a fleet of the catalogue observed.
//   rate of a cause = observed rate of one accelerator * its share of the causes * accelerators of the job
// (hosts: by nodes). All rates grow with the job: a month on 128 accelerators without a crash (IBM, pytorch.org
// 2024-03) is likely at the rate of Llama 3's fleet by accelerator, and impossible had its software faults come by job.
// Young fleets add early failures, exponential in age: share / time * exp(-age / time) for each accelerator.
#pragma once

#include "stargate/catalogue/catalogue.hpp"

namespace stargate {

/// One cause with what it belongs to.
struct CauseRate {
  std::string cause;  ///< as the record names it
  FailureClass failure_class = FailureClass::accelerator;
  Frequency rate;  ///< of the whole job
};

struct JobFailures {
  std::string fleet, causes_of;   ///< ids of the records whose rate and whose causes these are
  std::vector<CauseRate> causes;  ///< as the record has them; early failures last
  Frequency planned;              ///< stops people plan: the same for a job of any size
  Frequency total() const;
  /// Share of the failures that take a node away until it is repaired. From 0 to 1: failures of accelerators and hosts
  /// take the node, those of software and network do not.
  double node_share() const;
};

/// Only `fleet` or `accelerator` is needed to choose a record; counts at least 1.
struct FailureSpec {
  std::string fleet{};            ///< record id; empty: the accelerator's own, see choose_fleet
  std::string accelerator{};      ///< id
  std::int64_t accelerators = 1;  ///< of the job
  /// Of the job's system.
  int accelerators_per_node = 8;
  std::optional<Duration> age{};  ///< of the fleet when the job begins; nothing: grown up
  Duration run{};                 ///< how long it runs about, for the mean of the early failures
};

/// The measured fleet of this accelerator that was observed most (accelerators * period); when there is none, the
/// newest measured fleet that tells its causes. Estimates are never chosen.
Result<std::string> choose_fleet(const Catalogue& catalogue, const std::string& accelerator);

/// Faults, all of path "reliability": a fleet that the catalogue lacks, one that states no rate, no fleet with causes,
/// an age where no fleet states early failures.
Result<JobFailures> job_failures(const Catalogue& catalogue, const FailureSpec& spec);

/// Standard deviation of the logarithm of the accelerator's failure rate between measured fleets: how far the next
/// fleet's rate may be from any one of them. Zero with fewer than two fleets. Of natural logarithms: exp(spread) is the
/// factor between a fleet and one standard deviation from it.
double fleet_spread(const Catalogue& catalogue);

/// How fleets notice, restart, repair and store; each value of `fleet`, else of the newest record that has it.
struct RecoveryTimes {
  Duration detection, restart, repair, checkpoint_overhead;  ///< means
  ByteRate storage_bandwidth;                                ///< of one accelerator
};
/// A fault only when no record of the whole catalogue has a figure; path "reliability".
Result<RecoveryTimes> recovery_times(const Catalogue& catalogue, const std::string& fleet);

}  // namespace stargate
