// Draws as late as they can be, or the LP's.
#include "stargate/planner/funding.hpp"

#include <algorithm>
#include <numeric>

#include "stargate/planner/finance.hpp"
#include "stargate/planner/scaling.hpp"

namespace stargate {

namespace {

constexpr double kShortfall = 1e-3;  ///< M$ that rounding may leave unpaid

/// Equity first, then the cheaper, then what is paid back later, then the earlier.
std::vector<int> draw_order(const Programme& programme) {
  std::vector<int> order(programme.capital.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    const auto &x = programme.capital[a], &y = programme.capital[b];
    if (x.kind != y.kind) return x.kind == FundKind::equity;
    if (x.interest != y.interest) return x.interest < y.interest;
    // What is paid back later, or not at all, before what is due soon.
    if (x.repayment.has_value() != y.repayment.has_value()) return !x.repayment;
    if (x.repayment && x.repayment->from != y.repayment->from) return x.repayment->from > y.repayment->from;
    return x.from < y.from;
  });
  return order;
}

/// Most debt that `equity` allows.
double debt_room(const Programme& programme, double equity, double debt) {
  const double share = programme.maximum_debt_share;
  if (share >= 1) return 1e300;
  // debt <= share (debt + equity), solved for debt.
  return std::max(0.0, equity * share / (1 - share) - debt);
}

/// Of one tranche by quarter `t`: what `share` gives of each draw, and of what was drawn before the first quarter.
template <class Share>
double of_draws(const Programme& p, int r, const std::vector<double>& drawn, int t, Share share) {
  const auto& tranche = p.capital[r];
  double sum = 0;
  for (const auto& [quarter, amount] : draws_before(p, tranche)) sum += amount * share(p, tranche, quarter, t);
  for (int u = 0; u <= t; ++u) {
    if (drawn[u] != 0) sum += drawn[u] * share(p, tranche, u, t);
  }
  return sum;
}

/// What follows from the draws. cash[t] = cash[t-1] + draws - payments - interest and instalments of all drawn so far
void balance(const Programme& programme, const std::vector<double>& net_payments, FundingSchedule& schedule) {
  const auto quarters = net_payments.size();
  schedule.interest.assign(quarters, 0), schedule.cash.assign(quarters, 0);
  schedule.repaid.assign(schedule.drawn.size(), std::vector<double>(quarters, 0));
  schedule.owed = schedule.repaid;
  double cash = 0;
  for (std::size_t i = 0; i < quarters; ++i) {
    const int t = static_cast<int>(i);
    for (std::size_t r = 0; r < schedule.drawn.size(); ++r) {
      const auto& drawn = schedule.drawn[r];
      const int n = static_cast<int>(r);
      schedule.interest[i] += of_draws(programme, n, drawn, t, interest_in);
      schedule.repaid[r][i] = of_draws(programme, n, drawn, t, repaid_in);
      schedule.owed[r][i] = of_draws(programme, n, drawn, t, owed_share);
      cash += drawn[i] - schedule.repaid[r][i];
    }
    cash -= net_payments[i] + schedule.interest[i];
    schedule.cash[i] = cash;
  }
}

/// Quarter by quarter the least that keeps cash from falling below zero. A draw bears interest in its own quarter, so
/// (1 - rate) of it pays.
FundingSchedule draw_late(const Programme& p, const std::vector<double>& net_payments) {
  FundingSchedule schedule;
  const auto order = draw_order(p);
  schedule.drawn.assign(p.capital.size(), std::vector<double>(net_payments.size(), 0));
  std::vector<double> left;
  double cash = 0, equity = 0;
  for (const auto& tranche : p.capital) {
    left.push_back(to_lp(tranche.amount - tranche.drawn));
    if (tranche.kind == FundKind::equity) equity += to_lp(tranche.drawn);
  }
  for (std::size_t i = 0; i < net_payments.size(); ++i) {
    const int t = static_cast<int>(i);
    double debt = 0;  // owed at the end of the quarter
    cash -= net_payments[i];
    for (std::size_t r = 0; r < p.capital.size(); ++r) {
      const auto& drawn = schedule.drawn[r];
      const int n = static_cast<int>(r);
      cash -= of_draws(p, n, drawn, t, interest_in) + of_draws(p, n, drawn, t, repaid_in);
      if (p.capital[r].kind == FundKind::debt) debt += of_draws(p, n, drawn, t, owed_share);
    }
    for (const int r : order) {
      const auto& tranche = p.capital[r];
      // Nothing is drawn before it is needed, nor before its tranche is open.
      if (cash >= 0 || !may_draw(p, tranche, t)) continue;
      const bool is_debt = tranche.kind == FundKind::debt;
      const double rate = 0.25 * tranche.interest;
      // As much as closes the gap, interest of this quarter on it included.
      double amount = std::min(left[r], -cash / (1 - rate));
      if (is_debt) amount = std::min(amount, debt_room(p, equity, debt));
      schedule.drawn[r][i] = amount;
      left[r] -= amount;
      (is_debt ? debt : equity) += amount;
      cash += (1 - rate) * amount;
    }
  }
  balance(p, net_payments, schedule);
  return schedule;
}

/// Lenders are due no more in any year that a covenant tests.
bool covered_as_well(const Programme& p, const FundingSchedule& late, const FundingSchedule& other) {
  if (!p.debt_service && !p.fixed_charge) return true;
  const auto due = [&](const FundingSchedule& schedule, std::size_t from, std::size_t to) {
    double sum = 0;
    for (std::size_t t = from; t <= to; ++t) {
      sum += schedule.interest[t];
      for (std::size_t r = 0; r < p.capital.size(); ++r) {
        if (p.capital[r].kind == FundKind::debt) sum += schedule.repaid[r][t];
      }
    }
    return sum;
  };
  for (std::size_t t = 0; t < late.cash.size(); ++t) {
    const std::size_t from = t >= 3 ? t - 3 : 0;
    if (due(late, from, t) > due(other, from, t) + kShortfall) return false;
  }
  return true;
}

}  // namespace

/// Draws as late as can be; where that falls short of some payment or covenant by more than rounding, the LP's own
/// draws stand.
FundingSchedule schedule_funding(const Programme& programme, const std::vector<double>& net_payments,
                                 const std::vector<std::vector<double>>& lp_draws) {
  FundingSchedule schedule = draw_late(programme, net_payments);
  FundingSchedule of_lp{lp_draws, {}, {}, {}, {}};
  balance(programme, net_payments, of_lp);
  const auto lowest = std::min_element(schedule.cash.begin(), schedule.cash.end());
  // Draws against security follow the plan's own: what lenders take rises with what stands.
  const bool secured = std::any_of(programme.capital.begin(), programme.capital.end(),
                                   [](const PlanTranche& tranche) { return tranche.collateral.has_value(); });
  const bool pays = !secured && (lowest == schedule.cash.end() || *lowest >= -kShortfall);
  if (!pays || !covered_as_well(programme, schedule, of_lp)) schedule = std::move(of_lp);
  for (double& cash : schedule.cash) cash = std::abs(cash) < kShortfall ? 0 : cash;
  return schedule;
}

}  // namespace stargate
