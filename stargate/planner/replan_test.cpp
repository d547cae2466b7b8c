// Planning anew each quarter: without news it changes nothing, with news it lies between keeping the plan and knowing.
#include "stargate/planner/replan.hpp"

#include <doctest/doctest.h>

#include "stargate/lp/clp_solver.hpp"
#include "stargate/planner/test_programmes.hpp"

namespace stargate {
namespace {

Programme rolling_programme() {
  Programme p = broad_programme(8, 3, 2, 2);
  p.tail_years = 2;
  return p;
}

TEST_CASE("a plan made anew from the state it reached itself is the same plan") {
  const auto solver = make_clp_solver();
  for (const bool rich : {true, false}) {
    CAPTURE(rich);
    Programme p = rolling_programme();
    if (rich) p.capital.clear();
    const auto outcome = replan({p, {}, {}}, {}, *solver);
    REQUIRE(outcome.report.has_value());
    CHECK(outcome.report->promised == doctest::Approx(outcome.report->foresight));
    CHECK(outcome.report->rolled == doctest::Approx(outcome.report->promised).epsilon(1e-3));
    for (const auto& quarter : outcome.report->quarters) {
      CAPTURE(format_quarter(quarter.quarter));
      CHECK(quarter.expected == doctest::Approx(outcome.report->promised).epsilon(1e-3));
    }
  }
}

TEST_CASE("who plans anew does no better than who knew, and no worse than who never looked") {
  const auto solver = make_clp_solver();
  Programme p = rolling_programme();
  p.capital.clear();
  const std::vector<PlanChange> news{{PlanDriver::demand, 0.4, {}, p.first + 3},
                                     {PlanDriver::token_price, 0.6, {}, p.first + 4}};
  const auto outcome = replan({p, {}, {}}, news, *solver);
  REQUIRE(outcome.report.has_value());
  const ReplanReport& r = *outcome.report;
  CHECK(r.foresight < r.promised);
  CHECK(r.rolled <= r.foresight * (1 + 1e-3));
  REQUIRE(r.kept.has_value());
  CHECK(r.rolled >= *r.kept - 1e-3 * std::abs(r.foresight));
  CHECK(r.quarters[3].learned.size() == 1);
}

}  // namespace
}  // namespace stargate
