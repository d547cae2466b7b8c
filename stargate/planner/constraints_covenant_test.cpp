// Loans, covenants and tax of programmes solved by hand. A rack of hand_programme costs 1 M$, earns 0.7884 M$ a quarter
// and keeps 16 of 20 quarters of its price at the end of four; power stands.
#include <doctest/doctest.h>

#include <cmath>

#include "stargate/planner/planner.hpp"
#include "stargate/planner/test_plans.hpp"
#include "stargate/planner/test_programmes.hpp"

using namespace stargate;

namespace {

doctest::Approx near(double value) { return doctest::Approx(value).epsilon(1e-6).scale(1e-6); }

/// All racks come in the first quarter, paid by a loan at 8 % and, from the second on, by owners.
Programme on_credit(Money loan, PlanRepayment repayment) {
  Programme p = hand_programme();
  p.sites[0].energised = 1.0 * megawatt;
  p.systems[0].last_delivery = p.first;
  p.capital.push_back({"loan", p.first, loan, FundKind::debt, 0.08, {}, repayment});
  p.capital.push_back({"owners", p.first + 1, 100.0 * million_dollars, FundKind::equity, 0});
  return p;
}

}  // namespace

TEST_CASE("a loan is paid back in equal instalments, and bears interest on what was owed") {
  const Programme p = on_credit(18.0 * million_dollars, {kStart + 1, kStart + 2});
  const Plan plan = solve(p);
  // 98 % of a draw pay, the rest is its first interest; 90 % of a rack fall due in the first quarter.
  const double racks = 0.98 * 18 / 0.9;
  CHECK(plan.quarters[0].systems[0].installed == near(racks));
  const double drawn[] = {18, 0, 0, 0}, owners[] = {0, 0.1 * racks + 0.36 + 9, 0.18 + 9, 0};
  const double repaid[] = {0, 9, 9, 0}, owed[] = {18, 9, 0, 0}, interest[] = {0.36, 0.36, 0.18, 0};
  for (int t = 0; t < 4; ++t) {
    const auto& quarter = plan.quarters[t];
    CHECK(quarter.drawn[0].in(million_dollars) == near(drawn[t]));
    CHECK(quarter.drawn[1].in(million_dollars) == near(owners[t]));
    CHECK(quarter.repaid[0].in(million_dollars) == near(repaid[t]));
    CHECK(quarter.owed[0].in(million_dollars) == near(owed[t]));
    CHECK(quarter.spent.interest.in(million_dollars) == near(interest[t]));
    CHECK(quarter.cash.in(million_dollars) == near(0));
  }
  CHECK(plan.value.in(million_dollars) == near(racks * (4 * 0.7884 - 0.2)));
  CHECK(price_of(plan, "tranche loan") == near(0.98 / 0.9 * (4 * 0.7884 - 0.2)));
}

TEST_CASE("what was drawn and paid back before the first quarter is owed no more") {
  Programme p = on_credit(18.0 * million_dollars, {kStart - 1, kStart + 2});
  p.capital[0].drawn = 8.0 * million_dollars;  // a quarter of it was paid back in the quarter before
  p.capital[1].from = p.first;
  const Plan plan = solve(p);
  CHECK(plan.quarters[0].repaid[0].in(million_dollars) == near(2));
  CHECK(plan.quarters[0].spent.interest.in(million_dollars) == near(0.02 * 6));
  CHECK(plan.quarters[1].owed[0].in(million_dollars) == near(2));
  CHECK(plan.quarters[2].owed[0].in(million_dollars) == near(0));
}

TEST_CASE("cover of debt service holds back a loan, and a dollar of cover is worth the racks it lets be bought") {
  Programme p = on_credit(1.0 * billion_dollars, {kStart + 3, kStart + 3});
  p.capital.push_back({"first owners", p.first, 5.0 * million_dollars, FundKind::equity, 0});
  p.debt_service = PlanCovenant{4, p.first};
  // Over the year 4 x 2 % of interest and the loan D itself: 4 x 1.08 D = 4 x 0.7884 n; in the first quarter
  // 0.9 n = 5 + 0.98 D.
  const double racks = 5 / (0.9 - 0.98 * 0.73), worth = 4 * 0.7884 - 0.2;
  const Plan plan = solve(p);
  CHECK(plan.quarters[0].systems[0].installed == near(racks));
  CHECK(plan.quarters[0].drawn[0].in(million_dollars) == near(0.73 * racks));
  CHECK(plan.value.in(million_dollars) == near(racks * worth));
  CHECK(price_of(plan, "cover of debt service") == near(0.98 / 4.32 / (0.9 - 0.98 * 0.73) * worth));
  p.debt_service->from = p.first + 4;  // tested after the last quarter
  CHECK(price_of(solve(p), "cover of debt service") == 0);
}

TEST_CASE("the fixed charge counts rent as due") {
  Programme p = on_credit(1.0 * billion_dollars, {kStart + 3, kStart + 3});
  p.capital.push_back({"first owners", p.first, 5.0 * million_dollars, FundKind::equity, 0});
  // 100 accelerators, as ten racks, for 1 M$ a quarter.
  p.contracts.push_back({"cloud", "rack", 1, constant(p.first, p.last, 100.0),
                         constant(p.first, p.last, 10e3 * dollar / quarter_year), 1, true, {"chat"}});
  p.fixed_charge = PlanCovenant{4, p.first};
  // 4 (1.08 D + 4) = 4 x 0.7884 (n + 10); 0.9 n + 1 = 5 + 0.98 D
  const double racks = (4 + 0.98 * (31.536 - 16) / 4.32) / (0.9 - 0.98 * 0.73);
  const Plan plan = solve(p);
  CHECK(plan.quarters[0].systems[0].installed == near(racks));
  CHECK(plan.value.in(million_dollars) == near(racks * (4 * 0.7884 - 0.2) + 10 * 4 * 0.7884 - 4));
  CHECK(price_of(plan, "cover of debt service and rent") > 0);
}

TEST_CASE("tax is of profit after depreciation, less losses of before") {
  Programme p = hand_programme();
  p.capital_cost = 0.1;
  p.sites[0].energised = 1.0 * megawatt;
  p.tax = PlanTax{0.25, 2, 80, 40.0 * million_dollars};
  // Of 100 racks at the end: 16 annuities, each paid when its quarter is over.
  const double q = std::pow(1.1, 0.25) - 1;
  const double book = 100 * (1 - std::pow(1 + q, -16)) / (1 - std::pow(1 + q, -20));
  // 78.84 M$ a quarter less half of 100 racks twice, and 10 M$ of building over 80 quarters; at the end the racks are
  // sold at their book, of which the tax has depreciated all.
  const double taxed[] = {0, 2 * 28.715 - 40, 78.715, 78.715 + book};
  const Plan plan = solve(p);
  double value = book * std::pow(1 + q, -4) - 90 - 10 / (1 + q);
  for (int t = 0; t < 4; ++t) {
    CHECK(plan.quarters[t].spent.tax.in(million_dollars) == near(0.25 * taxed[t]));
    value += (78.84 - 0.25 * taxed[t]) * std::pow(1 + q, -t);
  }
  CHECK(plan.value.in(million_dollars) == near(value));
  // At a tenth of the price two quarters lose, which the next two and the sale take up.
  p.services[0].blocks[0].price = constant(p.first, p.last, 1.0 * dollar / million_tokens);
  p.tax->losses = {};
  const Plan poor = solve(p);
  CHECK(poor.quarters[2].spent.tax.in(million_dollars) == near(0));
  CHECK(poor.quarters[3].spent.tax.in(million_dollars) == near(0.25 * (2 * 7.759 + book - 2 * 42.241)));
}
