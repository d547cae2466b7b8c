// What a training step rests on: shares of its time by the origin of the laws (perf/law_shares.hpp). What is left is
// the framework's own time.
#pragma once

#include "stargate/perf/law_shares.hpp"
#include "stargate/training/job.hpp"

namespace stargate {

/// The layout keeps all rules.
LawShares training_law_shares(const TrainingJob& job, const TrainingLayout& layout);

}  // namespace stargate
