// One search for each number of accelerators; the best of them by the objective is told in full.
#include <fmt/format.h>

#include <algorithm>

#include "stargate/app/search_report.hpp"
#include "stargate/app/train_comparison.hpp"
#include "stargate/app/train_trace.hpp"
#include "stargate/app/training_flags.hpp"
#include "stargate/app/training_memory_text.hpp"

namespace stargate {
namespace {

std::string counts_in_words(const std::vector<std::int64_t>& counts) {
  std::string out = std::to_string(counts.front());
  for (std::size_t i = 1; i < counts.size() && i < 8; ++i) out += ", " + std::to_string(counts[i]);
  return counts.size() > 8 ? fmt::format("{} to {}", counts.front(), counts.back()) : out;
}

Result<std::vector<CountAnswer>> answer_counts(const TrainingQuestion& question, const TrainFlags& flags,
                                               const TrainSearchFlags& search, const SearchGoal& goal) {
  const auto limits = make_search_limits(flags, search);
  if (!limits) return limits.faults();
  std::vector<CountAnswer> out;
  for (const std::int64_t gpus : flags.gpu_counts) {
    TrainingJob job = question.job;
    job.gpus = gpus;
    auto answer = answer_count(*question.catalogue, job, *limits, goal);
    if (!answer) return answer.faults();
    out.push_back(std::move(*answer));
  }
  return out;
}

/// Earlier ones win ties.
const CountAnswer& choose(const std::vector<CountAnswer>& counts, const SearchGoal& goal) {
  const CountAnswer* best = &counts.front();
  for (const CountAnswer& count : counts) {
    if (count.best && (!best->best || goal_value(goal, count) < goal_value(goal, *best))) best = &count;
  }
  return *best;
}

/// The layout of another answer, where it keeps the rules of this job.
std::optional<LayoutAnswer> same_layout(const CountAnswer& count, const std::optional<LayoutAnswer>& other) {
  if (!other || !check_layout(count.job, other->layout).empty()) return std::nullopt;
  return answer_for(count.job, other->layout, count.price.mid);
}

struct SearchFlags {
  const TrainFlags& train;
  const TrainSearchFlags& search;
};

void compare_search(Session& session, const SearchFlags& flags, const SearchGoal& goal, const CountAnswer& changed) {
  auto question = make_training_question(session, without_changes(flags.train));
  if (!question) return session.fail(question.faults());
  auto before = answer_counts(*question, flags.train, flags.search, goal);
  if (!before) return session.fail(before.faults());
  const auto& as_written = before->front().best;
  const TrainComparison comparison{describe_changes(flags.train.changes), as_written, same_layout(changed, as_written),
                                   changed.best};
  flags.train.json ? session.print_data(comparison_json(comparison, changed.job))
                   : session.print_text(comparison_text(comparison));
}

}  // namespace

void train_search(Session& session, const TrainFlags& flags, const TrainSearchFlags& search) {
  if (!can_compare(session, flags)) return;
  if (flags.compare && flags.gpu_counts.size() > 1) {
    return session.fail("--compare: with several numbers of accelerators", "give one number in --gpus");
  }
  auto goal = make_search_goal(search);
  if (!goal) return session.fail(goal.faults());
  auto question = make_training_question(session, flags);
  if (!question) return session.fail(question.faults());
  if (!flags.json) session.print_text(describe_job(*question, flags, counts_in_words(flags.gpu_counts)));
  auto counts = answer_counts(*question, flags, search, *goal);
  if (!counts) return session.fail(counts.faults());
  const CountAnswer& chosen = choose(*counts, *goal);
  if (!chosen.best) session.exit_code = kExitAnswerIsNo;
  if (chosen.best) write_trace(session, flags.trace_file, chosen.job, chosen.best->layout);
  const SearchAnswer answer{*goal, *counts, chosen};
  if (!search.csv_file.empty()) {
    if (!session.write(search.csv_file, search_csv(answer))) return;
  }
  if (flags.compare) return compare_search(session, {flags, search}, *goal, chosen);
  flags.json ? session.print_data(search_json(answer)) : session.print_text(search_text(answer));
  if (flags.memory && !flags.json && chosen.best) {
    session.print_text(fmt::format("\n{}", memory_table(chosen.job, chosen.best->layout, chosen.best->report.memory)));
  }
}

}  // namespace stargate
