// Time of all micro-batches through a pipeline, simulated stage by stage. Every stage runs its passes in the fixed
// order of its schedule (schedule_order), one after another; a pass starts when the stage is free and what it needs has
// arrived, so  start = max(free(stage), arrival),  end = start + pass,  arrival next door = max(end, link free) + send:
// a recurrence in maxima and sums. After the fill its state usually repeats, shifted by one period; then the rest of
// the micro-batches is that many periods. Times are whole multiples of a power of two of a second, so sums are exact,
// "the same, shifted" is an equality, and the short cut gives what the whole walk gives, to the last bit.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stargate/units/quantity.hpp"

namespace stargate {

/// `one_f_one_b`: PipeDream-flush; `interleaved_1f1b`: virtual stages in Megatron-LM's order (arXiv 2104.04473);
/// `zero_bubble`: ZB-H1, the backward pass split in input and weight gradients (arXiv 2401.10241); `dual_pipe`: both
/// directions at once over two copies of the weights (DeepSeek-V3, arXiv 2412.19437, 3.2.1); `gpipe`: all forward
/// passes, then all backward (arXiv 1811.06965).
enum class PipelineSchedule { one_f_one_b, interleaved_1f1b, zero_bubble, dual_pipe, gpipe };

/// One micro-batch in one chunk of one stage, with the communication that waits in it. A stage's own layers; the ends
/// (embedding, output) belong to the chunk that holds them.
struct ChunkTime {
  Duration forward, backward;  ///< waiting communication included
  Duration weight;             ///< part of backward that finds weight gradients, which nobody waits for
  /// Parts that an overlapped pass the other way hides (exchanges between experts); only dual_pipe has such passes.
  Duration forward_exchange, backward_exchange;
};

/// The layout must keep can_schedule. `chunks` has stages * vpp entries.
struct PipelineWork {
  PipelineSchedule schedule = PipelineSchedule::one_f_one_b;
  int stages = 1, vpp = 1;  ///< of one pipeline; virtual stages of each
  /// Of one pipeline; dual_pipe: of both directions together.
  std::int64_t micro_batches = 1;
  std::span<const ChunkTime> chunks;  ///< chunk c of stage s at s * vpp + c
  Duration send;                      ///< one boundary to the next stage
};

/// Megatron-LM's plain 1F1B sends and receives in one call that the stage waits for; the other schedules send while the
/// next pass runs.
bool send_blocks(PipelineSchedule schedule);

/// dual_pipe: an even number of stages, of micro-batches, and two micro-batches a stage; interleaved_1f1b: more than
/// one chunk and whole rounds of micro-batches; the others: one chunk.
bool can_schedule(PipelineSchedule schedule, int stages, int vpp, std::int64_t micro_batches);

/// From the start of the first pass to the end of the last. Exact to the grid of pass_times, which is far below a
/// nanosecond for steps of minutes.
Duration pipeline_makespan(const PipelineWork& work);

/// A bound below it, exact for equal stages of 1F1B whose sends cost nothing: each stage's passes, the way to its first
/// and the way from its last.
Duration least_makespan(const PipelineWork& work);

/// Passes of one stage, all micro-batches, without waiting; the rest of the makespan it idles. For dual_pipe, of the
/// rank that holds `stage` and its mirror image.
Duration stage_busy_time(const PipelineWork& work, int stage);
/// What overlapped passes of the stage take less than one after the other (dual_pipe, else nothing).
Duration stage_hidden_time(const PipelineWork& work, int stage);

struct PipelineTime {
  Duration total;   ///< = busy + bubble + send of the slowest stage
  Duration bubble;  ///< idle time of the slowest stage were sends free
  Duration send;    ///< what sends add to that
  Duration hidden;  ///< stage_hidden_time of the slowest stage
  int slowest = 0;  ///< the busiest stage: total = its busy time + bubble + send
};
/// Cost grows with stages and the length of one period, hardly with micro-batches.
PipelineTime pipeline_time(const PipelineWork& work);

}  // namespace stargate
