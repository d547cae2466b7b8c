// The annuity, the discount factor and their product over the quarters of the horizon.
#include "stargate/planner/finance.hpp"

#include <algorithm>
#include <cmath>

#include "stargate/base/check.hpp"

namespace stargate {

double quarterly_annuity(double rate, int life) {
  STARGATE_CHECK(life > 0 && rate > -1, "an annuity over no time");
  const double quarterly = std::expm1(0.25 * std::log1p(rate));
  if (quarterly == 0) return 1.0 / life;
  return quarterly / -std::expm1(-life * std::log1p(quarterly));
}

double discount_factor(const Programme& programme, int t) { return std::pow(1 + programme.discount_rate, -0.25 * t); }

int annuity_end(const Programme& programme, int t, int life) { return std::min(t + life, programme.quarters()); }

double annuity_present_value(const Programme& programme, int t, int life) {
  double discounted = 0;
  for (int u = t; u < annuity_end(programme, t, life); ++u) discounted += discount_factor(programme, u);
  return discounted * quarterly_annuity(programme.capital_cost, life);
}

}  // namespace stargate
