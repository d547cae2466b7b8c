// Fields that every question about a training job has: the job, its layout, how it computes. Names are Megatron-Core's.
// A size that is not given is 1 in a layout, and searched where a search answers.
#pragma once

#include "stargate/questions/changes.hpp"
#include "stargate/questions/confidence.hpp"
#include "stargate/training/job.hpp"

namespace stargate {

/// Numbers of accelerators: "4096", "1024,2048", "1024:16384" (doubling), "1024:4096:512" (in steps); rising, each
/// once.
struct GpuCounts {
  std::vector<std::int64_t> counts;

  std::int64_t first() const { return counts.front(); }
  bool several() const { return counts.size() > 1; }
};
/// The fault is told in two sentences: what is wrong, and what to write.
struct GpuCountsFault {
  std::string message;
};
std::variant<GpuCounts, GpuCountsFault> parse_gpu_counts(const std::string& text);

template <>
struct Codec<GpuCounts> {
  static std::string type_text() { return "whole numbers, as \"4096\", \"1024,2048\" or \"1024:16384\""; }
  static void read(Reader& reader, const Node& node, GpuCounts& out, const Rule&);
};

enum class MoeDispatcher { alltoall, deepep };
template <>
struct EnumNames<MoeDispatcher> {
  static constexpr std::pair<const char*, MoeDispatcher> names[] = {{"alltoall", MoeDispatcher::alltoall},
                                                                    {"deepep", MoeDispatcher::deepep}};
};

/// Empty: 1 in a layout, searched where a search answers.
struct LayoutFields {
  std::optional<int> tp, pp, vpp, dp, cp, ep, etp, micro_batch_size, zero, shard_size;
  std::optional<Recompute> recompute;
  std::string recompute_modules;
  int recompute_num_layers = 0;
  double offload_activations = 0;
  bool sequence_parallel = false, ends_as_layers = false, uneven_pipeline = false;
  std::optional<PipelineSchedule> schedule;

  /// Any size is given: the question is about this layout, not about the best.
  bool has_layout() const;
};

/// How the job computes, in Megatron-Core's words; see TrainingRecipe for what each does.
struct RecipeFields {
  Precision precision = Precision::bf16;
  std::optional<Precision> expert_precision;
  bool bf16_attention = false, fp8_param_gather = false, fp8_activation_input = false, fp8_dispatch = false;
  int bf16_first_layers = 0, bf16_last_layers = 0;
  OptimizerStates optimizer_states = OptimizerStates::fp32;
  std::optional<double> main_grads_bytes, main_params_bytes, exp_avg_bytes, exp_avg_sq_bytes;
  bool offload_optimizer = false, keep_pipeline_outputs = false;
  KernelFusion kernels = KernelFusion::fused;
  std::optional<KernelLaunch> launch;
  bool unfused_attention = false, dropout = false, lora = false;
  std::optional<int> mtp_layers;
  double moe_imbalance = 1, moe_capacity_factor = 0;
  bool moe_pad_to_capacity = false;
  MoeDispatcher moe_dispatcher = MoeDispatcher::alltoall;
  bool moe_overlap = false, no_tp_overlap = false, no_dp_overlap = false;
};

struct TrainingFields : LayoutFields, RecipeFields, ConfidenceField, ChangeFields {
  std::string model, system, assume;
  GpuCounts gpus;
  std::int64_t global_batch_size = 1024, seq_length = 8192;
};

/// No size of a layout, batch or sequence is larger: beyond, a number is a slip of the finger.
inline const Rule parallel_size{.at_least = 1.0, .above = {}, .at_most = 1e6};
inline const Rule token_count{.at_least = 1.0, .above = {}, .at_most = 1e9};
inline const Rule layer_number{.at_least = 0.0, .above = {}, .at_most = 1e6};
inline const Rule state_bytes_rule{.at_least = 0.0, .above = {}, .at_most = 64.0};

template <class Q>
void add_job_fields(QuestionTable<Q>& t, const char* gpus) {
  t.group("The job")
      .required("model", &Q::model, "Id of a model of the catalogue, or the path of a config.json")
      .optional("assume", &Q::assume, kAssumeSentence)
      .required("system", &Q::system, "Id of a system of the catalogue")
      .required("gpus", &Q::gpus, gpus)
      .type("N");
  t.optional("global_batch_size", &Q::global_batch_size, "Sequences a step", token_count).alias("global_batch");
  t.optional("seq_length", &Q::seq_length, "Tokens a sequence", token_count);
}

template <class Q>
void add_layout_fields(QuestionTable<Q>& t) {
  t.group("Layout: sizes given are fixed")
      .optional("tp", &Q::tp, "Tensor parallel size", parallel_size)
      .optional("pp", &Q::pp, "Pipeline parallel size", parallel_size)
      .optional("vpp", &Q::vpp, "Virtual pipeline stages a rank", parallel_size)
      .optional("dp", &Q::dp, "Data parallel size; else what is left", parallel_size)
      .optional("cp", &Q::cp, "Context parallel size", parallel_size)
      .optional("ep", &Q::ep, "Expert parallel size", parallel_size)
      .optional("etp", &Q::etp, "Expert tensor parallel size", parallel_size)
      .optional("micro_batch_size", &Q::micro_batch_size, "Sequences a micro-batch", parallel_size)
      .optional("zero", &Q::zero, "ZeRO stage, 0 to 3; 1 in a layout", {.at_least = 0.0, .above = {}, .at_most = 3.0})
      .optional("shard_size", &Q::shard_size, "Ranks that share sharded states (HSDP); else all of dp * cp",
                parallel_size)
      .optional("recompute", &Q::recompute, "Activation recomputation")
      .optional("recompute_modules", &Q::recompute_modules,
                "Of selective: core_attn, mlp, moe, moe_act, shared_experts, layernorm, mla_up_proj, with commas; "
                "alternate_products keeps attention's result and every second product, as torchtitan's \"op\"")
      .optional("recompute_num_layers", &Q::recompute_num_layers,
                "Of full: only the first layers of each stage's chunk", parallel_size)
      .alias("recompute_layers")
      .otherwise("all")
      .optional("offload_activations", &Q::offload_activations, "Share of the activations kept on the host", fraction)
      .optional("sequence_parallel", &Q::sequence_parallel, "Sequence parallelism beside tensor parallelism")
      .alias("sp")
      .optional("ends_as_layers", &Q::ends_as_layers, "Embedding and loss each take a layer's place in a stage")
      .optional("uneven_pipeline", &Q::uneven_pipeline, "Stages may differ by one layer")
      .optional("schedule", &Q::schedule,
                "Of the pipeline; else 1f1b, with vpp interleaved_1f1b. Without a layout the only one searched");
}

template <class Q>
void add_expert_fields(QuestionTable<Q>& t) {
  t.optional("moe_imbalance", &Q::moe_imbalance, "Tokens of the busiest expert rank over the mean", positive)
      .optional("moe_capacity_factor", &Q::moe_capacity_factor, "Most an expert takes, times the mean; else dropless",
                not_negative)
      .otherwise("")
      .optional("moe_pad_to_capacity", &Q::moe_pad_to_capacity, "Experts' buffers always hold their capacity")
      .optional("moe_dispatcher", &Q::moe_dispatcher, "deepep sends a token once to each scale-up domain")
      .optional("moe_overlap", &Q::moe_overlap, "Exchanges between experts run under other work");
}

template <class Q>
void add_recipe_fields(QuestionTable<Q>& t) {
  t.group("How it computes")
      .optional("precision", &Q::precision, "Of the matrix multiplies")
      .optional("expert_precision", &Q::expert_precision, "Of the experts' multiplies, else as all")
      .optional("bf16_attention", &Q::bf16_attention, "Projections of attention stay in bf16")
      .optional("bf16_first_layers", &Q::bf16_first_layers, "Layers at the start that stay in bf16", layer_number)
      .optional("bf16_last_layers", &Q::bf16_last_layers, "Layers at the end that stay in bf16", layer_number)
      .optional("fp8_param_gather", &Q::fp8_param_gather, "Primary weights in the format of the multiplies")
      .optional("fp8_activation_input", &Q::fp8_activation_input, "Inputs of activation functions are kept in fp8")
      .optional("fp8_dispatch", &Q::fp8_dispatch, "Tokens travel to experts in fp8")
      .optional("optimizer_states", &Q::optimizer_states, "Formats of gradients, master weights and moments")
      .optional("main_grads_bytes", &Q::main_grads_bytes, "Of a parameter's gradient; else of the optimizer states",
                state_bytes_rule)
      .optional("main_params_bytes", &Q::main_params_bytes, "Of its master copy", state_bytes_rule)
      .optional("exp_avg_bytes", &Q::exp_avg_bytes, "Of its first moment", state_bytes_rule)
      .optional("exp_avg_sq_bytes", &Q::exp_avg_sq_bytes, "Of its second moment", state_bytes_rule)
      .optional("offload_optimizer", &Q::offload_optimizer, "Optimiser states and update on the host")
      .optional("keep_pipeline_outputs", &Q::keep_pipeline_outputs, "Stage outputs are not freed once sent")
      .optional("kernels", &Q::kernels,
                "Work between products: fused kernels, one an operation, or a compiler's; eager is PyTorch as it is "
                "written, with FlashAttention-2 and one piece of the sequence a context rank")
      .optional("launch", &Q::launch,
                "Who issues kernels: the host one by one, graphs of layers (CUDA graphs), or one program of the whole "
                "step; else host with eager kernels, layer_graphs")
      .optional("unfused_attention", &Q::unfused_attention, "Attention as separate kernels that write their scores")
      .optional("dropout", &Q::dropout, "Dropout, as in GPT-3")
      .optional("lora", &Q::lora, "Weights are frozen; only adapters are trained")
      .optional("mtp_layers", &Q::mtp_layers, "Layers of multi-token prediction; else as many as the model has",
                layer_number);
  add_expert_fields(t);
  t.optional("no_tp_overlap", &Q::no_tp_overlap, "Tensor-parallel collectives wait for their multiplies")
      .optional("no_dp_overlap", &Q::no_dp_overlap, "Gradients and weights travel after and before all passes");
}

/// The job's recipe as the fields say; faults name what does not go together.
Diagnostics set_recipe(const RecipeFields& fields, TrainingJob& job);

}  // namespace stargate
