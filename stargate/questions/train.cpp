// job + layout -> step and memory -> with the changes and without -> report
#include "stargate/questions/train.hpp"

#include <fmt/format.h>

#include "stargate/questions/train_comparison.hpp"
#include "stargate/questions/train_search.hpp"
#include "stargate/questions/train_trace.hpp"
#include "stargate/questions/training_job.hpp"
#include "stargate/questions/training_memory_text.hpp"

namespace stargate {
namespace {

struct TrainReport {
  std::string title;  ///< the job in a line
  AskedJob asked;
  TrainingLayout layout;
  LayoutAnswer answer;
  std::vector<FitChange> changes;  ///< of the layout, where it does not fit
  std::optional<TrainComparison> comparison;
  bool memory = false;
};

/// A layout that keeps its job's rules, and what its step takes.
Result<LayoutAnswer> answer_layout(const AskedJob& asked, const TrainingLayout& layout) {
  if (auto faults = check_layout(asked.job, layout); !faults.empty()) return faults;
  return answer_for(asked.job, layout, accelerator_hour_price(*asked.catalogue, *asked.job.system).mid);
}

std::string train_text(const TrainReport& report) {
  if (report.comparison) return report.title + comparison_text(*report.comparison);
  const MemoryReport& memory = report.answer.report.memory;
  std::string out = report.title + layout_text(report.answer);
  if (report.memory) out += memory_table(report.asked.job, report.layout, memory);
  if (memory.fits()) return out;
  out += "\nIt does not fit. What would make it fit:\n";
  for (const auto& change : report.changes) {
    const MemoryReport& then = change.memory;
    out += fmt::format("  {}: {}{}\n", change.change, format_quantity(then.bytes.total()),
                       then.fits() ? "" : fmt::format(", still {} missing", format_quantity(then.missing())));
  }
  return out;
}

void write_train(JsonWriter& json, const TrainReport& report) {
  const TrainingJob& job = report.asked.job;
  if (report.comparison) return write_train_comparison(json, *report.comparison, job);
  json.member("schema_version", 1).member("fits", report.answer.report.memory.fits());
  write_law(json, job);
  json.member("expected_error", report.asked.expected_error);
  write_published_mfu(json, report.asked.published);
  write_layout(json, report.answer);
  write_activations(json, job, report.layout, report.answer.report.memory);
}

AnswerFields train_answer_fields() {
  AnswerFields out{{"fits", "boolean", "The layout fits, or one does"}};
  add_answer_fields(out, "", law_answer_fields());
  add_answer_fields(out, "", published_mfu_fields());
  add_answer_fields(out, "", layout_answer_fields());
  add_answer_fields(out, "activations[]/",
                    {{"part", "text", "Part of a layer"},
                     {"tensor", "text", "What is kept for the backward pass"},
                     {"layer_bytes", "number", "Of one layer and micro-batch"},
                     {"bytes", "number", "Held in all on the fullest accelerator"}});
  add_answer_fields(out, "", search_answer_fields());
  add_answer_fields(out, "", comparison_answer_fields());
  return out;
}

}  // namespace

Result<Answer> answer_train(const TrainQuestion& question, const QuestionContext& context) {
  // Without a layout the question is which one is best.
  if (!question.has_layout()) {
    TrainSearchQuestion search;
    static_cast<TrainingFields&>(search) = question;
    search.memory = question.memory, search.compare = question.compare;
    return answer_train_search(search, context);
  }
  if (question.gpus.several()) {
    return context.fault("gpus", "a layout is for one number of accelerators", "`train search` takes several");
  }
  if (auto faults = check_trace_path(context); !faults.empty()) return faults;
  if (auto faults = check_comparison(question, question.compare, context); !faults.empty()) return faults;

  // The job is on its system, with the changes; the layout keeps the job's rules.
  auto asked = load_asked_job(question, context);
  if (!asked) return asked.faults();
  auto layout = make_layout(question, context);
  if (!layout) return layout.faults();
  auto answer = answer_layout(*asked, *layout);
  if (!answer) return answer.faults();

  TrainReport report{describe_job(question, *asked, std::to_string(question.gpus.first())),
                     std::move(*asked),
                     *layout,
                     *answer,
                     {},
                     {},
                     question.memory};
  if (!answer->report.memory.fits()) report.changes = fitting_changes(report.asked.job, *layout);

  // The same layout without the changes stands beside it.
  if (question.compare) {
    auto written = load_asked_job(question, context, false);
    if (!written) return written.faults();
    auto before = answer_layout(*written, *layout);
    if (!before) return before.faults();
    report.comparison = {describe_changes(question), *before, *answer, *answer};
  }
  const auto kind = answer->report.memory.fits() ? AnswerKind::answered : AnswerKind::is_no;
  const TrainingJob job = report.asked.job;  // points into the catalogue, which moves on with the report
  Answer out = make_answer(kind, std::move(report), train_text, write_train);
  add_trace(context, job, *layout, out);
  return out;
}

const QuestionTable<TrainQuestion>& TrainQuestion::table() {
  static const auto table = [] {
    QuestionTable<TrainQuestion> t("train",
                                   "Step time, memory and MFU of a training job; without a layout, the best one");
    add_job_fields(t, "Accelerators");
    add_layout_fields(t);
    add_recipe_fields(t);
    t.group("What is told")
        .optional("memory", &TrainQuestion::memory, "Memory by class, and activations tensor by tensor")
        .optional("compare", &TrainQuestion::compare, "The answer as written and with the changes, side by side");
    add_confidence_field(t);
    add_change_fields(t);
    return t;
  }();
  return table;
}

Question train_question() {
  return make_question(answer_train,
                       {{"--model llama-3.1-405b --system hgx-h100 --gpus 16384 --global-batch-size 2048 --tp 8 --pp "
                         "16 --vpp 8 --sp --ends-as-layers "
                         "--recompute full",
                         "a layout on 16384 accelerators"},
                        {"--model llama-3.1-8b --system hgx-h100 --gpus 8 --global-batch-size 64 --seq-length 4096",
                         "no layout: the best of all"},
                        {"--model llama-3.1-8b --system hgx-h100 --gpus 8 --global-batch-size 64 --tp 2 --set "
                         "accelerator.memory.bandwidth=+50% --compare",
                         "what half as much bandwidth again would give"}},
                       train_answer_fields(), {train_trace_form});
}

}  // namespace stargate
