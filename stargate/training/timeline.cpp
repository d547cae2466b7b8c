// Turns a schedule's passes and sends into slices, sorted by stage, track and time.
#include "stargate/training/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "stargate/training/schedule_order.hpp"

namespace stargate {
namespace {

/// What waits in a chunk's passes.
struct ChunkWaits {
  LayerCommunication forward, backward;
};

void add_waits(LayerCommunication& sum, const LayerCommunication& more, double count) {
  sum.tensor += count * more.tensor, sum.context += count * more.context, sum.expert += count * more.expert;
  sum.host += count * more.host;
}

ChunkWaits waits_of(const ShardCosts& costs, const StageRun& run, int chunk, int vpp) {
  ChunkWaits out;
  const auto add = [&](const LayerCost& cost, double count) {
    add_waits(out.forward, cost.forward_wait, count);
    add_waits(out.backward, cost.backward_wait, count);
  };
  const std::size_t shapes = costs.shapes.size();
  for (std::size_t i = 0; i < shapes; ++i) {
    add(costs.shapes[i], run.of_chunk[static_cast<std::size_t>(chunk) * shapes + i]);
  }
  if (run.embedding && chunk == 0) add(costs.embedding, 1);
  if (run.output && chunk + 1 == vpp) add(costs.output, 1);
  return out;
}

bool runs_forward(PassKind kind) { return kind == PassKind::forward || kind == PassKind::forward_backward; }

std::string pass_text(const char* letter, const Pass& pass) {
  return fmt::format("{} mb{} c{}", letter, pass.micro_batch, pass.chunk);
}

std::string pass_name(const ScheduledPass& pass) {
  switch (pass.kind) {
    case PassKind::forward:
      return pass_text("F", pass.forward);
    case PassKind::backward:
      return pass_text("B", pass.backward);
    case PassKind::input_gradient:
      return pass_text("I", pass.backward);
    case PassKind::weight_gradient:
      return pass_text("W", pass.backward);
    case PassKind::forward_backward:
      return pass_text("F", pass.forward) + " + " + pass_text("B", pass.backward);
  }
  return "?";
}

class TimelineBuilder {
 public:
  TimelineBuilder(const TrainingJob& job, const TrainingLayout& layout)
      : job_(job), layout_(layout), costs_(shard_costs(job, layout)), stages_(deal_layers(job, layout)) {}

  Timeline make() {
    const StepReport report =
        simulate_step(job_, layout_, costs_, stages_, training_memory(job_, layout_, costs_, stages_));
    const std::vector<ChunkTime> chunks = chunk_times(layout_, costs_, stages_);
    const PipelineSlices slices = pipeline_slices(make_pipeline_work(job_, layout_, costs_, chunks));
    out_.stages = layout_.pp, out_.title = format_layout(layout_), out_.step_time = report.step_time();
    for (const SendSlice& send : slices.sends) add_send(send);
    for (const PassSlice& slice : slices.passes) add_pass(slice);
    for (int stage = 0; stage < layout_.pp; ++stage) add_end(stage, slices.makespan, report);
    std::stable_sort(out_.slices.begin(), out_.slices.end(), [](const TimelineSlice& a, const TimelineSlice& b) {
      return std::tie(a.stage, a.track, a.start) < std::tie(b.stage, b.track, b.start);
    });
    return std::move(out_);
  }

 private:
  /// What a pass needs before it can start; add_send notes who brings it, add_pass takes it up.
  using Need = std::tuple<int, bool, int, std::int64_t>;  // stage, gradient, chunk, micro-batch

  void add_send(const SendSlice& send) {
    const std::int64_t flow = ++flows_;
    const TimelineTrack track = send.up ? TimelineTrack::send_up : TimelineTrack::send_down;
    const char* what = send.gradient ? "send gradient" : "send activation";
    out_.slices.push_back({send.from,
                           track,
                           pass_text(what, send.pass),
                           send.start,
                           send.end,
                           send.pass.micro_batch,
                           send.pass.chunk,
                           flow,
                           {}});
    flow_of_[{send.to, send.gradient, send.pass.chunk, send.pass.micro_batch}] = flow;
  }

  void end_flow(TimelineSlice& slice, bool gradient, const Pass& pass) {
    const auto found = flow_of_.find({slice.stage, gradient, pass.chunk, pass.micro_batch});
    if (found != flow_of_.end()) slice.ends_flows.push_back(found->second);
  }

  void add_pass(const PassSlice& from) {
    const ScheduledPass& pass = from.pass;
    const bool ahead = runs_forward(pass.kind), weight_only = pass.kind == PassKind::weight_gradient;
    const bool back = pass.kind != PassKind::forward && !weight_only;
    const Pass& named = ahead ? pass.forward : pass.backward;
    TimelineSlice slice{from.stage, TimelineTrack::compute, pass_name(pass), from.start,
                        from.end,   named.micro_batch,      named.chunk,     -1,
                        {}};
    if (ahead) end_flow(slice, false, pass.forward);
    if (back) end_flow(slice, true, pass.backward);
    LayerCommunication waits;
    if (ahead) add_waits(waits, chunk_waits(from.stage, pass.forward.chunk).forward, 1);
    if (back) add_waits(waits, chunk_waits(from.stage, pass.backward.chunk).backward, 1);
    add_waits_of_pass(slice, waits);
    out_.slices.push_back(std::move(slice));
  }

  /// What waits in a pass is spread over its layers; drawn as one slice a kind, one before the other, at its end.
  void add_waits_of_pass(const TimelineSlice& pass, const LayerCommunication& waits) {
    Duration end = pass.end;
    const auto add = [&](TimelineTrack track, Duration length) {
      if (length.base() <= 0) return;
      const Duration start = max(pass.start, end - length);
      out_.slices.push_back({pass.stage, track, pass.name, start, end, pass.micro_batch, pass.chunk, -1, {}});
      end = start;
    };
    add(TimelineTrack::expert, waits.expert);
    if (waits.expert.base() > 0 && pass.name.find('+') != std::string::npos) end = pass.end;  // hidden, not in line
    add(TimelineTrack::tensor, waits.tensor);
    add(TimelineTrack::context, waits.context);
    add(TimelineTrack::host, waits.host);
  }

  ChunkWaits chunk_waits(int stage, int chunk) const {
    if (layout_.weight_copies() == 1) return waits_of(costs_, run_of_stage(stages_, stage), chunk, layout_.vpp);
    // dual_pipe calls its two directions chunks: the second runs the mirror image's layers.
    const int held = chunk == 0 ? stage : layout_.pp - 1 - stage;
    return waits_of(costs_, run_of_stage(stages_, held), 0, 1);
  }

  /// After the last micro-batch of all stages. Gradients travel under the last backward passes, so the transfer ends
  /// with what is exposed of it; weights are gathered under the first forward passes.
  void add_end(int stage, Duration makespan, const StepReport& report) {
    const Duration optimizer = makespan + report.time[StepPart::data_communication];
    const Duration rest = optimizer + report.time[StepPart::optimizer];
    const auto add = [&](TimelineTrack track, const char* name, Duration start, Duration end) {
      if (end > start) out_.slices.push_back({stage, track, name, start, end, -1, -1, -1, {}});
    };
    // Drawn where they would lie if they ended as late as possible; their part under the passes takes no time of the
    // step.
    const DataTransfers data = data_transfers(job_, layout_, costs_, run_of_stage(stages_, stage));
    const Duration none, scatter = max(none, optimizer - data.gradients);
    add(TimelineTrack::data, "gather weights", none, min(data.weights, scatter));
    add(TimelineTrack::data, "reduce gradients", scatter, optimizer);
    const bool last = report.time[StepPart::overhead].base() <= 0;
    add(TimelineTrack::compute, "optimizer", optimizer, last ? report.step_time() : rest);
    if (!last) add(TimelineTrack::compute, step_part_name(StepPart::overhead), rest, report.step_time());
  }

  const TrainingJob& job_;
  const TrainingLayout& layout_;
  ShardCosts costs_;
  std::vector<StageRun> stages_;
  Timeline out_;
  std::int64_t flows_ = 0;
  std::map<Need, std::int64_t> flow_of_;
};

}  // namespace

const char* timeline_track_name(TimelineTrack track) {
  switch (track) {
    case TimelineTrack::compute:
      return "compute";
    case TimelineTrack::tensor:
      return "tp communication";
    case TimelineTrack::context:
      return "cp communication";
    case TimelineTrack::expert:
      return "ep communication";
    case TimelineTrack::send_up:
      return "pp communication to later stages";
    case TimelineTrack::send_down:
      return "pp communication to earlier stages";
    case TimelineTrack::data:
      return "dp communication";
    case TimelineTrack::host:
      return "copies to and from the host";
  }
  return "?";
}

Timeline make_timeline(const TrainingJob& job, const TrainingLayout& layout) {
  return TimelineBuilder(job, layout).make();
}

}  // namespace stargate
