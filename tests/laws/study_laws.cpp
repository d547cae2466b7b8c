// Laws of the programme's study: what is relaxed never costs more, totals equal their parts, a lost supplier never
// helps.
#include <doctest/doctest.h>

#include <algorithm>

#include "shipped.hpp"
#include "stargate/lp/clp_solver.hpp"
#include "stargate/study/run.hpp"

using namespace stargate;

namespace {

Plan solve(const std::vector<Override>& study_changes, const CatalogueChanges& catalogue_changes = {}) {
  const StudyRequest request{kStargateStudy, kCatalogueFolder, catalogue_changes, study_changes};
  auto report = run_study(request, DiskFileReader(), *make_clp_solver(), [](const std::string&) {});
  if (!report) FAIL(format_diagnostics(report.faults()));
  REQUIRE(std::holds_alternative<Plan>(report->outcome));
  return std::get<Plan>(report->outcome);
}

const Plan& as_written() {
  static const Plan plan = solve({});
  return plan;
}

}  // namespace

TEST_CASE("relaxing a limit of the study never lowers its value, tightening never raises it") {
  const double value = as_written().value.base();
  const double slack = 1e-6 * as_written().revenue.base();
  CHECK(solve({{"sites.abilene.power", "x2"}}).value.base() >= value - slack);
  CHECK(solve({{"capital[0].amount", "+20%"}}).value.base() >= value - slack);
  CHECK(solve({{"shares.samsung.share", "x0.5"}}).value.base() <= value + slack);
  CHECK(solve({}, {.set = {}, .without = {"supplier:samsung"}}).value.base() <= value + slack);
  CHECK(solve({}, {.set = {}, .without = {"supplier:nvidia"}}).value.base() <= value + slack);
}

TEST_CASE("served and unmet tokens make up demand, and costs their parts, in every quarter of the study") {
  const Plan& plan = as_written();
  CHECK((plan.revenue - plan.paid.total() + plan.beyond).base() == doctest::Approx(plan.value.base()));
  for (const auto& q : plan.quarters) {
    Money services = q.idle_cost.total() + q.stranded_cost.total();
    for (const auto& s : q.services) {
      CHECK(s.served.base() + s.unmet.base() == doctest::Approx(s.demand.base()).epsilon(1e-6));
      services += s.cost.total();
    }
    CHECK(services.base() == doctest::Approx(q.cost.total().base()).epsilon(1e-6));
    CHECK(q.used.base() <= q.energised.base() * (1 + 1e-6) + 1);
    CHECK(q.cash.base() >= -1e3);
    Power energised;
    for (const auto& site : q.sites) {
      energised += site.energised;
      const Power given = site.grid + site.plants + site.flexible;
      CHECK(site.energised.base() <= given.base() * (1 + 1e-6) + 1);
    }
    CHECK(energised.base() == doctest::Approx(q.energised.base()));
  }
}

// A service's cost is its share by what one more token takes; were it that of the machines it happens to run on, it
// would jump with them. Steps that remain are arrivals of better machines.
TEST_CASE("what a token costs moves by no more than a third between quarters of the study") {
  const Plan& plan = as_written();
  for (std::size_t k = 0; k < plan.services.size(); ++k) {
    for (std::size_t t = 1; t < plan.quarters.size(); ++t) {
      const double before = plan.quarters[t - 1].services[k].cost_per_token.base();
      const double now = plan.quarters[t].services[k].cost_per_token.base();
      if (!(before > 0 && now > 0)) continue;
      CAPTURE(plan.services[k]);
      CHECK(std::max(now / before, before / now) <= 1.35);
    }
  }
}

// What was public when the study was written: Oracle's 96,000 GB200 of December 2025, Abilene's 295 MW of April 2026,
// the first 200 MW of Abu Dhabi in the third quarter.
TEST_CASE("what the study takes as realised is what was reported") {
  const Plan& plan = as_written();
  REQUIRE(plan.past.size() == 4);
  const auto gb200 = std::find(plan.systems.begin(), plan.systems.end(), "gb200-nvl72") - plan.systems.begin();
  const auto& december = plan.past[0];
  CHECK(december.quarter == Quarter::of(2025, 4));
  CHECK(december.accelerators[static_cast<std::size_t>(gb200)] == doctest::Approx(96'000));
  CHECK(december.sites == 1);
  CHECK(plan.past[2].energised.in(megawatt) == doctest::Approx(295));
  CHECK(plan.past[3].energised.in(megawatt) == doctest::Approx(495));
  CHECK(plan.past[3].sites == 2);
}

TEST_CASE("a longer horizon leaves the first half of the study's plan nearly as it was") {
  const Plan& plan = as_written();
  const Plan longer = solve({{"horizon.last", "2032Q4"}});
  const std::size_t half = plan.quarters.size() / 2;
  const auto& a = plan.quarters[half];
  const auto& b = longer.quarters[half];
  CHECK(b.energised / a.energised == doctest::Approx(1).epsilon(0.07));
  CHECK(b.accelerators / a.accelerators == doctest::Approx(1).epsilon(0.07));
  CHECK(b.spent_to_date.total() / a.spent_to_date.total() == doctest::Approx(1).epsilon(0.07));
}

TEST_CASE("no more is taken of a supplier than it offers") {
  for (const auto& taken : as_written().taken) CHECK(taken.taken <= taken.offered * (1 + 1e-6) + 1e-6);
}

TEST_CASE("the same study gives the same plan") {
  const Plan again = solve({});
  CHECK(again.value.base() == as_written().value.base());
  CHECK(again.quarters.back().accelerators == as_written().quarters.back().accelerators);
}
