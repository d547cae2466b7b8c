// Puts a step together: stages from layers, the pipeline over them, and what each stage does once a step.
// Gradients travel under the backward pass of the last micro-batch and gathered weights under the forward pass of the
// first, both except for one layer of the stage: the first to compute or the last to have its gradient. ZeRO 2 sends
// gradients in every micro-batch, beside a pipeline once for a round of pp micro-batches; ZeRO 3 sends them in every
// micro-batch and gathers weights in each forward and backward pass too. With several copies of the shards (HSDP) the
// copies add their shards of the gradients once a step.
#include "stargate/training/step.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace stargate {
namespace {

/// One micro-batch on one stage.
struct StageWork {
  Duration forward, backward, recompute, weight_gradient;
  LayerCommunication forward_wait, backward_wait;

  void add(const LayerCost& cost, double count) {
    forward += count * cost.forward, backward += count * cost.backward, recompute += count * cost.recompute;
    weight_gradient += count * cost.weight_gradient;
    forward_wait.tensor += count * cost.forward_wait.tensor, backward_wait.tensor += count * cost.backward_wait.tensor;
    forward_wait.host += count * cost.forward_wait.host, backward_wait.host += count * cost.backward_wait.host;
    forward_wait.context += count * cost.forward_wait.context;
    backward_wait.context += count * cost.backward_wait.context;
    forward_wait.expert += count * cost.forward_wait.expert, backward_wait.expert += count * cost.backward_wait.expert;
  }
  ChunkTime time() const {
    // A pass as the schedule sees it: work, recomputation and what waits inside it. The exchanges are told apart
    // because dual_pipe hides them.
    return {forward + forward_wait.total(), backward + recompute + backward_wait.total(), weight_gradient,
            forward_wait.expert, backward_wait.expert};
  }
};

/// Layers by shape, and the ends that are with them.
StageWork work_of(const ShardCosts& costs, std::span<const int> of_shape, bool embedding, bool output) {
  StageWork work;
  for (std::size_t i = 0; i < of_shape.size(); ++i) {
    if (of_shape[i] > 0) work.add(costs.shapes[i], of_shape[i]);
  }
  if (embedding) work.add(costs.embedding, 1);
  if (output) work.add(costs.output, 1);
  return work;
}

StageWork stage_work(const ShardCosts& costs, const StageRun& run) {
  return work_of(costs, run.of_shape, run.embedding, run.output);
}

/// Groups of dense weights, and those of experts.
struct CopyGroups {
  Group dense, experts;
};

/// What travels once for all micro-batches: between the ranks that share a copy of the states (`shards`), and between
/// the copies.
struct Once {
  const TrainingJob& job;
  const TrainingLayout& layout;
  CopyGroups shards, replicas;
  double parts = 1;  ///< from stage 2 on transfers go layer by layer, each with its own latency; else in large buckets

  Duration collective(Collective kind, const CopyGroups& groups, const WeightBytes& bytes) const {
    return parts * (collective_time(job.fabric, kind, Bytes::from_base(bytes.dense / parts), groups.dense) +
                    collective_time(job.fabric, kind, Bytes::from_base(bytes.experts / parts), groups.experts));
  }
  WeightBytes gradient_bytes(const RankParameters& p) const {
    const double each = job.recipe.states.gradient;
    return {p.dense * each, p.experts * each};
  }
  Duration all_reduce(const RankParameters& p) const {
    return collective(Collective::all_reduce, shards, gradient_bytes(p));
  }
  Duration reduce_scatter(const RankParameters& p) const {
    return collective(Collective::reduce_scatter, shards, gradient_bytes(p));
  }
  Duration add_replicas(const RankParameters& p) const {
    if (layout.replicas() == 1) return {};
    // HSDP: after the reduce-scatter a rank has its shard of the sum over its copy; the copies add these shards.
    WeightBytes shard = gradient_bytes(p);
    shard.dense /= layout.shard_ranks(), shard.experts /= layout.expert_shard_ranks();
    return collective(Collective::all_reduce, replicas, shard);
  }
  Duration gather(const WeightBytes& sent) const { return collective(Collective::all_gather, shards, sent); }
};

/// Experts' groups have strides of their own: their inner size is etp * ep.
Once groups_once(const TrainingJob& job, const TrainingLayout& l) {
  // Ranks that hold the same expert lie etp * ep apart, those with the same dense weights tp apart.
  const int inner = l.etp * l.ep;
  if (l.zero_stage == 0) {
    return {job, l, {place_group(job.fabric, l.dp * l.cp, l.tp), place_group(job.fabric, l.expert_dp(), inner)}, {}};
  }
  const int dense = l.shard_ranks(), experts = l.expert_shard_ranks();
  if (job.recipe.parameter_owners && l.zero_stage >= 3)
    return {job, l, {{dense, 1}, {experts, 1}}, {}};  // no other rank's adapter helps
  return {
      job,
      l,
      {place_group(job.fabric, dense, l.tp), place_group(job.fabric, experts, inner)},
      {place_group(job.fabric, l.replicas(), l.tp * dense), place_group(job.fabric, l.replicas(), inner * experts)}};
}

/// Of a stage with so many layers and ends.
Once make_once(const TrainingJob& job, const TrainingLayout& l, int units) {
  Once once = groups_once(job, l);
  if (job.recipe.data_overlap && l.zero_stage >= 2) once.parts = std::max(1, units);
  return once;
}

/// What shows of a transfer under work: what the work does not cover, and what the hidden part slows the work by (its
/// kernels share compute units and memory).
struct Cover {
  double slowdown;
  Duration operator()(Duration transfer, Duration work) const {
    const Duration hidden = min(transfer, max(Duration{}, work));
    return transfer - hidden + slowdown * hidden;
  }
};

/// What a stage sends once a step, and the passes it travels under.
struct StageData {
  RankParameters parameters;
  WeightBytes sent;
  int units;  ///< layers and ends
  ChunkTime time;
};

StageData stage_data(const TrainingJob& job, const ShardCosts& costs, const StageRun& run) {
  return {stage_parameters(*job.model, costs, run), stage_weights(job, costs, run, &LayerCost::sent),
          run.layers() + (run.embedding ? 1 : 0) + (run.output ? 1 : 0), stage_work(costs, run).time()};
}

/// What hides the transfers of a stage's weights and gradients, forward and backward.
struct CoveringWork {
  Duration forward, backward;
};

/// The passes of the first and the last micro-batch, except for one layer of the stage: the first to compute or the
/// last to have its gradient. Interleaved, a chunk's gradients are whole once its last round of pp micro-batches is
/// back, and the rounds of the chunks before it follow; likewise a chunk's weights are wanted a round after the last's.
CoveringWork covering_work(const Once& once, const StageData& stage) {
  if (!once.job.recipe.data_overlap) return {};
  const TrainingLayout& l = once.layout;
  // All but one of the stage's layers: the first weights are wanted before any layer runs, the last gradients come when
  // none is left.
  double passes = stage.units > 0 ? (stage.units - 1.0) / stage.units : 0;
  if (l.schedule() == PipelineSchedule::interleaved_1f1b) {
    const auto round = static_cast<double>(std::min<std::int64_t>(l.pp, micro_batches(once.job, l)));
    passes = ((l.vpp - 1) * round + passes) / l.vpp;
  }
  return {passes * stage.time.forward, passes * stage.time.backward};
}

Duration exposed_data_time(const Once& once, const StageData& stage) {
  const RankParameters& p = stage.parameters;
  const Cover excess{once.job.coefficients.hidden_slowdown};
  const auto [under_forward, under_backward] = covering_work(once, stage);
  if (once.layout.zero_stage == 0) return excess(once.all_reduce(p), under_backward);
  const auto m = static_cast<double>(micro_batches(once.job, once.layout));
  const Duration gradients = once.reduce_scatter(p), last = gradients + once.add_replicas(p);
  const bool unchanged = once.job.recipe.frozen_weights && once.layout.zero_stage < 3;  // LoRA: every rank has them
  const Duration weights = unchanged ? Duration{} : once.gather(stage.sent);
  switch (once.layout.zero_stage) {
    case 1:
      return excess(last, under_backward) + excess(weights, under_forward);
    // Gradients leave after every micro-batch (a round of pp of them in a pipeline), since a rank keeps only its own
    // shard.
    case 2: {
      const double transfers = once.layout.pp > 1 ? std::max(1.0, m / once.layout.pp) : m;
      return (transfers - 1) * excess(gradients, under_backward) + excess(last, under_backward) +
             excess(weights, under_forward);
    }
    default:
      // Every backward pass gathers weights again and scatters gradients; every forward pass gathers weights.
      return (m - 1) * excess(gradients + weights, under_backward) + excess(last + weights, under_backward) +
             m * excess(weights, under_forward);
  }
}

/// Copies of an embedding on the first and last stage (tied, or for multi-token prediction) add their gradients.
Duration tied_embedding_time(const TrainingJob& job, const TrainingLayout& l) {
  if (l.pp == 1 || !(job.model->tied_embedding || (job.recipe.mtp_layers > 0 && l.weight_copies() == 1))) return {};
  const double elements = static_cast<double>(job.model->vocab) / l.tp * job.model->hidden;
  // From the first stage to the last: ranks this far apart are in one domain only when all stages are.
  const auto stride = std::int64_t{l.tp} * l.cp * l.dp * (l.pp - 1);
  const int far = stride >= job.fabric.domain ? job.fabric.domain : static_cast<int>(stride);
  return collective_time(job.fabric, Collective::all_reduce, Bytes::from_base(elements * job.recipe.states.gradient),
                         place_group(job.fabric, 2, far));
}

/// Memory traffic: clear the gradients, read them for the norm, then read gradients and states of the owned parameters
/// and write states and weights. The norm's sum over all ranks is one small all-reduce.
Duration optimizer_time(const TrainingJob& job, const TrainingLayout& l, const RankParameters& p) {
  const auto& s = job.recipe.states;
  const double dense = l.zero_stage >= 1 ? l.shard_ranks() : 1;
  const double experts = l.zero_stage >= 1 ? l.expert_shard_ranks() : 1;
  const double owned = p.dense / dense + p.experts / experts, held = l.zero_stage >= 2 ? owned : p.total();
  // In this order: gradients cleared over what is held; of owned parameters read twice (norm and update), states read
  // and written, weights written.
  const Bytes traffic = Bytes::from_base(held * s.gradient + owned * (2 * s.gradient + 2 * s.optimizer() + s.weight));
  const Duration norm = collective_time(job.fabric, Collective::all_reduce, 8 * byte,
                                        place_group(job.fabric, static_cast<int>(job.gpus), 1));
  if (!job.recipe.host_optimizer) return job.law.stream_time(traffic) + norm;
  // All ranks of a host share its processors; gradients go there and weights come back.
  const double rate = job.coefficients.host_update_rate / std::max(1, job.system->accelerators_per_node);
  const Bytes moved = Bytes::from_base(owned * (s.gradient + s.weight));
  const Duration travel =
      job.accelerator->host_bandwidth.base() > 0 ? moved / job.accelerator->host_bandwidth : Duration{};
  return (rate > 0 ? Duration::from_base(owned / rate) : Duration{}) + travel + norm;
}

/// A step ends with its slowest rank: of N whose times deviate by d, the largest is about sqrt(2 ln N) d late.
Duration straggling_time(const TrainingJob& job, Duration step) {
  // The expected largest of N normal deviates, asymptotically; `straggling` is the deviation of a rank's step as a
  // share of it, a coefficient of the catalogue.
  const double late = job.coefficients.straggling * std::sqrt(2 * std::log(static_cast<double>(job.gpus)));
  return step * late;
}

/// Ranks of a tensor group that all hold the same send a part each, and put it together behind the network (arXiv
/// 2104.04473, section 4.1).
Duration send_time(const TrainingJob& job, const TrainingLayout& l, Bytes boundary) {
  const auto stride = std::int64_t{l.tp} * l.cp * l.dp;
  const bool inside = l.pp > 1 && stride * l.pp <= job.fabric.domain;  // one hop that leaves sets the pace
  const auto send = [&](Bytes part) {
    return collective_time(job.fabric, Collective::send_receive, part, {l.pp > 1 ? 2 : 1, inside ? 2 : 1});
  };
  if (l.tp == 1 || l.sequence_parallel || l.pp == 1) return send(boundary);
  return min(send(boundary), send(boundary / static_cast<double>(l.tp)) +
                                 collective_time(job.fabric, Collective::all_gather, boundary,
                                                 place_group(job.fabric, l.tp, 1)));
}

/// What follows the last micro-batch, of the stage that ends last.
struct OnceAStep {
  Duration data, optimizer;
};

/// A rank of dual_pipe sends the gradients of its two stages; what it owns of their states is that of one, since a
/// stage has twice the ranks.
OnceAStep once_a_step(const TrainingJob& job, const TrainingLayout& layout, const ShardCosts& costs,
                      const std::vector<StageRun>& stages) {
  const Duration tied = tied_embedding_time(job, layout);
  const auto exposed = [&](const StageRun& run) {
    const StageData stage = stage_data(job, costs, run);
    const Duration data = exposed_data_time(make_once(job, layout, stage.units), stage);
    return run.embedding || run.output ? data + tied : data;
  };
  OnceAStep out;
  for (const StageRun& run : stages) {
    Duration data = exposed(run);
    if (layout.weight_copies() > 1) data += exposed(run_of_stage(stages, layout.pp - 1 - run.first));
    const Duration update = optimizer_time(job, layout, stage_parameters(*job.model, costs, run));
    // Stages end their step at different times; the one that takes longest holds up the next step.
    if (data + update > out.data + out.optimizer) out = {data, update};
  }
  return out;
}

void add_micro_batches(const StageWork& work, double count, StepBreakdown& out) {
  out[StepPart::forward] += count * work.forward;
  out[StepPart::backward] += count * work.backward;
  out[StepPart::recompute] += count * work.recompute;
  out[StepPart::tensor_communication] += count * (work.forward_wait.tensor + work.backward_wait.tensor);
  out[StepPart::context_communication] += count * (work.forward_wait.context + work.backward_wait.context);
  out[StepPart::expert_communication] += count * (work.forward_wait.expert + work.backward_wait.expert);
  out[StepPart::host_copies] += count * (work.forward_wait.host + work.backward_wait.host);
}

/// The busiest stage's share of the pipeline; a rank of dual_pipe takes half the micro-batches through each of its two.
StepBreakdown pipeline_breakdown(const TrainingJob& job, const TrainingLayout& layout, const ShardCosts& costs,
                                 const std::vector<StageRun>& stages) {
  const std::vector<ChunkTime> chunks = chunk_times(layout, costs, stages);
  const PipelineTime pipeline = pipeline_time(make_pipeline_work(job, layout, costs, chunks));
  const double each = static_cast<double>(micro_batches(job, layout)) / layout.weight_copies();
  StepBreakdown out;
  add_micro_batches(stage_work(costs, run_of_stage(stages, pipeline.slowest)), each, out);
  if (layout.weight_copies() > 1) {
    add_micro_batches(stage_work(costs, run_of_stage(stages, layout.pp - 1 - pipeline.slowest)), each, out);
    out[StepPart::expert_communication] -= pipeline.hidden;
  }
  out[StepPart::pipeline_communication] = pipeline.send;
  out[StepPart::bubble] = pipeline.bubble;
  return out;
}

StepBreakdown step_breakdown(const TrainingJob& job, const TrainingLayout& layout, const ShardCosts& costs,
                             const std::vector<StageRun>& stages) {
  StepBreakdown out = pipeline_breakdown(job, layout, costs, stages);
  const OnceAStep once = once_a_step(job, layout, costs, stages);
  out[StepPart::data_communication] = once.data, out[StepPart::optimizer] = once.optimizer;
  out[StepPart::overhead] = straggling_time(job, out.total());
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
  // Of one rank of each stage, summed over stages; times the ranks that do the same on other data and slices.
  return rank * (static_cast<double>(micro_batches(job, l)) * l.tp * l.cp * l.dp);
}

/// Of a training token in multi-token prediction: its layers, projections and outputs.
Flops mtp_flops_per_token(const TrainingJob& job) {
  if (job.recipe.mtp_layers == 0) return {};
  const Model& model = *job.model;
  const LayerShape& layer = model.layer(model.layer_count() - 1);
  // Projection 2 h x h and output h x vocabulary on top of the layer's own weights; 2 flop a weight forward, three
  // times that with the backward pass.
  const double weights = static_cast<double>(layer_parameters(model, layer).active()) +
                         (2.0 * model.hidden + static_cast<double>(model.vocab)) * model.hidden;
  const double context = (static_cast<double>(job.seq_length) + 1) / 2;
  return 3.0 * job.recipe.mtp_layers * (Flops::from_base(2 * weights) + attention_core_flops(layer.attention, context));
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
    case StepPart::host_copies:
      return "activations to the host and back";
    case StepPart::bubble:
      return "pipeline bubble";
    case StepPart::optimizer:
      return "optimizer";
    case StepPart::overhead:
      return "stragglers";
  }
  return "?";
}

PipelineWork make_pipeline_work(const TrainingJob& job, const TrainingLayout& l, const ShardCosts& costs,
                                std::span<const ChunkTime> chunks) {
  return {l.schedule(), l.pp, l.vpp, micro_batches(job, l), chunks, send_time(job, l, costs.boundary)};
}

std::vector<ChunkTime> chunk_times(const TrainingLayout& layout, const ShardCosts& costs,
                                   const std::vector<StageRun>& stages) {
  const std::size_t shapes = costs.shapes.size(), chunks = static_cast<std::size_t>(layout.vpp);
  std::vector<ChunkTime> out;
  out.reserve(static_cast<std::size_t>(layout.pp) * chunks);
  for (const StageRun& run : stages) {
    const std::size_t first = out.size();
    for (std::size_t c = 0; c < chunks; ++c) {
      const std::span<const int> of_shape(run.of_chunk.data() + c * shapes, shapes);
      const bool embedding = run.embedding && c == 0, output = run.output && c + 1 == chunks;
      // Chunks that hold the same layers take the same time: found once.
      const bool like_last = c > 1 && !output && std::equal(of_shape.begin(), of_shape.end(), of_shape.data() - shapes);
      out.push_back(like_last ? out.back() : work_of(costs, of_shape, embedding, output).time());
    }
    for (std::size_t i = chunks; i < chunks * static_cast<std::size_t>(run.count); ++i) {
      out.push_back(out[first + i % chunks]);
    }
  }
  return out;
}

DataTransfers data_transfers(const TrainingJob& job, const TrainingLayout& layout, const ShardCosts& costs,
                             const StageRun& run) {
  const StageData stage = stage_data(job, costs, run);
  const Once once = make_once(job, layout, stage.units);
  const RankParameters& p = stage.parameters;
  if (layout.zero_stage == 0) return {once.all_reduce(p), {}};
  return {once.reduce_scatter(p) + once.add_replicas(p), once.gather(stage.sent)};
}

Duration least_step_time(const TrainingJob& job, const TrainingLayout& layout, const ShardCosts& costs,
                         const std::vector<StageRun>& stages) {
  constexpr double kRounding = 1 - 1e-9;  // a bound must not lie above by the last digits of a sum
  const std::vector<ChunkTime> chunks = chunk_times(layout, costs, stages);
  const OnceAStep once = once_a_step(job, layout, costs, stages);
  const Duration work = least_makespan(make_pipeline_work(job, layout, costs, chunks)) + once.data + once.optimizer;
  return kRounding * (work + straggling_time(job, work));
}

StepReport simulate_step(const TrainingJob& job, const TrainingLayout& layout) {
  const ShardCosts costs = shard_costs(job, layout);
  const auto stages = deal_layers(job, layout);
  return simulate_step(job, layout, costs, stages, training_memory(job, layout, costs, stages));
}

StepReport simulate_step(const TrainingJob& job, const TrainingLayout& layout, const ShardCosts& costs,
                         const std::vector<StageRun>& stages, const MemoryReport& memory) {
  StepReport out;
  out.time = step_breakdown(job, layout, costs, stages);
  out.memory = memory;
  out.tokens = job.batch_tokens();
  out.gpus = job.gpus;
  out.model_flops =
      (training_flops_per_token(*job.model, job.seq_length) + mtp_flops_per_token(job)) * out.tokens.base();
  out.hardware_flops = out.model_flops + recomputed_flops(job, layout, costs, stages);
  out.peak = job.law.peak(job.recipe.precision.linear);
  return out;
}

}  // namespace stargate
