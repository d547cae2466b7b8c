// Against values known by hand, and sampled against exact.
#include "stargate/planner/shapley.hpp"

#include <doctest/doctest.h>

#include <cmath>

namespace stargate {
namespace {

TEST_CASE("gloves: the one right glove is worth four times each of two left ones") {
  // Partner 0 has a right glove, 1 and 2 a left one each; a pair is worth 1. Shapley: 2/3, 1/6, 1/6.
  const auto worth = alliance_worth(3, [](Coalition c) { return (c & 1) != 0 && (c & 6) != 0 ? 1.0 : 0.0; }, 100);
  CHECK(worth.exact);
  CHECK(worth.coalitions == 8);
  CHECK(worth.partners[0].shapley == doctest::Approx(2.0 / 3));
  CHECK(worth.partners[1].shapley == doctest::Approx(1.0 / 6));
  CHECK(worth.partners[0].alone == 0);
  CHECK(worth.partners[0].last == 1);
  CHECK(worth.partners[1].last == 0);
}

/// The fourth root of the sum of what each brings: the more there are, the less one more adds.
double diminishing(Coalition c) {
  double sum = 0;
  for (int i = 0; i < 12; ++i) sum += (c >> i & 1) * (i + 1.0);
  return 100 * std::pow(sum, 0.25);
}

TEST_CASE("sampled values add up and lie within their errors of the exact ones") {
  const auto exact = alliance_worth(12, diminishing, 5000);
  const auto sampled = alliance_worth(12, diminishing, 700);
  CHECK(exact.exact);
  CHECK(!sampled.exact);
  double sum = 0;
  for (std::size_t i = 0; i < 12; ++i) {
    sum += sampled.partners[i].shapley;
    const double error = sampled.partners[i].standard_error;
    CHECK(error > 0);
    CHECK(error < 0.03 * (exact.all - exact.none));
    CHECK(std::abs(sampled.partners[i].shapley - exact.partners[i].shapley) < 4 * error);
  }
  CHECK(sum == doctest::Approx(exact.all - exact.none));
}

}  // namespace
}  // namespace stargate
