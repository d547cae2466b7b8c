// From the flags of `stargate train` to a job and a layout, for every command that asks about one.
#pragma once

#include <memory>
#include <optional>

#include "stargate/app/command_train.hpp"
#include "stargate/training/search.hpp"

namespace stargate {

/// A job points into its catalogue.
struct TrainingQuestion {
  std::unique_ptr<Catalogue> catalogue;
  TrainingJob job;
};
Result<TrainingQuestion> make_training_question(const Session& session, const TrainFlags& flags);

/// Nothing when not given; the flag knows no wrong names.
std::optional<PipelineSchedule> schedule_named(const std::string& name);
/// Any flag of a layout is given.
bool has_layout(const TrainFlags& flags);
/// Sizes not given are 1, data parallelism what is left of the accelerators. Faults: unknown modules to recompute.
Result<TrainingLayout> make_layout(const TrainFlags& flags);

}  // namespace stargate
