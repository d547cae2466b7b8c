// Order of events, and what the recorders say against the same figures taken the long way.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "stargate/base/random.hpp"
#include "stargate/sim/event_queue.hpp"
#include "stargate/sim/histogram.hpp"
#include "stargate/sim/time_series.hpp"

using namespace stargate;

TEST_CASE("events happen by time, then phase, then in the order they were pushed") {
  EventQueue<int> queue;
  queue.push({20}, SimPhase::completion, 5);
  queue.push({10}, SimPhase::arrival, 3);
  queue.push({10}, SimPhase::arrival, 4);
  queue.push({10}, SimPhase::completion, 1);
  queue.push({10}, SimPhase::failure, 2);
  for (int expected = 1; expected <= 5; ++expected) CHECK(queue.pop() == expected);
  CHECK(queue.now().ns == 20);
  CHECK(queue.next_time().is_never());
}

TEST_CASE("time is whole nanoseconds, and differences are durations") {
  const SimTime start = SimTime::at(1.5 * second);
  CHECK(start.ns == 1'500'000'000);
  CHECK((start + 2 * microsecond).ns == 1'500'002'000);
  CHECK(((start + 1 * second) - start).base() == doctest::Approx(1));
  CHECK(start < SimTime::never());
}

TEST_CASE("quantiles of a histogram are within 0.2 % of the sorted values, the mean is exact") {
  RandomStream random(1, 0, "histogram");
  Histogram histogram;
  std::vector<double> values;
  double sum = 0;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(std::exp(3 * random.normal()));
    histogram.add(values.back());
    sum += values.back();
  }
  std::sort(values.begin(), values.end());
  CHECK(histogram.mean() == doctest::Approx(sum / 20'000));
  CHECK(histogram.largest() == values.back());
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const double exact = values[static_cast<std::size_t>(share * 20'000) - 1];
    CHECK(histogram.quantile(share) == doctest::Approx(exact).epsilon(0.003));
  }
}

TEST_CASE("a ramp is its values, one by one, and parts add up") {
  Histogram ramp, single, half;
  ramp.add_ramp(0.010, 0.00003, 5000, 7);
  for (int i = 0; i < 5000; ++i) (i % 2 == 0 ? single : half).add(0.010 + 0.00003 * i, 7);
  single.merge(half);
  CHECK(ramp.count() == single.count());
  CHECK(ramp.mean() == doctest::Approx(single.mean()));
  for (const double share : {0.0, 0.1, 0.5, 0.77, 1.0}) CHECK(ramp.quantile(share) == single.quantile(share));
  Histogram constant;
  constant.add_ramp(2, 0, 10, 3);
  CHECK(constant.count() == 30);
  CHECK(constant.quantile(0.5) == doctest::Approx(2).epsilon(0.002));
  CHECK(Histogram().quantile(0.5) == 0);
}

TEST_CASE("a series keeps its means when its windows double") {
  TimeSeries series(1 * second, 4);
  for (int i = 0; i < 100; ++i) series.add({i * 1'000'000'000LL}, {(i + 1) * 1'000'000'000LL}, i, i + 1);
  CHECK(series.window().base() == 16);
  CHECK(series.mean({0}, {112'000'000'000}) * 112 == doctest::Approx(5000));
  CHECK(series.mean({0}, {32'000'000'000}) == doctest::Approx(16));
  CHECK(series.largest() == 100);
  TimeSeries other(1 * second, 4);
  other.add({0}, {4'000'000'000}, 8);
  series.merge(other);
  CHECK(series.mean({0}, {32'000'000'000}) == doctest::Approx(17));
}
