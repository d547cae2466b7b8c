// The field table of reliability records, and rates from counts.
#include "stargate/catalogue/reliability.hpp"

namespace stargate {

const RecordTable<FailureCause>& FailureCause::table() {
  static const auto table =
      RecordTable<FailureCause>("failure cause", "One cause of interruptions and how common it was.")
          .required("cause", &FailureCause::cause, "As the source names it.")
          .required("class", &FailureCause::failure_class,
                    "What its rate grows with, and whether it takes a node out for repair.")
          .required("weight", &FailureCause::weight, "Count or percentage as published; only ratios matter.", positive);
  return table;
}

const RecordTable<Reliability>& Reliability::table() {
  using R = Reliability;
  static const auto table =
      record_fields<R>("reliability", "What interrupted a fleet while it trained, and how it recovered.")
          .optional("accelerator", &R::accelerator, "Id of the accelerator; none when mixed.")
          .required("year", &R::year, "Year it was published.")
          .optional("accelerators", &R::accelerators, "Accelerators observed.", positive)
          .optional("accelerators_per_node", &R::accelerators_per_node, "Accelerators behind one host.", positive)
          .optional("period", &R::period, "For how long.", positive)
          .optional("interruptions", &R::interruptions, "Unexpected interruptions in the period.", positive)
          .optional("planned_interruptions", &R::planned_interruptions, "Interruptions people planned.", not_negative)
          .optional("failures_per_1000_node_days", &R::failures_per_1000_node_days,
                    "Unexpected interruptions in 1,000 days of a node, where a source gives the rate.", positive)
          .optional("basis", &R::basis, "Measured, or somebody's estimate.")
          .optional("causes", &R::causes, "What interrupted it.")
          .optional("effective_time", &R::effective_time, "Effective training time ratio it reached at least.",
                    fraction)
          .optional("early_failure_share", &R::early_failure_share, "Share of new accelerators that fail early.",
                    fraction)
          .optional("early_failure_time", &R::early_failure_time, "Mean age at which those fail.", positive)
          .optional("detection_time", &R::detection_time, "From a fault to the decision to restart.", not_negative)
          .optional("restart_time", &R::restart_time, "From there to the first step, without loading the checkpoint.",
                    not_negative)
          .optional("repair_time", &R::repair_time, "For how long a faulty node is out of the fleet.", positive)
          .optional("checkpoint_overhead", &R::checkpoint_overhead,
                    "Stall of a checkpoint whatever its size: agreeing, copying to host memory.", not_negative)
          .optional("storage_bandwidth", &R::storage_bandwidth, "Sustained bandwidth to storage of one accelerator.",
                    positive);
  return table;
}

std::optional<Frequency> Reliability::accelerator_rate() const {
  if (failures_per_1000_node_days) {
    return Frequency{*failures_per_1000_node_days / 1000 / accelerators_per_node / day};
  }
  const auto observed = exposure();
  if (!interruptions || !observed) return std::nullopt;
  return *interruptions / *observed;
}

std::optional<Duration> Reliability::exposure() const {
  if (!accelerators || !period) return std::nullopt;
  return static_cast<double>(*accelerators) * *period;
}

}  // namespace stargate
