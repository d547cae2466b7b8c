// Puts a step together: stages from layers, the pipeline over them, and what each stage does once a step.
// Gradients travel under the backward pass of the last micro-batch and gathered weights under the forward pass of the
// first, both except for one layer of the stage: the first to compute or the last to have its gradient. ZeRO 2 sends
// gradients in every micro-batch, ZeRO 3 gathers weights in each forward and backward pass too.
#include "stargate/training/step.hpp"

namespace stargate {
namespace {

/// One micro-batch on one stage.
struct StageWork {
  Duration forward, backward, recompute;
  LayerCommunication forward_wait, backward_wait;

  void add(const LayerCost& cost, double count) {
    forward += count * cost.forward, backward += count * cost.backward, recompute += count * cost.recompute;
    forward_wait.tensor += count * cost.forward_wait.tensor, backward_wait.tensor += count * cost.backward_wait.tensor;
    forward_wait.context += count * cost.forward_wait.context;
    backward_wait.context += count * cost.backward_wait.context;
    forward_wait.expert += count * cost.forward_wait.expert, backward_wait.expert += count * cost.backward_wait.expert;
  }
  StageTime time() const { return {forward + forward_wait.total(), backward + recompute + backward_wait.total()}; }
};

StageWork stage_work(const ShardCosts& costs, const StageRun& run) {
  StageWork work;
  for (std::size_t i = 0; i < run.of_shape.size(); ++i) {
    if (run.of_shape[i] > 0) work.add(costs.shapes[i], run.of_shape[i]);
  }
  if (run.embedding) work.add(costs.embedding, 1);
  if (run.output) work.add(costs.output, 1);
  return work;
}

/// Dense weights are copied over dp * cp ranks, experts over their own copies.
struct CopyGroups {
  Group dense, experts;
};

struct Once {
  const TrainingJob& job;
  const TrainingLayout& layout;
  CopyGroups groups;

  Duration collective(Collective kind, const RankParameters& p, double each) const {
    return collective_time(job.fabric, kind, Bytes::from_base(p.dense * each), groups.dense) +
           collective_time(job.fabric, kind, Bytes::from_base(p.experts * each), groups.experts);
  }
};

Duration excess(Duration work, Duration cover) { return max(Duration{}, work - cover); }

Duration exposed_data_time(const Once& once, const RankParameters& p, const StageRun& run, const StageTime& time) {
  const auto& states = once.job.recipe.states;
  const int units = run.layers() + (run.embedding ? 1 : 0) + (run.output ? 1 : 0);
  const double share = units > 0 ? (units - 1.0) / units : 0;
  const Duration under_forward = share * time.forward, under_backward = share * time.backward;
  if (once.layout.zero_stage == 0) {
    return excess(once.collective(Collective::all_reduce, p, states.gradient), under_backward);
  }
  const auto m = static_cast<double>(micro_batches(once.job, once.layout));
  const Duration gradients = once.collective(Collective::reduce_scatter, p, states.gradient);
  const Duration weights = once.collective(Collective::all_gather, p, states.weight);
  switch (once.layout.zero_stage) {
    case 1:
      return excess(gradients, under_backward) + excess(weights, under_forward);
    case 2:
      return m * excess(gradients, under_backward) + excess(weights, under_forward);
    default:
      return m * (excess(gradients + weights, under_backward) + excess(weights, under_forward));
  }
}

/// Copies of a tied embedding on the first and last stage add their gradients.
Duration tied_embedding_time(const TrainingJob& job, const TrainingLayout& l) {
  if (!job.model->tied_embedding || l.pp == 1) return {};
  const double elements = static_cast<double>(job.model->vocab) / l.tp * job.model->hidden;
  const auto stride = std::int64_t{l.tp} * l.cp * l.dp * (l.pp - 1);
  const int far = stride >= job.fabric.domain ? job.fabric.domain : static_cast<int>(stride);
  return collective_time(job.fabric, Collective::all_reduce, Bytes::from_base(elements * job.recipe.states.gradient),
                         place_group(job.fabric, 2, far));
}

/// Memory traffic: clear the gradients, read them for the norm, then read gradients and states of the owned parameters
/// and write states and weights. The norm's sum over all ranks is one small all-reduce.
Duration optimizer_time(const TrainingJob& job, const TrainingLayout& l, const RankParameters& p) {
  const auto& s = job.recipe.states;
  const double dense = l.zero_stage >= 1 ? static_cast<double>(l.dp) * l.cp : 1;
  const double experts = l.zero_stage >= 1 ? l.expert_dp() : 1;
  const double owned = p.dense / dense + p.experts / experts, held = l.zero_stage >= 2 ? owned : p.total();
  const Bytes traffic = Bytes::from_base(held * s.gradient + owned * (2 * s.gradient + 2 * s.optimizer + s.weight));
  const Duration norm = collective_time(job.fabric, Collective::all_reduce, 8 * byte,
                                        place_group(job.fabric, static_cast<int>(job.gpus), 1));
  return job.law.stream_time(traffic) + norm;
}

CopyGroups copy_groups(const TrainingJob& job, const TrainingLayout& l) {
  return {place_group(job.fabric, l.dp * l.cp, l.tp), place_group(job.fabric, l.expert_dp(), l.etp * l.ep)};
}

Duration send_time(const TrainingJob& job, const TrainingLayout& l, Bytes boundary) {
  const auto stride = std::int64_t{l.tp} * l.cp * l.dp;
  const bool inside = l.pp > 1 && stride * l.pp <= job.fabric.domain;  // one hop that leaves sets the pace
  return collective_time(job.fabric, Collective::send_receive, boundary, {l.pp > 1 ? 2 : 1, inside ? 2 : 1});
}

void add_once_a_step(const TrainingJob& job, const TrainingLayout& layout, const ShardCosts& costs,
                     const std::vector<StageRun>& stages, StepBreakdown& out) {
  const Once once{job, layout, copy_groups(job, layout)};
  const Duration tied = tied_embedding_time(job, layout);
  Duration data, optimizer;  // of the stage that ends last
  for (const StageRun& run : stages) {
    const RankParameters p = stage_parameters(*job.model, costs, run);
    Duration exposed = exposed_data_time(once, p, run, stage_work(costs, run).time());
    if (run.embedding || run.output) exposed += tied;
    const Duration update = optimizer_time(job, layout, p);
    if (exposed + update > data + optimizer) data = exposed, optimizer = update;
  }
  out[StepPart::data_communication] = data, out[StepPart::optimizer] = optimizer;
}

StepBreakdown step_breakdown(const TrainingJob& job, const TrainingLayout& layout, const ShardCosts& costs,
                             const std::vector<StageRun>& stages) {
  std::vector<StageTime> times;
  times.reserve(static_cast<std::size_t>(layout.pp));
  for (const StageRun& run : stages) {
    times.insert(times.end(), static_cast<std::size_t>(run.count), stage_work(costs, run).time());
  }
  const PipelineTime pipeline =
      pipeline_time(times, micro_batches(job, layout), layout.vpp, send_time(job, layout, costs.boundary));
  std::size_t slowest = 0;
  while (pipeline.slowest >= stages[slowest].first + stages[slowest].count) ++slowest;
  const StageWork work = stage_work(costs, stages[slowest]);
  const auto m = static_cast<double>(micro_batches(job, layout));
  StepBreakdown out;
  out[StepPart::forward] = m * work.forward;
  out[StepPart::backward] = m * work.backward;
  out[StepPart::recompute] = m * work.recompute;
  out[StepPart::tensor_communication] = m * (work.forward_wait.tensor + work.backward_wait.tensor);
  out[StepPart::context_communication] = m * (work.forward_wait.context + work.backward_wait.context);
  out[StepPart::expert_communication] = m * (work.forward_wait.expert + work.backward_wait.expert);
  out[StepPart::pipeline_communication] = pipeline.send;
  out[StepPart::bubble] = pipeline.bubble;
  add_once_a_step(job, layout, costs, stages, out);
  return out;
}

Flops recomputed_flops(const TrainingJob& job, const TrainingLayout& l, const ShardCosts& costs,
                       const std::vector<StageRun>& stages) {
  Flops rank;
  for (const StageRun& run : stages) {
    for (std::size_t i = 0; i < run.of_shape.size(); ++i) {
      rank += costs.shapes[i].recompute_flops * (static_cast<double>(run.of_shape[i]) * run.count);
    }
  }
  return rank * (static_cast<double>(micro_batches(job, l)) * l.tp * l.cp * l.dp);
}

}  // namespace

const char* step_part_name(StepPart part) {
  switch (part) {
    case StepPart::forward:
      return "forward";
    case StepPart::backward:
      return "backward";
    case StepPart::recompute:
      return "recompute";
    case StepPart::tensor_communication:
      return "tensor-parallel communication";
    case StepPart::context_communication:
      return "context-parallel communication";
    case StepPart::expert_communication:
      return "expert-parallel communication";
    case StepPart::pipeline_communication:
      return "pipeline communication";
    case StepPart::data_communication:
      return "data-parallel communication";
    case StepPart::bubble:
      return "pipeline bubble";
    case StepPart::optimizer:
      return "optimizer";
  }
  return "?";
}

StepReport simulate_step(const TrainingJob& job, const TrainingLayout& layout) {
  const ShardCosts costs = shard_costs(job, layout);
  const auto stages = deal_layers(*job.model, layout);
  return simulate_step(job, layout, costs, stages, training_memory(job, layout, costs, stages));
}

StepReport simulate_step(const TrainingJob& job, const TrainingLayout& layout, const ShardCosts& costs,
                         const std::vector<StageRun>& stages, const MemoryReport& memory) {
  StepReport out;
  out.time = step_breakdown(job, layout, costs, stages);
  out.memory = memory;
  out.tokens = job.batch_tokens();
  out.gpus = job.gpus;
  out.model_flops = training_flops_per_token(*job.model, job.seq_length) * out.tokens.base();
  out.hardware_flops = out.model_flops + recomputed_flops(job, layout, costs, stages);
  out.peak = job.law.peak(job.recipe.precision.linear);
  return out;
}

}  // namespace stargate
