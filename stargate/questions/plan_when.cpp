// study -> programme; by quarter the most of any plan; the first that is enough, its price, what is in the way before
#include "stargate/questions/plan_when.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stargate/base/text_table.hpp"
#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/target.hpp"

namespace stargate {
namespace {

struct WhenAnswer {
  std::string study, what, unit;  ///< "power", "MW"
  double amount = 0;
  Quarter first_quarter;
  TargetReached reached;
};

std::string when_text(const WhenAnswer& answer) {
  const TargetReached& reached = answer.reached;
  std::string out = fmt::format("{}: {} of {:g} {}\n", answer.study, answer.what, answer.amount, answer.unit);
  if (reached.first) {
    out += fmt::format("  can be there in {}, no sooner; then the plan is worth {} less than the best of {}\n",
                       format_quarter(*reached.first), format_quantity(reached.value_lost),
                       format_quantity(reached.value));
  } else {
    const double most = *std::max_element(reached.most.begin(), reached.most.end());
    out += fmt::format("  is not reached inside the horizon: {:.4g} {} at most, {:.4g} {} are missing\n", most,
                       answer.unit, answer.amount - most, answer.unit);
  }
  TextTable table({{"quarter", Align::left}, {"in the best plan"}, {"most of any plan"}});
  for (std::size_t t = 0; t < reached.most.size(); ++t) {
    table.add_row({format_quarter(answer.first_quarter + static_cast<int>(t)), fmt::format("{:.4g}", reached.best[t]),
                   fmt::format("{:.4g}", reached.most[t])});
  }
  out += "\nBy quarter, " + answer.unit + "\n" + table.format(2);
  if (reached.limits.empty()) return out;
  TextTable limits({{"limit", Align::left}, {"one more"}, {"unit", Align::left}, {"1 % more"}});
  for (std::size_t i = 0; i < reached.limits.size() && i < 8; ++i) {
    const auto& limit = reached.limits[i];
    limits.add_row({limit.group, fmt::format("{:.3g}", limit.brings), "/" + limit.unit,
                    limit.one_percent > 0 ? fmt::format("{:.3g}", limit.one_percent) : "-"});
  }
  return out + "\nWhat stands in the way in " + (reached.first ? "the quarter before" : "the last quarter") +
         " (" + answer.unit + " that more of the limit would bring, at the margin)\n" + limits.format(2);
}

void write_when(JsonWriter& json, const WhenAnswer& answer) {
  const TargetReached& reached = answer.reached;
  json.member("schema_version", 1).member("study", answer.study).member("target", answer.what);
  json.member("amount", answer.amount).member("unit", answer.unit);
  json.member("first_quarter", reached.first ? format_quarter(*reached.first) : std::string());
  json.member("value_usd", reached.value.base()).member("value_lost_usd", reached.value_lost.base());
  json.key("quarters").begin_array();
  for (std::size_t t = 0; t < reached.most.size(); ++t) {
    json.begin_object().member("quarter", format_quarter(answer.first_quarter + static_cast<int>(t)));
    json.member("best", reached.best[t]).member("most", reached.most[t]).end_object();
  }
  json.end_array().key("limits").begin_array();
  for (const auto& limit : reached.limits) {
    json.begin_object().member("limit", limit.group).member("unit", limit.unit).member("one_more", limit.brings);
    json.member("one_percent", limit.one_percent).end_object();
  }
  json.end_array();
}

AnswerFields when_answer_fields() {
  return {{"study", "text", "Its name"},
          {"target", "text", "What is to be reached"},
          {"amount", "number", "How much of it"},
          {"unit", "text", "Of all amounts"},
          {"first_quarter", "text", "In which it can be reached; empty: not inside the horizon"},
          {"value_usd", "number", "Present value of the best plan"},
          {"value_lost_usd", "number", "Of it, where the target is met by then"},
          {"quarters[]/quarter", "text", "Of the horizon"},
          {"quarters[]/best", "number", "In the best plan"},
          {"quarters[]/most", "number", "The most that any plan has"},
          {"limits[]/limit", "text", "In the way in the quarter before"},
          {"limits[]/unit", "text", "Of the limit"},
          {"limits[]/one_more", "number", "Of the target, for one unit more"},
          {"limits[]/one_percent", "number", "Of the target, for 1 % more"}};
}

/// What is asked for, or what is wrong with it.
Result<PlanTarget> target_of(const WhenQuestion& question, const QuestionContext& context, const Programme& programme) {
  const int asked = (question.power ? 1 : 0) + (question.accelerators ? 1 : 0) + (question.rate ? 1 : 0);
  if (asked != 1) {
    return context.fault("power", fmt::format("{} targets are given", asked),
                         "give one: power, accelerators, or service and rate");
  }
  if (question.power) return PlanTarget{TargetKind::power, 0, question.power->in(megawatt)};
  if (question.accelerators) return PlanTarget{TargetKind::accelerators, 0, *question.accelerators / 1e3};
  std::vector<std::string> known;
  for (const auto& service : programme.services) known.push_back(service.id);
  const auto found = std::find(known.begin(), known.end(), question.service);
  if (found == known.end()) {
    const bool named = !question.service.empty();
    return context.fault("service", "the study has no service '" + question.service + "'",
                         named ? suggest_name(question.service, known)
                               : fmt::format("it has {}", fmt::join(known, ", ")));
  }
  return PlanTarget{TargetKind::tokens, static_cast<int>(found - known.begin()),
                    question.rate->in(million_tokens / second)};
}

}  // namespace

Result<Answer> answer_when(const WhenQuestion& question, const QuestionContext& context) {
  auto prepared = prepare_plan_study(question, context);
  if (!prepared) return prepared.faults();
  auto target = target_of(question, context, prepared->programme);
  if (!target) return target.faults();
  const auto solver = make_clp_solver();
  context.progress("the most by quarter");
  auto found = reach_target(prepared->programme, *target, *solver);
  if (const auto* reason = std::get_if<std::string>(&found)) {
    return context.fault("study", *reason, "stargate plan why " + question.study + " says what is in conflict");
  }
  WhenAnswer answer;
  answer.study = prepared->study.name, answer.amount = target->amount, answer.first_quarter = prepared->programme.first;
  answer.what = target->kind == TargetKind::power          ? "power energised"
                : target->kind == TargetKind::accelerators ? "accelerators installed"
                                                           : "tokens of " + question.service;
  answer.unit = target->kind == TargetKind::power          ? "MW"
                : target->kind == TargetKind::accelerators ? "thousand"
                                                           : "Mtok/s";
  answer.reached = std::move(std::get<TargetReached>(found));
  const bool reached = answer.reached.first.has_value();
  return make_answer(reached ? AnswerKind::answered : AnswerKind::is_no, std::move(answer), when_text, write_when);
}

const QuestionTable<WhenQuestion>& WhenQuestion::table() {
  using Q = WhenQuestion;
  static const auto table = [] {
    QuestionTable<Q> t("plan when",
                       "By which quarter a target can be reached, what that costs, and what is in the way");
    add_plan_study_field(t);
    t.group("Target, one of");
    t.optional("power", &Q::power, "Energised, at the meter: 5 GW", positive);
    t.optional("accelerators", &Q::accelerators, "Installed", positive);
    t.optional("service", &Q::service, "A service's tokens, with rate");
    t.optional("rate", &Q::rate, "Served, on average over the quarter: 10 Mtok/s", positive);
    add_plan_change_fields(t);
    return t;
  }();
  return table;
}

namespace {
Result<std::string> when_figures(const WhenQuestion& question, const QuestionContext& context) {
  return plan_study_figures(question, context);
}
}  // namespace

Question when_question() {
  return make_question(answer_when,
                       {{"studies/stargate.yaml --power '10 GW'", "power energised"},
                        {"studies/stargate.yaml --accelerators 5e6", "accelerators installed"}},
                       when_answer_fields(), {}, when_figures);
}

}  // namespace stargate
