// Flags of `stargate train` that say how a job computes, whatever its layout: formats, optimiser states, offload,
// multi-token prediction, routing, overlap.
#pragma once

#include <string>

#include "stargate/training/job.hpp"

namespace stargate {

/// Negative numbers and empty words: not given.
struct RecipeFlags {
  std::string expert_precision;
  bool bf16_attention = false, fp8_param_gather = false, fp8_activation_input = false, fp8_dispatch = false;
  int bf16_first_layers = 0, bf16_last_layers = 0;
  std::string optimizer_states = "fp32";
  double main_grads_bytes = -1, main_params_bytes = -1, exp_avg_bytes = -1, exp_avg_sq_bytes = -1;
  bool offload_optimizer = false, keep_pipeline_outputs = false;
  bool unfused_attention = false, dropout = false, lora = false;
  int mtp_layers = -1;
  double moe_imbalance = 1, moe_capacity_factor = 0;
  bool moe_pad_to_capacity = false;
  std::string moe_dispatcher = "alltoall";
  bool moe_overlap = false, no_tp_overlap = false, no_dp_overlap = false;
};

/// The job's recipe as the flags say; faults name what does not go together.
Diagnostics set_recipe(const RecipeFlags& flags, TrainingJob& job);

}  // namespace stargate
