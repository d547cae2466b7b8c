// One walk of the layers as StepModel has it, for energy.
#include "stargate/serving/step_power.hpp"

#include <algorithm>

#include "stargate/perf/layer_operators.hpp"

namespace stargate {
namespace {

/// Above that of kernels that do nothing, which is `running`.
Energy operators_energy(const Replica& replica, std::span<const SequenceGroup> batch, Power running) {
  const Model& model = *replica.model;
  const DeviceLaw& law = replica.machine->law;
  Shard shard = replica.layout.shard();
  shard.skew = replica.engine.expert_skew;
  double tokens = 0, outputs = 0;
  bool decodes = true;
  for (const auto& group : batch) {
    tokens += group.sequences * group.query, outputs += group.sequences * group.outputs;
    decodes = decodes && group.decode;
  }
  const auto above = [&](const Operator& op) { return law.operator_energy(op) - running * law.operator_time(op); };
  Energy sum = outputs > 0 ? above(output_operator(model, shard, outputs)) : Energy{};
  std::vector<double> layers(model.shapes.size());
  for (const auto& stage : serving_stages(model, replica.layout.pp)) {
    for (std::size_t i = 0; i < layers.size(); ++i) layers[i] += stage.of_shape[i];
  }
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const OperatorVisitor add = [&](const Operator& op) { sum += layers[i] * above(op); };
    visit_token_operators(model, model.shapes[i], shard, {replica.precision.linear, replica.precision.expert}, tokens,
                          decodes, add);
    for (const auto& group : batch) {
      const AttentionBatch attention{group.sequences, group.query, group.context, group.decode, replica.precision.kv};
      visit_attention_operators(model, model.shapes[i], shard, attention, add);
    }
  }
  return sum;
}

}  // namespace

Power step_power(const Replica& replica, std::span<const SequenceGroup> batch) {
  Operator plainest;  // next to no work: what is left is the draw of running
  plainest.m = 1, plainest.n = plainest.k = 64;
  const DeviceLaw& law = replica.machine->law;
  const Power running = law.operator_energy(plainest) / law.operator_time(plainest);
  const Duration time = StepModel(replica).step_time(batch).total();
  // With pp batches in flight each stage has run pp of them by the time one has passed all stages.
  return running + max(Energy{}, operators_energy(replica, batch, running)) / time;
}

ReplicaPower with_step_shares(ReplicaPower power, const Replica& replica, const ServingWorkload& workload,
                              double decoding) {
  const Power range = power.chip_busy - power.chip_idle;
  if (!(range > Power{})) return power;
  const auto share = [&](std::span<const SequenceGroup> batch) {
    return std::clamp((step_power(replica, batch) - power.chip_idle) / range, 0.0, 1.0);
  };
  const double groups = replica.layout.attention_dp * replica.layout.pp;
  const SequenceGroup decode{std::max(1.0, decoding / groups), replica.speculation.draft_tokens + 1.0,
                             workload.isl + workload.osl / 2, true, 1};
  const double fresh = workload.isl * (1 - workload.cached_share);
  const double chunk = std::max(1.0, std::min<double>(fresh, replica.engine.max_num_batched_tokens));
  const SequenceGroup prompt{1, chunk, std::max(chunk, workload.isl), false, 1};
  power.decode_share = share({&decode, 1}), power.prefill_share = share({&prompt, 1});
  return power;
}

}  // namespace stargate
