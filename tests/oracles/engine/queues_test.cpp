// The engine as the queues of textbooks, whose waiting times are known. With one place and answers of one token it is
// M/D/1; with a step that costs the same whatever is in it, geometric answers make it M/M/c for c places.
//   M/M/1  wait = rho / (mu - lambda)
//   M/D/1  wait = rho / (2 mu (1 - rho))                                  (Pollaczek 1930, Khinchine 1932)
//   M/M/c  wait = C / (c mu - lambda), C = Erlang's second formula        (Erlang 1917)
// Tolerance: 2 % on 400,000 requests (the standard error of the longest queue here is about 0.7 %). Steps are a
// thousandth of a mean service, and who comes while others run waits half a step.
#include <doctest/doctest.h>

#include <cmath>

#include "stargate/base/random.hpp"
#include "stargate/engine/engine.hpp"

using namespace stargate;

namespace {

constexpr int kRequests = 400'000;
constexpr double kMeanTokens = 1000;

struct Waits final : EngineListener {
  double sum = 0, in_system = 0;
  int count = 0;
  void finished(const RequestRecord& r) override {
    sum += (r.scheduled - r.arrival).base();
    in_system += r.end_to_end().base();
    ++count;
  }
};

/// `load` is of one server; the mean service is one second.
Waits simulate(int servers, double load, bool deterministic) {
  EngineSpec spec;
  spec.max_num_seqs = servers;
  spec.kv = {1 << 30, 16, 0, false};
  LinearStepCost cost;
  cost.step = deterministic ? 1 * second : (1 / kMeanTokens) * second;
  Engine engine(spec, cost);
  RandomStream gaps(3, static_cast<std::uint32_t>(servers), "gaps"), tokens(3, 0, "tokens");
  Waits waits;
  double now = 0;
  for (int i = 0; i < kRequests; ++i) {
    now += gaps.exponential() / (load * servers);
    Request r;
    r.id = i;
    r.arrival = SimTime::at(now * second);
    const double geometric = std::ceil(std::log(tokens.uniform()) / std::log1p(-1 / kMeanTokens));
    r.output_tokens = deterministic ? 1 : static_cast<std::int32_t>(std::max(1.0, geometric));
    engine.submit(r);
    if (i % 64 == 0) engine.advance(r.arrival, waits);
  }
  engine.advance(SimTime::never(), waits);
  CHECK(waits.count == kRequests);
  return waits;
}

double erlang_wait(int servers, double load) {
  const double offered = load * servers;
  double blocked = 1;  // Erlang's first formula, by recursion
  for (int i = 1; i <= servers; ++i) blocked = offered * blocked / (i + offered * blocked);
  const double waits = blocked / (1 - load * (1 - blocked));
  return waits / (servers - offered);
}

}  // namespace

TEST_CASE("M/D/1") {
  for (const double load : {0.3, 0.6, 0.85}) {
    CAPTURE(load);
    CHECK(simulate(1, load, true).sum / kRequests == doctest::Approx(load / (2 * (1 - load))).epsilon(0.02));
  }
}

TEST_CASE("M/M/1, and Little's law by its time in the system") {
  for (const double load : {0.3, 0.6, 0.85}) {
    CAPTURE(load);
    const Waits waits = simulate(1, load, false);
    CHECK(waits.sum / kRequests == doctest::Approx(load / (1 - load)).epsilon(0.02));
    CHECK(waits.in_system / kRequests == doctest::Approx(1 / (1 - load)).epsilon(0.02));
  }
}

TEST_CASE("M/M/c") {
  for (const int servers : {2, 8, 32}) {
    for (const double load : {0.6, 0.85}) {
      CAPTURE(servers);
      CAPTURE(load);
      const double half_step = 0.5 / kMeanTokens;
      CHECK(simulate(servers, load, false).sum / kRequests - half_step ==
            doctest::Approx(erlang_wait(servers, load)).epsilon(0.03));
    }
  }
}
