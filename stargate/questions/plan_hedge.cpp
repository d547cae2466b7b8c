// study at the low, mid and high end of unmeasured machines -> decisions that suit all three, under caps on their share
#include "stargate/questions/plan_hedge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "stargate/base/text_table.hpp"
#include "stargate/planner/planner.hpp"
#include "stargate/questions/risk_study.hpp"

namespace stargate {
namespace {

constexpr std::array kCaps{1.0, 0.8, 0.6, 0.4, 0.2, 0.0};
constexpr int kMostRounds = 6;  ///< of the master; each takes seconds, and the answer says how far from the best
constexpr double kGoodEnough = 2e-4;  ///< of the mean value
/// Ends of a range are as likely as its middle (a three-point rule; one in four each end).
constexpr std::array kClassWeights{0.25, 0.5, 0.25};

struct HedgeRow {
  double cap = 1;
  std::array<double, 3> values{};  ///< at low, mid, high; dollars
  double mean = 0, bound = 0;  ///< bound: no decisions are worth more
  DecidedAmounts decided;
};

struct HedgeAnswer {
  std::string study;
  int decided = 0;
  std::vector<std::string> capped, systems;
  std::vector<HedgeRow> rows;  ///< by cap
};

std::string hedge_text(const HedgeAnswer& a) {
  std::string out = fmt::format(
      "{}: power of {} as a share of all, at most; decisions of the first {} quarters suit their low, mid and high end "
      "(1/4, 1/2, 1/4)\nPresent values in B$; ordered in these quarters in thousand accelerators\n\n",
      a.study, fmt::join(a.capped, ", "), a.decided);
  std::vector<Column> columns{{"share at most", Align::left}, {"mean"}, {"at best"}, {"costs"}, {"low"}, {"mid"},
                              {"high"}};
  for (const auto& system : a.systems) columns.push_back({system});
  TextTable table(columns);
  for (const HedgeRow& row : a.rows) {
    std::vector<std::string> cells{row.cap >= 1 ? "no limit" : fmt::format("{:.0f} %", 100 * row.cap),
                                   in_billions(row.mean), in_billions(row.bound),
                                   in_billions(a.rows.front().mean - row.mean)};
    for (const double value : row.values) cells.push_back(in_billions(value));
    for (const double count : row.decided.accelerators) cells.push_back(fmt::format("{:.0f}", count));
    table.add_row(cells);
  }
  return out + table.format(2) +
         "A cap is worth having where it costs less than leaning less on these machines is worth to you.\n";
}

void write_hedge(JsonWriter& json, const HedgeAnswer& a) {
  json.member("schema_version", 1).member("study", a.study).member("decided_quarters", a.decided);
  json.key("caps").begin_array();
  for (const HedgeRow& row : a.rows) {
    json.begin_object().member("share", row.cap).member("mean_usd", row.mean).member("bound_usd", row.bound);
    json.member("low_usd", row.values[0]);
    json.member("mid_usd", row.values[1]).member("high_usd", row.values[2]);
    json.key("ordered_accelerators").begin_object();
    for (std::size_t g = 0; g < a.systems.size(); ++g) json.member(a.systems[g], 1e3 * row.decided.accelerators[g]);
    json.end_object().end_object();
  }
  json.end_array();
}

AnswerFields hedge_answer_fields() {
  return {{"study", "text", "Its name"},
          {"decided_quarters", "integer", "Whose orders and starts are the same at every end"},
          {"caps[]/share", "number", "Of all power, at most, in these machines"},
          {"caps[]/mean_usd", "number", "Mean present value of the decisions found"},
          {"caps[]/bound_usd", "number", "No decisions are worth more"},
          {"caps[]/low_usd", "number", "Where they turn out slow"},
          {"caps[]/mid_usd", "number", "As planned"},
          {"caps[]/high_usd", "number", "Where they turn out fast"},
          {"caps[]/ordered_accelerators/*", "number", "By system, in the shared quarters"}};
}

}  // namespace

Result<Answer> answer_hedge(const HedgeQuestion& question, const QuestionContext& context) {
  auto study = prepare_risk_study(question.study, question, context);
  if (!study) return study.faults();
  HedgeAnswer out;
  out.study = study->prepared.study.name, out.decided = study->risk.decided;
  for (const auto& system : study->basis.programme.systems) out.systems.push_back(system.id);
  for (const auto& id : question.systems) {
    if (std::find(out.systems.begin(), out.systems.end(), id) != out.systems.end()) continue;
    return context.fault("systems", "the study has no system '" + id + "'", suggest_name(id, out.systems));
  }
  out.capped = question.systems.empty() ? unmeasured_systems(study->prepared) : question.systems;
  if (out.capped.empty()) {
    return context.fault("study", "has only measured machines",
                         "name machines with 'systems' to see what a cap on them costs");
  }
  std::vector<WeightedScenario> classes;
  for (int i = 0; i < 3; ++i) {
    const PlanChange change{PlanDriver::performance, static_cast<double>(i - 1), out.capped, {}};
    classes.push_back({i == 0 ? "low" : i == 1 ? "mid" : "high", kClassWeights[i],
                       changed_programme(study->basis, {&change, 1})});
  }
  for (const double cap : kCaps) {
    context.progress(fmt::format("at most {:.0f} % of the power", 100 * cap));
    TwoStageProgramme stages(classes, out.decided, {out.capped, cap});
    if (const auto unplanned = stages.wait_and_see(); !unplanned.empty()) {
      return context.fault("study", "there is no plan: " + unplanned.front());
    }
    double known = 0;  // each end planned knowing it: nothing is worth more
    for (std::size_t i = 0; i < kClassWeights.size(); ++i) known += kClassWeights[i] * stages.wait_and_see_values()[i];
    const auto plan = stages.optimise(0, 0.25, kGoodEnough, kMostRounds);
    if (!plan) return context.fault("study", "no decisions can be kept at both ends");
    const auto decided = decided_amounts(stages.decisions(), plan->value.decisions, out.systems.size());
    HedgeRow row{cap, {}, plan->objective, std::min(plan->bound, known), decided};
    for (std::size_t i = 0; i < row.values.size(); ++i) row.values[i] = *plan->value.values[i];
    out.rows.push_back(std::move(row));
  }
  return make_answer(AnswerKind::answered, std::move(out), hedge_text, write_hedge);
}

const QuestionTable<HedgeQuestion>& HedgeQuestion::table() {
  using Q = HedgeQuestion;
  static const auto table = [] {
    QuestionTable<Q> t("plan hedge", "What a cap on the power of machines nobody has measured costs and saves");
    t.required("study", &Q::study, "Study file with a risk section").positional();
    t.optional("systems", &Q::systems, "Ids of systems to cap").commas().otherwise("those nobody has measured");
    add_change_fields(t);
    return t;
  }();
  return table;
}

Question hedge_question() {
  return make_question(answer_hedge, {{"tests/golden/inputs/small.yaml --systems gb300-nvl72", "a small study"}},
                       hedge_answer_fields());
}

}  // namespace stargate
