// Time of one training step and where it goes. Compute and the communication inside layers come from layer_cost, the
// simulated schedule from schedule, gradients and weights over the data-parallel group and the optimiser from here.
//   step = (pipeline(stage times) + exposed data-parallel communication + optimiser) (1 + straggling)
#pragma once

#include <array>
#include <span>

#include "stargate/training/memory.hpp"
#include "stargate/training/schedule.hpp"

namespace stargate {

enum class StepPart {
  forward,
  backward,
  recompute,
  tensor_communication,
  context_communication,
  expert_communication,
  pipeline_communication,
  data_communication,
  host_copies,  ///< of activations to the host and back
  bubble,
  optimizer,
  overhead,  ///< waiting for the slowest rank
};
inline constexpr int kStepParts = 12;
/// As reports print it.
const char* step_part_name(StepPart part);

/// Seen from the slowest stage; the parts are the whole.
struct StepBreakdown {
  std::array<Duration, kStepParts> parts{};  ///< by StepPart
  Duration& operator[](StepPart part) { return parts[static_cast<std::size_t>(part)]; }
  Duration operator[](StepPart part) const { return parts[static_cast<std::size_t>(part)]; }
  Duration total() const {
    Duration sum;
    for (const Duration part : parts) sum += part;
    return sum;
  }
};

/// Of the whole job; `peak` in the precision of the linear layers is what MFU is over. MFU and HFU as PaLM defines them
/// (arXiv 2204.02311, appendix B) with causal attention counted as causal: operations over time, accelerators and peak.
struct StepReport {
  StepBreakdown time;   ///< of one step
  MemoryReport memory;  ///< of the fullest accelerator
  Tokens tokens;        ///< of one step
  std::int64_t gpus = 1;
  /// Operations the model's mathematics needs: training_flops_per_token * tokens, causal attention counted as causal,
  /// multi-token prediction counted where it is trained.
  Flops model_flops;
  Flops hardware_flops;  ///< and those done again by recomputation
  FlopRate peak;         ///< dense peak of one accelerator in the precision of the linear layers

  Duration step_time() const { return time.total(); }
  TokenRate tokens_per_second() const { return tokens / step_time(); }
  TokenRate tokens_per_second_per_gpu() const { return tokens_per_second() / static_cast<double>(gpus); }
  FlopRate model_flop_rate_per_gpu() const { return model_flops / step_time() / static_cast<double>(gpus); }
  double mfu() const { return model_flop_rate_per_gpu() / peak; }
  double hfu() const { return hardware_flops / step_time() / static_cast<double>(gpus) / peak; }
};

/// The layout keeps all rules (check_layout is empty). Memory is reported, not enforced. Pure and thread-safe.
StepReport simulate_step(const TrainingJob& job, const TrainingLayout& layout);
/// The same from parts found before; `memory` as training_memory gave it.
StepReport simulate_step(const TrainingJob& job, const TrainingLayout& layout, const ShardCosts& costs,
                         const std::vector<StageRun>& stages, const MemoryReport& memory);

/// Whole transfers of one stage between its data-parallel copies, once for all micro-batches, hidden or not.
struct DataTransfers {
  Duration gradients, weights;  ///< weights: none without ZeRO
};
/// Gradients are reduced and weights gathered once a step, whatever the micro-batches.
DataTransfers data_transfers(const TrainingJob& job, const TrainingLayout& layout, const ShardCosts& costs,
                             const StageRun& run);

/// No more than simulate_step's time, and found without simulating the schedule. Lowered by 1e-9, so that rounding
/// never lifts it above the truth.
Duration least_step_time(const TrainingJob& job, const TrainingLayout& layout, const ShardCosts& costs,
                         const std::vector<StageRun>& stages);

/// The pipeline of a step: what its schedule is simulated from. `chunks` is of chunk_times and must outlive it.
std::vector<ChunkTime> chunk_times(const TrainingLayout& layout, const ShardCosts& costs,
                                   const std::vector<StageRun>& stages);
PipelineWork make_pipeline_work(const TrainingJob& job, const TrainingLayout& layout, const ShardCosts& costs,
                                std::span<const ChunkTime> chunks);

}  // namespace stargate
