// The catalogue with its changes, the model, the system; then what the fields say of sizes.
#include "stargate/questions/training_job.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stargate/questions/expected_errors.hpp"
#include "stargate/questions/job_changes.hpp"
#include "stargate/questions/layout_answer.hpp"

namespace stargate {

Diagnostics check_comparison(const ChangeFields& fields, bool compare, const QuestionContext& context) {
  if (!compare || fields.any()) return {};
  return {context.fault("compare", "nothing is changed", "set something, such as accelerator.memory.bandwidth=+50%")};
}

std::string describe_job(const TrainingFields& fields, const AskedJob& asked, const std::string& gpus) {
  const TrainingJob& job = asked.job;
  return fmt::format(
      "{} on {} x {} ({}), {} sequences of {} a step, {}; device law: {}\n"
      "  error to expect of the step: {}\n"
      "  published runs: {}\n",
      fields.model, gpus, job.system->accelerator, fields.system, fields.global_batch_size, fields.seq_length,
      precision_name(fields.precision), format_law_basis(job.law, multiplied(job)), asked.expected_error,
      asked.published_text);
}

Result<TrainingLayout> make_layout(const TrainingFields& f, const QuestionContext& context) {
  TrainingLayout layout;
  layout.tp = f.tp.value_or(1), layout.pp = f.pp.value_or(1), layout.vpp = f.vpp.value_or(1);
  layout.cp = f.cp.value_or(1), layout.ep = f.ep.value_or(1), layout.etp = f.etp.value_or(1);
  layout.micro_batch_size = f.micro_batch_size.value_or(1);
  const std::int64_t model_ranks = std::int64_t{layout.tp} * layout.pp * layout.cp;
  layout.dp = f.dp ? *f.dp : static_cast<int>(std::max<std::int64_t>(1, f.gpus.first() / model_ranks));
  layout.zero_stage = f.zero.value_or(1);
  layout.sequence_parallel = f.sequence_parallel;
  layout.embedding_as_layer = layout.loss_as_layer = f.ends_as_layers;
  layout.uneven_pipeline = f.uneven_pipeline;
  layout.shard_size = f.shard_size.value_or(0);
  layout.recompute = f.recompute.value_or(Recompute::none);
  layout.recompute_layers = f.recompute_num_layers;
  layout.offload_activations = f.offload_activations;
  if (!f.recompute_modules.empty()) {
    auto modules = parse_recompute_modules(f.recompute_modules);
    if (!modules) {
      return context.fault("recompute_modules", modules.faults()[0].message, modules.faults()[0].hint);
    }
    layout.recompute_modules = *modules;
    if (layout.recompute == Recompute::none) layout.recompute = Recompute::selective;
  }
  layout.pipeline_schedule = f.schedule.value_or(PipelineSchedule::one_f_one_b);
  return layout;
}

Result<SearchLimits> make_search_limits(const TrainingFields& f, const SearchBounds& bounds, SearchObjective objective,
                                        const QuestionContext& context) {
  auto layout = make_layout(f, context);
  if (!layout) return layout.faults();
  TrainingLayout base;
  base.shard_size = layout->shard_size, base.offload_activations = f.offload_activations;
  base.recompute = layout->recompute, base.recompute_modules = layout->recompute_modules;
  base.recompute_layers = f.recompute_num_layers;
  if (f.recompute_num_layers > 0 && !f.recompute) base.recompute = Recompute::full;
  const auto fixed = [](const std::optional<int>& size) { return size.value_or(0); };
  SearchLimits limits;
  limits.objective = objective;
  limits.ranked = bounds.top;
  limits.fixed = {fixed(f.tp), fixed(f.pp), fixed(f.vpp), fixed(f.dp),
                  fixed(f.cp), fixed(f.ep), fixed(f.etp), fixed(f.micro_batch_size)};
  limits.max_tp = bounds.max_tp, limits.max_pp = bounds.max_pp, limits.max_vpp = bounds.max_vpp;
  limits.max_cp = bounds.max_cp, limits.max_ep = bounds.max_ep;
  limits.max_micro_batch_size = bounds.max_micro_batch_size;
  if (f.sequence_parallel) limits.sequence_parallel = {true};
  if (f.ends_as_layers) limits.ends_as_layers = {true};
  if (f.zero) limits.zero_stages = {*f.zero};
  limits.base = base;
  if (f.recompute || base.recompute != Recompute::none) limits.recomputes = {base.recompute};
  if (f.schedule) limits.schedules = {*f.schedule};
  return limits;
}

Result<AskedJob> load_asked_job(const TrainingFields& fields, const QuestionContext& context, bool changed) {
  CatalogueChanges changes;
  if (changed) {
    auto asked = make_job_changes(context, fields, fields.system);
    if (!asked) return asked.faults();
    changes = std::move(*asked);
  }
  auto loaded = load_catalogue(context.files, context.catalogue_folder, changes);
  if (!loaded) return loaded.faults();
  auto catalogue = std::make_unique<Catalogue>(std::move(*loaded));
  catalogue->confidence = fields.confidence;
  auto model = resolve_model(context, *catalogue, fields.model, fields.assume);
  if (!model) return model.faults();
  auto job = make_training_job(*catalogue, *model, fields.system);
  if (!job) return job.faults();
  job->gpus = fields.gpus.first();
  job->global_batch_size = fields.global_batch_size;
  job->seq_length = fields.seq_length;
  if (auto faults = set_recipe(fields, *job); !faults.empty()) return faults;
  auto errors = load_expected_errors(context);
  if (!errors) return errors.faults();
  auto published = load_published_mfu(context);
  if (!published) return published.faults();
  const auto found = published->runs.find(published_mfu_key(*job));
  std::optional<PublishedMfu> of_kind;
  if (found != published->runs.end()) of_kind = found->second;
  return AskedJob{std::move(catalogue), format_training_errors(*errors), format_published_mfu(*published, *job),
                  std::move(of_kind), std::move(*job)};
}

}  // namespace stargate
