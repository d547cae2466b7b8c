// The annuity, the discount factor and their product over the quarters of the horizon.
#include "stargate/planner/finance.hpp"

#include <algorithm>
#include <cmath>

namespace stargate {

double discount_factor(const Programme& programme, int t) { return std::pow(1 + programme.capital_cost, -0.25 * t); }

double bill_weight(const Programme& programme, int period) {
  double sum = 0;
  for (int i = 0; i < programme.length(period); ++i) sum += discount_factor(programme, programme.start(period) + i);
  return sum;
}

double book_at_end(const Programme& programme, int t, int life) {
  double discounted = 0;
  for (int u = std::max(t, programme.start(programme.periods())); u < t + life; ++u) {
    discounted += discount_factor(programme, u);
  }
  return discounted * quarterly_charge(programme, life);
}

double alive_share(const Programme& programme, int life, int came, int period) {
  const int until = programme.start(came) + life - programme.start(period);  // quarters of the period
  return std::clamp(static_cast<double>(until) / programme.length(period), 0.0, 1.0);
}

int annuity_end(const Programme& programme, int t, int life) { return std::min(t + life, programme.quarters()); }

double quarterly_charge(const Programme& programme, int life) {
  return quarterly_annuity_in_advance(programme.capital_cost, life);
}

double annuity_present_value(const Programme& programme, int t, int life) {
  double discounted = 0;
  // Type II: only annuities inside the horizon, each discounted to the first quarter.
  for (int u = t; u < annuity_end(programme, t, life); ++u) discounted += discount_factor(programme, u);
  return discounted * quarterly_charge(programme, life);
}

}  // namespace stargate
