// Both writers walk the slices once, in their order by stage, track and time.
#include "stargate/training/trace_file.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <map>
#include <set>

namespace stargate {
namespace {

/// Fields of one protobuf message.
class Message {
 public:
  Message& number(int field, std::uint64_t value) {
    varint(static_cast<std::uint64_t>(field) << 3);
    varint(value);
    return *this;
  }
  Message& fixed(int field, std::uint64_t value) {
    varint(static_cast<std::uint64_t>(field) << 3 | 1);
    for (int i = 0; i < 8; ++i) bytes_.push_back(static_cast<char>(value >> (8 * i) & 0xff));
    return *this;
  }
  Message& text(int field, const std::string& value) {
    varint(static_cast<std::uint64_t>(field) << 3 | 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& message(int field, const Message& value) { return text(field, value.bytes_); }
  std::string take() { return std::move(bytes_); }

 private:
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      bytes_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    bytes_.push_back(static_cast<char>(value));
  }

  std::string bytes_;
};

// Field numbers.
constexpr int kTracePacket = 1;
constexpr int kTimestamp = 8, kSequence = 10, kTrackEvent = 11, kInterned = 12, kSequenceFlags = 13, kDescriptor = 60;
constexpr int kTrackUuid = 1, kTrackName = 2, kTrackProcess = 3, kTrackParent = 5, kTrackOrdering = 11, kTrackRank = 12;
constexpr int kProcessId = 1, kProcessName = 6;
constexpr int kAnnotation = 4, kEventType = 9, kEventName = 10, kEventTrack = 11, kCategory = 22, kFlow = 47,
              kFlowEnd = 48;
constexpr int kAnnotationUint = 3, kAnnotationName = 10;
constexpr int kInternedNames = 2, kInternedId = 1, kInternedText = 2;
constexpr std::uint64_t kBegin = 1, kEnd = 2, kExplicitOrder = 3, kStateCleared = 1, kNeedsState = 2;

std::uint64_t nanoseconds(Duration t) { return static_cast<std::uint64_t>(std::llround(t.in(nanosecond))); }

std::string stage_name(const Timeline& timeline, int stage) {
  return fmt::format("stage {} of {} ({})", stage, timeline.stages, timeline.title);
}

class PerfettoWriter {
 public:
  explicit PerfettoWriter(const Timeline& timeline) : timeline_(timeline) {}

  std::string write() {
    for (int stage = 0; stage < timeline_.stages; ++stage) describe_stage(stage);
    std::set<std::uint64_t> described;
    for (const TimelineSlice& slice : timeline_.slices) {
      if (described.insert(uuid(slice.stage, slice.track)).second) describe_track(slice.stage, slice.track);
      add_slice(slice);
    }
    return trace_.take();
  }

 private:
  static std::uint64_t process_uuid(int stage) { return 1 + static_cast<std::uint64_t>(stage) * (kTimelineTracks + 1); }
  static std::uint64_t uuid(int stage, TimelineTrack track) {
    return process_uuid(stage) + 1 + static_cast<std::uint64_t>(track);
  }

  void add(Message packet) {
    packet.number(kSequence, 1).number(kSequenceFlags, first_ ? kStateCleared : kNeedsState);
    first_ = false;
    trace_.message(kTracePacket, packet);
  }

  void describe_stage(int stage) {
    Message process, track, packet;
    process.number(kProcessId, static_cast<std::uint64_t>(stage) + 1);
    process.text(kProcessName, stage_name(timeline_, stage));
    track.number(kTrackUuid, process_uuid(stage)).message(kTrackProcess, process);
    track.number(kTrackOrdering, kExplicitOrder).number(kTrackRank, static_cast<std::uint64_t>(stage));
    add(packet.message(kDescriptor, track));
  }

  void describe_track(int stage, TimelineTrack kind) {
    Message track, packet;
    track.number(kTrackUuid, uuid(stage, kind)).text(kTrackName, timeline_track_name(kind));
    track.number(kTrackParent, process_uuid(stage)).number(kTrackRank, static_cast<std::uint64_t>(kind));
    add(packet.message(kDescriptor, track));
  }

  static void annotate(Message& event, const char* name, std::int64_t value) {
    if (value < 0) return;
    Message annotation;
    annotation.text(kAnnotationName, name).number(kAnnotationUint, static_cast<std::uint64_t>(value));
    event.message(kAnnotation, annotation);
  }

  void add_slice(const TimelineSlice& slice) {
    const auto [name, fresh] = names_.emplace(slice.name, names_.size() + 1);
    Message begin, packet, end, end_packet;
    begin.number(kEventType, kBegin).number(kEventTrack, uuid(slice.stage, slice.track));
    begin.number(kEventName, name->second).text(kCategory, timeline_track_name(slice.track));
    annotate(begin, "micro-batch", slice.micro_batch);
    annotate(begin, "chunk", slice.chunk);
    if (slice.starts_flow >= 0) begin.fixed(kFlow, static_cast<std::uint64_t>(slice.starts_flow));
    for (const std::int64_t flow : slice.ends_flows) begin.fixed(kFlowEnd, static_cast<std::uint64_t>(flow));
    packet.number(kTimestamp, nanoseconds(slice.start)).message(kTrackEvent, begin);
    if (fresh) {
      Message entry, interned;
      entry.number(kInternedId, name->second).text(kInternedText, slice.name);
      packet.message(kInterned, interned.message(kInternedNames, entry));
    }
    add(std::move(packet));
    end.number(kEventType, kEnd).number(kEventTrack, uuid(slice.stage, slice.track));
    add(std::move(end_packet.number(kTimestamp, nanoseconds(slice.end)).message(kTrackEvent, end)));
  }

  const Timeline& timeline_;
  Message trace_;
  std::map<std::string, std::uint64_t> names_;
  bool first_ = true;
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
