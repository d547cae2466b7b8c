// Steadiness: the warm-up is found, what is the same all along is known exactly, and a queue that grows is told
// from one that settles.
#include "stargate/sizing/steadiness.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "stargate/sim/crowd_record.hpp"

namespace stargate {
namespace {

TEST_CASE("a beginning that differs is left out, and nothing of what is alike") {
  std::vector<double> values(1000, 2.0);
  for (std::size_t i = 0; i < 200; ++i) values[i] = 1.0;
  CHECK(warm_up_end(values) == 200);
  CHECK(warm_up_end(std::vector<double>(1000, 2.0)) == 0);
}

TEST_CASE("equal batches leave no doubt, a rising series much") {
  const auto same = batched_figure(std::vector<double>(800, 3.0), {});
  CHECK(same.value == doctest::Approx(3));
  CHECK(same.half_width == doctest::Approx(0));
  std::vector<double> rising;
  for (int i = 0; i < 800; ++i) rising.push_back(i);
  CHECK(batched_figure(rising, {}).relative() > 0.5);
}

TEST_CASE("a percentile needs more requests in a batch than a mean") {
  CHECK(least_in_batch({{}, 0}) == 40);
  CHECK(least_in_batch({{}, 0.99}) == 200);
}

TEST_CASE("a queue that grows by what is left over is overload, one that has settled is not") {
  CrowdRecord growing, settled, settling;
  for (int second_number = 1; second_number <= 400; ++second_number) {
    const SimTime at = SimTime::at(second_number * second);
    growing.add(at, 1 * second, 10.0 * second_number);
    settled.add(at, 1 * second, 500);
    settling.add(at, 1 * second, 500 * (1 - std::exp(-second_number / 60.0)));
  }
  const SimTime end = SimTime::at(400 * second);
  CHECK(growing.grows(100, end));
  CHECK(!settled.grows(100, end));
  CHECK(!settling.grows(100, end));
}

}  // namespace
}  // namespace stargate
