// The order of passes on each stage of a schedule, and the walk over all of them, event by event: the plain reading of
// a schedule, which lists every slice. schedule.hpp has the same times without the list.
#pragma once

#include "stargate/training/schedule.hpp"

namespace stargate {

/// A backward pass whole, or split into the gradients of inputs and of weights (zero bubble, DualPipe).
enum class PassKind { forward, backward, input_gradient, weight_gradient, forward_backward };

/// `chunk`: virtual stage of the rank; in dual_pipe the direction, 0 down the stages and 1 up.
struct Pass {
  int chunk = 0;                 ///< virtual stage, or direction
  std::int64_t micro_batch = 0;  ///< from 0
  friend bool operator==(const Pass&, const Pass&) = default;
};

struct ScheduledPass {
  PassKind kind;  ///< which of the two below mean something
  Pass forward;   ///< of forward and forward_backward
  Pass backward;  ///< of all others
};

/// What one stage does, first to last. The schedule can run these sizes (can_schedule). Linear in micro-batches; times
/// of the work are not looked at.
std::vector<ScheduledPass> pass_order(const PipelineWork& work, int stage);
using PassOrders = std::vector<std::vector<ScheduledPass>>;
PassOrders pass_orders(const PipelineWork& work);

/// Times from the start of the step's first pass.
struct PassSlice {
  int stage;           ///< counted from 0
  ScheduledPass pass;  ///< what runs
  Duration start, end;
};
/// A boundary on its way to a neighbour: `up` is towards later stages (or the first, to its next chunk).
struct SendSlice {
  int from, to;   ///< stages, neighbours of each other
  bool up;        ///< towards later stages
  bool gradient;  ///< backward: the gradient of a boundary; else its activations
  Pass pass;      ///< the one that needs it, on stage `to`
  Duration start, end;
};
struct PipelineSlices {
  std::vector<PassSlice> passes;  ///< by stage, then time
  std::vector<SendSlice> sends;   ///< by stage that sends, then time
  Duration makespan;              ///< end of the last pass
};
/// Linear in passes: for timelines and tests.
PipelineSlices pipeline_slices(const PipelineWork& work);

/// Seconds in a grid fine enough for every sum to be exact; chunk c of stage s at c * stages + s. Where sends block
/// they are part of the pass before them.
struct PassTimes {
  int stages, vpp;
  std::vector<double> forward, backward, input, weight;  ///< seconds; the last two only where passes are split
  std::vector<double> pair;  ///< dual_pipe: forward of stage s overlapped with backward of stages - 1 - s
  double send;               ///< what is left of it when the pass has ended
  double blocking;           ///< what is part of the pass
};
/// Every time rounded to a multiple of a power of two of a second that the sum of all of them still resolves.
PassTimes pass_times(const PipelineWork& work);

}  // namespace stargate
