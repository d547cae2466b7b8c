// Time of one training step and where it goes. Compute and the communication inside layers come from layer_cost, the
// schedule from pipeline, gradients and weights over the data-parallel group and the optimiser from here.
//   step = pipeline(stage times) + exposed data-parallel communication + optimiser
#pragma once

#include <array>

#include "stargate/training/memory.hpp"
#include "stargate/training/pipeline.hpp"

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
  bubble,
  optimizer,
};
inline constexpr int kStepParts = 10;
const char* step_part_name(StepPart part);

/// Seen from the slowest stage; the parts are the whole.
struct StepBreakdown {
  std::array<Duration, kStepParts> parts{};
  Duration& operator[](StepPart part) { return parts[static_cast<std::size_t>(part)]; }
  Duration operator[](StepPart part) const { return parts[static_cast<std::size_t>(part)]; }
  Duration total() const {
    Duration sum;
    for (const Duration part : parts) sum += part;
    return sum;
  }
};

struct StepReport {
  StepBreakdown time;
  MemoryReport memory;
  Tokens tokens;  ///< of one step
  std::int64_t gpus = 1;
  /// Operations the model's mathematics needs: training_flops_per_token * tokens, causal attention counted as causal.
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

/// The layout keeps all rules (check_layout is empty). Memory is reported, not enforced.
StepReport simulate_step(const TrainingJob& job, const TrainingLayout& layout);
/// The same from parts found before; `memory` as training_memory gave it.
StepReport simulate_step(const TrainingJob& job, const TrainingLayout& layout, const ShardCosts& costs,
                         const std::vector<StageRun>& stages, const MemoryReport& memory);

}  // namespace stargate
