// Wafers of a chip of the largest size that is exposed at once, by hand.
#include "stargate/study/make_programme.hpp"

#include <doctest/doctest.h>

using namespace stargate;

TEST_CASE("wafers are dies over what is good of them") {
  CHECK(good_dies_per_wafer(840, 0) == doctest::Approx(61.16).epsilon(1e-3));  // 50 to 60 are told of such a chip
  CHECK(good_dies_per_wafer(840, 0.1) == doctest::Approx(27.99).epsilon(1e-3));
  CHECK(good_dies_per_wafer(100, 0.1) > 8.4 * good_dies_per_wafer(840, 0.1));  // smaller dies lose less
  CHECK(good_dies_per_wafer(5000, 10) == 1);
}
