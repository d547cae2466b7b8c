// The timeline of one step as a file, for Perfetto or Chrome.
#pragma once

#include "stargate/questions/question.hpp"
#include "stargate/training/job.hpp"

namespace stargate {

inline const FileForm train_trace_form{
    "trace", "FILE", "Write a timeline of one step: .pftrace for ui.perfetto.dev, .json for chrome://tracing"};

/// The fault of a name that ends in neither; told before anything is computed. Empty also when none is wanted.
Diagnostics check_trace_path(const QuestionContext& context);
/// Adds the file when it is wanted.
void add_trace(const QuestionContext& context, const TrainingJob& job, const TrainingLayout& layout, Answer& answer);

}  // namespace stargate
