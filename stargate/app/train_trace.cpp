// Simulates the layout's step once more, pass by pass.
#include "stargate/app/train_trace.hpp"

#include <fmt/format.h>

#include "stargate/training/trace_file.hpp"

namespace stargate {

void write_trace(Session& session, const std::string& path, const TrainingJob& job, const TrainingLayout& layout) {
  if (path.empty()) return;
  const bool chrome = path.ends_with(".json");
  if (!chrome && !path.ends_with(".pftrace")) {
    return session.fail(fmt::format("--trace {}: unknown kind of trace", path), "end it in .pftrace or .json");
  }
  const Timeline timeline = make_timeline(job, layout);
  if (!session.write(path, chrome ? chrome_trace(timeline) : perfetto_trace(timeline))) return;
  Session::progress(fmt::format("wrote {}", path));
}

}  // namespace stargate
