// The long run of continuous batching against Little, Pollaczek-Khinchine and its own limits.
#include "stargate/serving/steady_state.hpp"

#include <doctest/doctest.h>

#include "stargate/serving/test_models.hpp"

using namespace stargate;
using namespace stargate::serving_tests;

namespace {

const ServingPrecision kFp8 = serving_precision(Precision::fp8, Precision::fp8);

struct Bed {
  Model model = llama_8b();
  ServingMachine machine = dgx_h100();
  EngineCoefficients engine;
  StepModel step() const { return StepModel({&model, &machine, {}, kFp8, engine}); }
};

SteadyState at(const StepModel& step, const ServingWorkload& workload, double concurrency) {
  const auto answer = steady_state_at_concurrency(step, workload, concurrency);
  REQUIRE(std::holds_alternative<SteadyState>(answer));
  return std::get<SteadyState>(answer);
}

}  // namespace

TEST_CASE("one client alone waits for nobody: prefill, then bare decode steps") {
  const Bed bed;
  const StepModel step = bed.step();
  const SequenceGroup prompt{1, 2000, 2000, false, 1}, decode{1, 1, 2250, true, 1};
  const SteadyState state = at(step, {2000, 500, 0}, 1);
  CHECK(state.tpot.base() == doctest::Approx(step.step_time({&decode, 1}).total().base()).epsilon(0.02));
  CHECK(state.ttft.base() == doctest::Approx(step.step_time({&prompt, 1}).total().base()).epsilon(0.1));
  CHECK(state.requests.base() == doctest::Approx(1 / state.end_to_end(500).base()).epsilon(1e-6));
}

TEST_CASE("requests in flight are throughput times time (Little), at every load, and tokens in match tokens out") {
  const Bed bed;
  const StepModel step = bed.step();
  for (const ServingWorkload& w : {ServingWorkload{100, 1000, 0}, {4000, 200, 0}, {20000, 100, 0}, {1000, 2, 0}}) {
    for (const double concurrency : {1.0, 4.0, 33.0, 256.0, 5000.0}) {
      const SteadyState s = at(step, w, concurrency);
      CHECK(s.requests * s.end_to_end(w.osl) == doctest::Approx(concurrency).epsilon(1e-6));
      CHECK(s.output_tokens / s.input_tokens == doctest::Approx(w.osl / w.isl));
      CHECK(s.prefill_utilisation <= 1);
    }
  }
}

TEST_CASE("more clients never lower the throughput nor the time between tokens") {
  const Bed bed;
  const StepModel step = bed.step();
  for (const ServingWorkload& w : {ServingWorkload{128, 2048, 0}, {1000, 1000, 0}, {8000, 200, 0}}) {
    SteadyState before;
    for (double concurrency = 1; concurrency < 4000; concurrency *= 1.7) {
      const SteadyState now = at(step, w, concurrency);
      CHECK(now.requests.base() >= 0.97 * before.requests.base());  // one tile of rows more may cost a little
      CHECK(now.tpot >= (1 - 1e-9) * before.tpot);
      before = now;
    }
  }
}

TEST_CASE("what the pool cannot hold waits for its turn") {
  const Bed bed;
  const StepModel step = bed.step();
  const auto limit = std::get<DecodeLimit>(decode_limit(step.replica(), {4000, 4000, 0}));
  CHECK(limit.limit == BatchLimit::kv_memory);
  const SteadyState full = at(step, {4000, 4000, 0}, 3 * limit.sequences);
  CHECK(full.limit == BatchLimit::kv_memory);
  CHECK(full.decoding == limit.sequences);
  CHECK(full.ttft > full.end_to_end(4000) / 2.0);
}

TEST_CASE("the wait for prefill is that of the M/D/1 queue and grows without end towards full use") {
  const Bed bed;
  const StepModel step = bed.step();
  const ServingWorkload w{8000, 100, 0};
  const double most = std::get<DecodeLimit>(decode_limit(step.replica(), w)).sequences;
  const SteadyState low = steady_state(step, w, 0.3 * most), high = steady_state(step, w, 0.999 * most);
  CHECK(low.prefill_utilisation < 1);
  CHECK(high.ttft > 5 * low.ttft);
  // Time in an M/D/1 system: service * (1 + rho / (2 (1 - rho))); and up to half a step until the engine looks.
  const double rho = low.prefill_utilisation;
  const Duration service = rho / low.requests;
  CHECK(low.ttft >= service * (rho / (2 * (1 - rho))));
  CHECK(low.ttft <= 1.5 * (service * (1 + rho / (2 * (1 - rho))) + low.tpot));
}

TEST_CASE("an open load is carried until it is too much, and then the answer names the most") {
  const Bed bed;
  const StepModel step = bed.step();
  const ServingWorkload w{1000, 300, 0};
  const auto carried = steady_state_at_rate(step, w, 5 * per_second);
  REQUIRE(std::holds_alternative<SteadyState>(carried));
  CHECK(std::get<SteadyState>(carried).requests.base() == doctest::Approx(5));
  const auto much = steady_state_at_rate(step, w, 1e6 * per_second);
  REQUIRE(std::holds_alternative<Overloaded>(much));
  CHECK(std::get<Overloaded>(much).most > 10 * per_second);
}

TEST_CASE("a prefix found in the cache shortens the wait for the first token and frees time for others") {
  const Bed bed;
  const StepModel step = bed.step();
  const SteadyState cold = at(step, {4000, 200, 0}, 32), warm = at(step, {4000, 200, 0.8}, 32);
  CHECK(warm.ttft < 0.6 * cold.ttft);
  CHECK(warm.requests > 1.2 * cold.requests);
}

TEST_CASE("prefills that go first stop the decodes") {
  Bed bed;
  const SteadyState chunks = steady_state(bed.step(), {8000, 200, 0}, 20);
  bed.engine.prefill_first = true;
  const SteadyState first = steady_state(bed.step(), {8000, 200, 0}, 20);
  CHECK(first.tpot > chunks.tpot);
  CHECK(first.requests.base() == doctest::Approx(20 / (199 * first.tpot.base())));
}

TEST_CASE("the best batch meets its targets and a relaxed target is never worse") {
  const Bed bed;
  const StepModel step = bed.step();
  const ServingWorkload w{2000, 500, 0};
  Frequency before;
  for (const double tpot : {6.0, 8.0, 10.0, 15.0, 20.0, 30.0, 50.0, 100.0}) {
    const auto answer = best_steady_state(step, w, {500 * millisecond, tpot * millisecond});
    if (const auto* s = std::get_if<SteadyState>(&answer)) {
      CHECK(s->tpot <= tpot * millisecond);
      CHECK(s->ttft <= 500 * millisecond);
      CHECK(s->requests >= before);
      before = s->requests;
    }
  }
  CHECK(before > Frequency{});
}

TEST_CASE("a target no batch meets is answered with the latencies of one request alone") {
  const Bed bed;
  const auto answer = best_steady_state(bed.step(), {2000, 500, 0}, {1 * millisecond, 1 * second});
  const auto* miss = std::get_if<MissesTarget>(&answer);
  REQUIRE(miss != nullptr);
  CHECK(miss->misses_ttft);
  CHECK_FALSE(miss->misses_tpot);
  CHECK(miss->best_ttft > 10 * millisecond);
}

TEST_CASE("impossible requests are refused with all that is wrong of them") {
  CHECK(check_workload({1, 2, 0}).ok());
  CHECK(check_workload({0.5, 1, 1}).faults().size() == 3);
}

TEST_CASE("drafts that are all accepted double the tokens of a step, drafts that never are only cost") {
  Bed bed;
  const ServingWorkload workload{1000, 500, 0};
  const auto tpot = [&](SpeculationSpec drafts) {
    return at(StepModel({&bed.model, &bed.machine, {}, kFp8, bed.engine, drafts}), workload, 4).tpot.base();
  };
  const double plain = tpot({});
  CHECK(tpot({1, 1}) > plain / 2);
  CHECK(tpot({1, 1}) < plain * 0.65);
  CHECK(tpot({1, 0}) >= plain);
}
