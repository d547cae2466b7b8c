// study -> a programme a scenario -> each planned knowing it; decisions of the first quarters that suit them all; the
// study's plan and that of the mean data put to the same scenarios
#include "stargate/questions/plan_risk.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "stargate/base/parallel.hpp"
#include "stargate/base/text_table.hpp"
#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/planner.hpp"
#include "stargate/planner/replay.hpp"
#include "stargate/questions/risk_study.hpp"

namespace stargate {
namespace {

/// Decisions put to every scenario.
struct RiskRow {
  std::string plan;
  DecisionValue value;
  DecidedAmounts decided;
};

struct RiskAnswer {
  std::string study;
  int decided = 0;
  double tail = 0.25;
  std::vector<std::string> scenarios, systems;
  std::vector<double> probabilities, known;  ///< known: by scenario, planned knowing it
  std::vector<RiskRow> rows;                 ///< the first is the best for the mean, the last but one the mean data's
  int columns = 0, limits = 0, iterations = 0;

  const DecisionValue& stochastic() const { return rows.front().value; }
  double known_mean() const {
    double sum = 0;
    for (std::size_t i = 0; i < known.size(); ++i) sum += probabilities[i] * known[i];
    return sum;
  }
  double perfect_information() const { return known_mean() - stochastic().mean(probabilities); }
  /// Over the plan of a row; nothing where it cannot be kept.
  std::optional<double> gain_over(const RiskRow& row) const {
    if (!row.value.feasible()) return std::nullopt;
    return stochastic().mean(probabilities) - row.value.mean(probabilities);
  }
};

constexpr const char* kMeanData = "of the mean of the scenarios";
constexpr const char* kOwnPlan = "of the study's own figures";

std::string plans_table(const RiskAnswer& a) {
  std::vector<Column> columns{{"plan", Align::left}, {"mean"}, {fmt::format("worst {:.0f} %", 100 * a.tail)}};
  for (const auto& system : a.systems) columns.push_back({system});
  columns.push_back({"MW begun"});
  TextTable table(columns);
  for (const RiskRow& row : a.rows) {
    const bool kept = row.value.feasible();
    std::vector<std::string> cells{row.plan, kept ? in_billions(row.value.mean(a.probabilities)) : "not kept",
                                   kept ? in_billions(row.value.tail_mean(a.probabilities, a.tail)) : ""};
    for (const double count : row.decided.accelerators) cells.push_back(fmt::format("{:.0f}", count));
    cells.push_back(fmt::format("{:.0f}", row.decided.started));
    table.add_row(cells);
  }
  return table.format(2);
}

std::string scenarios_table(const RiskAnswer& a) {
  TextTable table({{"scenario", Align::left}, {"probability"}, {"known"}, {"stochastic"}, {"own plan"}});
  const auto cell = [](const std::optional<double>& value) { return value ? in_billions(*value) : "not kept"; };
  for (std::size_t i = 0; i < a.scenarios.size(); ++i) {
    table.add_row({a.scenarios[i], fmt::format("{:.0f} %", 100 * a.probabilities[i]), in_billions(a.known[i]),
                   cell(a.stochastic().values[i]), cell(a.rows.back().value.values[i])});
  }
  return table.format(2);
}

std::string risk_text(const RiskAnswer& a) {
  std::string out = fmt::format(
      "{}: {} scenarios; orders and starts of the first {} quarters are the same in all, the rest is decided knowing "
      "which\nPresent values in B$; ordered in these quarters in thousand accelerators\n\n",
      a.study, a.scenarios.size(), a.decided);
  out += plans_table(a) + "\n" + scenarios_table(a) + "\n";
  out += fmt::format("To know which it will be is worth {} B$ at most (EVPI: {} known, {} not).\n",
                     in_billions(a.perfect_information()), in_billions(a.known_mean()),
                     in_billions(a.stochastic().mean(a.probabilities)));
  for (const RiskRow& row : a.rows) {
    if (row.plan != kMeanData && row.plan != kOwnPlan) continue;
    const auto gain = a.gain_over(row);
    if (!gain) {
      std::string where;
      for (std::size_t i = 0; i < a.scenarios.size(); ++i) {
        if (!row.value.values[i]) where += (where.empty() ? "" : ", ") + a.scenarios[i];
      }
      out += fmt::format("The plan {} cannot be kept where it turns out: {}.\n", row.plan, where);
      continue;
    }
    out += fmt::format("Planning for all of them is worth {} B$ over the plan {}{}.\n", in_billions(*gain), row.plan,
                       row.plan == kMeanData ? " (VSS)" : "");
  }
  return out + fmt::format("{} columns, {} rows; {} rounds of the master\n", a.columns, a.limits, a.iterations);
}

void write_risk(JsonWriter& json, const RiskAnswer& a) {
  json.member("schema_version", 1).member("study", a.study).member("decided_quarters", a.decided);
  json.member("tail", a.tail).member("evpi_usd", a.perfect_information());
  json.key("plans").begin_array();
  for (const RiskRow& row : a.rows) {
    const bool kept = row.value.feasible();
    json.begin_object().member("plan", row.plan).member("kept", kept);
    if (kept) {
      json.member("mean_usd", row.value.mean(a.probabilities));
      json.member("tail_mean_usd", row.value.tail_mean(a.probabilities, a.tail));
      json.member("stochastic_gain_usd", *a.gain_over(row));
    }
    json.key("ordered_accelerators").begin_object();
    for (std::size_t g = 0; g < a.systems.size(); ++g) json.member(a.systems[g], 1e3 * row.decided.accelerators[g]);
    json.end_object().member("begun_mw", row.decided.started).end_object();
  }
  json.end_array().key("scenarios").begin_array();
  for (std::size_t i = 0; i < a.scenarios.size(); ++i) {
    json.begin_object().member("scenario", a.scenarios[i]).member("probability", a.probabilities[i]);
    json.member("known_usd", a.known[i]).member("stochastic_usd", *a.stochastic().values[i]).end_object();
  }
  json.end_array().member("columns", a.columns).member("rows", a.limits).member("iterations", a.iterations);
}

AnswerFields risk_answer_fields() {
  return {{"study", "text", "Its name"},
          {"decided_quarters", "integer", "Whose orders and starts are the same whatever happens"},
          {"tail", "number", "Share of the probability that is the worst part"},
          {"evpi_usd", "number", "Worth of knowing which scenario comes, at most"},
          {"plans[]/plan", "text", "Whose decisions"},
          {"plans[]/kept", "boolean", "Whether they can be kept in every scenario"},
          {"plans[]/mean_usd", "number", "Mean present value over the scenarios"},
          {"plans[]/tail_mean_usd", "number", "Mean of the worst part"},
          {"plans[]/stochastic_gain_usd", "number", "Of the best for the mean over it; of the mean's plan the VSS"},
          {"plans[]/ordered_accelerators/*", "number", "By system, in the shared quarters"},
          {"plans[]/begun_mw", "number", "Power whose construction begins in them"},
          {"scenarios[]/scenario", "text", "Name"},
          {"scenarios[]/probability", "number", "0 to 1"},
          {"scenarios[]/known_usd", "number", "Value of the plan that knows it"},
          {"scenarios[]/stochastic_usd", "number", "Value under the decisions best for the mean"},
          {"columns", "integer", "Of all scenarios' programmes together"},
          {"rows", "integer", "Of them"},
          {"iterations", "integer", "Rounds of the master"}};
}

/// The first decisions of the plan of a programme; empty where it has none.
std::vector<double> plan_decisions(const Programme& programme, const TwoStageProgramme& stages) {
  const PlanModel model = build_plan_model(programme);
  const LpOutcome outcome = make_clp_solver()->solve(model.lp, {});
  const auto* found = std::get_if<LpSolution>(&outcome);
  return found == nullptr ? std::vector<double>{} : stages.decisions_of(model, found->values);
}

constexpr int kDrawsForScenarios = 256;

/// Draws of all drivers, told apart by what the study's own plan comes to in each: its value, and what flows by year.
/// Few stand for all.
Result<std::vector<WeightedScenario>> drawn_scenarios(const RiskStudy& study, const RiskQuestion& question,
                                                      const QuestionContext& context) {
  const auto marginals = plan_marginals(study.risk);
  if (marginals.empty()) return context.fault("drawn", "the study names no drivers", "add 'drivers' to its 'risk'");
  const LpOutcome outcome = make_clp_solver()->solve(build_plan_model(study.basis.programme).lp, {});
  const auto* found = std::get_if<LpSolution>(&outcome);
  if (found == nullptr) return context.fault("study", "has no plan of its own figures");
  const KeptPlan plan(study.basis.programme, found->values);
  const auto draws = draw_changes(marginals, kDrawsForScenarios, static_cast<std::uint64_t>(question.seed));
  std::vector<std::vector<double>> points(draws.size());
  context.progress("drawing scenarios");
  for_each_parallel(draws.size(), [&](std::size_t i) {
    const Replay replay = plan.under(changed_programme(study.basis, draws[i]));
    points[i].assign(1 + (replay.paid.size() + 3) / 4, 0);
    points[i][0] = replay.value;
    for (std::size_t t = 0; t < replay.paid.size(); ++t) points[i][1 + t / 4] += replay.revenue[t] - replay.paid[t];
  });
  std::vector<WeightedScenario> out;
  for (const Medoid& some : find_medoids(points, static_cast<std::size_t>(question.drawn))) {
    const double kept = points[some.point][0];
    out.push_back({fmt::format("draw {}: own plan kept {}", some.point + 1, in_billions(kept)), some.share,
                   changed_programme(study.basis, draws[some.point])});
  }
  return out;
}

std::vector<WeightedScenario> weighted_scenarios(const RiskStudy& study) {
  std::vector<WeightedScenario> out;
  for (const PlanScenario& some : plan_scenarios(study.risk)) {
    if (some.probability > 0) {
      out.push_back({some.name, some.probability, changed_programme(study.basis, some.changes)});
    }
  }
  return out;
}

}  // namespace

Result<Answer> answer_risk(const RiskQuestion& question, const QuestionContext& context) {
  auto study = prepare_risk_study(question.study, question, context);
  if (!study) return study.faults();
  if (study->risk.scenarios.empty() && question.drawn == 0) {
    return context.fault("study", "names no scenarios", "add 'scenarios' to its 'risk'");
  }
  RiskAnswer out;
  out.study = study->prepared.study.name;
  out.decided = question.decided > 0 ? static_cast<int>(question.decided) : study->risk.decided;
  out.tail = question.tail;
  std::vector<WeightedScenario> scenarios;
  if (question.drawn > 0) {
    auto drawn = drawn_scenarios(*study, question, context);
    if (!drawn) return drawn.faults();
    scenarios = std::move(*drawn);
  } else {
    scenarios = weighted_scenarios(*study);
  }
  std::vector<WeightedProgramme> weighted;
  for (const auto& some : scenarios) {
    out.scenarios.push_back(some.name);
    weighted.push_back({some.probability, &some.programme});
  }
  for (const auto& system : study->basis.programme.systems) out.systems.push_back(system.id);
  TwoStageProgramme stages(scenarios, out.decided);
  out.probabilities = stages.probabilities();
  context.progress("planning each scenario");
  if (const auto unplanned = stages.wait_and_see(); !unplanned.empty()) {
    return context.fault("study", "a scenario has no plan: " + unplanned.front(),
                         "what is on order must be payable in it");
  }
  out.known = stages.wait_and_see_values();
  const auto put = [&](const std::string& name, const std::vector<double>& decisions) -> RiskRow {
    return {name, stages.evaluate(decisions), decided_amounts(stages.decisions(), decisions, out.systems.size())};
  };
  std::vector<RiskRow> compared;
  for (const auto& [name, programme] :
       {std::pair{kMeanData, mean_programme(weighted)}, std::pair{kOwnPlan, study->basis.programme}}) {
    const auto decisions = plan_decisions(programme, stages);
    if (decisions.empty()) return context.fault("study", fmt::format("there is no plan {}", name));
    compared.push_back(put(name, decisions));
  }
  std::vector<double> weights{0};
  if (question.cvar_weight > 0) weights.push_back(question.cvar_weight);
  for (const double weight : weights) {
    context.progress(fmt::format("deciding for all of them, weight of the worst {:.0f} %", 100 * weight));
    const auto plan = stages.optimise(weight, question.tail);
    if (!plan) {
      return context.fault("study", "no decisions can be kept in every scenario", "leave out the hardest of them");
    }
    out.iterations += plan->iterations;
    const std::string name = weight == 0 ? "stochastic" : fmt::format("worst weighs {:.0f} %", 100 * weight);
    const auto decided = decided_amounts(stages.decisions(), plan->value.decisions, out.systems.size());
    out.rows.push_back({name, plan->value, decided});
  }
  for (RiskRow& row : compared) out.rows.push_back(std::move(row));
  out.columns = stages.columns(), out.limits = stages.rows();
  return make_answer(AnswerKind::answered, std::move(out), risk_text, write_risk);
}

const QuestionTable<RiskQuestion>& RiskQuestion::table() {
  using Q = RiskQuestion;
  static const auto table = [] {
    QuestionTable<Q> t("plan risk", "What to order and begin now so that it suits all that may happen");
    t.required("study", &Q::study, "Study file with a risk section").positional();
    t.optional("cvar_weight", &Q::cvar_weight, "Weight of the worst scenarios in a second plan; 0: none", fraction);
    t.optional("tail", &Q::tail, "Share of the probability that is the worst",
               Rule{.at_least = 0.01, .above = {}, .at_most = 1});
    t.optional("decided", &Q::decided, "Quarters whose orders and starts are the same whatever happens", not_negative)
        .otherwise("as the study says");
    t.optional("drawn", &Q::drawn, "Scenarios drawn from the study's drivers instead of its own; 0: none",
               Rule{.at_least = 0.0, .above = {}, .at_most = 40});
    t.optional("seed", &Q::seed, "Of the draws", not_negative);
    add_change_fields(t);
    return t;
  }();
  return table;
}

Question risk_question() {
  return make_question(answer_risk, {{"tests/golden/inputs/small.yaml", "all scenarios of a small study"},
                        {"tests/golden/inputs/small.yaml --drawn 4", "of its drivers"}},
                       risk_answer_fields());
}

}  // namespace stargate
