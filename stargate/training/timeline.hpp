// One training step as slices on tracks: a process for each pipeline stage, in it a track for its device and one for
// each kind of communication. Passes and sends are those of the simulated schedule. The communication that a pass waits
// for, in truth spread over its layers, is one slice of the same length at the end of the pass; what follows the last
// micro-batch is that of the step's breakdown, so the last slice ends at the step time.
#pragma once

#include <string>
#include <vector>

#include "stargate/training/step.hpp"

namespace stargate {

/// Tracks of one stage, from the top of its process.
enum class TimelineTrack { compute, tensor, context, expert, send_up, send_down, data, host };
inline constexpr int kTimelineTracks = 8;
const char* timeline_track_name(TimelineTrack track);

/// Slices of one track follow each other in time and do not overlap.
struct TimelineSlice {
  int stage;            ///< process of the trace
  TimelineTrack track;  ///< thread of the trace
  std::string name;     ///< "F mb3 c1"
  Duration start, end;
  std::int64_t micro_batch = -1;         ///< -1: of none
  int chunk = -1;                        ///< -1: of none
  std::int64_t starts_flow = -1;         ///< of a send
  std::vector<std::int64_t> ends_flows;  ///< of the pass that needs what was sent
};

/// Times from the beginning of the step.
struct Timeline {
  int stages = 1;
  std::string title;                  ///< the layout in words
  std::vector<TimelineSlice> slices;  ///< by stage, track, time
  Duration step_time;                 ///< end of the last slice
};

/// The layout keeps all rules (check_layout is empty). Memory is linear in stages times micro-batches: some hundred
/// bytes a pass.
Timeline make_timeline(const TrainingJob& job, const TrainingLayout& layout);

}  // namespace stargate
