// A step's timeline, and its trace files read back: a reader of protobuf's wire format that shares nothing with the
// writer.
#include "stargate/training/timeline.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string_view>

#include "stargate/training/trace_file.hpp"

using namespace stargate;

namespace {

struct Cluster {
  Accelerator accelerator;
  Model model;

  Cluster() {
    accelerator.vendor = "NVIDIA";
    accelerator.memory_bandwidth = 3.35 * terabyte / second;
    accelerator.memory_capacity = 80 * gigabyte;
    accelerator.peak = {{Precision::bf16, 989.0 * teraflop / second}};
    accelerator.compute_units = 132;
    model.hidden = 2048, model.vocab = 51200;
    LayerShape layer;
    layer.attention.heads = layer.attention.kv_heads = 16;
    layer.attention.head_dim = layer.attention.value_dim = 128;
    layer.feed_forward = {
        .kind = FeedForwardKind::experts, .width = 1024, .experts = 8, .top_k = 2, .shared_width = 1024};
    layer.norm_parameters = 4096;
    model.shapes = {layer};
    model.layers.assign(8, 0);
  }

  TrainingJob job() const {
    Fabric fabric;
    fabric.up = {450.0 * gigabyte / second, 1 * microsecond, 0.82};
    fabric.out = {50.0 * gigabyte / second, 3.5 * microsecond, 0.88};
    return {&model, nullptr, &accelerator, fabric, DeviceLaw(accelerator), 32, 64, 4096, {}};
  }
};

TrainingLayout layout_of(PipelineSchedule schedule) {
  TrainingLayout l;
  l.tp = 2, l.pp = 4, l.dp = 4, l.ep = 4;
  l.sequence_parallel = true;
  l.pipeline_schedule = schedule;
  if (schedule == PipelineSchedule::interleaved_1f1b) l.vpp = 2;
  return l;
}

struct Field {
  std::uint64_t number = 0;
  std::string_view bytes;
};

/// Fields of a message by number, in order.
std::multimap<int, Field> read_message(std::string_view bytes) {
  std::size_t at = 0;
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      REQUIRE(at < bytes.size());
      const auto next = static_cast<unsigned char>(bytes[at++]);
      value |= static_cast<std::uint64_t>(next & 0x7f) << shift;
      if (next < 0x80) return value;
    }
  };
  std::multimap<int, Field> out;
  while (at < bytes.size()) {
    const std::uint64_t tag = varint();
    Field field;
    if (tag % 8 == 0) {
      field.number = varint();
    } else if (tag % 8 == 1) {
      REQUIRE(at + 8 <= bytes.size());
      for (int i = 0; i < 8; ++i) {
        field.number |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at++])) << (8 * i);
      }
    } else {
      REQUIRE(tag % 8 == 2);
      const auto size = static_cast<std::size_t>(varint());
      REQUIRE(at + size <= bytes.size());
      field.bytes = bytes.substr(at, size);
      at += size;
    }
    out.emplace(static_cast<int>(tag / 8), field);
  }
  return out;
}

struct ReadTrace {
  std::map<std::uint64_t, std::string> tracks;  ///< by uuid
  std::set<std::uint64_t> processes;
  std::map<std::uint64_t, std::string> names;
  std::map<std::uint64_t, std::vector<std::pair<std::uint64_t, bool>>> events;  ///< of a track: time, begins
  std::map<std::string, int> slices;                                            ///< by name
  std::map<std::uint64_t, int> flows, flow_ends;
  std::uint64_t last = 0;
  int annotated = 0;
};

void read_event(ReadTrace& out, std::uint64_t time, std::string_view bytes) {
  const auto event = read_message(bytes);
  const bool begins = event.find(9)->second.number == 1;
  out.events[event.find(11)->second.number].emplace_back(time, begins);
  CHECK(out.tracks.count(event.find(11)->second.number) == 1);
  out.last = std::max(out.last, time);
  if (!begins) return;
  const auto name = out.names.find(event.find(10)->second.number);
  REQUIRE(name != out.names.end());
  ++out.slices[name->second];
  for (auto [at, end] = event.equal_range(47); at != end; ++at) ++out.flows[at->second.number];
  for (auto [at, end] = event.equal_range(48); at != end; ++at) ++out.flow_ends[at->second.number];
  out.annotated += event.count(4) == 2 ? 1 : 0;
}

ReadTrace read_perfetto(const std::string& trace) {
  ReadTrace out;
  for (const auto& [field, content] : read_message(trace)) {
    REQUIRE(field == 1);
    const auto packet = read_message(content.bytes);
    CHECK(packet.count(10) == 1);
    if (const auto found = packet.find(60); found != packet.end()) {
      const auto track = read_message(found->second.bytes);
      const std::uint64_t uuid = track.find(1)->second.number;
      if (track.count(3) > 0) out.processes.insert(uuid);
      if (track.count(2) > 0) {
        out.tracks[uuid] = std::string(track.find(2)->second.bytes);
        CHECK(out.processes.count(track.find(5)->second.number) == 1);
      }
    }
    if (const auto found = packet.find(12); found != packet.end()) {
      const auto entry = read_message(read_message(found->second.bytes).find(2)->second.bytes);
      out.names[entry.find(1)->second.number] = std::string(entry.find(2)->second.bytes);
    }
    if (const auto found = packet.find(11); found != packet.end()) {
      read_event(out, packet.find(8)->second.number, found->second.bytes);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("slices of a track do not overlap and the last ends at the step time, for every schedule") {
  const Cluster cluster;
  for (const auto& named : EnumNames<PipelineSchedule>::names) {
    const auto name = named.first;  // clang 14 lets no lambda of doctest see a structured binding
    const auto schedule = named.second;
    const TrainingLayout layout = layout_of(schedule);
    REQUIRE(check_layout(cluster.job(), layout).empty());
    const Timeline timeline = make_timeline(cluster.job(), layout);
    CAPTURE(name);
    std::map<std::pair<int, TimelineTrack>, Duration> ends;
    Duration last;
    for (const TimelineSlice& slice : timeline.slices) {
      Duration& end = ends[{slice.stage, slice.track}];
      CHECK(slice.start.in(nanosecond) >= end.in(nanosecond)-1e-3);
      CHECK(slice.end >= slice.start);
      end = slice.end, last = max(last, end);
    }
    CHECK(last == timeline.step_time);
    CHECK(timeline.step_time == simulate_step(cluster.job(), layout).step_time());
  }
}

TEST_CASE("a Perfetto trace reads back with every pass, send and flow, and ends at the step time") {
  const Cluster cluster;
  const TrainingLayout layout = layout_of(PipelineSchedule::interleaved_1f1b);
  const Timeline timeline = make_timeline(cluster.job(), layout);
  const ReadTrace trace = read_perfetto(perfetto_trace(timeline));
  CHECK(trace.processes.size() == 4);
  std::set<std::string> tracks;
  for (const auto& [uuid, name] : trace.tracks) tracks.insert(name);
  for (const char* name : {"compute", "tp communication", "ep communication", "dp communication"}) {
    CHECK(tracks.count(name) == 1);
  }
  const auto m = micro_batches(cluster.job(), layout);
  REQUIRE(m == 16);
  CHECK(trace.slices.at("F mb3 c1") == 4 * 3);  // four stages: the pass, and what tp and ep wait in it
  CHECK(trace.slices.at("optimizer") == 4);
  CHECK(static_cast<std::int64_t>(trace.flows.size()) == 2 * m * (4 * 2 - 1));
  CHECK(trace.flows == trace.flow_ends);
  CHECK(trace.last == static_cast<std::uint64_t>(std::llround(timeline.step_time.in(nanosecond))));
  CHECK(trace.annotated > 2 * 2 * m * 4);
  for (const auto& [uuid, events] : trace.events) {  // begin, end, begin, end, never back in time
    for (std::size_t i = 0; i < events.size(); ++i) {
      CHECK(events[i].second == (i % 2 == 0));
      if (i > 0) CHECK(events[i].first >= events[i - 1].first);
    }
  }
}

TEST_CASE("a flow joins a send to a pass that starts no earlier than it arrives") {
  const Cluster cluster;
  for (const auto schedule : {PipelineSchedule::one_f_one_b, PipelineSchedule::dual_pipe}) {
    const Timeline timeline = make_timeline(cluster.job(), layout_of(schedule));
    std::map<std::int64_t, const TimelineSlice*> sends;
    for (const TimelineSlice& slice : timeline.slices) {
      if (slice.starts_flow >= 0) sends[slice.starts_flow] = &slice;
    }
    std::size_t ended = 0;
    for (const TimelineSlice& slice : timeline.slices) {
      for (const std::int64_t flow : slice.ends_flows) {
        ++ended;
        CHECK(slice.start.in(nanosecond) >= sends.at(flow)->end.in(nanosecond)-1e-3);
        CHECK(std::abs(slice.stage - sends.at(flow)->stage) == 1);
      }
    }
    CHECK(ended == sends.size());
  }
}

TEST_CASE("a Chrome trace has a complete event for each slice and two for each flow") {
  const Cluster cluster;
  const Timeline timeline = make_timeline(cluster.job(), layout_of(PipelineSchedule::zero_bubble));
  const std::string trace = chrome_trace(timeline);
  const auto count = [&](const char* text) {
    std::size_t found = 0;
    for (std::size_t at = trace.find(text); at != std::string::npos; at = trace.find(text, at + 1)) ++found;
    return found;
  };
  CHECK(count("\"ph\":\"X\"") == timeline.slices.size());
  CHECK(count("\"ph\":\"s\"") == 2 * 16 * 3);
  CHECK(count("\"ph\":\"f\"") == count("\"ph\":\"s\""));
  CHECK(count("\"name\":\"process_name\"") == 4);
  CHECK(count("W mb3 c0") == 4);
  CHECK(count("{") == count("}"));
}
