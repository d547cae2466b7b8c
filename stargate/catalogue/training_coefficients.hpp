// What a training step costs beyond its operators and collectives: the framework's own time, stragglers, how much of a
// transfer really hides. One record for all models, sources and accelerators (catalogue/training/coefficients.yaml);
// `stargate calibrate --training` fits those whose source is the fit. The defaults here cost nothing.
#pragma once

#include "stargate/catalogue/coefficient_handle.hpp"
#include "stargate/catalogue/source.hpp"

namespace stargate {

struct TrainingCoefficients : Record {
  double straggling = 0;  ///< relative deviation of a rank's step time; the slowest of N is sqrt(2 ln N) of it late
  double hidden_slowdown = 0;  ///< share of a hidden transfer's time by which the work above it takes longer
  double activity = 0;         ///< what a step's tensors switch over the inputs of kernel benchmarks; 0: bursts
  double sustained = 1;        ///< time of kernels in a step over the same kernels measured alone
  double tensor_overlap = 0;   ///< share of sequence-parallel collectives that run under their matrix multiply
  double expert_overlap = 0;   ///< share of expert exchanges hidden where the recipe overlaps them
  Duration host_operator;      ///< the host's time to issue one operator of a layer
  Duration host_experts;       ///< and the routing of one layer's experts
  Duration expert_stall;  ///< device idle in one pass of an expert layer while the host reads how tokens were routed
  double flash1_slowdown = 1;  ///< attention time of FlashAttention's first version over the second
  double flash2_slowdown = 1;  ///< and of the second over kernels for asynchronous tensor cores, where those exist
  double attention_backward = 1.25;  ///< time of one operation of attention's backward pass over one of the forward
  double host_update_rate = 0;  ///< parameters a second that a host with an offloaded optimizer updates; 0: no bound
  double allocator_slack = 0;   ///< of activations and buffers: what a caching allocator holds beyond them
  static const RecordTable<TrainingCoefficients>& table();
};

/// What a fit may move.
const std::vector<CoefficientHandle<TrainingCoefficients>>& training_coefficient_handles();

}  // namespace stargate
