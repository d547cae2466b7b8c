// The rate of a quarter compounds to that of a year; expm1 and log1p keep small rates exact.
#include "stargate/finance/annuity.hpp"

#include <cmath>

#include "stargate/base/check.hpp"

namespace stargate {
namespace {

double quarterly_rate(double rate) { return std::expm1(0.25 * std::log1p(rate)); }

}  // namespace

double quarterly_annuity(double rate, int life) {
  STARGATE_CHECK(life > 0 && rate > -1, "an annuity over no time");
  const double quarterly = quarterly_rate(rate);
  if (quarterly == 0) return 1.0 / life;
  return quarterly / -std::expm1(-life * std::log1p(quarterly));
}

double quarterly_annuity_in_advance(double rate, int life) {
  return quarterly_annuity(rate, life) / (1 + quarterly_rate(rate));
}

}  // namespace stargate
