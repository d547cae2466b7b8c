// Decisions under uncertainty: against the extensive form, and the laws of what knowing is worth.
#include "stargate/planner/two_stage.hpp"

#include <doctest/doctest.h>

#include <map>

#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/planner.hpp"
#include "stargate/planner/scenario.hpp"
#include "stargate/planner/test_plans.hpp"
#include "stargate/planner/test_programmes.hpp"

namespace stargate {
namespace {

constexpr int kDecided = 3;

std::vector<WeightedScenario> three_scenarios() {
  RiskBasis basis{broad_programme(8, 3, 2, 2), {}, {}};
  const std::vector<PlanChange> late{{PlanDriver::grid_delay, 2, {}, {}}};
  const std::vector<PlanChange> poor{{PlanDriver::demand, 0.5, {}, basis.programme.first + 3},
                                     {PlanDriver::token_price, 0.4, {}, basis.programme.first + 3}};
  return {{"as planned", 0.5, basis.programme},
          {"late", 0.2, changed_programme(basis, late)},
          {"poor", 0.3, changed_programme(basis, poor)}};
}

/// All scenarios side by side in one LP, the decisions shared: its best value, dollars.
double extensive_value(const std::vector<WeightedScenario>& scenarios) {
  LpProblem lp;
  const int number = lp.add_axis({});
  const int column = lp.add_column_family({"column", {number}, ""}), row = lp.add_row_family({"row", {number}, ""});
  const auto decisions = shared_decisions(scenarios[0].programme, kDecided);
  std::vector<PlanModel> models;
  for (const auto& some : scenarios) models.push_back(build_plan_model(some.programme));
  std::vector<int> shared;
  for (std::size_t d = 0; d < decisions.size(); ++d) {
    bool everywhere = true;
    for (const auto& model : models) everywhere = everywhere && column_of(model.columns, decisions[d]) >= 0;
    shared.push_back(lp.add_column(0, everywhere ? kInfinity : 0, 0, {column, {lp.column_count()}}));
  }
  double offset = 0;
  for (std::size_t s = 0; s < models.size(); ++s) {
    const LpProblem& own = models[s].lp;
    std::map<int, int> place;
    for (std::size_t d = 0; d < decisions.size(); ++d) {
      const int own_column = column_of(models[s].columns, decisions[d]);
      if (own_column >= 0) place[own_column] = shared[d];
    }
    const int first = lp.row_count();
    for (int i = 0; i < own.row_count(); ++i) lp.add_row(own.row_lower()[i], own.row_upper()[i], {row, {first + i}});
    const LpMatrix matrix = own.matrix();
    for (int j = 0; j < own.column_count(); ++j) {
      if (!place.contains(j)) {
        place[j] = lp.add_column(own.column_lower()[j], own.column_upper()[j], 0, {column, {lp.column_count()}});
      }
      lp.set_cost(place[j], lp.costs()[place[j]] + scenarios[s].probability * own.costs()[j]);
      for (int e = matrix.starts[j]; e < matrix.starts[j + 1]; ++e) {
        lp.add_entry(first + matrix.rows[e], place[j], matrix.values[e]);
      }
    }
    offset += scenarios[s].probability * own.objective_offset();
  }
  const LpOutcome outcome = make_clp_solver()->solve(lp, {});
  REQUIRE(std::holds_alternative<LpSolution>(outcome));
  return -1e6 * (std::get<LpSolution>(outcome).objective + offset);
}

TEST_CASE("decisions cut by cut are worth what all scenarios in one programme are") {
  const auto scenarios = three_scenarios();
  TwoStageProgramme stages(scenarios, kDecided);
  REQUIRE(stages.wait_and_see().empty());
  const auto plan = stages.optimise(0, 0.25, 1e-6);
  REQUIRE(plan.has_value());
  const double best = extensive_value(scenarios);
  CHECK(plan->objective == doctest::Approx(best).epsilon(2e-6));
  CHECK(plan->bound >= plan->objective);
  CHECK(plan->bound == doctest::Approx(best).epsilon(2e-6));
}

TEST_CASE("knowing is never worth less than nothing, nor is planning for all") {
  const auto scenarios = three_scenarios();
  TwoStageProgramme stages(scenarios, kDecided);
  REQUIRE(stages.wait_and_see().empty());
  double known = 0;
  std::vector<WeightedProgramme> weighted;
  for (std::size_t i = 0; i < scenarios.size(); ++i) {
    CHECK(stages.wait_and_see_values()[i] == doctest::Approx(solve(scenarios[i].programme).value.base()));
    known += scenarios[i].probability * stages.wait_and_see_values()[i];
    weighted.push_back({scenarios[i].probability, &scenarios[i].programme});
  }
  const auto plan = stages.optimise(0, 0.3, 1e-6);
  REQUIRE(plan.has_value());
  const double slack = 1e-5 * std::abs(known);
  CHECK(known >= plan->objective - slack);
  const Programme mean = mean_programme(weighted);
  const PlanModel model = build_plan_model(mean);
  const LpOutcome outcome = make_clp_solver()->solve(model.lp, {});
  REQUIRE(std::holds_alternative<LpSolution>(outcome));
  const auto kept = stages.evaluate(stages.decisions_of(model, std::get<LpSolution>(outcome).values));
  if (kept.feasible()) CHECK(kept.mean(stages.probabilities()) <= plan->objective + slack);
  // The more the worst weighs, the better the worst and the worse the mean.
  double worst = plan->value.tail_mean(stages.probabilities(), 0.3), mean_value = plan->objective;
  for (const double weight : {0.4, 0.8}) {
    const auto wary = stages.optimise(weight, 0.3, 1e-6);
    REQUIRE(wary.has_value());
    CHECK(wary->value.tail_mean(stages.probabilities(), 0.3) >= worst - slack);
    CHECK(wary->value.mean(stages.probabilities()) <= mean_value + slack);
    worst = wary->value.tail_mean(stages.probabilities(), 0.3);
    mean_value = wary->value.mean(stages.probabilities());
  }
}

TEST_CASE("of one scenario the decisions are those of its plan") {
  auto scenarios = three_scenarios();
  scenarios.resize(1), scenarios[0].probability = 1;
  TwoStageProgramme stages(scenarios, kDecided);
  REQUIRE(stages.wait_and_see().empty());
  const auto plan = stages.optimise(0, 0.25, 1e-6);
  REQUIRE(plan.has_value());
  CHECK(plan->objective == doctest::Approx(solve(scenarios[0].programme).value.base()).epsilon(2e-6));
}

TEST_CASE("decisions that money cannot pay in one scenario are cut to what it can") {
  auto scenarios = three_scenarios();
  for (auto& tranche : scenarios[2].programme.capital) tranche.amount = 0.3 * tranche.amount;
  TwoStageProgramme stages(scenarios, kDecided);
  REQUIRE(stages.wait_and_see().empty());
  const auto plan = stages.optimise(0, 0.25, 1e-6);
  REQUIRE(plan.has_value());
  CHECK(plan->value.feasible());
  CHECK(plan->objective == doctest::Approx(extensive_value(scenarios)).epsilon(5e-6));
}

TEST_CASE("a cap on the share of a machine holds in every quarter") {
  auto scenarios = three_scenarios();
  const Programme& p = scenarios[0].programme;
  const auto value_at = [&](double share) {
    TwoStageProgramme stages(scenarios, kDecided, {{p.systems[1].id}, share});
    REQUIRE(stages.wait_and_see().empty());
    return stages.wait_and_see_values()[0];
  };
  const double free = value_at(1), half = value_at(0.5), none = value_at(0);
  CHECK(free == doctest::Approx(solve(p).value.base()));
  CHECK(half <= free + 1);
  CHECK(none <= half + 1);
}

}  // namespace
}  // namespace stargate
