// Classes of memory summed over what a stage holds. Only the first stage of a run of equal ones is looked at: it has
// the most micro-batches in flight. dual_pipe holds half of them for each of its two stages.
#include "stargate/training/memory.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stargate {
namespace {

// Outside the job's tensors: the device context with its kernels (about 0.5 GiB on recent NVIDIA parts) and workspaces
// of matrix libraries (0.5 GiB); and for each group of ranks the channel buffers of its communicator (NCCL's 4 MiB
// NCCL_BUFFSIZE for each channel and peer: some 0.25 GiB). Assumptions: the sum varies from 1 to 3 GiB with software.
constexpr Bytes kFrameworkBytes = 1.0 * gibibyte, kGroupBytes = 0.25 * gibibyte;

/// Ranks over which the dense part and the experts of a stage are split.
struct ShardSizes {
  double dense, experts;
};

/// Bytes of a state kept for every parameter, split when ZeRO's stage reaches it.
Bytes state_bytes(const WeightBytes& held, bool split, const ShardSizes& over) {
  return Bytes::from_base(split ? held.dense / over.dense + held.experts / over.experts : held.total());
}

WeightBytes times(const RankParameters& p, double each) { return {p.dense * each, p.experts * each}; }

/// What a stage keeps: `chunks` of the layers in flight, and beside them one layer's recomputed tensors.
struct KeptBytes {
  Bytes in_flight, working, offloaded;
};

KeptBytes kept_bytes(const TrainingJob& job, const TrainingLayout& l, const ShardCosts& costs, const StageRun& run,
                     double chunks) {
  Bytes layers, working, offloaded;
  for (std::size_t i = 0; i < run.of_shape.size(); ++i) {
    if (run.of_shape[i] == 0) continue;
    layers += costs.shapes[i].activations * run.of_shape[i];
    offloaded += costs.shapes[i].offloaded * run.of_shape[i];
    working = max(working, costs.shapes[i].working);
  }
  // Chunks in flight count virtual stages, a stage's layers are all of its chunks: hence over vpp.
  Bytes sum = layers * (chunks / l.vpp);
  if (run.embedding) sum += costs.embedding.activations * (chunks / l.vpp);
  if (run.output) sum += costs.output.activations * (l.pp == 1 ? chunks : 1);  // the last stage goes straight back
  if (job.recipe.keep_pipeline_outputs && !run.output) sum += costs.boundary * chunks;
  return {sum, working, offloaded * (chunks / l.vpp)};
}

/// Groups of ranks with a communicator of their own. One for each kind of group that has more than one rank, and one of
/// all ranks.
int communicators(const TrainingJob& job, const TrainingLayout& l) {
  const bool experts = l.ep > 1 || l.etp > 1;
  const bool sizes[] = {l.tp > 1,         l.cp > 1, l.pp > 1,  std::int64_t{l.dp} * l.cp > 1,
                        l.replicas() > 1, l.ep > 1, l.etp > 1, experts && l.expert_dp() > 1,
                        job.gpus > 1};
  return static_cast<int>(std::count(std::begin(sizes), std::end(sizes), true));
}

/// Gathered inputs and dispatched tokens of a layer, what goes over stage boundaries, and ZeRO's whole layers: one
/// layer's gradients on the way to their owners (stage 2), the weights of one layer and of the next (stage 3).
Bytes communication_bytes(const TrainingJob& job, const TrainingLayout& l, const ShardCosts& costs,
                          const StageRun& run) {
  Bytes buffers;
  double largest = 0;
  for (std::size_t i = 0; i < run.of_shape.size(); ++i) {
    if (run.of_shape[i] == 0) continue;
    buffers = max(buffers, costs.shapes[i].buffers);
    largest = std::max(largest, costs.shapes[i].parameters.total());
  }
  if (run.output) buffers = max(buffers, costs.output.buffers);
  if (l.pp > 1) buffers += 4.0 * costs.boundary;  // sent and received, forward and backward
  if (l.zero_stage >= 2) buffers += Bytes::from_base(largest * job.recipe.states.gradient);
  if (l.zero_stage >= 3) buffers += Bytes::from_base(2 * largest * job.recipe.states.weight);
  return buffers + communicators(job, l) * kGroupBytes;
}

struct StageStates {
  RankParameters parameters;
  WeightBytes held;

  void add(const StageStates& other) {
    parameters.dense += other.parameters.dense, parameters.experts += other.parameters.experts;
    held.add(other.held, 1);
  }
};

StageStates stage_states(const TrainingJob& job, const ShardCosts& costs, const StageRun& run) {
  return {stage_parameters(*job.model, costs, run), stage_weights(job, costs, run, &LayerCost::held)};
}

struct StageMemory {
  MemoryBreakdown bytes;
  Bytes host;
};

/// `mirror`: the stage that dual_pipe puts on the same rank, the same as `run` otherwise. Class by class, as the head
/// of memory.hpp states them.
StageMemory stage_memory(const TrainingJob& job, const TrainingLayout& l, const ShardCosts& costs, const StageRun& run,
                         const StageRun& mirror) {
  const StateBytes& each = job.recipe.states;
  StageStates states = stage_states(job, costs, run);
  const double copies = l.weight_copies();
  if (copies > 1) states.add(stage_states(job, costs, mirror));
  // dual_pipe holds every stage on two ranks, so that there are twice as many to share its states.
  const ShardSizes over{copies * l.shard_ranks(), copies * l.expert_shard_ranks()};
  StageMemory out;
  // ZeRO's stages one after another: 1 splits the optimiser's states, 2 gradients too, 3 weights too (arXiv
  // 1910.02054).
  out.bytes.weights = state_bytes(states.held, l.zero_stage >= 3, over);
  // PyTorch's FSDP2 and JAX shard the master weights alone and narrow them as they are gathered.
  const bool masters_only = l.zero_stage >= 3 && job.recipe.kernels != KernelFusion::fused &&
                            each.main_weight > 0;
  if (masters_only) out.bytes.weights = Bytes{};
  out.bytes.gradients = state_bytes(times(states.parameters, each.gradient), l.zero_stage >= 2, over);
  const Bytes optimizer = state_bytes(times(states.parameters, each.optimizer()), l.zero_stage >= 1, over);
  (job.recipe.host_optimizer ? out.host : out.bytes.optimizer) = optimizer;
  const auto chunks = static_cast<double>(chunks_in_flight(l, micro_batches(job, l), run.first));
  const KeptBytes kept = kept_bytes(job, l, costs, run, chunks);
  const KeptBytes others = copies > 1 ? kept_bytes(job, l, costs, mirror, chunks) : kept;
  // Half of the micro-batches in flight belong to each of dual_pipe's two stages; elsewhere both terms are the same.
  out.bytes.activations = (kept.in_flight + others.in_flight) / 2.0 + max(kept.working, others.working);
  out.host += (kept.offloaded + others.offloaded) / 2.0;
  // Logits and their gradient live once at a time, again for each further token predicted.
  if (run.output || mirror.output) out.bytes.logits = (1.0 + job.recipe.mtp_layers) * costs.output.working;
  out.bytes.communication = communication_bytes(job, l, costs, run);
  out.bytes.framework = kFrameworkBytes;
  // Only what comes and goes is fragmented; weights and states are allocated once.
  out.bytes.slack =
      job.coefficients.allocator_slack * (out.bytes.activations + out.bytes.logits + out.bytes.communication);
  return out;
}

/// Whole-number changes of one kind, mildest first.
struct ChangeKind {
  const char* name;
  std::vector<TrainingLayout> layouts;
};

/// Each kind is tried step by step, mildest first; kinds that take ranks take them from data parallelism.
std::vector<ChangeKind> change_kinds(const TrainingLayout& from) {
  std::vector<ChangeKind> kinds;
  const auto add = [&](const char* name, auto change) {
    ChangeKind kind{name, {}};
    TrainingLayout next = from;
    // Eight steps reach any size by doubling that a job would use.
    for (int i = 0; i < 8 && change(next); ++i) kind.layouts.push_back(next);
    kinds.push_back(std::move(kind));
  };
  const auto from_data = [](TrainingLayout& l, int TrainingLayout::*size) {
    if (l.dp % 2 != 0) return false;
    l.dp /= 2, l.*size *= 2;
    return true;
  };
  add("sequence parallelism",
      [](TrainingLayout& l) { return l.tp > 1 && !l.sequence_parallel && (l.sequence_parallel = true); });
  add("ZeRO stage", [](TrainingLayout& l) { return l.zero_stage < 3 && ++l.zero_stage > 0; });
  add("micro-batch size",
      [](TrainingLayout& l) { return l.micro_batch_size % 2 == 0 && (l.micro_batch_size /= 2) > 0; });
  add("recompute", [](TrainingLayout& l) {
    if (l.recompute == Recompute::full) return l.recomputes_some() && (l.recompute_layers = 0) == 0;
    l.recompute = l.recompute == Recompute::none ? Recompute::selective : Recompute::full;
    return true;
  });
  add("layers recomputed", [](TrainingLayout& l) { return l.recomputes_some() && ++l.recompute_layers > 0; });
  add("virtual stages", [](TrainingLayout& l) { return l.vpp > 1 && (l.vpp = 1) == 1; });
  add("activations offloaded", [](TrainingLayout& l) {
    return l.offload_activations < 1 && (l.offload_activations = std::min(1.0, l.offload_activations + 0.25)) > 0;
  });
  add("shard size", [](TrainingLayout& l) { return l.replicas() > 1 && (l.shard_size *= 2) > 0; });
  add("expert parallel size", [](TrainingLayout& l) { return (l.ep *= 2) > 0; });
  add("tensor parallel size", [&](TrainingLayout& l) { return from_data(l, &TrainingLayout::tp); });
  add("pipeline parallel size", [&](TrainingLayout& l) { return from_data(l, &TrainingLayout::pp); });
  add("context parallel size", [&](TrainingLayout& l) { return from_data(l, &TrainingLayout::cp); });
  return kinds;
}

}  // namespace

std::int64_t chunks_in_flight(const TrainingLayout& l, std::int64_t micro_batches, int stage) {
  std::int64_t most = 0;
  switch (l.schedule()) {
    case PipelineSchedule::one_f_one_b:
      most = l.pp - stage;
      break;
    case PipelineSchedule::interleaved_1f1b:
      most = 2 * (l.pp - stage - 1) + (l.vpp - 1) * l.pp + 1;
      break;
    case PipelineSchedule::zero_bubble:
      most = l.pp;
      break;
    case PipelineSchedule::dual_pipe:
      most = l.pp + 1;
      break;
    case PipelineSchedule::gpipe:
      most = micro_batches;
      break;
  }
  return std::min(micro_batches * l.vpp, most);
}

MemoryReport training_memory(const TrainingJob& job, const TrainingLayout& layout, const ShardCosts& costs,
                             const std::vector<StageRun>& stages) {
  MemoryReport out;
  out.capacity = job.accelerator->memory_capacity;
  if (job.system != nullptr && job.system->host_memory) {
    out.host_capacity = *job.system->host_memory / std::max(1, job.system->accelerators);
  }
  for (const StageRun& run : stages) {
    const int other = layout.weight_copies() > 1 ? layout.pp - 1 - run.first : run.first;
    const StageMemory memory = stage_memory(job, layout, costs, run, run_of_stage(stages, other));
    if (memory.bytes.total() <= out.bytes.total()) continue;
    out.bytes = memory.bytes, out.host = memory.host, out.stage = run.first;
  }
  return out;
}

MemoryReport training_memory(const TrainingJob& job, const TrainingLayout& layout) {
  return training_memory(job, layout, shard_costs(job, layout), deal_layers(job, layout));
}

/// The mildest change of each kind that fits, or the one that comes nearest.
std::vector<FitChange> fitting_changes(const TrainingJob& job, const TrainingLayout& layout) {
  const Bytes now = training_memory(job, layout).bytes.total();
  std::vector<FitChange> out;
  for (const ChangeKind& kind : change_kinds(layout)) {
    std::optional<FitChange> found;  // the mildest that fits, else the leanest
    for (const TrainingLayout& next : kind.layouts) {
      if (!check_layout(job, next).empty()) continue;
      const MemoryReport memory = training_memory(job, next);
      // A change that needs no less does not help, and is not offered.
      if (memory.bytes.total() >= now) continue;
      if (!found || memory.bytes.total() < found->memory.bytes.total()) {
        found = FitChange{fmt::format("{}: {}", kind.name, format_layout(next)), next, memory};
      }
      // Layouts come mildest first: the first that fits is the one to offer.
      if (memory.fits()) break;
    }
    if (found) out.push_back(std::move(*found));
  }
  std::stable_sort(out.begin(), out.end(), [](const FitChange& a, const FitChange& b) {
    if (a.memory.fits() != b.memory.fits()) return a.memory.fits();
    return !a.memory.fits() && a.memory.missing() < b.memory.missing();
  });
  return out;
}

}  // namespace stargate
