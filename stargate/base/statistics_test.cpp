// Errors of predictions: quantiles with weights; rank correlation.
#include "stargate/base/statistics.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace stargate;

TEST_CASE("errors are summarised over the rows that have a prediction") {
  const double none = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> predicted = {110, 80, none, 100, 130}, measured = {100, 100, 100, 100, 100};
  const auto e = summarise_errors(predicted, measured);
  CHECK(e.rows == 4);
  CHECK(e.median_pct == doctest::Approx(15));
  CHECK(e.mean_pct == doctest::Approx(15));
  CHECK(e.p90_pct == doctest::Approx(27));
  CHECK(e.bias_pct == doctest::Approx(5));
}

TEST_CASE("a configuration measured three times counts once") {
  const std::vector<double> predicted = {110, 110, 110, 140}, measured = {100, 100, 100, 100};
  const std::vector<double> weights = {1. / 3, 1. / 3, 1. / 3, 1};
  CHECK(summarise_errors(predicted, measured, weights).mean_pct == doctest::Approx(25));
}

TEST_CASE("rank correlation sees order only, and ties share a rank") {
  const std::vector<double> a = {1, 2, 3, 4}, same = {10, 20, 400, 500}, back = {4, 3, 2, 1}, flat = {1, 1, 1, 1};
  CHECK(*rank_correlation(a, same) == doctest::Approx(1));
  CHECK(*rank_correlation(a, back) == doctest::Approx(-1));
  CHECK_FALSE(rank_correlation(a, flat));
  const std::vector<double> tied = {1, 1, 2, 2};
  CHECK(*rank_correlation(a, tied) == doctest::Approx(0.894427));
}
