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

/// The answer of --compare: the question without its changes.
TrainFlags without_changes(TrainFlags flags);

/// Tells the fault when --compare has nothing to compare.
bool can_compare(Session& session, const TrainFlags& flags);
/// The line that begins an answer; `gpus` in words.
std::string describe_job(const TrainingQuestion& question, const TrainFlags& flags, const std::string& gpus);

/// "4096", "1024,2048", "1024:16384" (doubling), "1024:4096:512" (in steps); rising, without repeats.
Result<std::vector<std::int64_t>> parse_gpu_counts(const std::string& text);

/// Nothing when not given; the flag knows no wrong names.
std::optional<PipelineSchedule> schedule_named(const std::string& name);
/// Any flag of a layout is given.
bool has_layout(const TrainFlags& flags);
/// Sizes not given are 1, data parallelism what is left of the accelerators. Faults: unknown modules to recompute.
Result<TrainingLayout> make_layout(const TrainFlags& flags);
/// The grid of a search: sizes given are fixed.
Result<SearchLimits> make_search_limits(const TrainFlags& flags, const TrainSearchFlags& search);

}  // namespace stargate
