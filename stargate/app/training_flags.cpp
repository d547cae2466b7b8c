// Reading the catalogue with its changes, the model and the system; sizes and precision from the flags.
#include "stargate/app/training_flags.hpp"

namespace stargate {
namespace {

Recompute recompute_named(const std::string& wanted) {
  for (const auto& [name, value] : EnumNames<Recompute>::names) {
    if (wanted == name) return value;
  }
  return Recompute::none;
}

}  // namespace

std::optional<PipelineSchedule> schedule_named(const std::string& wanted) {
  for (const auto& [name, value] : EnumNames<PipelineSchedule>::names) {
    if (wanted == name) return value;
  }
  return std::nullopt;
}

bool has_layout(const TrainFlags& f) {
  return f.tp > 0 || f.pp > 0 || f.vpp > 0 || f.dp > 0 || f.cp > 0 || f.ep > 0 || f.etp > 0 || f.micro_batch_size > 0 ||
         f.zero >= 0 || f.shard_size > 0;
}

Result<TrainingLayout> make_layout(const TrainFlags& f) {
  const auto given = [](int value) { return value > 0 ? value : 1; };
  TrainingLayout layout;
  layout.tp = given(f.tp), layout.pp = given(f.pp), layout.vpp = given(f.vpp), layout.cp = given(f.cp);
  layout.ep = given(f.ep), layout.etp = given(f.etp), layout.micro_batch_size = given(f.micro_batch_size);
  const std::int64_t model_ranks = std::int64_t{layout.tp} * layout.pp * layout.cp;
  layout.dp = f.dp > 0 ? f.dp : static_cast<int>(std::max<std::int64_t>(1, f.gpus / model_ranks));
  layout.zero_stage = f.zero >= 0 ? f.zero : 1;
  layout.sequence_parallel = f.sequence_parallel;
  layout.embedding_as_layer = layout.loss_as_layer = f.ends_as_layers;
  layout.uneven_pipeline = f.uneven_pipeline;
  layout.shard_size = f.shard_size;
  layout.recompute = recompute_named(f.recompute);
  layout.recompute_layers = f.recompute_layers;
  layout.offload_activations = f.offload_activations;
  if (!f.recompute_modules.empty()) {
    auto modules = parse_recompute_modules(f.recompute_modules);
    if (!modules) return modules.faults();
    layout.recompute_modules = *modules;
    if (layout.recompute == Recompute::none) layout.recompute = Recompute::selective;
  }
  layout.pipeline_schedule = schedule_named(f.schedule).value_or(PipelineSchedule::one_f_one_b);
  return layout;
}

Result<TrainingQuestion> make_training_question(const Session& session, const TrainFlags& flags) {
  auto changes = parse_changes(flags.changes);
  if (!changes) return changes.faults();
  auto loaded = load_catalogue(session.files, session.catalogue_folder, changes->catalogue);
  if (!loaded) return loaded.faults();
  auto catalogue = std::make_unique<Catalogue>(std::move(*loaded));
  auto model = resolve_model(session.files, *catalogue, flags.model);
  if (!model) return model.faults();
  auto job = make_training_job(*catalogue, *model, flags.system);
  if (!job) return job.faults();
  job->gpus = flags.gpus;
  job->global_batch_size = flags.global_batch_size;
  job->seq_length = flags.seq_length;
  for (const auto& [name, value] : EnumNames<Precision>::names) {
    if (flags.precision == name) job->recipe.precision = {value, value};
  }
  if (auto faults = set_recipe(flags.recipe, *job); !faults.empty()) return faults;
  return TrainingQuestion{std::move(catalogue), std::move(*job)};
}

}  // namespace stargate
