// Operators are walked as layer_cost walks them. An operator's backward pass draws the power of its forward pass.
#include "stargate/training/energy.hpp"

#include <algorithm>

namespace stargate {
namespace {

struct OperatorEnergy {
  Energy forward, backward;
};

class RankEnergy {
 public:
  RankEnergy(const TrainingJob& job, const TrainingLayout& layout)
      : job_(job),
        shard_{layout.tp, layout.ep, layout.etp, layout.sequence_parallel, 1},
        sequence_(static_cast<double>(job.seq_length) / layout.cp),
        layout_(layout),
        idle_(make_power_law(*job.accelerator).idle) {}

  /// One micro-batch through one layer, with what is recomputed.
  Energy layer(const LayerShape& shape) const {
    const OperatorEnergy tokens = token_energy(shape), attention = attention_energy(shape);
    const Energy once = tokens.forward + tokens.backward + attention.forward + attention.backward;
    switch (layout_.recompute) {
      case Recompute::none:
        return once;
      case Recompute::selective:
        return once + attention.forward;
      case Recompute::full:
        return once + tokens.forward + attention.forward;
    }
    return once;
  }

  Energy output() const {
    OperatorEnergy sum;
    add(output_operator(*job_.model, shard_, sequence_ * layout_.micro_batch_size), sum);
    return sum.forward + sum.backward;
  }

 private:
  void add(const Operator& op, OperatorEnergy& sum) const {
    const Duration time = job_.law.operator_time(op);
    if (!(time > Duration{})) return;
    const Power power = job_.law.operator_energy(op) / time - idle_;
    sum.forward += power * time;
    sum.backward += power * job_.law.backward_time(op);
  }

  OperatorEnergy token_energy(const LayerShape& shape) const {
    OperatorEnergy sum;
    visit_token_operators(*job_.model, shape, shard_, job_.recipe.precision, sequence_ * layout_.micro_batch_size,
                          false, [&](const Operator& op) { add(op, sum); });
    return sum;
  }

  OperatorEnergy attention_energy(const LayerShape& shape) const {
    AttentionBatch batch;
    batch.sequences = layout_.micro_batch_size;
    batch.query = sequence_;
    batch.context = (static_cast<double>(job_.seq_length) + sequence_) / 2;  // the mean piece, as in layer_cost
    OperatorEnergy sum;
    visit_attention_operators(*job_.model, shape, shard_, batch, [&](const Operator& op) { add(op, sum); });
    return sum;
  }

  const TrainingJob& job_;
  Shard shard_;
  double sequence_;
  const TrainingLayout& layout_;
  Power idle_;
};

}  // namespace

Power standing_power(const TrainingJob& job) {
  Power each = make_power_law(*job.accelerator).idle;
  if (job.system != nullptr) {
    const Power share = job.system->power / static_cast<double>(job.system->accelerators);
    each += max(Power{}, share - job.accelerator->power);
  }
  return static_cast<double>(job.gpus) * each;
}

Energy operators_energy(const TrainingJob& job, const TrainingLayout& layout) {
  const RankEnergy rank(job, layout);
  const Model& model = *job.model;
  Energy sum = rank.output();
  for (std::size_t i = 0; i < model.shapes.size(); ++i) {
    const auto count = std::count(model.layers.begin(), model.layers.end(), static_cast<int>(i));
    if (count > 0) sum += static_cast<double>(count) * rank.layer(model.shapes[i]);
  }
  const double groups = static_cast<double>(job.global_batch_size) / layout.micro_batch_size;
  return groups * layout.tp * layout.cp * sum;
}

Energy step_energy(const TrainingJob& job, const TrainingLayout& layout, Duration step_time) {
  return standing_power(job) * step_time + operators_energy(job, layout);
}

}  // namespace stargate
