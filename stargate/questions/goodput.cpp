// job -> step time -> failures, checkpoints, spares -> closed form, simulation -> report
#include "stargate/questions/goodput.hpp"

#include <fmt/format.h>

#include "stargate/questions/goodput_report.hpp"
#include "stargate/questions/layout_answer.hpp"

namespace stargate {
namespace {

/// The step as given, else of the layout given, else of the best layout.
Result<Duration> find_step_time(const GoodputQuestion& question, const TrainingJob& job,
                                const QuestionContext& context) {
  if (question.step_time) return *question.step_time;
  if (question.has_layout()) {
    const auto layout = make_layout(question, context);
    if (!layout) return layout.faults();
    if (auto faults = check_layout(job, *layout); !faults.empty()) return faults;
    return simulate_step(job, *layout).step_time();
  }
  auto search = search_layouts(
      job, {}, [&](double share) { context.progress(fmt::format("searching layouts: {:.0f} %", 100 * share)); });
  if (!search) return search.faults();
  if (search->best() == nullptr) {
    return Diagnostic{{}, 0, 0, "layout", "no layout fits", "see `stargate train`, or give a step time", {}};
  }
  return search->best()->report.step_time();
}

std::string describe_run(const GoodputQuestion& question, const AskedJob& asked, Duration step) {
  const TrainingJob& job = asked.job;
  std::string out = fmt::format("{} on {} x {} ({}), {} at {} a step of {}\n", question.model, question.gpus.first(),
                                job.system->accelerator, question.system, format_quantity(question.tokens * token),
                                format_quantity(step, 4), format_quantity(job.batch_tokens()));
  if (question.step_time) return out + "  the step is as given\n";
  return out + fmt::format("  of the step, device law: {}; error to expect: {}\n",
                           format_law_basis(job.law, multiplied(job)), asked.expected_error);
}

}  // namespace

Result<Answer> answer_goodput(const GoodputQuestion& question, const QuestionContext& context) {
  if (question.gpus.several()) {
    return context.fault("gpus", "goodput is of one number of accelerators",
                         "`train search` with the objective tokens-by compares several");
  }
  // The job is on its system, and how long its step takes is known.
  auto asked = load_asked_job(question, context);
  if (!asked) return asked.faults();
  auto step = find_step_time(question, asked->job, context);
  if (!step) return step.faults();

  // How often it fails, what a failure and a checkpoint cost, how often it checkpoints, with how many spares.
  auto terms = make_goodput_terms({*asked->catalogue, asked->job, *step}, question, context);
  if (!terms) return terms.faults();

  // Where the time goes by the closed form; a job that makes headway is also simulated.
  GoodputAnswer answer{
      describe_run(question, *asked, *step), std::move(*asked), *terms, goodput(terms->spec), {}, {}};
  if (answer.makes_headway()) {
    context.progress("simulating failures");
    const auto seed = static_cast<std::uint64_t>(question.seed);
    // Twice: with the rate as it is, to hold the closed form against, and with a drawn one for each scenario, for the
    // range.
    answer.exact = simulate_goodput(terms->spec, terms->undisturbed, {seed, question.scenarios, 0});
    answer.spread = simulate_goodput(terms->spec, terms->undisturbed, {seed, question.scenarios, terms->rate_spread});
  }
  const auto kind = answer.makes_headway() ? AnswerKind::answered : AnswerKind::is_no;
  return make_answer(kind, std::move(answer), goodput_text, write_goodput_answer);
}

const QuestionTable<GoodputQuestion>& GoodputQuestion::table() {
  static const auto table = [] {
    QuestionTable<GoodputQuestion> t("train goodput",
                                     "Effective training time under failures; days and dollars to a number of tokens");
    add_job_fields(t, "Accelerators");
    add_goodput_fields(t);
    add_layout_fields(t);
    add_recipe_fields(t);
    add_change_fields(t);
    return t;
  }();
  return table;
}

Question goodput_question() {
  return make_question(
      answer_goodput,
      {{"--model llama-3.1-405b --system hgx-h100 --gpus 16384 --global-batch-size 2048 --step-time 5.2s --tokens "
        "15.6e12 --scenarios 200",
        "days and dollars of Llama 3 405B"},
       {"--model llama-3.1-8b --system hgx-h100 --gpus 64 --tp 1 --tokens 1e12 --checkpoint blocking "
        "--checkpoint-interval 20min --scenarios 100",
        "of a layout, with a checkpoint policy of one's own"}},
      goodput_answer_fields());
}

}  // namespace stargate
