// One packet a description, a beginning, an end and a count, written field by field through protozero.
#include "stargate/base/perfetto.hpp"

#include <protozero/pbf_writer.hpp>
#include <utility>

namespace stargate {
namespace {

// Field numbers.
constexpr int kTracePacket = 1;
constexpr int kTimestamp = 8, kSequence = 10, kTrackEvent = 11, kInterned = 12, kSequenceFlags = 13, kDescriptor = 60;
constexpr int kTrackUuid = 1, kTrackName = 2, kTrackProcess = 3, kTrackParent = 5, kTrackCounter = 8,
              kTrackOrdering = 11, kTrackRank = 12;
constexpr int kProcessId = 1, kProcessName = 6;
constexpr int kAnnotation = 4, kEventType = 9, kEventName = 10, kEventTrack = 11, kCategory = 22, kCount = 44,
              kFlow = 47, kFlowEnd = 48;
constexpr int kAnnotationUint = 3, kAnnotationName = 10;
constexpr int kInternedNames = 2, kInternedId = 1, kInternedText = 2;
constexpr std::uint64_t kBegin = 1, kEnd = 2, kCounter = 4, kExplicitOrder = 3, kStateCleared = 1, kNeedsState = 2;

using Message = protozero::pbf_writer;

/// A slice is two events, a beginning with all it carries and an end, both on its track.
void begin_slice(Message& packet, const PerfettoSlice& slice, std::uint64_t name) {
  Message begin(packet, kTrackEvent);
  begin.add_uint64(kEventType, kBegin);
  begin.add_uint64(kEventTrack, slice.track);
  begin.add_uint64(kEventName, name);
  begin.add_string(kCategory, slice.category);
  for (const auto& [title, value] : slice.annotations) {
    if (value < 0) continue;
    Message annotation(begin, kAnnotation);
    annotation.add_string(kAnnotationName, title);
    annotation.add_uint64(kAnnotationUint, static_cast<std::uint64_t>(value));
  }
  for (const std::uint64_t flow : slice.starts_flows) begin.add_fixed64(kFlow, flow);
  for (const std::uint64_t flow : slice.ends_flows) begin.add_fixed64(kFlowEnd, flow);
}

}  // namespace

/// One packet, appended to the trace when it leaves the scope.
class PerfettoTrace::Packet {
 public:
  explicit Packet(PerfettoTrace& trace) : trace_(trace.bytes_), packet_(trace_, kTracePacket) {
    packet_.add_uint64(kSequence, 1);
    packet_.add_uint64(kSequenceFlags, std::exchange(trace.first_, false) ? kStateCleared : kNeedsState);
  }
  Message& operator*() { return packet_; }

 private:
  Message trace_, packet_;
};

/// Field numbers are those of Perfetto's trace_packet.proto; viewers order processes by rank.
void PerfettoTrace::describe_process(std::uint64_t uuid, std::uint64_t id, const std::string& name,
                                     std::uint64_t rank) {
  Packet packet(*this);
  Message track(*packet, kDescriptor);
  track.add_uint64(kTrackUuid, uuid);
  track.add_uint64(kTrackOrdering, kExplicitOrder);
  track.add_uint64(kTrackRank, rank);
  Message process(track, kTrackProcess);
  process.add_uint64(kProcessId, id);
  process.add_string(kProcessName, name);
}

void PerfettoTrace::describe_track(std::uint64_t uuid, std::uint64_t parent, const std::string& name,
                                   std::uint64_t rank) {
  Packet packet(*this);
  Message track(*packet, kDescriptor);
  track.add_uint64(kTrackUuid, uuid);
  track.add_string(kTrackName, name);
  track.add_uint64(kTrackParent, parent);
  track.add_uint64(kTrackRank, rank);
}

void PerfettoTrace::describe_counter(std::uint64_t uuid, std::uint64_t parent, const std::string& name) {
  Packet packet(*this);
  Message track(*packet, kDescriptor);
  track.add_uint64(kTrackUuid, uuid);
  track.add_string(kTrackName, name);
  track.add_uint64(kTrackParent, parent);
  track.add_bytes(kTrackCounter, "", 0);  // an empty message
}

void PerfettoTrace::add_slice(const PerfettoSlice& slice) {
  // A name is written once and referred to by number after ("interned data"): traces of a million slices have a dozen
  // names.
  const auto [name, fresh] = names_.emplace(slice.name, names_.size() + 1);
  {
    Packet packet(*this);
    (*packet).add_uint64(kTimestamp, slice.start_ns);
    if (fresh) {
      Message interned(*packet, kInterned), entry(interned, kInternedNames);
      entry.add_uint64(kInternedId, name->second);
      entry.add_string(kInternedText, slice.name);
    }
    begin_slice(*packet, slice, name->second);
  }
  Packet packet(*this);
  (*packet).add_uint64(kTimestamp, slice.end_ns);
  Message end(*packet, kTrackEvent);
  end.add_uint64(kEventType, kEnd);
  end.add_uint64(kEventTrack, slice.track);
}

void PerfettoTrace::add_count(std::uint64_t track, std::uint64_t at_ns, double value) {
  Packet packet(*this);
  (*packet).add_uint64(kTimestamp, at_ns);
  Message event(*packet, kTrackEvent);
  event.add_uint64(kEventType, kCounter);
  event.add_uint64(kEventTrack, track);
  event.add_double(kCount, value);
}

}  // namespace stargate
