// Reading the catalogue with its changes, the model and the system; sizes and precision from the flags.
#include "stargate/app/training_flags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "stargate/app/job_changes.hpp"
#include "stargate/app/train_report.hpp"

namespace stargate {
namespace {

Recompute recompute_named(const std::string& wanted) {
  for (const auto& [name, value] : EnumNames<Recompute>::names) {
    if (wanted == name) return value;
  }
  return Recompute::none;
}

constexpr std::size_t kMostCounts = 1000;

Diagnostic gpus_fault(const std::string& text, const std::string& message) {
  return {"--gpus",
          0,
          0,
          {},
          "'" + text + "' " + message,
          "write 4096, or 1024,2048, or 1024:16384 (doubling), or 1024:4096:512 (in steps)",
          {}};
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == at) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::optional<std::int64_t> parse_count(const std::string& text) {
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size() || out < 1) return std::nullopt;
  return out;
}

}  // namespace

Result<std::vector<std::int64_t>> parse_gpu_counts(const std::string& text) {
  std::vector<std::int64_t> out;
  for (const auto& part : split(text, ',')) {
    const auto ends = split(part, ':');
    std::vector<std::int64_t> numbers;
    for (const auto& end : ends) {
      const auto number = parse_count(end);
      if (!number) return gpus_fault(end, "is not a number of accelerators");
      numbers.push_back(*number);
    }
    if (numbers.size() > 3) return gpus_fault(part, "has more than a first, a last and a step");
    const std::int64_t last = numbers.size() > 1 ? numbers[1] : numbers[0];
    if (last < numbers[0]) return gpus_fault(part, "ends before it begins");
    for (std::int64_t count = numbers[0]; count <= last; count += numbers.size() > 2 ? numbers[2] : count) {
      out.push_back(count);
      if (out.size() > kMostCounts) return gpus_fault(text, "means more than 1000 searches");
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

TrainFlags without_changes(TrainFlags flags) {
  flags.changes = {};
  return flags;
}

bool can_compare(Session& session, const TrainFlags& flags) {
  if (!flags.compare || !flags.changes.set.empty() || !flags.changes.without.empty()) return true;
  session.fail("--compare: nothing is changed", "add --set, such as --set accelerator.memory.bandwidth=+50%");
  return false;
}

std::string describe_job(const TrainingQuestion& question, const TrainFlags& flags, const std::string& gpus) {
  const TrainingJob& job = question.job;
  return fmt::format("{} on {} x {} ({}), {} sequences of {} a step, {}; device law: {}\n", flags.model, gpus,
                     job.system->accelerator, flags.system, flags.global_batch_size, flags.seq_length, flags.precision,
                     format_law_basis(job.law, multiplied(job)));
}

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

Result<SearchLimits> make_search_limits(const TrainFlags& f, const TrainSearchFlags& search) {
  auto layout = make_layout(f);
  if (!layout) return layout.faults();
  TrainingLayout base;
  base.shard_size = f.shard_size, base.offload_activations = f.offload_activations;
  base.recompute = layout->recompute, base.recompute_modules = layout->recompute_modules;
  base.recompute_layers = f.recompute_layers;
  if (f.recompute_layers > 0 && f.recompute.empty()) base.recompute = Recompute::full;
  SearchLimits limits;
  limits.objective = search.objective.front() == "energy" ? SearchObjective::energy : SearchObjective::time;
  limits.ranked = search.top;
  limits.fixed = {f.tp, f.pp, f.vpp, f.dp, f.cp, f.ep, f.etp, f.micro_batch_size};
  limits.max_tp = search.max_tp, limits.max_pp = search.max_pp, limits.max_vpp = search.max_vpp;
  limits.max_cp = search.max_cp, limits.max_ep = search.max_ep;
  limits.max_micro_batch_size = search.max_micro_batch_size;
  if (f.sequence_parallel) limits.sequence_parallel = {true};
  if (f.ends_as_layers) limits.ends_as_layers = {true};
  if (f.zero >= 0) limits.zero_stages = {f.zero};
  limits.base = base;
  if (!f.recompute.empty() || base.recompute != Recompute::none) limits.recomputes = {base.recompute};
  if (const auto schedule = schedule_named(f.schedule)) limits.schedules = {*schedule};
  return limits;
}

Result<TrainingQuestion> make_training_question(const Session& session, const TrainFlags& flags) {
  auto changes = make_job_changes(session, flags.changes, flags.system);
  if (!changes) return changes.faults();
  auto loaded = load_catalogue(session.files, session.catalogue_folder, *changes);
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
