// The annuity, the discount factor and their product over the quarters of the horizon.
#include "stargate/planner/finance.hpp"

#include <algorithm>
#include <cmath>

namespace stargate {

double discount_factor(const Programme& programme, int t) { return std::pow(1 + programme.capital_cost, -0.25 * t); }

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
