// With a layout: what it does. Without: the search's best, the runner-up, the front of time against memory.
#include "stargate/app/command_train.hpp"

#include <fmt/format.h>

#include "stargate/app/training_flags.hpp"
#include "stargate/app/training_memory_text.hpp"
#include "stargate/base/text_table.hpp"
#include "stargate/config/json_writer.hpp"
#include "stargate/training/trace_file.hpp"

namespace stargate {
namespace {

/// What the job multiplies in.
std::vector<Precision> multiplied(const TrainingJob& job) {
  return {job.recipe.precision.linear, job.recipe.precision.expert};
}

void write_law(JsonWriter& json, const TrainingJob& job) {
  const auto used = multiplied(job);
  json.member("device_law", law_origin_name(job.law.origin(used))).member("law_basis", format_law_basis(job.law, used));
}

void write_candidate(JsonWriter& json, const TrainingLayout& layout, const StepReport& report) {
  json.member("layout", format_layout(layout)).member("step_time_s", report.step_time().in(second));
  json.member("tokens_per_s", report.tokens_per_second().base())
      .member("tokens_per_s_per_gpu", report.tokens_per_second_per_gpu().base());
  json.member("tflops_per_gpu", report.model_flop_rate_per_gpu().in(teraflop / second))
      .member("mfu", report.mfu())
      .member("hfu", report.hfu());
  json.key("step").begin_object();
  for (int i = 0; i < kStepParts; ++i) {
    const auto part = static_cast<StepPart>(i);
    json.member(std::string(step_part_name(part)) + "_s", report.time[part].in(second));
  }
  json.end_object();
  write_memory(json, report.memory);
}

std::string candidate_text(const TrainingLayout& layout, const StepReport& report) {
  std::string out = fmt::format("  layout     {}\n", format_layout(layout));
  out += fmt::format("  step       {} for {}: {}, {} each\n", format_quantity(report.step_time(), 4),
                     format_quantity(report.tokens), format_quantity(report.tokens_per_second(), 4),
                     format_quantity(report.tokens_per_second_per_gpu(), 4));
  out +=
      fmt::format("  MFU        {:.1f} % ({} each of {}); HFU {:.1f} %\n", 100 * report.mfu(),
                  format_quantity(report.model_flop_rate_per_gpu()), format_quantity(report.peak), 100 * report.hfu());
  TextTable table({{"where the step goes", Align::left}, {"time"}, {"share"}});
  for (int i = 0; i < kStepParts; ++i) {
    const auto part = static_cast<StepPart>(i);
    if (report.time[part].base() <= 0) continue;
    table.add_row({step_part_name(part), format_quantity(report.time[part]),
                   fmt::format("{:.1f} %", 100 * (report.time[part] / report.step_time()))});
  }
  return out + memory_text(report.memory) + "\n" + table.format(2);
}

/// The kind of trace is the file's ending.
void write_trace(Session& session, const std::string& path, const TrainingJob& job, const TrainingLayout& layout) {
  if (path.empty()) return;
  const bool chrome = path.ends_with(".json");
  if (!chrome && !path.ends_with(".pftrace")) {
    return session.fail(fmt::format("--trace {}: unknown kind of trace", path), "end it in .pftrace or .json");
  }
  const Timeline timeline = make_timeline(job, layout);
  if (auto written = write_file(path, chrome ? chrome_trace(timeline) : perfetto_trace(timeline)); !written) {
    return session.fail(written.faults());
  }
  Session::progress(fmt::format("wrote {}", path));
}

void answer_layout(Session& session, const TrainFlags& flags, const TrainingJob& job) {
  const auto made = make_layout(flags);
  if (!made) return session.fail(made.faults());
  const TrainingLayout& layout = *made;
  if (const auto faults = check_layout(job, layout); !faults.empty()) return session.fail(faults);
  const StepReport report = simulate_step(job, layout);
  const bool fits = report.memory.fits();
  if (!fits) session.exit_code = kExitAnswerIsNo;
  write_trace(session, flags.trace_file, job, layout);
  if (flags.json) {
    JsonWriter json;
    json.begin_object().member("schema_version", 1).member("fits", fits);
    write_law(json, job);
    write_candidate(json, layout, report);
    write_activations(json, job, layout, report.memory);
    fmt::print("{}", json.end_object().text());
    return;
  }
  fmt::print("{}", candidate_text(layout, report));
  if (flags.memory) fmt::print("{}", memory_table(job, layout, report.memory));
  if (fits) return;
  fmt::print("\nIt does not fit. What would make it fit:\n");
  for (const auto& change : fitting_changes(job, layout)) {
    fmt::print("  {}: {}{}\n", change.change, format_quantity(change.memory.bytes.total()),
               change.memory.fits() ? "" : fmt::format(", still {} missing", format_quantity(change.memory.missing())));
  }
}

std::string removed_text(const SearchReport& search) {
  std::string out = fmt::format("  {} layouts: {} evaluated", search.candidates, search.evaluated);
  for (int i = 0; i < kLayoutRules; ++i) {
    const auto removed = search.removed_by_rule[static_cast<std::size_t>(i)];
    if (removed > 0) out += fmt::format(", {} left out by {}", removed, layout_rule_name(static_cast<LayoutRule>(i)));
  }
  return out + fmt::format(", {} by memory, {} by a bound on their time\n", search.removed_by_memory,
                           search.removed_by_bound);
}

void print_search_json(const SearchReport& search, const TrainingJob& job) {
  JsonWriter json;
  json.begin_object().member("schema_version", 1).member("fits", search.best.has_value());
  write_law(json, job);
  json.member("candidates", search.candidates)
      .member("evaluated", search.evaluated)
      .member("removed_by_memory", search.removed_by_memory)
      .member("removed_by_bound", search.removed_by_bound);
  if (search.best) {
    write_candidate(json, search.best->layout, search.best->report);
    json.key("pareto").begin_array();
    for (const auto& candidate : search.pareto) {
      json.begin_object();
      write_candidate(json, candidate.layout, candidate.report);
      json.end_object();
    }
    json.end_array();
  }
  fmt::print("{}", json.end_object().text());
}

void answer_search(Session& session, const TrainFlags& flags, const TrainingJob& job) {
  Session::progress("searching layouts");
  SearchLimits limits;
  if (const auto schedule = schedule_named(flags.schedule)) limits.schedules = {*schedule};
  const auto base = make_layout(flags);
  if (!base) return session.fail(base.faults());
  limits.base.recompute_modules = base->recompute_modules, limits.base.recompute_layers = base->recompute_layers;
  limits.base.offload_activations = base->offload_activations;
  auto search = search_layouts(job, limits);
  if (!search) return session.fail(search.faults());
  if (!search->best) session.exit_code = kExitAnswerIsNo;
  if (search->best) write_trace(session, flags.trace_file, job, search->best->layout);
  if (flags.json) return print_search_json(*search, job);
  if (!search->best) {
    fmt::print("No layout fits.\n{}", removed_text(*search));
    if (search->nearest) {
      fmt::print("  nearest: {}, {} missing on each accelerator\n", format_layout(search->nearest->layout),
                 format_quantity(search->nearest->memory.missing()));
    }
    return;
  }
  fmt::print("Best layout\n{}", candidate_text(search->best->layout, search->best->report));
  if (flags.memory) fmt::print("{}", memory_table(job, search->best->layout, search->best->report.memory));
  if (search->runner_up) {
    fmt::print("\nRunner-up {}: {}; {}\n", format_layout(search->runner_up->layout),
               format_quantity(search->runner_up->report.step_time(), 4), search->why_runner_up_lost);
  }
  TextTable table({{"least time by memory", Align::left}, {"step"}, {"memory"}, {"MFU"}});
  for (std::size_t i = 0; i < search->pareto.size() && i < 8; ++i) {
    const auto& c = search->pareto[i];
    table.add_row({format_layout(c.layout), format_quantity(c.report.step_time(), 4),
                   format_quantity(c.report.memory.bytes.total()), fmt::format("{:.1f} %", 100 * c.report.mfu())});
  }
  fmt::print("\n{}{}", table.format(2), removed_text(*search));
}

}  // namespace

void train(Session& session, const TrainFlags& flags) {
  auto question = make_training_question(session, flags);
  if (!question) return session.fail(question.faults());
  const TrainingJob& job = question->job;
  if (!flags.json) {
    fmt::print("{} on {} x {} ({}), {} sequences of {} a step, {}; device law: {}\n", flags.model, flags.gpus,
               job.system->accelerator, flags.system, flags.global_batch_size, flags.seq_length, flags.precision,
               format_law_basis(job.law, multiplied(job)));
  }
  if (has_layout(flags)) return answer_layout(session, flags, job);
  answer_search(session, flags, job);
}

}  // namespace stargate
