// Operators are walked as layer_cost walks them. An operator's backward pass draws the power of its forward pass;
// attention counts as fused.
#include "stargate/training/energy.hpp"

#include "stargate/training/activations.hpp"

namespace stargate {
namespace {

struct PassEnergy {
  Energy forward, backward, again;  ///< again: of what recomputation repeats
  Energy total() const { return forward + backward + again; }
};

class RankEnergy {
 public:
  RankEnergy(const TrainingJob& job, const TrainingLayout& layout)
      : job_(job),
        layout_(layout),
        shard_{layout.tp, layout.ep, layout.etp, layout.sequence_parallel, job.recipe.routing.busiest(layout.ep)},
        sequence_(static_cast<double>(job.seq_length) / layout.cp),
        idle_(idle_power(*job.accelerator)) {}

  Energy output() const {
    PassEnergy sum;
    add(output_operator(*job_.model, shard_, tokens()), false, sum);
    return sum.total();
  }

  /// One layer; of multi-token prediction with its projection and the output once more.
  Energy layer(const LayerVariant& variant) const {
    const LayerShape& shape = job_.model->shapes[static_cast<std::size_t>(variant.shape)];
    PassEnergy sum;
    add_token_operators(variant, shape, sum);
    add_attention(variant, shape, sum);
    if (!variant.mtp) return sum.total();
    Operator projection;
    projection.precision = job_.recipe.precision.linear;
    projection.m = tokens(), projection.n = job_.model->hidden / static_cast<double>(layout_.tp);
    projection.k = 2.0 * job_.model->hidden;
    add(projection, variant.recompute == Recompute::full ? 1 : 0, sum);
    return sum.total() + output();
  }

 private:
  double tokens() const { return sequence_ * layout_.micro_batch_size; }

  /// Above idling, since idle power is counted for the whole step.
  void add(const Operator& op, double again, PassEnergy& sum) const {
    const Duration time = job_.law.operator_time(op);
    if (!(time > Duration{})) return;
    // Energy over time is the mean power of the operator; what an idle chip draws in that time is in the standing
    // power.
    const Power power = job_.law.operator_energy(op) / time - idle_;
    sum.forward += power * time;
    sum.backward += power * job_.law.backward_time(op);
    sum.again += again * (power * time);
  }

  /// The share of it that runs again.
  double share_again(const LayerVariant& variant, const LayerShape& shape, const Operator& op) const {
    if (variant.recompute == Recompute::selective) return redone_share(shape, op, layout_.recompute_modules);
    return variant.recompute == Recompute::full ? 1 : 0;
  }

  void add_token_operators(const LayerVariant& variant, const LayerShape& shape, PassEnergy& sum) const {
    const VariantPrecision precision = variant_precision(job_.recipe, variant);
    visit_token_operators(*job_.model, shape, shard_, {precision.linear, precision.expert}, tokens(), false,
                          [&](Operator op) {
                            const bool projection = op.part == OperatorPart::attention_projection;
                            if (op.kind == OperatorKind::gemm && projection && op.precision != Precision::bf16) {
                              op.precision = precision.attention;
                            }
                            op.experts = {};  // grouped products, not the fused kernels of serving
                            add(op, share_again(variant, shape, op), sum);
                          });
  }

  void add_attention(const LayerVariant& variant, const LayerShape& shape, PassEnergy& sum) const {
    const bool core = layout_.recompute_modules.has(RecomputeModule::core_attn);
    const bool again = variant.recompute == Recompute::full || (variant.recompute == Recompute::selective && core);
    AttentionBatch batch;
    batch.sequences = layout_.micro_batch_size;
    batch.query = sequence_;
    batch.context = (static_cast<double>(job_.seq_length) + sequence_) / 2;  // the mean piece, as in layer_cost
    visit_attention_operators(*job_.model, shape, shard_, batch, [&](const Operator& op) { add(op, again ? 1 : 0, sum); });
  }

  const TrainingJob& job_;
  const TrainingLayout& layout_;
  Shard shard_;
  double sequence_;
  Power idle_;
};

}  // namespace

/// Idle accelerators, and of each system what it draws beyond its accelerators' maximum.
Power standing_power(const TrainingJob& job) {
  Power each = idle_power(*job.accelerator);
  if (job.system != nullptr) {
    // A system's power is its maximum; less its accelerators' maximum leaves hosts, network cards and fans, taken as
    // drawn all the time.
    const Power share = job.system->power / static_cast<double>(job.system->accelerators);
    each += max(Power{}, share - job.accelerator->power);
  }
  return static_cast<double>(job.gpus) * each;
}

ShardEnergy shard_energy(const TrainingJob& job, const TrainingLayout& layout) {
  const RankEnergy rank(job, layout);
  ShardEnergy out;
  for (const LayerVariant& variant : layer_variants(job, layout)) out.layers.push_back(rank.layer(variant));
  out.output = rank.output();
  return out;
}

Energy operators_energy(const TrainingJob& job, const TrainingLayout& layout, const ShardEnergy& each,
                        std::span<const int> layers) {
  Energy sum = each.output;
  for (std::size_t i = 0; i < layers.size(); ++i) sum += static_cast<double>(layers[i]) * each.layers[i];
  // Micro-batches of the whole batch, over all data-parallel copies. dp and pp do not appear: they spread the same
  // work.
  const double groups = static_cast<double>(job.global_batch_size) / layout.micro_batch_size;
  return groups * layout.tp * layout.cp * sum;
}

Energy step_energy(const TrainingJob& job, const TrainingLayout& layout, Duration step_time) {
  std::vector<int> layers(layer_variants(job, layout).size());
  for (const StageRun& run : deal_layers(job, layout)) {
    for (std::size_t i = 0; i < layers.size(); ++i) layers[i] += run.count * run.of_shape[i];
  }
  return standing_power(job) * step_time + operators_energy(job, layout, shard_energy(job, layout), layers);
}

}  // namespace stargate
