// Sizing: what it recommends meets the targets when it is simulated, more is never served by less, and what cannot be
// served says why.
#include <doctest/doctest.h>

#include "stargate/serving/test_models.hpp"
#include "stargate/sizing/size_fleet.hpp"

namespace stargate {
namespace {

using namespace serving_tests;

FleetQuestion question_of(double rate, double ttft_ms, double tpot_ms) {
  FleetQuestion question;
  question.serving.workload = {1000, 200, 0};
  question.targets = {{ttft_ms * millisecond, 0.99}, {tpot_ms * millisecond, 0.99}};
  question.serving.target = {question.targets.ttft.limit, question.targets.tpot.limit};
  question.demand = {rate, 0, 0};
  question.mean_output = 200;
  question.serving.search.max_accelerators = 8;
  question.traffic.make = [](double at, std::int64_t requests) {
    TenantTraffic tenant;
    tenant.name = "all";
    tenant.arrivals.rate = at;
    tenant.prompt = LengthDistribution::fixed(1000), tenant.output = LengthDistribution::fixed(200);
    auto source = make_tenant_source({tenant}, {requests, -1}, 1);
    REQUIRE(source.ok());
    return std::move(*source);
  };
  return question;
}

const SizedFleet& sized(const FleetAnswer& answer) {
  const auto* fleet = std::get_if<SizedFleet>(&answer);
  REQUIRE_MESSAGE(fleet != nullptr, std::get<FleetShortfall>(answer).sentence);
  return *fleet;
}

TEST_CASE("what is recommended meets both targets at the load, whole and disaggregated") {
  const Model model = llama_8b();
  const ServingMachine machine = dgx_h100();
  for (const bool apart : {false, true}) {
    CAPTURE(apart);
    const FleetQuestion question = question_of(30, 500, 20);
    const auto answer = size_fleet(model, machine, question, apart);
    const SizedFleet& fleet = sized(answer);
    CHECK(fleet.deployment.disaggregated() == apart);
    CHECK(fleet.at_load.meets());
    CHECK(fleet.at_load.ttft <= *question.targets.ttft.limit);
    CHECK(fleet.at_load.tpot <= *question.targets.tpot.limit);
    CHECK(fleet.capacity >= 30);
    CHECK(fleet.headroom == doctest::Approx(fleet.capacity / 30 - 1));
    CHECK(fleet.output_per_accelerator * fleet.deployment.accelerators() == doctest::Approx(30 * 200));
  }
}

TEST_CASE("more traffic never takes fewer accelerators, and a looser target never more") {
  const Model model = llama_8b();
  const ServingMachine machine = dgx_h100();
  const auto count = [&](double rate, double tpot) {
    const auto answer = size_fleet(model, machine, question_of(rate, 500, tpot), false);
    return sized(answer).deployment.accelerators();
  };
  CHECK(count(20, 15) <= count(80, 15));
  CHECK(count(80, 40) <= count(80, 15));
}

TEST_CASE("prompts longer than a step of an engine that does not cut them are said to be, with both lengths") {
  FleetQuestion question = question_of(5, 500, 20);
  question.serving.engine.rules.chunked_prefill = false;
  question.serving.engine.max_num_batched_tokens = 600, question.serving.engine.max_num_seqs = 256;
  const auto answer = size_fleet(llama_8b(), dgx_h100(), question, false);
  const auto* none = std::get_if<FleetShortfall>(&answer);
  REQUIRE(none != nullptr);
  CHECK(none->sentence == "does not fit: a prompt of 1000 tokens in a step of 600 (max_num_batched_tokens), and the "
                          "engine cuts no prompt");
}

TEST_CASE("traffic that ends before the first answer is no proof: what is sized carries the rate for good") {
  // 2,000 requests at 200 a second come and go before a queue shows; a trial runs until it would.
  const FleetQuestion question = question_of(200, 1000, 50);
  const auto answer = size_fleet(llama_8b(), dgx_h100(), question, false);
  const SizedFleet& fleet = sized(answer);
  CHECK(fleet.headroom < 1);
  CHECK(fleet.at_capacity.length.steady);
  CHECK(fleet.held.requests >= 4 * fleet.at_capacity.length.requests);
}

TEST_CASE("overload is called by its name") {
  const Model model = llama_8b();
  const ServingMachine machine = dgx_h100();
  FleetQuestion question = question_of(10, 500, 20);
  question.targets = {};
  TriedSteps steps;
  const Trial trial(model, machine, question.serving, {{{1, 1, 1, 1}, 1, 1}, std::nullopt}, steps);
  CHECK(trial.run(300, question.traffic, question.targets).overloaded);
  CHECK(!trial.run(5, question.traffic, question.targets).overloaded);
}

TEST_CASE("looser targets never cost more") {
  const Model model = llama_8b();
  const ServingMachine machine = dgx_h100();
  for (const bool apart : {false, true}) {
    int fewest = 1 << 30;
    for (const double looser : {1.0, 1.2, 1.5, 2.0, 3.0}) {
      CAPTURE(apart);
      CAPTURE(looser);
      const auto answer = size_fleet(model, machine, question_of(60, 300 * looser, 12 * looser), apart);
      const int count = sized(answer).deployment.accelerators();
      CHECK(count <= fewest);
      fewest = std::min(fewest, count);
    }
  }
}

TEST_CASE("given accelerators are not exceeded and serve what they can") {
  const Model model = llama_8b();
  const ServingMachine machine = dgx_h100();
  FleetQuestion question = question_of(0, 500, 15);
  question.demand = {0, 12, 0};
  for (const bool apart : {false, true}) {
    const auto answer = size_fleet(model, machine, question, apart);
    CHECK(sized(answer).deployment.accelerators() <= 12);
    CHECK(sized(answer).at_capacity.meets());
  }
}

TEST_CASE("what cannot be served says which: latency with the best there is, memory with what is missing") {
  const ServingMachine machine = dgx_h100();
  const auto late = size_fleet(llama_8b(), machine, question_of(10, 500, 0.1), false);
  REQUIRE(std::holds_alternative<FleetShortfall>(late));
  CHECK(std::get<FleetShortfall>(late).sentence.find("misses TPOT") != std::string::npos);
  CHECK(std::get<FleetShortfall>(late).losses.latency > 0);
  Model huge = llama(2000, 8192, 64, 28672);
  FleetQuestion question = question_of(10, 500, 50);
  const auto big = size_fleet(huge, machine, question, false);
  REQUIRE(std::holds_alternative<FleetShortfall>(big));
  CHECK(std::get<FleetShortfall>(big).missing.has_value());
  CHECK(std::get<FleetShortfall>(big).sentence.find("does not fit") != std::string::npos);
}

TEST_CASE("the sides of a disaggregated fleet are matched to the slower rate") {
  const ReplicaGroup prefill{{2, 1, 1, 1}, 1, 5}, decode{{4, 1, 1, 1}, 1, 8};
  const auto for_rate = match_sides(prefill, decode, {20, 0, 0});
  REQUIRE(for_rate.has_value());
  CHECK(for_rate->prefill->replicas == 4);
  CHECK(for_rate->main.replicas == 3);
  const auto within = match_sides(prefill, decode, {0, 16, 0});
  REQUIRE(within.has_value());
  CHECK(within->accelerators() <= 16);
  CHECK(within->estimated_rate() == 16);
  CHECK(!match_sides(prefill, decode, {0, 5, 0}).has_value());
}

TEST_CASE("a trial is slower at a higher rate and the same when it is asked again") {
  const Model model = llama_8b();
  const ServingMachine machine = dgx_h100();
  const FleetQuestion question = question_of(10, 500, 20);
  const Deployment one{{{1, 1, 1, 1}, 1, 1}, std::nullopt};
  TriedSteps steps;
  const Trial trial(model, machine, question.serving, one, steps);
  const TrialResult slow = trial.run(2, question.traffic, question.targets);
  const TrialResult fast = trial.run(15, question.traffic, question.targets);
  CHECK(slow.tpot < fast.tpot);
  CHECK(slow.ttft <= fast.ttft);
  CHECK(trial.run(15, question.traffic, question.targets).ttft == fast.ttft);
}

TEST_CASE("cost and energy follow from accelerators, price and use") {
  SizedFleet fleet;
  fleet.accelerators = 16;
  fleet.output_per_accelerator = 100;
  fleet.at_load.prefill_busy = 0.5;
  const FleetEconomy economy = fleet_economy(fleet, {2 * dollar / hour, {100 * watt, 900 * watt}});
  CHECK(economy.rate.in(dollar / hour) == doctest::Approx(32));
  CHECK(economy.per_token.base() * 1e6 == doctest::Approx(32 / (1600 * 3600.0) * 1e6));
  CHECK(economy.power.in(watt) == doctest::Approx(16 * 500));
  CHECK(economy.joules_per_token == doctest::Approx(5));
}

TEST_CASE("along the Pareto front speed for a user is paid for with tokens of an accelerator") {
  const auto front = pareto_front(llama_8b(), dgx_h100(), question_of(1, 500, 20).serving);
  REQUIRE(front.size() > 3);
  for (std::size_t i = 1; i < front.size(); ++i) {
    CHECK(front[i].per_user > front[i - 1].per_user);
    CHECK(front[i].per_accelerator < front[i - 1].per_accelerator);
  }
}

}  // namespace
}  // namespace stargate
