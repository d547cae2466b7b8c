// study, the scenario that comes true -> a plan a quarter, each from the state the last one left
#include "stargate/questions/plan_replan.hpp"

#include <fmt/format.h>

#include "stargate/base/text_table.hpp"
#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/replan.hpp"
#include "stargate/questions/risk_study.hpp"

namespace stargate {
namespace {

struct ReplanAnswer {
  std::string study, scenario;
  ReplanReport report;
};

std::string replan_text(const ReplanAnswer& a) {
  const ReplanReport& r = a.report;
  std::string out = fmt::format("{}: it turns out '{}'; present values in B$\n", a.study, a.scenario);
  out += fmt::format("  the first plan promised {}\n  knowing all from the start {}\n", in_billions(r.promised),
                     in_billions(r.foresight));
  out += fmt::format("  planned anew each quarter, knowing what has happened {}\n", in_billions(r.rolled));
  if (r.kept) {
    out += fmt::format("  the first plan kept {}{}\n", in_billions(*r.kept),
                       r.missing > 1e6 ? fmt::format(", lacking up to {} B$ of money", in_billions(r.missing)) : "");
    out += fmt::format("  planning anew is worth {}; what it lacks to knowing all, {}\n",
                       in_billions(r.rolled - *r.kept), in_billions(r.foresight - r.rolled));
  }
  TextTable table(
      {{"quarter", Align::left}, {"worth, as expected then"}, {"revenue"}, {"paid"}, {"learned", Align::left}});
  for (const ReplanQuarter& q : r.quarters) {
    table.add_row({format_quarter(q.quarter), in_billions(q.expected), in_billions(q.revenue), in_billions(q.paid),
                   fmt::format("{}", fmt::join(q.learned, ", "))});
  }
  return out + "\n" + table.format(2);
}

void write_replan(JsonWriter& json, const ReplanAnswer& a) {
  const ReplanReport& r = a.report;
  json.member("schema_version", 1).member("study", a.study).member("scenario", a.scenario);
  json.member("promised_usd", r.promised).member("foresight_usd", r.foresight).member("replanned_usd", r.rolled);
  json.member("kept_usd", r.kept.value_or(0)).member("kept_missing_usd", r.missing);
  json.key("quarters").begin_array();
  for (const ReplanQuarter& q : r.quarters) {
    json.begin_object().member("quarter", format_quarter(q.quarter)).member("expected_usd", q.expected);
    json.member("revenue_usd", q.revenue).member("paid_usd", q.paid).end_object();
  }
  json.end_array();
}

AnswerFields replan_answer_fields() {
  return {{"study", "text", "Its name"},
          {"scenario", "text", "What comes true"},
          {"promised_usd", "number", "Present value of the first plan, by what was known"},
          {"foresight_usd", "number", "Of the plan that knew everything"},
          {"replanned_usd", "number", "Planned anew each quarter"},
          {"kept_usd", "number", "Of the first plan kept"},
          {"kept_missing_usd", "number", "Money that it lacks, at most"},
          {"quarters[]/quarter", "text", "2027Q1"},
          {"quarters[]/expected_usd", "number", "What is done and what its plan promises, at the first quarter"},
          {"quarters[]/revenue_usd", "number", "Of the quarter"},
          {"quarters[]/paid_usd", "number", "Of the quarter"}};
}

}  // namespace

Result<Answer> answer_replan(const ReplanQuestion& question, const QuestionContext& context) {
  auto study = prepare_risk_study(question.study, question, context);
  if (!study) return study.faults();
  std::vector<std::string> ids;
  const RiskScenarioSpec* chosen = nullptr;
  for (const auto& some : study->risk.scenarios) {
    ids.push_back(some.scenario);
    if (some.scenario == question.scenario) chosen = &some;
  }
  if (chosen == nullptr) {
    return context.fault("scenario", "the study has no scenario '" + question.scenario + "'",
                         suggest_name(question.scenario, ids));
  }
  std::vector<PlanChange> changes;
  for (const auto& change : chosen->changes) changes.push_back({change.driver, change.amount, change.of, change.from});
  context.progress("planning each quarter");
  auto outcome = replan(study->basis, changes, *make_clp_solver());
  if (!outcome.report) {
    return context.fault("scenario", outcome.fault, "what is on order must be payable in every quarter");
  }
  ReplanAnswer out{study->prepared.study.name, chosen->name, std::move(*outcome.report)};
  return make_answer(AnswerKind::answered, std::move(out), replan_text, write_replan);
}

const QuestionTable<ReplanQuestion>& ReplanQuestion::table() {
  using Q = ReplanQuestion;
  static const auto table = [] {
    QuestionTable<Q> t("plan replan", "A programme planned anew each quarter with what is known by then");
    t.required("study", &Q::study, "Study file with a risk section").positional();
    t.required("scenario", &Q::scenario, "Id of the study's scenario that comes true");
    add_change_fields(t);
    return t;
  }();
  return table;
}

Question replan_question() {
  return make_question(answer_replan, {{"tests/golden/inputs/small.yaml --scenario slow", "demand falls short"}},
                       replan_answer_fields());
}

}  // namespace stargate
