// Both writers walk the slices once, in their order by stage, track and time.
#include "stargate/training/trace_file.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <set>

#include "stargate/base/perfetto.hpp"

namespace stargate {
namespace {

std::uint64_t nanoseconds(Duration t) { return static_cast<std::uint64_t>(std::llround(t.in(nanosecond))); }

std::string stage_name(const Timeline& timeline, int stage) {
  return fmt::format("stage {} of {} ({})", stage, timeline.stages, timeline.title);
}

class PerfettoWriter {
 public:
  explicit PerfettoWriter(const Timeline& timeline) : timeline_(timeline) {}

  std::string write() {
    for (int stage = 0; stage < timeline_.stages; ++stage) {
      const auto rank = static_cast<std::uint64_t>(stage);
      trace_.describe_process(process_uuid(stage), rank + 1, stage_name(timeline_, stage), rank);
    }
    std::set<std::uint64_t> described;
    for (const TimelineSlice& slice : timeline_.slices) {
      const std::uint64_t track = uuid(slice.stage, slice.track);
      if (described.insert(track).second) {
        trace_.describe_track(track, process_uuid(slice.stage), timeline_track_name(slice.track),
                              static_cast<std::uint64_t>(slice.track));
      }
      add_slice(slice);
    }
    return trace_.take();
  }

 private:
  static std::uint64_t process_uuid(int stage) { return 1 + static_cast<std::uint64_t>(stage) * (kTimelineTracks + 1); }
  static std::uint64_t uuid(int stage, TimelineTrack track) {
    return process_uuid(stage) + 1 + static_cast<std::uint64_t>(track);
  }

  void add_slice(const TimelineSlice& slice) {
    PerfettoSlice out;
    out.track = uuid(slice.stage, slice.track);
    out.start_ns = nanoseconds(slice.start), out.end_ns = nanoseconds(slice.end);
    out.name = slice.name, out.category = timeline_track_name(slice.track);
    out.annotations = {{"micro-batch", slice.micro_batch}, {"chunk", slice.chunk}};
    if (slice.starts_flow >= 0) out.starts_flows.push_back(static_cast<std::uint64_t>(slice.starts_flow));
    for (const std::int64_t flow : slice.ends_flows) out.ends_flows.push_back(static_cast<std::uint64_t>(flow));
    trace_.add_slice(out);
  }

  const Timeline& timeline_;
  PerfettoTrace trace_;
};

/// Microseconds to the nanosecond.
std::string microseconds(std::uint64_t ns) { return fmt::format("{}.{:03}", ns / 1000, ns % 1000); }

class ChromeWriter {
 public:
  explicit ChromeWriter(const Timeline& timeline) : timeline_(timeline) {}

  std::string write() {
    for (int stage = 0; stage < timeline_.stages; ++stage) {
      add("M", stage, 0, fmt::format(R"("name":"process_name","args":{{"name":"{}"}})", stage_name(timeline_, stage)));
      add("M", stage, 0, fmt::format(R"("name":"process_sort_index","args":{{"sort_index":{}}})", stage));
    }
    std::set<std::pair<int, TimelineTrack>> described;
    for (const TimelineSlice& slice : timeline_.slices) {
      if (described.insert({slice.stage, slice.track}).second) describe_track(slice.stage, slice.track);
      add_slice(slice);
    }
    return "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[" + events_ + "\n]}\n";
  }

 private:
  void add(const char* kind, int stage, int track, const std::string& rest) {
    fmt::format_to(std::back_inserter(events_), R"({}{{"ph":"{}","pid":{},"tid":{},{}}})",
                   events_.empty() ? "\n" : ",\n", kind, stage, track, rest);
  }

  void describe_track(int stage, TimelineTrack track) {
    const int at = static_cast<int>(track);
    add("M", stage, at, fmt::format(R"("name":"thread_name","args":{{"name":"{}"}})", timeline_track_name(track)));
    add("M", stage, at, fmt::format(R"("name":"thread_sort_index","args":{{"sort_index":{}}})", at));
  }

  void add_slice(const TimelineSlice& slice) {
    const int track = static_cast<int>(slice.track);
    const std::uint64_t start = nanoseconds(slice.start), end = nanoseconds(slice.end);
    std::string args;
    if (slice.micro_batch >= 0) {
      args = fmt::format(R"(,"args":{{"micro-batch":{},"chunk":{}}})", slice.micro_batch, slice.chunk);
    }
    add("X", slice.stage, track,
        fmt::format(R"("name":"{}","cat":"{}","ts":{},"dur":{}{})", slice.name, timeline_track_name(slice.track),
                    microseconds(start), microseconds(end - start), args));
    const auto flow = [&](const char* kind, std::int64_t id, const char* more) {
      add(kind, slice.stage, track,
          fmt::format(R"("name":"send","cat":"send","id":{},"ts":{}{})", id, microseconds(start), more));
    };
    if (slice.starts_flow >= 0) flow("s", slice.starts_flow, "");
    for (const std::int64_t id : slice.ends_flows) flow("f", id, R"(,"bp":"e")");
  }

  const Timeline& timeline_;
  std::string events_;
};

}  // namespace

std::string perfetto_trace(const Timeline& timeline) { return PerfettoWriter(timeline).write(); }
std::string chrome_trace(const Timeline& timeline) { return ChromeWriter(timeline).write(); }

}  // namespace stargate
