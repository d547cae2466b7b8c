// The planner's arithmetic of time and money, shared by the objective and the report so that parts sum to the whole.
//   present value      delta_t = (1+r)^(-t/4), t quarters after the first, r the cost of capital
//   annuity a quarter  a(r,n) / (1+q): in arrears (finance/annuity.hpp), so a quarter's falls due when it is over
//   book               at the end of the last period a thing is worth its annuities behind it. With a tail of one life
//                      what is bought inside the horizon has none left: it has earned what it earns.
//   Type II costing    of the report by quarter: a purchase of price C in quarter t costs the sum over
//                      t..min(t+n-1, last) of delta * C * a / (1+q):
//                      what falls after the last quarter is not charged, so late purchases are not penalised.
// One rate does both: annuities at one and discounting at another would charge a machine more, or less, than its price.
#pragma once

#include <utility>
#include <vector>

#include "stargate/finance/annuity.hpp"
#include "stargate/planner/programme.hpp"

namespace stargate {

/// delta_t, for t quarters after the first. 1 for t = 0; money of quarter t times this is present value.
double discount_factor(const Programme& programme, int t);
/// Sum of delta over the quarters of a period: what a dollar a quarter is worth.
double bill_weight(const Programme& programme, int period);
/// What is left at the end, as present value, of one dollar of price of a thing of `life` quarters that came `t`
/// quarters after the first: its annuities behind the end. Zero when its life is over by then.
double book_at_end(const Programme& programme, int t, int life);
/// Share of the quarters of `period` in which a thing that came in period `came` is within its life.
double alive_share(const Programme& programme, int life, int came, int period);
/// Share of the systems that came on the first day of a quarter and stand `age` quarters later, 0 after their life:
/// what fails for good is gone, (1 - attrition)^(1/4) a quarter.
double surviving_share(const PlanSystem& system, int age);
/// The same of those that came in period `came`, on average over the quarters of `period`.
double surviving_share(const Programme& programme, const PlanSystem& system, int came, int period);
/// The period whose first day sees a plant that is begun in period `t`; in the tail the next year.
int plant_period(const Programme& programme, const PlanPlant& plant, int t);
/// Mean of a series over a period.
template <class T>
T mean_at(const Programme& programme, const Series<T>& series, int period) {
  T sum{};
  const int length = programme.length(period);
  for (int i = 0; i < length; ++i) sum += series.at(programme.quarter_of(period) + i);
  return sum / static_cast<double>(length);
}

/// A quarter before all others.
inline constexpr int kLongBefore = -1'000'000;
/// M$ of the tranche drawn before the first quarter, and when: quarters from the first, or kLongBefore.
std::vector<std::pair<int, double>> draws_before(const Programme& programme, const PlanTranche& tranche);

/// Quarters of `period` among the `count` from quarter `from` on, counted from the first.
int shared_quarters(const Programme& programme, int period, int from, int count);

/// Share of what was drawn of the tranche on the first day of quarter `drawn` that is paid back by the end of quarter
/// `by`; both counted from the first, before it negative. Drawn some time before the instalments begin: kLongBefore.
double repaid_share(const Programme& programme, const PlanTranche& tranche, int drawn, int by);
/// Share of the same that is paid back in a period.
double repaid_in(const Programme& programme, const PlanTranche& tranche, int drawn, int period);
/// Share of the same that is owed at the end of a period.
double owed_share(const Programme& programme, const PlanTranche& tranche, int drawn, int period);
/// Interest of a period on a dollar of it: simple, by the quarter, on what was owed before the quarter's instalment.
double interest_in(const Programme& programme, const PlanTranche& tranche, int drawn, int period);
/// May it be drawn on the first day of the period? Not before it is open, nor when it should be paid back.
bool may_draw(const Programme& programme, const PlanTranche& tranche, int period);

/// Share of the price that a quarter of a thing of `life` quarters is charged.
double quarterly_charge(const Programme& programme, int life);
/// Present value of the annuities, inside the horizon, of one dollar of price that starts in quarter `t`. `life` in
/// quarters. 1 when the life ends inside the horizon, less when it reaches beyond. `t` may be the last quarter or
/// earlier.
double annuity_present_value(const Programme& programme, int t, int life);
/// Quarters of the horizon in which a thing of `life` that starts in `t` has an annuity: up to this one, not included.
int annuity_end(const Programme& programme, int t, int life);

}  // namespace stargate
