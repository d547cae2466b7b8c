// From the fields of a question to the numbers that goodput follows from: step time, failures, recovery, checkpoint,
// spares, price.
#pragma once

#include "stargate/finance/accelerator_price.hpp"
#include "stargate/questions/or_auto.hpp"
#include "stargate/questions/question.hpp"
#include "stargate/training/goodput.hpp"
#include "stargate/training/job.hpp"

namespace stargate {

/// How checkpoints are written: while the job runs, or while it waits.
enum class CheckpointKind { async, blocking };
template <>
struct EnumNames<CheckpointKind> {
  static constexpr std::pair<const char*, CheckpointKind> names[] = {{"async", CheckpointKind::async},
                                                                     {"blocking", CheckpointKind::blocking}};
};

/// What is not given is the catalogue's, or the best.
struct GoodputFields {
  double tokens = 0;                                       ///< to be trained on
  std::optional<Duration> step_time, checkpoint_overhead;  ///< empty: simulated; the fleet's
  OrAuto<Duration> checkpoint_interval;                    ///< auto: the best
  CheckpointKind checkpoint = CheckpointKind::async;       ///< whether training waits for the write
  std::optional<ByteRate> storage_bandwidth;               ///< of one accelerator; empty: the fleet's
  std::optional<int> spares;                               ///< nodes
  std::optional<Duration> detection_time, restart_time, repair_time, fleet_age;  ///< empty: the fleet's; grown up
  std::string fleet;                                     ///< id of a reliability record; empty: the accelerator's own
  double straggler_share = 0, straggler_slowdown = 0.1;  ///< of nodes; of a step, when one is slow
  OrAuto<double> rate_spread;                            ///< auto: between measured fleets
  std::optional<MoneyRate> price;                        ///< of an accelerator hour; empty: quotes or ownership
  int scenarios = 1000;                                  ///< of the simulation
  std::int64_t seed = 1;                                 ///< of its draws
};

template <class Q>
void add_goodput_fields(QuestionTable<Q>& t) {
  t.group("The run")
      .required("tokens", &Q::tokens, "Tokens to train on, such as 15e12", positive)
      .optional("step_time", &Q::step_time, "Of one step; else of the layout, else of the best layout", positive)
      .optional("price", &Q::price, "Of an accelerator, such as \"2.5 $/h\"; else rent or ownership", not_negative)
      .type("PRICE")
      .group("Checkpoints")
      .optional("checkpoint_interval", &Q::checkpoint_interval, "Work between checkpoints: 10min, or auto, the best",
                positive)
      .optional("checkpoint", &Q::checkpoint, "Written while the job waits, or while it runs")
      .optional("storage_bandwidth", &Q::storage_bandwidth, "To storage, of one accelerator", positive)
      .optional("checkpoint_overhead", &Q::checkpoint_overhead, "Stall of a checkpoint whatever its size", not_negative)
      .group("Failures")
      .optional("fleet", &Q::fleet, "Reliability record whose failure rate is taken")
      .optional("fleet_age", &Q::fleet_age, "Age of the machines at the start; else grown up", not_negative)
      .optional("spares", &Q::spares, "Spare nodes; else enough to hardly ever wait",
                {.at_least = 0.0, .above = {}, .at_most = 1e8})
      .optional("detection_time", &Q::detection_time, "From a fault to the decision to restart", not_negative)
      .optional("restart_time", &Q::restart_time, "From there to the first step, without loading", not_negative)
      .optional("repair_time", &Q::repair_time, "For which a faulty node is away", not_negative)
      .optional("straggler_share", &Q::straggler_share, "Share of nodes that are slow and stay in the job", fraction)
      .optional("straggler_slowdown", &Q::straggler_slowdown, "By how much they slow a step", not_negative)
      .optional("rate_spread", &Q::rate_spread,
                "Standard deviation of the logarithm of the failure rate; auto: of the catalogue's fleets",
                not_negative)
      .group("The simulation")
      .optional("scenarios", &Q::scenarios, "Lives of the job to simulate",
                {.at_least = 2.0, .above = {}, .at_most = 1e6})
      .optional("seed", &Q::seed, "Of the random numbers", {.at_least = 0.0, .above = {}, .at_most = 9e15});
}

/// What the two models of goodput.hpp are asked, with what it was made from.
struct GoodputTerms {
  JobFailures failures;               ///< of the whole job, by cause
  RecoveryTimes recovery;             ///< of the fleet
  Bytes checkpoint;                   ///< weights and optimiser states
  Duration step_time, load, persist;  ///< of a step; reading a checkpoint back, and writing it
  GoodputSpec spec;                   ///< what closed form and simulation are given
  Duration undisturbed;               ///< all steps when nothing fails
  double rate_spread = 0;             ///< standard deviation of the logarithm of the rate
  std::int64_t accelerators = 0;      ///< with spares
  int accelerators_per_node = 8;      ///< of the job's system
  HourPrice price;                    ///< of one accelerator
};

/// A job whose step takes so long.
struct RunningJob {
  const Catalogue& catalogue;
  const TrainingJob& job;
  Duration step_time;  ///< of the layout, nothing failing
};
/// Faults: a fleet that is not there, an interval shorter than a checkpoint takes to write.
Result<GoodputTerms> make_goodput_terms(const RunningJob& running, const GoodputFields& fields,
                                        const QuestionContext& context);

}  // namespace stargate
