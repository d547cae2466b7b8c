// From a job's flags to the numbers its goodput follows from: step time, failures, recovery, checkpoint, spares, price.
#pragma once

#include "stargate/app/command_goodput.hpp"
#include "stargate/finance/accelerator_price.hpp"
#include "stargate/training/goodput.hpp"
#include "stargate/training/job.hpp"

namespace stargate {

struct GoodputQuestion {
  JobFailures failures;
  RecoveryTimes recovery;
  Bytes checkpoint;
  Duration step_time, load, persist;  ///< of a step; reading a checkpoint back, and writing it
  GoodputSpec spec;
  Duration undisturbed;  ///< all steps when nothing fails
  double rate_spread = 0;
  std::int64_t accelerators = 0;  ///< with spares
  int accelerators_per_node = 8;
  HourPrice price;
};

/// Numbers written in flags, all read at once so that every fault is told.
Result<GoodputQuestion> make_goodput_question(const Catalogue& catalogue, const TrainingJob& job, Duration step_time,
                                              const GoodputFlags& flags);
/// The step time written in the flags; nothing when there is none.
Result<Duration> parse_step_time(const GoodputFlags& flags);

}  // namespace stargate
