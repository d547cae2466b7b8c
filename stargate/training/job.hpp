// What is to be trained on what, and how it is laid over the machines. Words are Megatron-Core's: tensor (tp), pipeline
// (pp) with virtual stages (vpp), context (cp), expert (ep), expert-tensor (etp) and data (dp) parallel sizes.
// Ranks are numbered tensor, context, data, pipeline from the inside out, experts' groups etp, ep, then their own data
// parallelism over the same ranks (Megatron-Core's default order "tp-cp-ep-dp-pp").
#pragma once

#include <string>
#include <vector>

#include "stargate/catalogue/training_coefficients.hpp"
#include "stargate/perf/device_law.hpp"
#include "stargate/perf/fabric.hpp"
#include "stargate/perf/layer_operators.hpp"
#include "stargate/training/schedule.hpp"

namespace stargate {

/// `selective`: attention scores and values are redone in the backward pass (Megatron's core_attn); `full`: whole
/// layers, of which only the input is kept.
enum class Recompute { none, selective, full };

template <>
struct EnumNames<Recompute> {
  static constexpr std::pair<const char*, Recompute> names[] = {
      {"none", Recompute::none}, {"selective", Recompute::selective}, {"full", Recompute::full}};
};

template <>
struct EnumNames<PipelineSchedule> {
  static constexpr std::pair<const char*, PipelineSchedule> names[] = {
      {"1f1b", PipelineSchedule::one_f_one_b},
      {"interleaved_1f1b", PipelineSchedule::interleaved_1f1b},
      {"zero_bubble", PipelineSchedule::zero_bubble},
      {"dual_pipe", PipelineSchedule::dual_pipe},
      {"gpipe", PipelineSchedule::gpipe}};
};

struct TrainingLayout {
  int tp = 1, pp = 1, vpp = 1, dp = 1, cp = 1, ep = 1, etp = 1;
  int micro_batch_size = 1;  ///< sequences
  int zero_stage = 1;        ///< 0: none, 1: optimiser states, 2: and gradients, 3: and weights sharded over dp * cp
  Recompute recompute = Recompute::none;
  bool sequence_parallel = false;
  /// The embedding and the loss each take the place of a layer when layers are dealt to stages
  /// (account_for_embedding_in_pipeline_split, account_for_loss_in_pipeline_split).
  bool embedding_as_layer = false, loss_as_layer = false;
  /// Chunks may differ by one layer, the last ones holding fewer (pipeline_model_parallel_layout).
  bool uneven_pipeline = false;
  /// 1F1B over virtual stages is interleaved_1f1b, as in Megatron-Core, where vpp alone says so.
  PipelineSchedule pipeline_schedule = PipelineSchedule::one_f_one_b;

  PipelineSchedule schedule() const {
    const bool interleaved = vpp > 1 && pipeline_schedule == PipelineSchedule::one_f_one_b;
    return interleaved ? PipelineSchedule::interleaved_1f1b : pipeline_schedule;
  }
  /// dual_pipe keeps two copies of the weights, so each stage has twice the ranks to shard its states over.
  int weight_copies() const { return pipeline_schedule == PipelineSchedule::dual_pipe ? 2 : 1; }
  std::int64_t ranks() const { return std::int64_t{tp} * pp * dp * cp; }
  /// Data-parallel copies of one expert's weights.
  int expert_dp() const { return static_cast<int>(std::int64_t{tp} * cp * dp / (std::int64_t{ep} * etp)); }
  friend bool operator==(const TrainingLayout&, const TrainingLayout&) = default;
};

/// "TP8 PP16x8 DP128 CP1 mbs1 zero1 recompute none sp"; parts that are 1 or off are left out.
std::string format_layout(const TrainingLayout& layout);

/// Bytes of training state for one parameter: Adam in mixed precision keeps bf16 weights, gradients summed in fp32, and
/// an fp32 master copy with two fp32 moments (ZeRO, arXiv 1910.02054, section 3.1; fp32 gradients as Megatron's).
struct StateBytes {
  double weight = 2, gradient = 4, optimizer = 12;
};

/// Who issues the kernels: the framework on the host, one after another; captured graphs of layers, between which the
/// host still routes experts; or one program for the whole step (a captured step, XLA).
enum class KernelLaunch { host, layer_graphs, whole_step };

/// Generations of fused attention kernels: FlashAttention 1 and 2, and those written for the device (FlashAttention 3,
/// cuDNN), which the device law describes.
enum class AttentionGeneration { flash1, flash2, native };

/// Choices that are the same for every layout of a job.
struct TrainingRecipe {
  ComputePrecision precision;  ///< of the matrix multiplies
  StateBytes states;
  bool fused_attention = true;  ///< FlashAttention: scores never reach memory
  bool dropout = false;         ///< after attention, in attention when not fused, and after the feed-forward (GPT-3)
  AttentionGeneration attention = AttentionGeneration::native;
  KernelLaunch launch = KernelLaunch::layer_graphs;
  bool tensor_overlap = true;  ///< sequence-parallel collectives run under their matrix multiplies
  bool data_overlap = true;    ///< gradients and gathered weights travel under the passes
  /// ZeRO 3 whose parameters have one owner each, which broadcasts them and sums their gradients through its own
  /// adapter (DeepSpeed before ZeRO-Infinity split every parameter over all ranks, arXiv 2104.07857, section 6.1).
  bool parameter_owners = false;
  bool one_copy_per_domain =
      false;                    ///< a token routed to several experts of a scale-up domain is sent there once (DeepEP)
  bool expert_overlap = false;  ///< exchanges between experts run under other work
  bool frozen_weights = false;  ///< LoRA: no gradient of the weights; the adapters' own time is left out
  bool host_optimizer = false;  ///< states and update on the host (ZeRO-Offload)
};

struct TrainingJob {
  const Model* model;
  const System* system;
  const Accelerator* accelerator;
  Fabric fabric;
  DeviceLaw law;
  std::int64_t gpus = 1, global_batch_size = 1, seq_length = 1;  ///< batch in sequences
  TrainingRecipe recipe;
  TrainingCoefficients coefficients = {};

  Tokens batch_tokens() const {
    return Tokens::from_base(static_cast<double>(global_batch_size) * static_cast<double>(seq_length));
  }
};

/// A job on a system of the catalogue, which must outlive it. Sizes and batch are set by the caller.
Result<TrainingJob> make_training_job(const Catalogue& catalogue, const std::string& model, const std::string& system);

std::int64_t micro_batches(const TrainingJob& job, const TrainingLayout& layout);

/// Rules a layout must keep, in the order they are checked; also what a search counts its removed candidates by.
enum class LayoutRule {
  sizes,
  world_size,
  attention_heads,
  feed_forward_width,
  sequence_length,
  pipeline_layers,
  expert_count,
  expert_world,
  expert_tensor_sequence,
  global_batch,
  pipeline_schedule,
  zero_stage,
};
inline constexpr int kLayoutRules = 12;
const char* layout_rule_name(LayoutRule rule);

bool keeps_rule(const TrainingJob& job, const TrainingLayout& layout, LayoutRule rule);
/// Every rule the layout breaks, with the numbers that break it.
Diagnostics check_layout(const TrainingJob& job, const TrainingLayout& layout);

/// What pipeline stages hold: layers of each shape of the model, and the two ends. Neighbours that hold the same are
/// one run, so that a pipeline of any length is a few of them.
struct StageRun {
  int first = 0, count = 1;   ///< stages first .. first + count - 1
  std::vector<int> of_shape;  ///< layers of one stage by Model::shapes
  std::vector<int> of_chunk;  ///< the same by chunk, chunk c at c * shapes; the embedding is in the first, output last
  bool embedding = false, output = false;

  int layers() const;
};
/// For a layout that keeps pipeline_layers; chunk c of pp * vpp goes to stage c % pp.
std::vector<StageRun> deal_layers(const Model& model, const TrainingLayout& layout);
const StageRun& run_of_stage(const std::vector<StageRun>& runs, int stage);

}  // namespace stargate
