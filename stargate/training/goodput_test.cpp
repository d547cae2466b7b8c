// The closed form against itself (parts, limits, optimum) and against the simulation, which shares no formula with it.
#include "stargate/training/goodput.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace stargate;

namespace {

/// A large job: a failure every three hours, 15 minutes to recover, blocking checkpoints of 30 s every 20 minutes.
GoodputSpec usual_job() {
  GoodputSpec spec;
  spec.failures = 1 / (3 * hour);
  spec.node_share = 0.8;
  spec.recovery = 15 * minute, spec.repair = 1 * day, spec.spares = 40;
  spec.interval = 20 * minute, spec.stall = 30 * second;
  return spec;
}

double sum_of_parts(const GoodputReport& report) {
  double sum = 0;
  for (const double share : report.shares) sum += share;
  return sum;
}

/// Closed form and simulation of a job of 300 mean times between failures, within four standard errors.
void check_agreement(const GoodputSpec& spec) {
  const double expected = goodput(spec).ettr();
  const auto simulated = simulate_goodput(spec, 300 * expected / spec.failures, {.seed = 11, .scenarios = 400});
  INFO("closed form ", expected, ", simulation ", simulated.mean_ettr, " +- ", simulated.standard_error);
  CHECK(simulated.standard_error < 0.01);
  CHECK(std::abs(simulated.mean_ettr - expected) <
        4 * simulated.standard_error + 1.5e-3);  // the rest: an end is no renewal
}

}  // namespace

TEST_CASE("closed form and simulation agree: blocking and asynchronous checkpoints") {
  GoodputSpec spec = usual_job();
  check_agreement(spec);
  spec.stall = 3 * second, spec.write = 5 * minute;
  check_agreement(spec);
}

TEST_CASE("closed form and simulation agree when recovery fails as often as it succeeds") {
  GoodputSpec spec = usual_job();
  spec.failures = 1 / (20 * minute), spec.interval = 5 * minute, spec.spares = 200;
  check_agreement(spec);
}

TEST_CASE("closed form and simulation agree when spares run out") {
  GoodputSpec spec = usual_job();
  spec.spares = 5;
  CHECK(goodput(spec)[GoodputPart::waiting] > 0.1);
  check_agreement(spec);
}

TEST_CASE("closed form and simulation agree with planned stops and stragglers") {
  GoodputSpec spec = usual_job();
  spec.planned = 1 / (1 * day), spec.planned_stop = 30 * minute;
  spec.straggler_chance = 0.5, spec.straggler_slowdown = 0.1;
  check_agreement(spec);
}

TEST_CASE("the parts add up to the wall-clock and none is negative") {
  GoodputSpec spec = usual_job();
  spec.write = 4 * minute, spec.planned = 1 / (2 * day), spec.planned_stop = 10 * minute;
  spec.straggler_chance = 0.3, spec.straggler_slowdown = 0.2, spec.spares = 3;
  for (const double hours : {0.05, 0.3, 3.0, 300.0, 3e6}) {
    spec.failures = 1 / (hours * hour);
    const GoodputReport report = goodput(spec);
    CHECK(sum_of_parts(report) == doctest::Approx(1).epsilon(1e-9));
    for (const double share : report.shares) CHECK(share > -1e-12);
  }
}

TEST_CASE("without failures only checkpoints cost") {
  GoodputSpec spec = usual_job();
  spec.failures = {};
  CHECK(goodput(spec).ettr() == doctest::Approx(1200.0 / 1230.0));
  CHECK(goodput(spec)[GoodputPart::checkpoint] == doctest::Approx(30.0 / 1230.0));
  CHECK(simulate_goodput(spec, 1 * day, {.scenarios = 2}).quantile(0.5) == 1 * day + 71 * 30 * second);
}

TEST_CASE("blocking checkpoints give Daly's complete model") {
  const GoodputSpec spec = usual_job();
  const double m = 3 * 3600, daly = 1200 / (m * std::exp(900 / m) * (std::exp(1230 / m) - 1));
  GoodputSpec many_spares = spec;
  many_spares.spares = 1000;
  CHECK(goodput(many_spares).ettr() == doctest::Approx(daly).epsilon(1e-12));
}

TEST_CASE("the expansions come closer to the ratio as failures become rare") {
  GoodputSpec spec = usual_job();
  spec.failures = 1 / (6 * hour), spec.spares = 1000;
  const auto report = goodput(spec);
  CHECK(std::abs(report.first_order - report.ettr()) < 3e-3);
  CHECK(std::abs(report.second_order - report.ettr()) < 2e-5);
}

TEST_CASE("no interval beats the best one, and Young's and Daly's lie close when stalls are short") {
  GoodputSpec spec = usual_job();
  spec.interval = best_interval(spec, 1 * second);
  const double best = goodput(spec).ettr();
  for (const double factor : {0.5, 0.9, 0.99, 1.01, 1.1, 2.0}) {
    GoodputSpec other = spec;
    other.interval = factor * spec.interval;
    CHECK(goodput(other).ettr() < best);
  }
  CHECK(daly_interval(spec.stall, spec.failures).in(second) == doctest::Approx(spec.interval.in(second)).epsilon(1e-3));
  CHECK(young_interval(spec.stall, spec.failures).in(second) ==
        doctest::Approx(spec.interval.in(second)).epsilon(0.05));
}

TEST_CASE("an asynchronous write bounds the interval from below, and so does a step") {
  GoodputSpec spec = usual_job();
  spec.stall = 0.01 * second, spec.write = 10 * minute;
  CHECK(best_interval(spec, 1 * second) == spec.write - spec.stall);
  spec.write = {};
  CHECK(best_interval(spec, 1 * minute) == 1 * minute);
}

TEST_CASE("Erlang's loss formula gives the textbook values") {
  CHECK(erlang_loss(1, 1) == doctest::Approx(0.5));
  CHECK(erlang_loss(2, 1) == doctest::Approx(0.2));
  CHECK(erlang_loss(10, 5) == doctest::Approx(0.018385).epsilon(1e-4));
  GoodputSpec spec = usual_job();
  spec.spares = enough_spares(spec, 1e-3);
  CHECK(goodput(spec)[GoodputPart::waiting] <= 1e-3);
  spec.spares -= 1;
  CHECK(goodput(spec)[GoodputPart::waiting] > 1e-3);
}

TEST_CASE("the same seed gives the same distribution, and an uncertain rate a wider one") {
  const GoodputSpec spec = usual_job();
  const auto once = simulate_goodput(spec, 30 * day, {.seed = 5, .scenarios = 200});
  const auto again = simulate_goodput(spec, 30 * day, {.seed = 5, .scenarios = 200});
  const auto wider = simulate_goodput(spec, 30 * day, {.seed = 5, .scenarios = 200, .rate_spread = 0.7});
  CHECK(once.run_times == again.run_times);
  CHECK(once.quantile(0.1) < once.quantile(0.5));
  CHECK(once.quantile(0.5) < once.quantile(0.9));
  CHECK(wider.quantile(0.9) - wider.quantile(0.1) > 2 * (once.quantile(0.9) - once.quantile(0.1)));
}

TEST_CASE("a job that cannot recover between failures never ends") {
  GoodputSpec spec = usual_job();
  spec.failures = 1 / (30 * second);
  CHECK(goodput(spec).ettr() < 1e-6);
  CHECK_FALSE(is_finite(simulate_goodput(spec, 1 * day, {.scenarios = 1}).quantile(0.5)));
}
