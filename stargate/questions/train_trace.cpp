// Simulates the layout's step once more, pass by pass.
#include "stargate/questions/train_trace.hpp"

#include "stargate/training/trace_file.hpp"

namespace stargate {

Diagnostics check_trace_path(const QuestionContext& context) {
  const std::string path = context.path_of("trace");
  if (path.empty() || path.ends_with(".json") || path.ends_with(".pftrace")) return {};
  return {Diagnostic{{}, 0, 0, "trace", "'" + path + "' is no kind of trace", "end it in .pftrace or .json", {}}};
}

void add_trace(const QuestionContext& context, const TrainingJob& job, const TrainingLayout& layout, Answer& answer) {
  const std::string path = context.path_of("trace");
  if (path.empty()) return;
  const Timeline timeline = make_timeline(job, layout);
  answer.files.push_back({path, path.ends_with(".json") ? chrome_trace(timeline) : perfetto_trace(timeline)});
}

}  // namespace stargate
