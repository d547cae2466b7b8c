// `--trace FILE`: the timeline of one step as a file.
#pragma once

#include "stargate/app/session.hpp"
#include "stargate/training/job.hpp"

namespace stargate {

/// The kind of trace is the file's ending: .pftrace or .json. An empty path: none.
void write_trace(Session& session, const std::string& path, const TrainingJob& job, const TrainingLayout& layout);

}  // namespace stargate
