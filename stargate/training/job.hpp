// What is to be trained on what, and how it is laid over the machines. Words are Megatron-Core's: tensor (tp), pipeline
// (pp) with virtual stages (vpp), context (cp), expert (ep), expert-tensor (etp) and data (dp) parallel sizes.
// Ranks are numbered tensor, context, data, pipeline from the inside out, experts' groups etp, ep, then their own data
// parallelism over the same ranks (Megatron-Core's default order "tp-cp-ep-dp-pp").
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "stargate/catalogue/training_coefficients.hpp"
#include "stargate/perf/device_law.hpp"
#include "stargate/perf/fabric.hpp"
#include "stargate/training/recompute.hpp"
#include "stargate/training/schedule.hpp"
#include "stargate/training/training_state.hpp"

namespace stargate {

template <>
struct EnumNames<PipelineSchedule> {
  static constexpr std::pair<const char*, PipelineSchedule> names[] = {
      {"1f1b", PipelineSchedule::one_f_one_b},
      {"interleaved_1f1b", PipelineSchedule::interleaved_1f1b},
      {"zero_bubble", PipelineSchedule::zero_bubble},
      {"dual_pipe", PipelineSchedule::dual_pipe},
      {"gpipe", PipelineSchedule::gpipe}};
};

/// Sizes are numbers of ranks, each at least 1; ranks() of them must be the job's accelerators.
struct TrainingLayout {
  /// Megatron-Core's names; their meaning is in docs/explanation/training.md.
  int tp = 1, pp = 1, vpp = 1, dp = 1, cp = 1, ep = 1, etp = 1;
  int micro_batch_size = 1;  ///< sequences
  int zero_stage = 1;        ///< 0: none, 1: optimiser states, 2: and gradients, 3: and weights sharded
  /// Ranks of dp * cp that share the states; the next as many hold the same again and add their gradients (HSDP;
  /// torchtitan's data_parallel_shard_degree * cp, Megatron-Core's num_distributed_optimizer_instances = replicas()).
  /// 0: all of them.
  int shard_size = 0;
  Recompute recompute = Recompute::none;  ///< of every layer, unless recompute_layers says fewer
  RecomputeModules recompute_modules{RecomputeModule::core_attn};  ///< of selective
  /// `full`: only the first layers of each chunk, the others keep everything (recompute_method block); 0: all layers.
  int recompute_layers = 0;
  /// Share of the kept activations that waits in the host's memory from the forward to the backward pass.
  double offload_activations = 0;
  bool sequence_parallel = false;  ///< the stream between tensor-parallel regions is split by tp
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
  /// Ranks that share one copy of the states of a stage, and how many such copies there are.
  int shard_ranks() const { return shard_size > 0 ? shard_size : dp * cp; }
  int replicas() const { return std::max(1, dp * cp / shard_ranks()); }
  /// Of an expert's states: as many copies as of the rest.
  int expert_shard_ranks() const { return std::max(1, expert_dp() / replicas()); }
  /// Some layers are found again as a whole, others are kept.
  bool recomputes_some() const { return recompute == Recompute::full && recompute_layers > 0; }
  /// Data-parallel copies of one expert's weights.
  int expert_dp() const { return static_cast<int>(std::int64_t{tp} * cp * dp / (std::int64_t{ep} * etp)); }
  friend bool operator==(const TrainingLayout&, const TrainingLayout&) = default;
};

/// "TP8 PP16x8 DP128 micro-batch 1 ZeRO-1 SP"; parts that are 1 or off are left out.
std::string format_layout(const TrainingLayout& layout);

/// Who issues the kernels: the framework on the host, one after another; captured graphs of layers, between which the
/// host still routes experts; or one program for the whole step (a captured step, XLA). Matters where kernels are
/// short: what the host cannot issue in time shows as idle device.
enum class KernelLaunch { host, layer_graphs, whole_step };
template <>
struct EnumNames<KernelLaunch> {
  static constexpr std::pair<const char*, KernelLaunch> names[] = {{"host", KernelLaunch::host},
                                                                   {"layer_graphs", KernelLaunch::layer_graphs},
                                                                   {"whole_step", KernelLaunch::whole_step}};
};

/// Element-wise work between products: in kernels written for it (Megatron-Core, Transformer Engine), a kernel an
/// operation (PyTorch as it is written), or fused by a compiler, which also drops what nobody reads (XLA,
/// torch.compile).
enum class KernelFusion { fused, eager, compiled };
template <>
struct EnumNames<KernelFusion> {
  static constexpr std::pair<const char*, KernelFusion> names[] = {
      {"fused", KernelFusion::fused}, {"eager", KernelFusion::eager}, {"compiled", KernelFusion::compiled}};
};

/// Generations of fused attention kernels: FlashAttention 1 and 2, and those written for the device (FlashAttention 3,
/// cuDNN), which the device law describes.
enum class AttentionGeneration { flash1, flash2, native };

/// How evenly tokens go to experts and whether all are taken. Figures of the busiest rank: what the slowest takes is
/// what all wait for.
struct MoeRouting {
  double imbalance = 1;          ///< rows of the busiest expert rank over the mean
  double capacity_factor = 0;    ///< an expert takes no more than this times the mean and drops the rest; 0: dropless
  bool pad_to_capacity = false;  ///< and no less: buffers of fixed size, of which the host need not know

  /// Rows of the busiest of `ranks` expert ranks over the mean.
  double busiest(int ranks) const {
    if (capacity_factor > 0 && pad_to_capacity) return capacity_factor;
    const double most = std::min<double>(imbalance, ranks);
    return capacity_factor > 0 ? std::min(most, std::max(1.0, capacity_factor)) : most;
  }
};

/// Choices that are the same for every layout of a job. Defaults are those of a current Megatron-Core run in bf16.
struct TrainingRecipe {
  ComputePrecision precision;   ///< of the matrix multiplies
  bool bf16_attention = false;  ///< projections of attention stay in bf16 (scores and values always do)
  int bf16_first_layers = 0, bf16_last_layers = 0;  ///< and whole layers (Megatron-Core's first_last_layers_bf16)
  /// Weights are held and gathered in the format of the multiplies (fp8_param_gather); else they are bf16, with copies
  /// in that format beside them from the first micro-batch on.
  bool narrow_weights = false;
  bool narrow_activation_input = false;  ///< the activation function's input is kept in fp8
  StateBytes states;                     ///< bytes a parameter
  bool fused_attention = true;           ///< FlashAttention: scores never reach memory
  bool dropout = false;  ///< after attention, in attention when not fused, and after the feed-forward (GPT-3)
  AttentionGeneration attention = AttentionGeneration::native;  ///< of fused kernels
  KernelLaunch launch = KernelLaunch::layer_graphs;             ///< who issues kernels
  KernelFusion kernels = KernelFusion::fused;                   ///< of element-wise work
  /// Ranks of a context-parallel group hold a piece from the front and one from the back of the sequence, so that all
  /// attend to as many pairs; else one piece each, and the group waits for the rank with the last.
  bool context_balanced = true;
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
  bool keep_pipeline_outputs = false;  ///< what was sent on stays until its backward pass; Megatron-Core frees it
  int mtp_layers = 0;  ///< multi-token prediction: layers behind the last, each with the output once more
  /// The same for all layers with experts.
  MoeRouting routing;
  bool narrow_dispatch = false;  ///< tokens go to experts in fp8 (and come back in bf16, as in DeepSeek-V3)
};

/// Pointers are not owned. `gpus` accelerators of `system` train `model`. Sizes are whole numbers from 1; the model,
/// system and accelerator come from one catalogue.
struct TrainingJob {
  const Model* model;              ///< not owned
  const System* system;            ///< not owned; may be null: no host memory, no power of hosts
  const Accelerator* accelerator;  ///< not owned
  Fabric fabric;                   ///< of the system, all domains alike
  DeviceLaw law;                   ///< with the clocks that training leaves
  std::int64_t gpus = 1, global_batch_size = 1, seq_length = 1;  ///< batch in sequences
  TrainingRecipe recipe;                                         ///< the same for every layout
  TrainingCoefficients coefficients = {};

  Tokens batch_tokens() const {
    return Tokens::from_base(static_cast<double>(global_batch_size) * static_cast<double>(seq_length));
  }
};

/// The job's coefficients, and its law with the clocks they leave. Coefficients of frameworks and fabrics, from the
/// catalogue's fit (`stargate calibrate`) or a question's own.
void set_coefficients(TrainingJob& job, const TrainingCoefficients& coefficients);

/// A job on a system of the catalogue, which must outlive it. Sizes and batch are set by the caller. Faults: a model or
/// system that is not there, a system whose networks are not.
Result<TrainingJob> make_training_job(const Catalogue& catalogue, const std::string& model, const std::string& system);

/// Of one rank in one step; 0 when the batch does not divide. global batch / (dp * micro-batch size), of one pipeline;
/// for dual_pipe of both directions together.
std::int64_t micro_batches(const TrainingJob& job, const TrainingLayout& layout);

/// Rules a layout must keep, in the order they are checked; also what a search counts its removed candidates by. Cheap
/// rules that remove many candidates stand first. The order is also that of the messages.
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
  shard_size,
  recompute,
  offload,
};
inline constexpr int kLayoutRules = 15;
const char* layout_rule_name(LayoutRule rule);

/// Cheap, and allocates nothing: searches ask it a million times. Rules before it are taken to be kept. Rules of
/// shards, recomputation and offloading make a text when they are broken, and only then allocate.
bool keeps_rule(const TrainingJob& job, const TrainingLayout& layout, LayoutRule rule);
/// What of the recipe does not go with the model, whatever the layout.
Diagnostics check_recipe(const TrainingJob& job);
/// Every rule the layout breaks, with the numbers that break it, and check_recipe. Empty when everything is in order;
/// all faults otherwise, but only the first when sizes are below 1, since the other rules divide by them.
Diagnostics check_layout(const TrainingJob& job, const TrainingLayout& layout);

/// Places of a layer that stages are dealt: the layers, and the ends that count as one. Layers of the model, and one
/// each for an embedding or a loss that takes a layer's place.
int layer_slots(const Model& model, const TrainingLayout& layout);

/// Layers of one shape may be treated in several ways: the first ones of a chunk recomputed, those at the ends of the
/// model in bf16, those of multi-token prediction behind it. `shape` indexes Model::shapes.
struct LayerVariant {
  int shape = 0;
  Recompute recompute = Recompute::none;
  bool bf16 = false, mtp = false;  ///< stays in bf16; a layer of multi-token prediction
};
/// Whether the recipe keeps the layers at the ends of the model in bf16 while others are in a lower format.
bool has_bf16_layers(const TrainingJob& job);
/// Model::shapes where all layers are treated alike; else those of each treatment, multi-token prediction last.
std::vector<LayerVariant> layer_variants(const TrainingJob& job, const TrainingLayout& layout);

/// What pipeline stages hold: layers of each variant, and the two ends. Neighbours that hold the same are one run, so
/// that a pipeline of any length is a few of them.
struct StageRun {
  int first = 0, count = 1;   ///< stages first .. first + count - 1
  std::vector<int> of_shape;  ///< layers of one stage by layer_variants
  std::vector<int>
      of_chunk;  ///< the same by chunk, chunk c at c * variants; the embedding is in the first, output last
  bool embedding = false, output = false;  ///< the ends it holds
  bool embedding_copy = false;             ///< the last stage's, for multi-token prediction

  int layers() const;
};
/// For a layout that keeps pipeline_layers; chunk c of pp * vpp goes to stage c % pp. In order of stages, from the
/// first to pp - 1 without gaps.
std::vector<StageRun> deal_layers(const TrainingJob& job, const TrainingLayout& layout);
/// `stage` is one of the runs'.
const StageRun& run_of_stage(const std::vector<StageRun>& runs, int stage);

}  // namespace stargate
