// A layout given is answered here, with its timeline or beside the same under changes; without one the search answers.
#include "stargate/app/command_train.hpp"

#include <fmt/format.h>

#include "stargate/app/train_comparison.hpp"
#include "stargate/app/train_trace.hpp"
#include "stargate/app/training_flags.hpp"
#include "stargate/app/training_memory_text.hpp"

namespace stargate {
namespace {

Result<LayoutAnswer> find_answer(const Session& session, const TrainFlags& flags) {
  auto question = make_training_question(session, flags);
  if (!question) return question.faults();
  const auto layout = make_layout(flags);
  if (!layout) return layout.faults();
  if (auto faults = check_layout(question->job, *layout); !faults.empty()) return faults;
  const auto price = accelerator_hour_price(*question->catalogue, *question->job.system);
  return answer_for(question->job, *layout, price.mid);
}

void compare_layout(Session& session, const TrainFlags& flags, const TrainingJob& job, const LayoutAnswer& answer) {
  auto before = find_answer(session, without_changes(flags));
  if (!before) return session.fail(before.faults());
  const TrainComparison comparison{describe_changes(flags.changes), *before, answer, answer};
  flags.json ? session.print_data(comparison_json(comparison, job)) : session.print_text(comparison_text(comparison));
}

void answer_layout(Session& session, const TrainFlags& flags, const TrainingQuestion& question) {
  const TrainingJob& job = question.job;
  const auto made = make_layout(flags);
  if (!made) return session.fail(made.faults());
  const TrainingLayout& layout = *made;
  if (const auto faults = check_layout(job, layout); !faults.empty()) return session.fail(faults);
  const LayoutAnswer answer = answer_for(job, layout, accelerator_hour_price(*question.catalogue, *job.system).mid);
  const bool fits = answer.report.memory.fits();
  if (!fits) session.exit_code = kExitAnswerIsNo;
  write_trace(session, flags.trace_file, job, layout);
  if (flags.compare) return compare_layout(session, flags, job, answer);
  if (flags.json) {
    JsonWriter json;
    json.begin_object().member("schema_version", 1).member("fits", fits);
    write_law(json, job);
    write_layout(json, answer);
    write_activations(json, job, layout, answer.report.memory);
    session.print_data(json.end_object().text());
    return;
  }
  session.print_text(layout_text(answer));
  if (flags.memory) session.print_text(memory_table(job, layout, answer.report.memory));
  if (fits) return;
  session.print_text("\nIt does not fit. What would make it fit:\n");
  for (const auto& change : fitting_changes(job, layout)) {
    session.print_text(fmt::format(
        "  {}: {}{}\n", change.change, format_quantity(change.memory.bytes.total()),
        change.memory.fits() ? "" : fmt::format(", still {} missing", format_quantity(change.memory.missing()))));
  }
}

}  // namespace

void train(Session& session, const TrainFlags& flags) {
  if (!has_layout(flags)) return train_search(session, flags, {});
  if (flags.gpu_counts.size() > 1) {
    return session.fail("--gpus: a layout is for one number of accelerators", "`train search` takes several");
  }
  if (!can_compare(session, flags)) return;
  auto question = make_training_question(session, flags);
  if (!question) return session.fail(question.faults());
  if (!flags.json) session.print_text(describe_job(*question, flags, std::to_string(flags.gpus)));
  answer_layout(session, flags, *question);
}

}  // namespace stargate
