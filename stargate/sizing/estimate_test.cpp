// Sizing a fleet: fewest accelerators, monotone in targets and load, answers that say why not.
#include "stargate/sizing/estimate.hpp"

#include <doctest/doctest.h>

#include "stargate/serving/test_models.hpp"

using namespace stargate;
using namespace stargate::serving_tests;

namespace {

ServingQuestion question(double isl, double osl, double tpot_ms, double ttft_ms) {
  ServingQuestion q;
  q.workload = {isl, osl, 0};
  q.target = {ttft_ms * millisecond, tpot_ms * millisecond};
  q.precision = serving_precision(Precision::fp8, Precision::fp8);
  return q;
}

SizedService sized(const Model& model, const ServingMachine& machine, const ServingQuestion& q, double requests) {
  const auto answer = size_service(model, machine, q, {requests * per_second, 0.8});
  REQUIRE(answer.ok());
  REQUIRE(std::holds_alternative<SizedService>(*answer));
  return std::get<SizedService>(*answer);
}

}  // namespace

TEST_CASE("a sized fleet carries its traffic within the targets, and its sentence multiplies out") {
  const Model model = llama_70b();
  const ServingMachine machine = dgx_h100();
  const ServingQuestion q = question(2000, 500, 40, 1000);
  const SizedService s = sized(model, machine, q, 40);
  CHECK(s.accelerators == s.replicas * s.choice.layout.accelerators());
  CHECK(s.sentence == std::to_string(s.accelerators) + " accelerators = " + std::to_string(s.replicas) +
                          " replicas x " + format_layout(s.choice.layout));
  CHECK(s.systems * machine.accelerators >= s.accelerators);
  CHECK(s.price == machine.price * static_cast<double>(s.systems));
  CHECK(s.at_load.requests.base() * static_cast<double>(s.replicas) == doctest::Approx(40));
  CHECK(s.at_load.tpot <= 40 * millisecond);
  CHECK(s.at_load.ttft <= 1000 * millisecond);
  CHECK(s.at_load.requests <= 0.8 * s.choice.steady.requests);
}

TEST_CASE("a fleet without headroom still carries its traffic, whatever batch is best") {
  const ServingMachine machine = dgx_h100();
  for (const Model& model : {llama_8b(), llama_70b(), mixtral_8x7b()}) {
    for (const double osl : {2.0, 50.0, 1500.0}) {
      ServingQuestion q = question(500, osl, 1, 1);
      q.target = {};
      const auto answer = size_service(model, machine, q, {1234.5 * per_second, 1});
      const auto& s = std::get<SizedService>(*answer);
      CHECK(s.at_load.requests.base() * static_cast<double>(s.replicas) == doctest::Approx(1234.5).epsilon(1e-3));
    }
  }
}

TEST_CASE("relaxing a target, or less traffic, never needs more accelerators") {
  const Model model = llama_70b();
  const ServingMachine machine = dgx_h100();
  std::int64_t before = 1 << 30;
  for (const double tpot : {12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 60.0, 100.0, 200.0}) {
    const std::int64_t now = sized(model, machine, question(2000, 500, tpot, 1000), 40).accelerators;
    CHECK(now <= before);
    before = now;
  }
  before = 1 << 30;
  for (const double ttft : {300.0, 400.0, 600.0, 1000.0, 2000.0, 5000.0}) {
    const std::int64_t now = sized(model, machine, question(2000, 500, 30, ttft), 40).accelerators;
    CHECK(now <= before);
    before = now;
  }
  before = 0;
  for (const double requests : {0.1, 1.0, 5.0, 40.0, 1000.0}) {
    const std::int64_t now = sized(model, machine, question(2000, 500, 30, 1000), requests).accelerators;
    CHECK(now >= before);
    before = now;
  }
}

TEST_CASE("every layout tried is the winner or counted with why it lost") {
  const Model model = llama_70b();
  const ServingMachine machine = dgx_h100();
  const auto answer = best_throughput_per_accelerator(model, machine, question(2000, 500, 15, 300));
  REQUIRE(answer.ok());
  REQUIRE(std::holds_alternative<ServingChoice>(*answer));
  const auto& choice = std::get<ServingChoice>(*answer);
  const auto& lost = choice.losses;
  CHECK(static_cast<std::size_t>(1 + lost.memory + lost.latency + lost.topology + lost.costlier) ==
        candidate_layouts(model, machine, {}).size());
  CHECK(lost.memory > 0);    // one GPU cannot hold 70 GB and a cache
  CHECK(lost.latency > 0);   // deep pipelines
  CHECK(choice.steady.tpot <= 15 * millisecond);
  CHECK(choice.output_per_user.base() == doctest::Approx(1 / choice.steady.tpot.base()));
  CHECK(choice.output_per_accelerator.base() * choice.layout.accelerators() ==
        doctest::Approx(choice.steady.output_tokens.base()));
  CHECK(choice.binding == ServingLimit::tpot_target);
}

TEST_CASE("without targets the cache or the hardware binds") {
  const ServingMachine machine = dgx_h100();
  ServingQuestion q = question(200, 4000, 1, 1);
  q.target = {};
  const auto long_answers = best_throughput_per_accelerator(llama_8b(), machine, q);
  CHECK(std::get<ServingChoice>(*long_answers).binding == ServingLimit::memory_capacity);
  q.workload = {8000, 10, 0};
  const auto prompts = best_throughput_per_accelerator(llama_8b(), machine, q);
  CHECK(std::get<ServingChoice>(*prompts).binding == ServingLimit::compute);
}

TEST_CASE("a model too large says the bytes that one accelerator lacks in the nearest layout") {
  Model model = llama_70b();
  model.layers.assign(8000, 0);  // 7 T parameters
  ServingQuestion q = question(2000, 500, 50, 1000);
  const auto answer = best_throughput_per_accelerator(model, dgx_h100(), q);
  const auto& no = std::get<ServingShortfall>(*answer);
  REQUIRE(no.missing);
  CHECK(*no.missing > 30 * gigabyte);
  CHECK(no.sentence.rfind("does not fit: ", 0) == 0);
  CHECK(no.losses.latency == 0);
}

TEST_CASE("a target out of reach is answered with the best there is") {
  const auto answer = best_throughput_per_accelerator(llama_70b(), dgx_h100(), question(2000, 500, 1, 1000));
  const auto& no = std::get<ServingShortfall>(*answer);
  CHECK(no.misses_tpot);
  CHECK_FALSE(no.misses_ttft);
  REQUIRE(no.best_tpot);
  CHECK(*no.best_tpot > 3 * millisecond);
  CHECK(no.sentence.rfind("misses TPOT 1 ms: ", 0) == 0);
}

TEST_CASE("a model with experts tries whole experts and attention groups of their own") {
  const auto layouts = candidate_layouts(mixtral_8x7b(), dgx_h100(), {.max_accelerators = 8, .max_pp = 1});
  const auto tried = [&](const ServingLayout& l) { return std::count(layouts.begin(), layouts.end(), l) == 1; };
  CHECK(tried({8, 1, 1, 1}));
  CHECK(tried({8, 1, 1, 8}));
  CHECK(tried({1, 1, 8, 8}));
  CHECK(tried({2, 1, 4, 8}));
  CHECK_FALSE(tried({2, 1, 4, 1}));
}

TEST_CASE("faults of the question are all reported") {
  ServingQuestion q = question(0, 1, 50, 1000);
  const auto answer = size_service(llama_8b(), dgx_h100(), q, {-1 * per_second, 2});
  REQUIRE_FALSE(answer.ok());
  CHECK(answer.faults().size() == 4);
}
