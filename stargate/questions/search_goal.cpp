// Dates are whole days; a date needs a start, for an answer must not depend on the day it is asked.
#include "stargate/questions/search_goal.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

namespace stargate {
namespace {

std::optional<TrainObjective> objective_named(const std::string& name) {
  if (name == "time") return TrainObjective::time;
  if (name == "cost") return TrainObjective::cost;
  if (name == "energy") return TrainObjective::energy;
  if (name == "tokens-by") return TrainObjective::tokens_by;
  return std::nullopt;
}

std::optional<std::chrono::sys_days> parse_date(const std::string& text) {
  int year = 0, month = 0, day = 0, used = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (used != static_cast<int>(text.size()) || month < 1 || day < 1 || !date.ok()) return std::nullopt;
  return std::chrono::sys_days{date};
}

/// "2027-06-30" with a start, or "90 d".
Result<Duration> parse_horizon(const std::string& by, const std::string& start, const QuestionContext& context) {
  const auto wrong = [&](const std::string& message, const std::string& hint) {
    return context.fault("objective", message, hint);
  };
  if (const auto date = parse_date(by)) {
    if (start.empty()) return wrong("when does the job start?", "give 'start', as 2026-12-01, or a time: 90d");
    const auto from = parse_date(start);
    if (!from) return context.fault("start", "'" + start + "' is no date", "write it as 2026-12-01");
    if (*from >= *date) return wrong("is not after the start, " + start, "give a later date");
    return static_cast<double>((*date - *from).count()) * day;
  }
  auto parsed = parse_quantity<Dim{.second = 1}>(by);
  if (const auto* fault = std::get_if<QuantityFault>(&parsed)) {
    return wrong("'" + by + "' is neither a date nor a time: " + fault->message, "write 2027-06-30 or 90d");
  }
  const auto horizon = std::get<Duration>(parsed);
  if (!(horizon.base() > 0) || !is_finite(horizon)) return wrong("is no time to train in", "write 90d");
  return horizon;
}

/// Tokens that last until the horizon: the goodput of the best layout, with enough spares and the best interval. Tokens
/// of the whole horizon at full rate decide what is trained; failures then take their share of them.
Check add_goodput(const Catalogue& catalogue, const SearchGoal& goal, const QuestionContext& context,
                  CountAnswer& answer) {
  GoodputFields fields;
  const TokenRate rate = answer.best->report.tokens_per_second();
  fields.tokens = (goal.horizon * rate).base();
  fields.price = goal.price;
  auto terms = make_goodput_terms({catalogue, answer.job, answer.best->report.step_time()}, fields, context);
  if (!terms) return terms.faults();
  answer.effective = goodput(terms->spec).ettr();
  answer.tokens = goal.horizon * rate * answer.effective;
  answer.accelerators = terms->accelerators;
  return Done{};
}

}  // namespace

Result<SearchGoal> make_search_goal(const SearchFields& fields, const QuestionContext& context) {
  SearchGoal goal;
  goal.price = fields.price;
  const auto space = fields.objective.find(' ');
  const std::string name = fields.objective.substr(0, space);
  goal.by = space == std::string::npos ? std::string() : fields.objective.substr(space + 1);
  const auto named = objective_named(name);
  if (!named) {
    return context.fault("objective", "'" + name + "' is no objective",
                         suggest_name(name, {"time", "cost", "energy", "tokens-by"}));
  }
  goal.objective = *named;
  const bool dated = goal.objective == TrainObjective::tokens_by;
  if (dated && goal.by.empty()) {
    return context.fault("objective", "by when?", "add a date or a time: tokens-by 90d");
  }
  if (!dated && !goal.by.empty()) {
    return context.fault("objective", "takes no '" + goal.by + "'", "only tokens-by is followed by a date");
  }
  if (!dated) return goal;
  goal.dated = parse_date(goal.by).has_value();
  auto horizon = parse_horizon(goal.by, fields.start, context);
  if (!horizon) return horizon.faults();
  goal.horizon = *horizon;
  return goal;
}

SearchObjective search_objective(const SearchGoal& goal) {
  return goal.objective == TrainObjective::energy ? SearchObjective::energy : SearchObjective::time;
}

Result<CountAnswer> answer_count(const CountQuestion& question, const SearchGoal& goal,
                                 const QuestionContext& context) {
  const TrainingJob& job = question.job;
  CountAnswer out{job, {}, accelerator_hour_price(question.catalogue, *job.system), {}, 1, {}, job.gpus};
  if (goal.price) out.price = {*goal.price, *goal.price, *goal.price, "as given"};
  auto search = search_layouts(job, question.limits, [&](double share) {
    context.progress(fmt::format("searching layouts: {:.0f} %", 100 * share));
  });
  if (!search) return search.faults();
  out.search = std::move(*search);
  if (const auto* best = out.search.best()) {
    out.best = LayoutAnswer{best->layout, best->report, best->energy, out.price.mid, law_ground(out.job, best->layout)};
    if (goal.objective == TrainObjective::tokens_by) {
      if (auto added = add_goodput(question.catalogue, goal, context, out); !added) return added.faults();
    }
  }
  return out;
}

/// The less, the better; only for answers with a best layout.
double goal_value(const SearchGoal& goal, const CountAnswer& answer) {
  switch (goal.objective) {
    case TrainObjective::time:
      return answer.best->report.step_time().base();
    case TrainObjective::cost:
      return answer.best->cost_per_token().base();
    case TrainObjective::energy:
      return answer.best->energy_per_token().base();
    case TrainObjective::tokens_by:
      return -answer.tokens.base();
  }
  return 0;
}

std::string why_it_lost(const SearchGoal& goal, const LayoutAnswer& best, const LayoutAnswer& other) {
  const std::string slower = explain_slower(best.report.time, other.report.time);
  if (goal.objective != TrainObjective::energy) return slower;
  return fmt::format("{:.2f} % more energy; {}", 100 * (other.energy / best.energy - 1), slower);
}

}  // namespace stargate
