// What was observed of fleets while they trained: how often jobs were interrupted and by what, and how long it took to
// notice, restart and repair. Each fleet reports a part of it; whoever predicts a job takes the rate of one fleet and
// what that fleet does not tell from others (training/failures.hpp).
#pragma once

#include "stargate/catalogue/source.hpp"

namespace stargate {

/// What a cause belongs to, hence what its rate grows with: hosts with nodes, all others with accelerators. A faulty
/// accelerator or host takes its node out for repair; after a network or software fault the job restarts where it was.
enum class FailureClass { accelerator, host, network, software };

template <>
struct EnumNames<FailureClass> {
  static constexpr std::pair<const char*, FailureClass> names[] = {{"accelerator", FailureClass::accelerator},
                                                                   {"host", FailureClass::host},
                                                                   {"network", FailureClass::network},
                                                                   {"software", FailureClass::software}};
};

/// Measured, or somebody's estimate: estimates are shown, never taken by default.
enum class FailureBasis { measured, estimate };

template <>
struct EnumNames<FailureBasis> {
  static constexpr std::pair<const char*, FailureBasis> names[] = {{"measured", FailureBasis::measured},
                                                                   {"estimate", FailureBasis::estimate}};
};

/// One line of a published table of causes.
struct FailureCause {
  std::string cause;                                       ///< as the source names it
  FailureClass failure_class = FailureClass::accelerator;  ///< what it takes away, and what its rate grows with
  double weight = 0;  ///< counts or percentages as published; only their ratios are used
  static const RecordTable<FailureCause>& table();
};

/// One observed fleet. Figures it does not report are empty; times are means, rates of the whole fleet.
struct Reliability : Record {
  std::string accelerator;                   ///< id; empty when mixed
  int year = 0;                              ///< of the report
  std::optional<std::int64_t> accelerators;  ///< of the fleet observed
  /// Of the fleet that was observed, from whose hosts the rate of a job's hosts follows.
  int accelerators_per_node = 8;
  std::optional<Duration> period;               ///< for which it was observed
  std::optional<double> interruptions;          ///< unexpected, in the period
  std::optional<double> planned_interruptions;  ///< in the period
  /// Where the operator states a rate and no counts.
  std::optional<double> failures_per_1000_node_days;
  FailureBasis basis = FailureBasis::measured;  ///< estimates are shown and never chosen
  std::vector<FailureCause> causes;             ///< of the unexpected interruptions
  std::optional<double> effective_time;         ///< published lower bound of the effective training time ratio
  /// Of new accelerators that fail early; their mean age then is early_failure_time.
  std::optional<double> early_failure_share;
  std::optional<Duration> early_failure_time;  ///< mean age at which they fail
  std::optional<Duration> detection_time, restart_time, repair_time, checkpoint_overhead;  ///< means
  std::optional<ByteRate> storage_bandwidth;  ///< for checkpoints, of one accelerator
  static const RecordTable<Reliability>& table();

  /// Unexpected interruptions of one accelerator; nothing when the fleet's size, period or count is not known.
  std::optional<Frequency> accelerator_rate() const;
  /// Accelerators times period: how much was observed.
  std::optional<Duration> exposure() const;
};

}  // namespace stargate
