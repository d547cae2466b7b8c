// study, the scenarios that may come true -> a plan a quarter, each from the state the last one left
#include "stargate/questions/plan_replan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stargate/base/parallel.hpp"
#include "stargate/base/text_table.hpp"
#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/replan.hpp"
#include "stargate/questions/risk_study.hpp"

namespace stargate {
namespace {

struct ReplanCase {
  std::string scenario, fault;
  std::vector<std::string> surprises;  ///< "demand, 2028Q1"
  std::optional<ReplanReport> report;
};

struct ReplanAnswer {
  std::string study;
  std::vector<ReplanCase> cases;  ///< the first: nothing happens
  int quarters_more = 0;
  std::optional<HorizonReport> horizon;
};

std::string horizon_text(const ReplanAnswer& a) {
  const HorizonReport& h = *a.horizon;
  std::string out = fmt::format(
      "\nA horizon of {} quarters more: {} B$ at best, {} with the first {} quarters as planned without them, a loss "
      "of {:.3f} %\n",
      a.quarters_more, in_billions(h.best), in_billions(h.kept), h.half, 100 * h.loss());
  TextTable table({{"of the first half", Align::left}, {"as planned"}, {"with more quarters"}, {"moves %"}});
  const auto row = [&](const char* name, const double (&of)[2], double unit) {
    table.add_row({name, fmt::format("{:.1f}", of[0] / unit), fmt::format("{:.1f}", of[1] / unit),
                   fmt::format("{:.1f}", of[0] == 0 ? 0 : 100 * (of[1] / of[0] - 1))});
  };
  row("GW begun", h.started, 1e3), row("thousand accelerators delivered", h.delivered, 1e3);
  row("B$ paid", h.paid, 1e9), row("T tokens sold", h.tokens, 1e12);
  return out + table.format(2);
}

double share_lost(double best, double got) { return best == 0 ? 0 : (best - got) / std::abs(best); }

void add_quarters(std::string& out, const ReplanCase& some) {
  TextTable table(
      {{"quarter", Align::left}, {"worth, as expected then"}, {"revenue"}, {"paid"}, {"learned", Align::left}});
  for (const ReplanQuarter& q : some.report->quarters) {
    table.add_row({format_quarter(q.quarter), in_billions(q.expected), in_billions(q.revenue), in_billions(q.paid),
                   fmt::format("{}", fmt::join(q.learned, ", "))});
  }
  out += fmt::format("\n{}, quarter by quarter, B$\n{}", some.scenario, table.format(2));
}

std::string replan_text(const ReplanAnswer& a) {
  std::string out = fmt::format(
      "{}: planned anew each quarter with what is known by then; present values in B$\n"
      "  foresight: knew all from the start; regret: what planning anew loses to it; kept: the first plan, whatever "
      "comes\n\n",
      a.study);
  TextTable table({{"what comes", Align::left},
                   {"surprise", Align::left},
                   {"promised"},
                   {"foresight"},
                   {"anew"},
                   {"kept"},
                   {"regret"},
                   {"%"},
                   {"tokens lost %"},
                   {"worth of looking"}});
  for (const ReplanCase& some : a.cases) {
    const std::string surprise = fmt::format("{}", fmt::join(some.surprises, "; "));
    if (!some.report) {
      table.add_row({some.scenario, surprise, "", "", "", "", "", "", "", ""});
      continue;
    }
    const ReplanReport& r = *some.report;
    const std::string kept = !r.kept ? "" : in_billions(*r.kept) + (r.missing > 1e6 ? " *" : "");
    table.add_row({some.scenario, surprise, in_billions(r.promised), in_billions(r.foresight), in_billions(r.rolled),
                   kept, in_billions(r.foresight - r.rolled),
                   fmt::format("{:.2f}", 100 * share_lost(r.foresight, r.rolled)),
                   fmt::format("{:.1f}", 100 * share_lost(r.foresight_tokens, r.rolled_tokens)),
                   r.kept && r.missing <= 1e6 ? in_billions(r.rolled - *r.kept) : ""});
  }
  out += table.format(2);
  for (const ReplanCase& some : a.cases) {
    if (!some.fault.empty()) out += fmt::format("  {}: {}\n", some.scenario, some.fault);
    if (some.report && some.report->missing > 1e6) {
      out += fmt::format("  * {}: the plan kept cannot be paid: it lacks up to {} B$\n", some.scenario,
                         in_billions(some.report->missing));
    }
  }
  if (a.cases.size() == 2 && a.cases[1].report) add_quarters(out, a.cases[1]);
  if (a.horizon) out += horizon_text(a);
  return out;
}

void write_replan(JsonWriter& json, const ReplanAnswer& a) {
  json.member("schema_version", 1).member("study", a.study);
  json.key("cases").begin_array();
  for (const ReplanCase& some : a.cases) {
    json.begin_object().member("scenario", some.scenario).member("fault", some.fault);
    json.key("surprises").begin_array();
    for (const auto& surprise : some.surprises) json.value(surprise);
    json.end_array();
    if (some.report) {
      const ReplanReport& r = *some.report;
      json.member("promised_usd", r.promised).member("foresight_usd", r.foresight).member("replanned_usd", r.rolled);
      json.member("kept_usd", r.kept.value_or(0)).member("kept_missing_usd", r.missing);
      json.member("regret_usd", r.foresight - r.rolled).member("foresight_tokens", r.foresight_tokens);
      json.member("replanned_tokens", r.rolled_tokens);
      json.key("quarters").begin_array();
      for (const ReplanQuarter& q : r.quarters) {
        json.begin_object().member("quarter", format_quarter(q.quarter)).member("expected_usd", q.expected);
        json.member("revenue_usd", q.revenue).member("paid_usd", q.paid).member("tokens", q.tokens).end_object();
      }
      json.end_array();
    }
    json.end_object();
  }
  json.end_array();
  if (!a.horizon) return;
  const HorizonReport& h = *a.horizon;
  json.key("longer").begin_object().member("quarters", a.quarters_more).member("half", h.half);
  json.member("value_usd", h.best).member("first_half_kept_usd", h.kept);
  const auto pair = [&](const char* name, const double (&of)[2]) {
    json.key(name).begin_array().value(of[0]).value(of[1]).end_array();
  };
  pair("started_mw", h.started), pair("delivered_accelerators", h.delivered), pair("paid_usd", h.paid);
  pair("tokens", h.tokens);
  json.end_object();
}

AnswerFields replan_answer_fields() {
  return {{"study", "text", "Its name"},
          {"cases[]/scenario", "text", "What comes true"},
          {"cases[]/fault", "text", "Why there is no rolling plan; else empty"},
          {"cases[]/surprises[]", "text", "What becomes known, and when"},
          {"cases[]/promised_usd", "number", "Present value of the first plan, by what was known"},
          {"cases[]/foresight_usd", "number", "Of the plan that knew everything"},
          {"cases[]/replanned_usd", "number", "Planned anew each quarter"},
          {"cases[]/kept_usd", "number", "Of the first plan kept"},
          {"cases[]/kept_missing_usd", "number", "Money that it lacks, at most"},
          {"cases[]/regret_usd", "number", "What planning anew loses to foresight"},
          {"cases[]/foresight_tokens", "number", "Sold in all quarters, by the plan that knew everything"},
          {"cases[]/replanned_tokens", "number", "Sold in all quarters, planned anew"},
          {"cases[]/quarters[]/quarter", "text", "2027Q1"},
          {"cases[]/quarters[]/expected_usd", "number", "What is done and what is promised, at the first quarter"},
          {"cases[]/quarters[]/revenue_usd", "number", "Of the quarter"},
          {"cases[]/quarters[]/paid_usd", "number", "Of the quarter"},
          {"cases[]/quarters[]/tokens", "number", "Sold in the quarter"},
          {"longer/quarters", "integer", "By which the horizon grows; where asked for"},
          {"longer/half", "integer", "Quarters of the first half"},
          {"longer/value_usd", "number", "Of the best plan of the longer horizon"},
          {"longer/first_half_kept_usd", "number", "Of the best with the first half as the shorter horizon plans it"},
          {"longer/started_mw[]", "number", "In the first half, as planned; as planned with the longer horizon"},
          {"longer/delivered_accelerators[]", "number", "The same"},
          {"longer/paid_usd[]", "number", "The same"},
          {"longer/tokens[]", "number", "The same"}};
}

/// The scenario's changes; those without a date that act from one become known in quarter `news`.
std::vector<PlanChange> dated_changes(const RiskScenarioSpec& scenario, Quarter first, Quarter news, ReplanCase& out) {
  std::vector<PlanChange> changes;
  for (const auto& change : scenario.changes) {
    PlanChange dated{change.driver, change.amount, change.of, change.from};
    const bool at_once = acts_at_once(dated.driver);
    if (!at_once && !dated.from) dated.from = news;
    const std::string when = at_once || *dated.from <= first ? "known from the start" : format_quarter(*dated.from);
    const std::string surprise = fmt::format("{}, {}", driver_name(dated.driver), when);
    if (std::find(out.surprises.begin(), out.surprises.end(), surprise) == out.surprises.end()) {
      out.surprises.push_back(surprise);
    }
    changes.push_back(std::move(dated));
  }
  return changes;
}

}  // namespace

Result<Answer> answer_replan(const ReplanQuestion& question, const QuestionContext& context) {
  auto study = prepare_risk_study(question.study, question, context);
  if (!study) return study.faults();
  std::vector<std::string> ids;
  for (const auto& some : study->risk.scenarios) ids.push_back(some.scenario);
  for (const auto& id : question.scenarios) {
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) continue;
    return context.fault("scenarios", "the study has no scenario '" + id + "'", suggest_name(id, ids));
  }
  const Programme& p = study->basis.programme;
  ReplanAnswer out;
  out.study = study->prepared.study.name;
  out.cases.emplace_back();
  out.cases[0].scenario = "as planned";
  std::vector<std::vector<PlanChange>> changes(1);
  for (const auto& some : study->risk.scenarios) {
    const auto& wanted = question.scenarios;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), some.scenario) == wanted.end()) continue;
    if (some.changes.empty()) continue;
    out.cases.emplace_back();
    out.cases.back().scenario = some.name;
    changes.push_back(dated_changes(some, p.first, p.first + static_cast<int>(question.news), out.cases.back()));
  }
  for (const PlanSystem& system : p.systems) {
    if (system.spares <= 0 && system.attrition.empty()) continue;
    return context.fault("study", "spares and machines that fail for good (" + system.id +
                         ") are not carried from one quarter's plan to the next",
                         "leave them out of the study for this question");
  }
  context.progress("planning each quarter");
  const auto solver = make_clp_solver();
  const RollingPlan rolling(study->basis, *solver);
  if (!rolling.fault().empty()) return context.fault("study", rolling.fault());
  if (question.longer > 0) {
    context.progress("planning a longer horizon");
    out.quarters_more = static_cast<int>(question.longer), out.horizon = rolling.longer(out.quarters_more);
  }
  context.progress("planning each quarter of each scenario");
  for_each_parallel(changes.size(), [&](std::size_t i) {
    auto outcome = rolling.under(changes[i]);
    out.cases[i].report = std::move(outcome.report), out.cases[i].fault = std::move(outcome.fault);
  });
  return make_answer(AnswerKind::answered, std::move(out), replan_text, write_replan);
}

const QuestionTable<ReplanQuestion>& ReplanQuestion::table() {
  using Q = ReplanQuestion;
  static const auto table = [] {
    QuestionTable<Q> t("plan replan", "A programme planned anew each quarter with what is known by then");
    t.required("study", &Q::study, "Study file with a risk section").positional();
    t.optional("scenarios", &Q::scenarios, "Ids of the study's scenarios that come true, one at a time")
        .commas()
        .otherwise("all of them");
    t.optional("news", &Q::news, "Quarters after the first in which a change without a date becomes known",
               not_negative);
    t.optional("longer", &Q::longer, "Quarters by which the horizon grows, to see what that changes; 0: not asked",
               not_negative);
    add_change_fields(t);
    return t;
  }();
  return table;
}

Question replan_question() {
  return make_question(answer_replan, {{"tests/golden/inputs/small.yaml --scenarios slow", "demand falls short"}},
                       replan_answer_fields());
}

}  // namespace stargate
