// Dates are whole days; a date needs a start, for an answer must not depend on the day it is asked.
#include "stargate/app/search_goal.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "stargate/app/flag_reader.hpp"

namespace stargate {
namespace {

Diagnostic fault(const std::string& flag, const std::string& message, const std::string& hint) {
  return {flag, 0, 0, {}, message, hint, {}};
}

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
Result<Duration> parse_horizon(const std::string& by, const std::string& start) {
  const std::string flag = "--objective tokens-by " + by;
  if (const auto date = parse_date(by)) {
    if (start.empty()) return fault(flag, "when does the job start?", "add --start 2026-12-01, or give a time: 90d");
    const auto from = parse_date(start);
    if (!from) return fault("--start " + start, "is no date", "write it as 2026-12-01");
    if (*from >= *date) return fault(flag, "is not after --start " + start, "give a later date");
    return static_cast<double>((*date - *from).count()) * day;
  }
  auto parsed = parse_quantity<Dim{.second = 1}>(by);
  if (const auto* wrong = std::get_if<QuantityFault>(&parsed)) {
    return fault(flag, "is neither a date nor a time: " + wrong->message, "write 2027-06-30 or 90d");
  }
  const auto horizon = std::get<Duration>(parsed);
  if (!(horizon.base() > 0) || !is_finite(horizon)) return fault(flag, "is no time to train in", "write 90d");
  return horizon;
}

/// Tokens that last until the horizon: the goodput of the best layout, with enough spares and the best interval.
Check add_goodput(const Catalogue& catalogue, const SearchGoal& goal, CountAnswer& answer) {
  GoodputFlags flags;
  const TokenRate rate = answer.best->report.tokens_per_second();
  flags.tokens = (goal.horizon * rate).base();
  flags.price = goal.price;
  auto question = make_goodput_question(catalogue, answer.job, answer.best->report.step_time(), flags);
  if (!question) return question.faults();
  answer.effective = goodput(question->spec).ettr();
  answer.tokens = goal.horizon * rate * answer.effective;
  answer.accelerators = question->accelerators;
  return Done{};
}

}  // namespace

Result<SearchGoal> make_search_goal(const TrainSearchFlags& flags) {
  SearchGoal goal;
  goal.price = flags.price;
  const std::string& name = flags.objective.front();
  const bool dated = name == "tokens-by";
  if (dated != (flags.objective.size() > 1)) {
    return dated ? fault("--objective tokens-by", "by when?", "add a date or a time: --objective tokens-by 90d")
                 : fault("--objective " + name, "takes no '" + flags.objective[1] + "'",
                         "only tokens-by is followed by a date");
  }
  const auto named = objective_named(name);
  if (!named) {
    return fault("--objective " + name, "is no objective", suggest_name(name, {"time", "cost", "energy", "tokens-by"}));
  }
  goal.objective = *named;
  if (!dated) return goal;
  goal.by = flags.objective[1];
  goal.dated = parse_date(goal.by).has_value();
  auto horizon = parse_horizon(goal.by, flags.start);
  if (!horizon) return horizon.faults();
  goal.horizon = *horizon;
  return goal;
}

Result<CountAnswer> answer_count(const Catalogue& catalogue, const TrainingJob& job, const SearchLimits& limits,
                                 const SearchGoal& goal) {
  CountAnswer out{job, {}, accelerator_hour_price(catalogue, *job.system), {}, 1, {}, job.gpus};
  if (!goal.price.empty()) {
    FlagReader reader;
    reader.quantity("--price", goal.price, out.price.mid);
    if (!reader.faults.empty()) return reader.faults;
    out.price = {out.price.mid, out.price.mid, out.price.mid, "as given"};
  }
  auto search = search_layouts(job, limits, [](double share) {
    Session::progress_line(fmt::format("searching layouts: {:.0f} %", 100 * share));
  });
  Session::progress_line("");
  if (!search) return search.faults();
  out.search = std::move(*search);
  if (const auto* best = out.search.best()) {
    out.best = LayoutAnswer{best->layout, best->report, best->energy, out.price.mid};
    if (goal.objective == TrainObjective::tokens_by) {
      if (auto added = add_goodput(catalogue, goal, out); !added) return added.faults();
    }
  }
  return out;
}

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
