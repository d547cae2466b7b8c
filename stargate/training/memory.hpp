// Bytes a job needs on the fullest accelerator, by class; whether that fits, and if not how much is missing and which
// change of the layout would make it fit.
//   weights, gradients, optimiser: bytes a parameter / ranks of a shard group (dp * cp, or shard_size of them; experts
//     over their own copies); weights with their copies in the format of the multiplies
//   activations: kept tensors of a chunk * chunks in flight (arXiv 2104.04473, 2205.05198 section 4.2.3,
//     2401.10241, 2412.19437):
//     1F1B min(m, pp - stage); interleaved min(m vpp, 2 (pp - stage - 1) + (vpp - 1) pp + 1); ZB-H1 min(m, pp);
//     DualPipe min(m, pp + 1) of both directions, and weights and gradients of two stages; GPipe m
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stargate/training/layer_cost.hpp"

namespace stargate {

/// On one accelerator, at the step's fullest moment.
struct MemoryBreakdown {
  /// On the fullest accelerator.
  Bytes weights, gradients, optimizer, activations, logits;
  Bytes communication;  ///< gathered and sent tensors, and the buffers of the communication library
  Bytes framework;      ///< device context, kernels, workspaces
  Bytes slack;          ///< what the caching allocator holds beyond the tensors it was asked for
  Bytes total() const {
    return weights + gradients + optimizer + activations + logits + communication + framework + slack;
  }
};

/// A layout that does not fit is an answer and no fault: `missing` is how much lacks.
struct MemoryReport {
  MemoryBreakdown bytes;      ///< of the fullest stage
  int stage = 0;              ///< which one
  Bytes capacity;             ///< of the accelerator
  Bytes host, host_capacity;  ///< offloaded states and activations of that stage; an accelerator's share, 0: unknown

  Bytes device_missing() const { return max(Bytes{}, bytes.total() - capacity); }
  Bytes host_missing() const { return host_capacity.base() > 0 ? max(Bytes{}, host - host_capacity) : Bytes{}; }
  bool fits() const { return bytes.total() <= capacity && host_missing() == Bytes{}; }
  Bytes missing() const { return device_missing() + host_missing(); }
};

/// Activations of the fullest stage by what keeps them: tensors of its layers in flight, and what else it holds.
struct ActivationRow {
  const char* part;    ///< of a layer, in words
  const char* tensor;  ///< in words
  Bytes each;          ///< of one layer and micro-batch, were it kept; zero where that means nothing
  Bytes total;         ///< on the device
};
/// The totals add up to MemoryBreakdown::activations.
std::vector<ActivationRow> activation_table(const TrainingJob& job, const TrainingLayout& layout,
                                            const MemoryReport& memory);

/// The layout keeps all rules (check_layout is empty). Of the fullest stage: walks one stage of each run.
MemoryReport training_memory(const TrainingJob& job, const TrainingLayout& layout, const ShardCosts& costs,
                             const std::vector<StageRun>& stages);
MemoryReport training_memory(const TrainingJob& job, const TrainingLayout& layout);

/// Micro-batches (chunks of 1 / vpp of the stage where there are virtual ones) whose activations stage `stage`
/// holds at once. `stage` counts from 0; the first holds most. Sources of each schedule's number are at the head of
/// this file.
std::int64_t chunks_in_flight(const TrainingLayout& layout, std::int64_t micro_batches, int stage);

/// One change of a layout and the memory that follows.
struct FitChange {
  std::string change;     ///< "recompute selective"
  TrainingLayout layout;  ///< the whole layout, ready to be asked again
  MemoryReport memory;    ///< of that layout
};
/// Single changes (recompute, ZeRO, micro-batch, sequence, tensor, pipeline, context, expert parallelism) that keep the
/// rules and need less; those that fit first, each kind's mildest. For a layout that does not fit; empty when no single
/// change needs less. Costs a few dozen evaluations of the memory model: for an answer that says no, not for a search.
std::vector<FitChange> fitting_changes(const TrainingJob& job, const TrainingLayout& layout);

}  // namespace stargate
