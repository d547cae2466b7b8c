// Text for a terminal, members for JSON, rows for CSV.
#include "stargate/questions/layout_answer.hpp"

#include <fmt/format.h>

#include "stargate/questions/training_memory_text.hpp"
#include "stargate/training/step_law.hpp"

namespace stargate {
namespace {

const char* recompute_name(Recompute recompute) {
  for (const auto& [name, value] : EnumNames<Recompute>::names) {
    if (value == recompute) return name;
  }
  return "?";
}

const char* schedule_name(PipelineSchedule schedule) {
  for (const auto& [name, value] : EnumNames<PipelineSchedule>::names) {
    if (value == schedule) return name;
  }
  return "?";
}

std::string number(double value) { return fmt::format("{}", value); }

}  // namespace

const AnswerFields& layout_answer_fields() {
  static const AnswerFields fields = [] {
    AnswerFields out{
      {"layout", "text", "Sizes, as TP8 PP16x8 DP128"},
      {"step_time_s", "number", "Time of a step"},
      {"tokens_per_s", "number", "Tokens of a step over its time"},
      {"tokens_per_s_per_gpu", "number", "The same of one accelerator"},
      {"tflops_per_gpu", "number", "The model's operations of one accelerator, in TFLOP/s"},
      {"mfu", "number", "The same over the dense peak in the precision of the multiplies"},
      {"hfu", "number", "With the operations that recomputation repeats"},
      {"energy_j", "number", "Energy of a step at the systems' plugs"},
      {"energy_j_per_token", "number", "The same of a token"},
      {"cost_usd", "number", "Of a step, at the price of an accelerator hour"},
      {"cost_usd_per_token", "number", "The same of a token"},
      {"step/*", "number", "Where the step goes, in seconds"},
      {"memory/fits", "boolean", "The layout fits in the memory of the fullest accelerator"},
      {"memory/*", "number", "Bytes on the fullest accelerator, by class"}};
    add_answer_fields(out, "", law_ground_fields());
    return out;
  }();
  return fields;
}

const AnswerFields& law_answer_fields() {
  static const AnswerFields fields{
      {"device_law", "text",
       "The weakest ground that a law of the device rests on: fitted, carried over, specification"},
      {"law_basis", "text", "Each law, what it rests on, and the error to expect of it"},
      {"expected_error", "text", "How far measured runs were from predicted steps"}};
  return fields;
}

LawGround law_ground(const TrainingJob& job, const TrainingLayout& layout) {
  return {training_law_shares(job, layout), job.law.confidence()};
}

LayoutAnswer answer_for(const TrainingJob& job, const TrainingLayout& layout, MoneyRate gpu_rate) {
  const StepReport report = simulate_step(job, layout);
  return {layout, report, step_energy(job, layout, report.step_time()), gpu_rate, law_ground(job, layout)};
}

std::vector<Precision> multiplied(const TrainingJob& job) {
  return {job.recipe.precision.linear, job.recipe.precision.expert};
}

void write_law(JsonWriter& json, const TrainingJob& job) {
  const auto used = multiplied(job);
  json.member("device_law", law_origin_name(job.law.origin(used))).member("law_basis", format_law_basis(job.law, used));
}

void write_layout(JsonWriter& json, const LayoutAnswer& answer) {
  const StepReport& report = answer.report;
  json.member("layout", format_layout(answer.layout)).member("step_time_s", report.step_time().in(second));
  json.member("tokens_per_s", report.tokens_per_second().base())
      .member("tokens_per_s_per_gpu", report.tokens_per_second_per_gpu().base());
  json.member("tflops_per_gpu", report.model_flop_rate_per_gpu().in(teraflop / second))
      .member("mfu", report.mfu())
      .member("hfu", report.hfu());
  json.member("energy_j", answer.energy.in(joule)).member("energy_j_per_token", answer.energy_per_token().base());
  json.member("cost_usd", answer.cost().in(dollar)).member("cost_usd_per_token", answer.cost_per_token().base());
  json.key("step").begin_object();
  for (int i = 0; i < kStepParts; ++i) {
    const auto part = static_cast<StepPart>(i);
    json.member(std::string(step_part_name(part)) + "_s", report.time[part].in(second));
  }
  json.end_object();
  write_memory(json, report.memory);
  if (answer.ground.known()) write_law_ground(json, answer.ground);
}

std::string cost_text(MoneyPerToken cost) { return fmt::format("{:.3g} $/Mtok", 1e6 * cost.base()); }
std::string percent_text(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string layout_text(const LayoutAnswer& answer) {
  const StepReport& report = answer.report;
  std::string out = fmt::format("  layout     {}\n", format_layout(answer.layout));
  out += fmt::format("  step       {} for {}: {}, {} each\n", format_quantity(report.step_time(), 4),
                     format_quantity(report.tokens), format_quantity(report.tokens_per_second(), 4),
                     format_quantity(report.tokens_per_second_per_gpu(), 4));
  out +=
      fmt::format("  MFU        {:.1f} % ({} each of {}); HFU {:.1f} %\n", 100 * report.mfu(),
                  format_quantity(report.model_flop_rate_per_gpu()), format_quantity(report.peak), 100 * report.hfu());
  out += memory_text(report.memory);
  out +=
      fmt::format("  a step     {} ({}); {} at the plug ({:.3g} J/tok, {} each)\n", format_quantity(answer.cost()),
                  cost_text(answer.cost_per_token()), format_quantity(answer.energy), answer.energy_per_token().base(),
                  format_quantity(answer.energy / report.step_time() / static_cast<double>(report.gpus)));
  if (answer.ground.known()) {
    out += fmt::format("  its time   {}\n", format_law_ground(answer.ground, "the framework's overheads"));
  }
  TextTable table({{"where the step goes", Align::left}, {"time"}, {"share"}});
  for (int i = 0; i < kStepParts; ++i) {
    const auto part = static_cast<StepPart>(i);
    if (report.time[part].base() <= 0) continue;
    table.add_row({step_part_name(part), format_quantity(report.time[part]),
                   fmt::format("{:.1f} %", 100 * (report.time[part] / report.step_time()))});
  }
  return out + "\n" + table.format(2);
}

TextTable make_layout_table() {
  std::vector<Column> columns;
  for (const char* name : {"list",
                           "place",
                           "gpus",
                           "layout",
                           "tp",
                           "pp",
                           "vpp",
                           "dp",
                           "cp",
                           "ep",
                           "etp",
                           "micro_batch_size",
                           "zero_stage",
                           "sequence_parallel",
                           "recompute",
                           "schedule",
                           "step_time_s",
                           "tokens_per_s",
                           "tflops_per_gpu",
                           "mfu",
                           "hfu",
                           "memory_bytes",
                           "energy_j",
                           "cost_usd"}) {
    columns.push_back({name});
  }
  for (int i = 0; i < kStepParts; ++i) {
    std::string name = step_part_name(static_cast<StepPart>(i));
    for (char& c : name) c = c == ' ' || c == '-' ? '_' : c;
    columns.push_back({name + "_s"});
  }
  return TextTable(std::move(columns));
}

void add_layout_row(TextTable& table, const std::string& list, int place, const LayoutAnswer& answer) {
  const TrainingLayout& l = answer.layout;
  const StepReport& r = answer.report;
  std::vector<std::string> row{list, std::to_string(place), std::to_string(r.gpus), format_layout(l)};
  for (const int size : {l.tp, l.pp, l.vpp, l.dp, l.cp, l.ep, l.etp, l.micro_batch_size, l.zero_stage}) {
    row.push_back(std::to_string(size));
  }
  row.insert(row.end(),
             {l.sequence_parallel ? "true" : "false", recompute_name(l.recompute), schedule_name(l.schedule())});
  for (const double figure :
       {r.step_time().in(second), r.tokens_per_second().base(), r.model_flop_rate_per_gpu().in(teraflop / second),
        r.mfu(), r.hfu(), r.memory.bytes.total().base(), answer.energy.in(joule), answer.cost().in(dollar)}) {
    row.push_back(number(figure));
  }
  for (int i = 0; i < kStepParts; ++i) row.push_back(number(r.time[static_cast<StepPart>(i)].in(second)));
  table.add_row(std::move(row));
}

}  // namespace stargate
