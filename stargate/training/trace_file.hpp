// A timeline as a file that trace viewers open: Perfetto's protobuf (base/perfetto.hpp) or Chrome's JSON
// ("Trace Event Format", chrome://tracing).
#pragma once

#include <string>

#include "stargate/training/timeline.hpp"

namespace stargate {

/// Times in whole nanoseconds. Names are interned; slices carry micro_batch and chunk as annotations, sends start
/// flows. The bytes of the file. Either format has one process a stage and one thread a track.
std::string perfetto_trace(const Timeline& timeline);
std::string chrome_trace(const Timeline& timeline);

}  // namespace stargate
