// Quantiles of weighed times.
#include "stargate/perf/typical.hpp"

#include <doctest/doctest.h>

namespace stargate {
namespace {

TEST_CASE("The median of weighed times stands where half the weight is, and a lone time is every quantile") {
  WeighedTimes one;
  CHECK(one.quantile(0.5) == 0);
  one.add(7, 0.3);
  for (const double share : {0.0, 0.16, 0.5, 1.0}) CHECK(one.quantile(share) == 7);
  WeighedTimes three;
  three.add(30, 1), three.add(10, 1), three.add(20, 1);
  CHECK(three.quantile(0.5) == doctest::Approx(20));
  CHECK(three.quantile(0) == 10);
  CHECK(three.quantile(1) == 30);
  CHECK(three.quantile(0.16) < three.quantile(0.5));
}

TEST_CASE("A lender far off moves the median little, and no time that rises lowers it") {
  WeighedTimes near, far, later;
  for (auto* times : {&near, &far, &later}) times->add(10, 1), times->add(11, 1), times->add(12, 0.5);
  near.add(13, 0.2), far.add(1000, 0.2), later.add(13, 0.2);
  CHECK(far.quantile(0.5) == doctest::Approx(near.quantile(0.5)));
  CHECK(far.quantile(0.5) >= near.quantile(0.5));
}

}  // namespace
}  // namespace stargate
