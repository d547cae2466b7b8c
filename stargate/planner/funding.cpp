// Draws as late as they can be, or the LP's.
#include "stargate/planner/funding.hpp"

#include <algorithm>
#include <numeric>

#include "stargate/planner/scaling.hpp"

namespace stargate {

namespace {

constexpr double kShortfall = 1e-3;  ///< M$ that rounding may leave unpaid

/// Equity first, then the cheaper, then the earlier.
std::vector<int> draw_order(const Programme& programme) {
  std::vector<int> order(programme.capital.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    const auto &x = programme.capital[a], &y = programme.capital[b];
    if (x.kind != y.kind) return x.kind == FundKind::equity;
    if (x.interest != y.interest) return x.interest < y.interest;
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

/// Cash by quarter under given draws; interest is filled in. cash[t] = cash[t-1] + draws - payments - interest of all
/// drawn so far
void balance(const Programme& programme, const std::vector<double>& net_payments, FundingSchedule& schedule) {
  const auto quarters = net_payments.size();
  schedule.interest.assign(quarters, 0);
  schedule.cash.assign(quarters, 0);
  double cash = 0;
  for (std::size_t t = 0; t < quarters; ++t) {
    for (std::size_t r = 0; r < schedule.drawn.size(); ++r) {
      const double so_far = std::accumulate(schedule.drawn[r].begin(), schedule.drawn[r].begin() + t + 1,
                                            to_lp(programme.capital[r].drawn));
      schedule.interest[t] += 0.25 * programme.capital[r].interest * so_far;
      cash += schedule.drawn[r][t];
    }
    cash -= net_payments[t] + schedule.interest[t];
    schedule.cash[t] = cash;
  }
}

/// Quarter by quarter the least that keeps cash from falling below zero. A draw bears interest in its own quarter, so
/// (1 - rate) of it pays.
FundingSchedule draw_late(const Programme& programme, const std::vector<double>& net_payments) {
  FundingSchedule schedule;
  const auto order = draw_order(programme);
  schedule.drawn.assign(programme.capital.size(), std::vector<double>(net_payments.size(), 0));
  std::vector<double> left;
  double cash = 0, interest = 0, equity = 0, debt = 0;  // interest: a quarter, on what is drawn so far
  for (const auto& tranche : programme.capital) {
    left.push_back(to_lp(tranche.amount - tranche.drawn));
    interest += 0.25 * tranche.interest * to_lp(tranche.drawn);
    (tranche.kind == FundKind::debt ? debt : equity) += to_lp(tranche.drawn);
  }
  for (std::size_t t = 0; t < net_payments.size(); ++t) {
    cash -= net_payments[t] + interest;
    for (const int r : order) {
      const auto& tranche = programme.capital[r];
      // Nothing is drawn before it is needed, nor before its tranche is open.
      if (cash >= 0 || programme.first + static_cast<int>(t) < tranche.from) continue;
      const bool is_debt = tranche.kind == FundKind::debt;
      const double rate = 0.25 * tranche.interest;
      // As much as closes the gap, interest of this quarter on it included.
      double amount = std::min(left[r], -cash / (1 - rate));
      if (is_debt) amount = std::min(amount, debt_room(programme, equity, debt));
      schedule.drawn[r][t] = amount;
      left[r] -= amount;
      (is_debt ? debt : equity) += amount;
      interest += rate * amount;
      cash += (1 - rate) * amount;
    }
  }
  balance(programme, net_payments, schedule);
  return schedule;
}

}  // namespace

/// Draws as late as can be; where that falls short of some payment by more than rounding, the LP's own draws stand.
FundingSchedule schedule_funding(const Programme& programme, const std::vector<double>& net_payments,
                                 const std::vector<std::vector<double>>& lp_draws) {
  FundingSchedule schedule = draw_late(programme, net_payments);
  const auto lowest = std::min_element(schedule.cash.begin(), schedule.cash.end());
  if (lowest != schedule.cash.end() && *lowest < -kShortfall) {
    schedule.drawn = lp_draws;
    balance(programme, net_payments, schedule);
  }
  for (double& cash : schedule.cash) cash = std::abs(cash) < kShortfall ? 0 : cash;
  return schedule;
}

}  // namespace stargate
