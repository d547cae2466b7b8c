// Columns of a row into a layout and a recipe, and its metric.
#include "stargate/measured/training_run.hpp"

#include <algorithm>
#include <cctype>

#include "stargate/catalogue/model_experts.hpp"

namespace stargate {
namespace {

/// Ranks that share the states where they are not all of the `copies`, as whole copies (HSDP) or as ranks of one.
int shard_size_of(const MeasuredRow& row, std::int64_t copies) {
  std::int64_t size = row.shard_size;
  if (row.shard_replicas > 0) size = copies % row.shard_replicas == 0 ? copies / row.shard_replicas : 0;
  return size > 0 && size < copies && copies % size == 0 ? static_cast<int>(size) : 0;
}

/// Those the model does not have are passed over, and nothing is left when none is its. No list: attention's scores.
/// The list of modules however it is punctuated.
RecomputeModules modules_of(const MeasuredRow& row, const Model& model) {
  if (row.recompute_modules.empty()) return RecomputeModules(RecomputeModule::core_attn);
  std::string list;  // words with one blank around each
  for (const char c : row.recompute_modules) list += std::isalnum(static_cast<unsigned char>(c)) || c == '_' ? c : ' ';
  list = " " + list + " ";
  RecomputeModules out;
  for (const auto& [name, module] : EnumNames<RecomputeModule>::names) {
    if (list.find(std::string(" ") + name + " ") == std::string::npos) continue;
    const RecomputeModule wanted = module;
    const bool there = std::any_of(model.shapes.begin(), model.shapes.end(),
                                   [&](const LayerShape& shape) { return has_module(shape, wanted); });
    if (there) out.add(wanted);
  }
  return out;
}

Recompute recompute_of(const MeasuredRow& row) {
  if (row.recompute == "full") return Recompute::full;
  if (row.recompute != "selective") return Recompute::none;
  return row.recompute_modules == "layer" ? Recompute::full : Recompute::selective;
}

/// Columns into the switches of a step. Frozen weights keep two bytes a parameter and no gradient or optimiser state.
TrainingRecipe recipe_of(const MeasuredRow& row, Precision precision) {
  TrainingRecipe recipe;
  recipe.launch = row.launch == "whole_step"     ? KernelLaunch::whole_step
                  : row.launch == "layer_graphs" ? KernelLaunch::layer_graphs
                                                 : KernelLaunch::host;
  recipe.attention = row.attention == "native"   ? AttentionGeneration::native
                     : row.attention == "flash2" ? AttentionGeneration::flash2
                                                 : AttentionGeneration::flash1;
  recipe.kernels = row.kernels == "eager"      ? KernelFusion::eager
                   : row.kernels == "compiled" ? KernelFusion::compiled
                                               : KernelFusion::fused;
  recipe.context_balanced = row.context_balanced;
  recipe.fused_attention = row.attention != "unfused";
  recipe.dropout = !recipe.fused_attention;  // of the time before FlashAttention
  recipe.tensor_overlap = row.tensor_overlap, recipe.data_overlap = row.data_overlap;
  recipe.expert_overlap = row.expert_overlap;
  recipe.one_copy_per_domain = row.one_copy_per_domain, recipe.parameter_owners = row.parameter_owners;
  recipe.host_optimizer = row.host_optimizer;
  recipe.precision = {precision, precision};
  recipe.states.gradient = row.gradient_bytes;
  recipe.frozen_weights = row.frozen_weights;
  if (row.padded_experts) recipe.routing = {1, 1, true};
  if (recipe.frozen_weights) recipe.states = {2, 0, 0, 0, 0};
  return recipe;
}

/// Few wide experts are split by tensor parallelism like a dense feed-forward, many narrow ones are not.
int usual_expert_tensor_size(const Model& model, int tp) {
  for (const auto& shape : model.shapes) {
    const auto& f = shape.feed_forward;
    if (f.kind == FeedForwardKind::experts && f.width >= 2 * model.hidden) return tp;
  }
  return 1;
}

/// Layers that do not divide: first the ends as layers, then stages that differ by one.
void even_out_pipeline(const Model& model, TrainingLayout& layout) {
  const int chunks = layout.pp * layout.vpp, layers = model.layer_count();
  if (layers % chunks == 0) return;
  if ((layers + 2) % chunks == 0) {
    layout.embedding_as_layer = layout.loss_as_layer = true;
  } else if ((layers + 1) % chunks == 0) {
    layout.loss_as_layer = true;
  } else {
    layout.uneven_pipeline = true;
  }
}

/// What the row states, completed by what frameworks do when it is not said.
TrainingLayout stated_layout(const MeasuredRow& row, const Model& model) {
  TrainingLayout l;
  l.tp = row.tp, l.pp = row.pp;
  l.vpp = std::max(1, row.vpp), l.cp = std::max(1, row.cp), l.ep = std::max(1, row.ep);
  l.dp = row.dp > 0 ? row.dp : static_cast<int>(row.gpus / (std::int64_t{l.tp} * l.pp * l.cp));
  l.micro_batch_size = std::max(1, row.microbatch);
  l.zero_stage = row.zero_stage;
  l.shard_size = l.zero_stage > 0 ? shard_size_of(row, std::int64_t{l.dp} * l.cp) : 0;
  l.recompute = recompute_of(row);
  if (l.recompute == Recompute::selective) {
    l.recompute_modules = modules_of(row, model);
    if (l.recompute_modules.empty()) l.recompute = Recompute::none;
  }
  l.sequence_parallel = l.tp > 1 && row.sp != "no";  // with tp by default since 2023
  if (has_experts(model)) {
    l.etp = usual_expert_tensor_size(model, l.tp);
    if (std::int64_t{l.tp} * l.cp * l.dp % (std::int64_t{l.etp} * l.ep) != 0) l.etp = 1;
    l.sequence_parallel = l.tp > 1;  // experts with tensor parallelism need it
  } else {
    l.ep = 1;
  }
  even_out_pipeline(model, l);
  return l;
}

std::optional<SkippedRow> unusable(const MeasuredRow& row) {
  if (row.metric != "iteration_s" && row.metric != "tokens_per_s_per_gpu" && row.metric != "tflops_per_gpu") {
    return SkippedRow{"the metric '" + row.metric + "' is not of one step"};
  }
  if (!(row.value > 0)) return SkippedRow{"no value"};
  if (row.gpus == 0) return SkippedRow{"the number of accelerators is not stated"};
  if (row.seq_len == 0) return SkippedRow{"the sequence length is not stated"};
  if (row.global_batch_seqs == 0) return SkippedRow{"the global batch is not stated"};
  if (row.tp == 0 || row.pp == 0) return SkippedRow{"tensor or pipeline parallelism is not stated"};
  return std::nullopt;
}

/// Operations a token of the row's TFLOP/s counts, by its convention. Model operations: three times the forward pass
/// (the backward is two). Hardware ones add the forward of all layers that full recomputation repeats, without the
/// output layer. Causal attention sees (s + 1) / 2 tokens on average, or s where the source counts the whole square.
double counted_flops_per_token(const MeasuredRow& row, const MeasuredRun& run) {
  const Model& model = *run.model;
  const double context =
      row.flops_attention == "whole" ? static_cast<double>(row.seq_len) : (static_cast<double>(row.seq_len) + 1) / 2;
  const double forward = forward_flops_per_token(model, context).base();
  const double output = 2.0 * model.hidden * model.vocab;
  const bool repeated = row.flops_convention == "hardware" && run.layout.recompute == Recompute::full;
  return 3 * forward + (repeated ? forward - output : 0);
}

}  // namespace

Named<Precision> measured_precision(const MeasuredRow& row) {
  return row.precision.empty() ? Named<Precision>{Precision::bf16, {}} : find_precision_by_name(row.precision);
}

const DeviceLaw& AcceleratorLaws::of(const MeasuredRow& row, const Accelerator& accelerator) {
  const Part part{accelerator.id, row.accel_power_w, row.accel_mem_bw_tbps, row.accelerator_share};
  const auto known = laws_.find(part);
  if (known != laws_.end()) return known->second;
  return laws_.emplace(part, DeviceLaw(accelerator, catalogue_, kTrainingKernels)).first->second;
}

RunOrSkip make_measured_run(const MeasuredRow& row, const Catalogue& catalogue) {
  AcceleratorLaws laws(catalogue);
  return make_measured_run(row, catalogue, laws);
}

RunOrSkip make_measured_run(const MeasuredRow& row, const Catalogue& catalogue, AcceleratorLaws& laws) {
  if (auto reason = unusable(row)) return *reason;
  auto model = measured_model(row, catalogue);
  if (auto* skip = std::get_if<SkippedRow>(&model)) return *skip;
  auto accelerator = measured_accelerator(row, catalogue);
  if (auto* skip = std::get_if<SkippedRow>(&accelerator)) return *skip;
  const auto precision = measured_precision(row);
  if (!precision) return SkippedRow{precision.unknown};
  auto system = measured_system(row, catalogue, std::get<Accelerator>(accelerator));
  if (auto* skip = std::get_if<SkippedRow>(&system)) return *skip;
  auto fabric = make_fabric(catalogue, std::get<System>(system));
  if (!fabric) return SkippedRow{fabric.faults().front().message};
  if (const auto stated = stated_scale_out(row)) fabric->out.bandwidth = *stated;
  auto model_kept = std::make_unique<const Model>(std::move(std::get<Model>(model)));
  auto system_kept = std::make_unique<const System>(std::move(std::get<System>(system)));
  auto accelerator_kept = std::make_unique<const Accelerator>(std::move(std::get<Accelerator>(accelerator)));
  TrainingJob job{model_kept.get(),
                  system_kept.get(),
                  accelerator_kept.get(),
                  *fabric,
                  laws.of(row, *accelerator_kept),
                  row.gpus,
                  row.global_batch_seqs,
                  row.seq_len,
                  recipe_of(row, precision.value)};
  set_coefficients(job, training_coefficients(catalogue));
  if (row.mtp) job.recipe.mtp_layers = model_kept->mtp_layers;  // else without, as most tables state or mean
  const TrainingLayout layout = stated_layout(row, *model_kept);
  for (int i = 0; i < kLayoutRules; ++i) {
    const auto rule = static_cast<LayoutRule>(i);
    if (!keeps_rule(job, layout, rule)) return SkippedRow{std::string("breaks the rule: ") + layout_rule_name(rule)};
  }
  return MeasuredRun{std::move(model_kept), std::move(system_kept), std::move(accelerator_kept), std::move(job),
                     layout};
}

double predicted_metric(const MeasuredRow& row, const MeasuredRun& run, const StepReport& step) {
  if (row.metric == "iteration_s") return step.step_time().base();
  const double tokens = step.tokens_per_second_per_gpu().base();
  return row.metric == "tokens_per_s_per_gpu" ? tokens : tokens * counted_flops_per_token(row, run) / 1e12;
}

double measured_step_seconds(const MeasuredRow& row, const MeasuredRun& run) {
  if (row.metric == "iteration_s") return row.value;
  const double tokens = run.job.batch_tokens().base() / static_cast<double>(row.gpus);
  return row.metric == "tokens_per_s_per_gpu" ? tokens / row.value
                                              : tokens * counted_flops_per_token(row, run) / (row.value * 1e12);
}

}  // namespace stargate
