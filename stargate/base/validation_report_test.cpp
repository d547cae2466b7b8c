// Errors of predictions: quantiles with weights, groups, worst rows; and rank correlation.
#include "stargate/base/validation_report.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "stargate/base/statistics.hpp"

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

TEST_CASE("a tally groups, counts what it left out and keeps the most wrong rows") {
  ValidationTally tally(1);
  const ValidationKey strict{"paper", "h100-sxm", "megatron", "bf16", "iteration_s", "strict"};
  ValidationKey near = strict;
  near.completeness = "near";
  tally.add(strict, "fitted", 1, 1.1);
  tally.add(near, "fitted", 1, 2);
  tally.skip(strict, "no batch");
  tally.note_worst({"paper", "a", 1, 1.1});
  tally.note_worst({"paper", "b", 1, 2});
  const auto report = tally.report();
  REQUIRE(report.groups.size() == 2);
  CHECK(report.groups[1].rows == 2);
  CHECK(report.groups[1].errors.rows == 1);
  CHECK(report.overall.size() == 2);
  CHECK(report.skipped.at("no batch") == 1);
  REQUIRE(report.worst.size() == 1);
  CHECK(report.worst[0].row == "b");
  CHECK(tally.regroup([](const ValidationKey& key) { return ValidationKey{key.source, {}, {}, {}, {}, {}}; }).size() ==
        1);
}

TEST_CASE("rank correlation sees order only, and ties share a rank") {
  const std::vector<double> a = {1, 2, 3, 4}, same = {10, 20, 400, 500}, back = {4, 3, 2, 1}, flat = {1, 1, 1, 1};
  CHECK(*rank_correlation(a, same) == doctest::Approx(1));
  CHECK(*rank_correlation(a, back) == doctest::Approx(-1));
  CHECK_FALSE(rank_correlation(a, flat));
  const std::vector<double> tied = {1, 1, 2, 2};
  CHECK(*rank_correlation(a, tied) == doctest::Approx(0.894427));
}
