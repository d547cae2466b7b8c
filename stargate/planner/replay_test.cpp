// A plan kept: under its own data it is worth what it promised, under others never more than a plan made for them.
#include "stargate/planner/replay.hpp"

#include <doctest/doctest.h>

#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/draws.hpp"
#include "stargate/planner/scenario.hpp"
#include "stargate/planner/test_programmes.hpp"

namespace stargate {
namespace {

LpSolution best_of(const Programme& p) {
  const PlanModel model = build_plan_model(p);
  LpOutcome outcome = make_clp_solver()->solve(model.lp, {});
  REQUIRE(std::holds_alternative<LpSolution>(outcome));
  return std::get<LpSolution>(std::move(outcome));
}

/// Money is no limit, so that a quarter's own best is the plan's.
Programme rich_programme() {
  Programme p = broad_programme(8, 3, 2, 2);
  p.capital.clear();
  p.tail_years = 2;
  return p;
}

/// With engines, a battery, power that is cut at times, machines that fail and spares.
Programme worn_programme() {
  Programme p = rich_programme();
  for (PlanSite& site : p.sites) {
    PlanPlant engines;
    engines.name = "engines", engines.most = constant(p.first, p.last, 30.0 * megawatt);
    PlanPlant battery = engines;
    engines.lead = 1, engines.price = 1.0 * dollar / watt, engines.fuel = 40.0 * dollar / megawatt_hour;
    battery.name = "battery", battery.battery = true, battery.price = 0.1 * dollar / watt, battery.bridged = 0.5;
    site.plants = {engines, battery};
    site.flexible = PlanFlexible{constant(p.first, p.last, 20.0 * megawatt), 0.05};
  }
  for (PlanSystem& system : p.systems) system.attrition = {0.02, 0.1}, system.spares = 0.03;
  return p;
}

TEST_CASE("a plan replayed under its own data is worth what it promised") {
  for (const Programme& p : {rich_programme(), worn_programme()}) {
    const LpSolution plan = best_of(p);
    const Replay replay = KeptPlan(p, plan.values).under(p);
    CHECK(replay.value == doctest::Approx(-1e6 * plan.objective).epsilon(1e-6));
    CHECK(replay.missing == 0);
  }
}

TEST_CASE("a plan kept is a plan of what came, and never better than one made for it") {
  for (const Programme& p : {rich_programme(), worn_programme()}) {
    const KeptPlan kept(p, best_of(p).values);
    const RiskBasis basis{p, {{"system0", 0.4}, {"system1", 0.3}}, {}};
    const std::vector<std::vector<PlanChange>> worlds{
        {{PlanDriver::demand, 0.5, {}, p.first + 3}},
        {{PlanDriver::token_price, 1.4, {}, {}}, {PlanDriver::availability, 0.9, {}, {}}},
        {{PlanDriver::grid_delay, 1, {}, {}}},
        {{PlanDriver::construction_delay, 1, {}, {}}},
        {{PlanDriver::delivery_delay, 1, {"system1"}, {}}},
        {{PlanDriver::memory_price, 2, {}, p.first + 2}},
        {{PlanDriver::supply, 0.7, {"maker2"}, {}}},
        {{PlanDriver::efficiency, 4, {"service0"}, p.first + 4}, {PlanDriver::demand, 2, {"service0"}, p.first + 4}}};
    for (std::size_t i = 0; i < worlds.size(); ++i) {
      CAPTURE(i);
      const Programme actual = changed_programme(basis, worlds[i]);
      const Replay replay = kept.under(actual);
      const PlanModel model = build_plan_model(actual);
      CHECK(replay.value <= -1e6 * best_of(actual).objective * (1 + 1e-7) + 1);
      // Every limit of the changed programme holds, but for those that are about orders alone: what was ordered stays.
      std::vector<double> activity(static_cast<std::size_t>(model.lp.row_count()), 0);
      const LpMatrix matrix = model.lp.matrix();
      for (int j = 0; j < model.lp.column_count(); ++j) {
        CHECK(replay.columns[j] >= -1e-9);
        for (int e = matrix.starts[j]; e < matrix.starts[j + 1]; ++e) {
          activity[matrix.rows[e]] += matrix.values[e] * replay.columns[j];
        }
      }
      for (int r = 0; r < model.lp.row_count(); ++r) {
        const PlanFamily family = model.keys[r].family;
        // Spares that came late are fewer. Machines without power stand dark; under take-or-pay what was subscribed may
        // come late.
        if (family == PlanFamily::growth || family == PlanFamily::stored || family == PlanFamily::site_power) continue;
        if (family == PlanFamily::subscribed || family == PlanFamily::draw_power) continue;
        if (family == PlanFamily::spares) continue;
        CAPTURE(model.lp.row_name(r));
        CHECK(activity[r] <= model.lp.row_upper()[r] + 1e-6 * (1 + std::abs(activity[r])));
        CHECK(activity[r] >= model.lp.row_lower()[r] - 1e-6 * (1 + std::abs(activity[r])));
      }
    }
  }
}

TEST_CASE("draws keep to their quantiles, and medoids share out all of them") {
  const std::vector<PlanMarginal> marginals{{"demand", {PlanDriver::demand, 1, {}, {}}, 0.5, 1, 2, 0.8},
                                            {"late", {PlanDriver::grid_delay, 0, {}, {}}, 0, 1, 4, 0}};
  const auto draws = draw_changes(marginals, 1000, 1);
  int below = 0, above = 0;
  std::vector<std::vector<double>> points;
  for (const PlanDraw& draw : draws) {
    below += draw[0].amount < 0.5 ? 1 : 0, above += draw[0].amount > 2 ? 1 : 0;
    CHECK(draw[1].amount == std::round(draw[1].amount));
    points.push_back({std::log(draw[0].amount), draw[1].amount});
  }
  CHECK(std::abs(below - 100) < 25);
  CHECK(std::abs(above - 100) < 25);
  CHECK(change_at(marginals[0], 0.1).amount == doctest::Approx(0.5));
  CHECK(change_at(marginals[0], 0.5).amount == doctest::Approx(1));
  points.resize(200);
  double shares = 0;
  const auto medoids = find_medoids(points, 6);
  CHECK(medoids.size() == 6);
  for (const Medoid& some : medoids) shares += some.share;
  CHECK(shares == doctest::Approx(1));
}

}  // namespace
}  // namespace stargate
