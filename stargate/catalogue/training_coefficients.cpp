// The field table, and the same members by name for the fit.
#include "stargate/catalogue/training_coefficients.hpp"

namespace stargate {
namespace {

using C = TrainingCoefficients;

}  // namespace

const RecordTable<TrainingCoefficients>& TrainingCoefficients::table() {
  static const auto table =
      record_fields<C>("training", "What a training step costs beyond its operators and collectives.")
          .optional("straggling", &C::straggling,
                    "Relative deviation of a rank's step time; a step waits for the slowest, sqrt(2 ln N) of it late.",
                    not_negative)
          .optional("hidden_slowdown", &C::hidden_slowdown,
                    "Share of a hidden transfer's time by which the work above it takes longer.", fraction)
          .optional("activity", &C::activity,
                    "Power of matrix units on a step's tensors over that on the inputs of kernel benchmarks; 0: kernels "
                    "as in bursts, whatever the power limit.",
                    not_negative)
          .optional("sustained", &C::sustained,
                    "Time of kernels in a step over the same kernels measured alone: clocks held by power and heat.",
                    positive)
          .optional("tensor_overlap", &C::tensor_overlap,
                    "Share of sequence-parallel collectives that run under their matrix multiply.", fraction)
          .optional("expert_overlap", &C::expert_overlap,
                    "Share of expert exchanges hidden where the recipe overlaps them.", fraction)
          .optional("host_operator", &C::host_operator, "Time of the host to issue one operator of a layer.",
                    not_negative)
          .optional("host_experts", &C::host_experts, "Time of the host to route one pass of an expert layer.",
                    not_negative)
          .optional("expert_stall", &C::expert_stall,
                    "Device idle in one pass of an expert layer while the host reads how tokens were routed.",
                    not_negative)
          .optional("flash1_slowdown", &C::flash1_slowdown,
                    "Attention time of FlashAttention's first version over the second.", positive)
          .optional("flash2_slowdown", &C::flash2_slowdown,
                    "Attention time of FlashAttention's first versions over kernels for asynchronous tensor cores.",
                    positive)
          .optional("attention_backward", &C::attention_backward,
                    "Time of one operation of attention's backward pass over one of the forward pass.", positive)
          .optional("host_update_rate", &C::host_update_rate,
                    "Parameters a second that a host with an offloaded optimizer updates; 0: no bound.", not_negative)
          .optional("allocator_slack", &C::allocator_slack,
                    "Share of activations and buffers that a caching allocator holds beyond them.", fraction);
  return table;
}

const std::vector<CoefficientHandle<TrainingCoefficients>>& training_coefficient_handles() {
  static const std::vector<CoefficientHandle<C>> handles = {
      number_handle<C, &C::straggling>("straggling", 0, 0.05),
      number_handle<C, &C::hidden_slowdown>("hidden_slowdown", 0, 1),
      number_handle<C, &C::attention_backward>("attention_backward", 0.6, 2),
      number_handle<C, &C::activity>("activity", 0, 2.5),
      number_handle<C, &C::sustained>("sustained", 1, 1.4),
      number_handle<C, &C::tensor_overlap>("tensor_overlap", 0, 1),
      number_handle<C, &C::expert_overlap>("expert_overlap", 0, 1),
      seconds_handle<C, &C::host_operator>("host_operator", 1e-3),
      seconds_handle<C, &C::host_experts>("host_experts", 1e-2),
      seconds_handle<C, &C::expert_stall>("expert_stall", 1e-2),
      number_handle<C, &C::flash1_slowdown>("flash1_slowdown", 1, 3),
      number_handle<C, &C::flash2_slowdown>("flash2_slowdown", 1, 3),
      number_handle<C, &C::host_update_rate>("host_update_rate", 5e8, 2e10),
  };
  return handles;
}

}  // namespace stargate
