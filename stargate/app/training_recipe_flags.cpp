// From words to a recipe.
#include "stargate/app/training_recipe_flags.hpp"

namespace stargate {
namespace {

template <class E>
void set_named(const std::string& wanted, E& out) {
  for (const auto& [name, value] : EnumNames<E>::names) {
    if (wanted == name) out = value;
  }
}

StateBytes states_of(const RecipeFlags& flags) {
  OptimizerStates preset = OptimizerStates::fp32;
  set_named(flags.optimizer_states, preset);
  StateBytes out = state_bytes(preset);
  const auto given = [](double value, double& to) {
    if (value >= 0) to = value;
  };
  given(flags.main_grads_bytes, out.gradient), given(flags.main_params_bytes, out.main_weight);
  given(flags.exp_avg_bytes, out.first_moment), given(flags.exp_avg_sq_bytes, out.second_moment);
  // LoRA: the adapters' own states are small beside the weights
  return flags.lora ? StateBytes{out.weight, 0, 0, 0, 0} : out;
}

}  // namespace

Diagnostics set_recipe(const RecipeFlags& flags, TrainingJob& job) {
  TrainingRecipe& r = job.recipe;
  set_named(flags.expert_precision, r.precision.expert);
  r.bf16_attention = flags.bf16_attention;
  r.bf16_first_layers = flags.bf16_first_layers, r.bf16_last_layers = flags.bf16_last_layers;
  r.narrow_weights = flags.fp8_param_gather, r.narrow_activation_input = flags.fp8_activation_input;
  r.narrow_dispatch = flags.fp8_dispatch;
  r.states = states_of(flags);
  r.frozen_weights = flags.lora;
  r.host_optimizer = flags.offload_optimizer, r.keep_pipeline_outputs = flags.keep_pipeline_outputs;
  r.fused_attention = !flags.unfused_attention, r.dropout = flags.dropout;
  if (flags.mtp_layers >= 0) r.mtp_layers = flags.mtp_layers;
  r.routing = {flags.moe_imbalance, flags.moe_capacity_factor, flags.moe_pad_to_capacity};
  r.one_copy_per_domain = flags.moe_dispatcher == "deepep";
  r.expert_overlap = flags.moe_overlap;
  r.tensor_overlap = !flags.no_tp_overlap, r.data_overlap = !flags.no_dp_overlap;
  return check_recipe(job);
}

}  // namespace stargate
