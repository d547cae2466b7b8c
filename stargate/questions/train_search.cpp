// goal + job -> one search for each number of accelerators -> the best of them by the goal -> report
#include "stargate/questions/train_search.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stargate/questions/search_report.hpp"
#include "stargate/questions/train_comparison.hpp"
#include "stargate/questions/train_trace.hpp"
#include "stargate/questions/training_memory_text.hpp"

namespace stargate {
namespace {

struct TrainSearchReport {
  std::string title;  ///< the job in a line
  AskedJob asked;
  SearchAnswer search;
  std::optional<TrainComparison> comparison;
  bool memory = false;
};

std::string counts_in_words(const std::vector<std::int64_t>& counts) {
  std::string out = std::to_string(counts.front());
  for (std::size_t i = 1; i < counts.size() && i < 8; ++i) out += ", " + std::to_string(counts[i]);
  return counts.size() > 8 ? fmt::format("{} to {}", counts.front(), counts.back()) : out;
}

Result<std::vector<CountAnswer>> answer_counts(const TrainSearchQuestion& question, const AskedJob& asked,
                                               const SearchGoal& goal, const QuestionContext& context) {
  const auto limits = make_search_limits(question, question, search_objective(goal), context);
  if (!limits) return limits.faults();
  std::vector<CountAnswer> out;
  for (const std::int64_t gpus : question.gpus.counts) {
    TrainingJob job = asked.job;
    job.gpus = gpus;
    auto answer = answer_count({*asked.catalogue, job, *limits}, goal, context);
    if (!answer) return answer.faults();
    out.push_back(std::move(*answer));
  }
  return out;
}

/// Earlier ones win ties.
std::size_t choose(const std::vector<CountAnswer>& counts, const SearchGoal& goal) {
  std::size_t best = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const bool better =
        counts[i].best && (!counts[best].best || goal_value(goal, counts[i]) < goal_value(goal, counts[best]));
    if (better) best = i;
  }
  return best;
}

/// The layout of another answer, where it keeps the rules of this job.
std::optional<LayoutAnswer> same_layout(const CountAnswer& count, const std::optional<LayoutAnswer>& other) {
  if (!other || !check_layout(count.job, other->layout).empty()) return std::nullopt;
  return answer_for(count.job, other->layout, count.price.mid);
}

/// Searches once more without the changes; the best layout as written is also rated with them, where it is allowed
/// there.
Result<TrainComparison> compare(const TrainSearchQuestion& question, const SearchAnswer& changed,
                                const QuestionContext& context) {
  auto written = load_asked_job(question, context, false);
  if (!written) return written.faults();
  auto before = answer_counts(question, *written, changed.goal, context);
  if (!before) return before.faults();
  const auto& best = before->front().best;
  return TrainComparison{describe_changes(question), best, same_layout(changed.chosen(), best), changed.chosen().best};
}

std::string train_search_text(const TrainSearchReport& report) {
  if (report.comparison) return report.title + comparison_text(*report.comparison);
  std::string out = report.title + search_text(report.search);
  const CountAnswer& chosen = report.search.chosen();
  if (!report.memory || !chosen.best) return out;
  return out + "\n" + memory_table(chosen.job, chosen.best->layout, chosen.best->report.memory);
}

void write_train_search(JsonWriter& json, const TrainSearchReport& report) {
  if (report.comparison) return write_train_comparison(json, *report.comparison, report.search.chosen().job);
  write_search(json, report.search, report.asked.expected_error);
  write_published_mfu(json, report.asked.published);
}

AnswerFields goodput_members() {
  return {{"horizon_days", "number", "tokens-by: from the start to the date"},
          {"ettr", "number", "tokens-by: share of the time in steps that last"},
          {"tokens", "number", "tokens-by: in all"},
          {"accelerators_with_spares", "integer", "tokens-by: with the spare nodes"}};
}

AnswerFields count_members() {
  return {{"candidates", "integer", "Layouts of the whole grid"},
          {"evaluated", "integer", "Of those, simulated"},
          {"removed_by_memory", "integer", "Left out because they do not fit"},
          {"removed_by_bound", "integer", "Left out because they cannot be better"},
          {"removed_by_rule/*", "integer", "Left out by a rule they break"}};
}

}  // namespace

const AnswerFields& search_answer_fields() {
  static const AnswerFields fields = [] {
    AnswerFields out{{"objective", "text", "time, cost, energy or tokens-by"},
                     {"gpus", "integer", "The best number of accelerators"}};
    add_answer_fields(out, "", count_members());
    add_answer_fields(out, "", goodput_members());
    for (const char* list : {"ranking[]/", "pareto[]/"}) add_answer_fields(out, list, layout_answer_fields());
    out.push_back({"ranking[]/why_it_lost", "text", "Against the best"});
    add_answer_fields(out, "by_gpus[]/", {{"gpus", "integer", "Accelerators"}, {"fits", "boolean", "A layout fits"}});
    add_answer_fields(out, "by_gpus[]/", count_members());
    add_answer_fields(out, "by_gpus[]/", layout_answer_fields());
    add_answer_fields(out, "by_gpus[]/", goodput_members());
    return out;
  }();
  return fields;
}

Result<Answer> answer_train_search(const TrainSearchQuestion& question, const QuestionContext& context) {
  if (auto faults = check_trace_path(context); !faults.empty()) return faults;
  if (auto faults = check_comparison(question, question.compare, context); !faults.empty()) return faults;
  if (question.compare && question.gpus.several()) {
    return context.fault("compare", "is of one number of accelerators, not of several", "give one number in gpus");
  }
  // What is to be best is known, and the job is on its system, with the changes.
  auto goal = make_search_goal(question, context);
  if (!goal) return goal.faults();
  auto asked = load_asked_job(question, context);
  if (!asked) return asked.faults();

  // Each number of accelerators has its best layout, or none that fits; one of them is best of all.
  auto counts = answer_counts(question, *asked, *goal, context);
  if (!counts) return counts.faults();
  const std::size_t best = choose(*counts, *goal);
  TrainSearchReport report{describe_job(question, *asked, counts_in_words(question.gpus.counts)),
                           std::move(*asked),
                           {*goal, std::move(*counts), best},
                           {},
                           question.memory};
  if (question.compare) {
    auto comparison = compare(question, report.search, context);
    if (!comparison) return comparison.faults();
    report.comparison = std::move(*comparison);
  }
  const CountAnswer chosen = report.search.chosen();
  std::string rows = context.path_of("csv").empty() ? std::string() : search_csv(report.search);
  Answer out = make_answer(chosen.best ? AnswerKind::answered : AnswerKind::is_no, std::move(report), train_search_text,
                           write_train_search);
  if (!rows.empty()) out.files.push_back({context.path_of("csv"), std::move(rows)});
  if (chosen.best) add_trace(context, chosen.job, chosen.best->layout, out);
  return out;
}

const QuestionTable<TrainSearchQuestion>& TrainSearchQuestion::table() {
  static const auto table = [] {
    QuestionTable<TrainSearchQuestion> t(
        "train search", "The best layout of all; sizes given are fixed, several numbers of accelerators compared");
    add_job_fields(t, "Accelerators: 4096; several: 1024,2048, 1024:16384 (doubling), 1024:4096:512 (steps)");
    add_search_fields(t);
    add_layout_fields(t);
    add_recipe_fields(t);
    t.group("What is told")
        .optional("memory", &TrainSearchQuestion::memory, "Memory by class, and activations tensor by tensor")
        .optional("compare", &TrainSearchQuestion::compare, "The answer as written and with the changes, side by side");
    add_confidence_field(t);
    add_change_fields(t);
    return t;
  }();
  return table;
}

Question train_search_question() {
  AnswerFields answer{{"fits", "boolean", "A layout fits"}};
  add_answer_fields(answer, "", law_answer_fields());
  add_answer_fields(answer, "", published_mfu_fields());
  add_answer_fields(answer, "", layout_answer_fields());
  add_answer_fields(answer, "", search_answer_fields());
  add_answer_fields(answer, "", comparison_answer_fields());
  return make_question(
      answer_train_search,
      {{"--model llama-3.1-8b --system hgx-h100 --gpus 8:32 --global-batch-size 64 --objective cost --max-pp 2",
        "the cheapest of three numbers of accelerators"},
       {"--model llama-3.1-8b --system hgx-h100 --gpus 16 --global-batch-size 64 --objective tokens-by 90d --pp 1",
        "the most tokens in 90 days, failures and spares counted"}},
      std::move(answer), {{"csv", "FILE", "Write the ranking and the front of time against memory"}, train_trace_form});
}

}  // namespace stargate
