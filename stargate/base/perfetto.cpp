// One packet a description, a beginning, an end and a count.
#include "stargate/base/perfetto.hpp"

#include <bit>

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

}  // namespace

ProtobufMessage& ProtobufMessage::number(int field, std::uint64_t value) {
  varint(static_cast<std::uint64_t>(field) << 3);
  varint(value);
  return *this;
}

ProtobufMessage& ProtobufMessage::fixed(int field, std::uint64_t value) {
  varint(static_cast<std::uint64_t>(field) << 3 | 1);
  for (int i = 0; i < 8; ++i) bytes_.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  return *this;
}

ProtobufMessage& ProtobufMessage::real(int field, double value) {
  return fixed(field, std::bit_cast<std::uint64_t>(value));
}

ProtobufMessage& ProtobufMessage::text(int field, const std::string& value) {
  varint(static_cast<std::uint64_t>(field) << 3 | 2);
  varint(value.size());
  bytes_ += value;
  return *this;
}

void ProtobufMessage::varint(std::uint64_t value) {
  while (value >= 0x80) {
    bytes_.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  bytes_.push_back(static_cast<char>(value));
}

void PerfettoTrace::add(ProtobufMessage packet) {
  packet.number(kSequence, 1).number(kSequenceFlags, first_ ? kStateCleared : kNeedsState);
  first_ = false;
  trace_.message(kTracePacket, packet);
}

void PerfettoTrace::describe_process(std::uint64_t uuid, std::uint64_t id, const std::string& name,
                                     std::uint64_t rank) {
  ProtobufMessage process, track, packet;
  process.number(kProcessId, id);
  process.text(kProcessName, name);
  track.number(kTrackUuid, uuid).message(kTrackProcess, process);
  track.number(kTrackOrdering, kExplicitOrder).number(kTrackRank, rank);
  add(packet.message(kDescriptor, track));
}

void PerfettoTrace::describe_track(std::uint64_t uuid, std::uint64_t parent, const std::string& name,
                                   std::uint64_t rank) {
  ProtobufMessage track, packet;
  track.number(kTrackUuid, uuid).text(kTrackName, name);
  track.number(kTrackParent, parent).number(kTrackRank, rank);
  add(packet.message(kDescriptor, track));
}

void PerfettoTrace::describe_counter(std::uint64_t uuid, std::uint64_t parent, const std::string& name) {
  ProtobufMessage track, packet;
  track.number(kTrackUuid, uuid).text(kTrackName, name).number(kTrackParent, parent);
  add(packet.message(kDescriptor, track.message(kTrackCounter, {})));
}

void PerfettoTrace::add_slice(const PerfettoSlice& slice) {
  const auto [name, fresh] = names_.emplace(slice.name, names_.size() + 1);
  ProtobufMessage begin, packet, end, end_packet;
  begin.number(kEventType, kBegin).number(kEventTrack, slice.track);
  begin.number(kEventName, name->second).text(kCategory, slice.category);
  for (const auto& [title, value] : slice.annotations) {
    if (value < 0) continue;
    ProtobufMessage annotation;
    annotation.text(kAnnotationName, title).number(kAnnotationUint, static_cast<std::uint64_t>(value));
    begin.message(kAnnotation, annotation);
  }
  for (const std::uint64_t flow : slice.starts_flows) begin.fixed(kFlow, flow);
  for (const std::uint64_t flow : slice.ends_flows) begin.fixed(kFlowEnd, flow);
  packet.number(kTimestamp, slice.start_ns).message(kTrackEvent, begin);
  if (fresh) {
    ProtobufMessage entry, interned;
    entry.number(kInternedId, name->second).text(kInternedText, slice.name);
    packet.message(kInterned, interned.message(kInternedNames, entry));
  }
  add(std::move(packet));
  end.number(kEventType, kEnd).number(kEventTrack, slice.track);
  add(std::move(end_packet.number(kTimestamp, slice.end_ns).message(kTrackEvent, end)));
}

void PerfettoTrace::add_count(std::uint64_t track, std::uint64_t at_ns, double value) {
  ProtobufMessage event, packet;
  event.number(kEventType, kCounter).number(kEventTrack, track).real(kCount, value);
  add(std::move(packet.number(kTimestamp, at_ns).message(kTrackEvent, event)));
}

}  // namespace stargate
