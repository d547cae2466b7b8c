// A service simulated: its books, its latencies where they can be worked out by hand, and replicas made of machines.
#include "stargate/serving/service_simulation.hpp"

#include <doctest/doctest.h>

#include <map>

#include "stargate/serving/replica_engine.hpp"
#include "stargate/serving/service_report.hpp"
#include "stargate/serving/test_models.hpp"

using namespace stargate;
using namespace stargate::serving_tests;

namespace {

struct Collected final : ServiceListener {
  std::vector<std::pair<IncomingRequest, RequestRecord>> all;
  std::int64_t refusals = 0;
  void finished(const IncomingRequest& request, const RequestRecord& record) override {
    all.emplace_back(request, record);
  }
  void refused(const IncomingRequest&) override { ++refusals; }
};

LinearStepCost constant_cost() {
  LinearStepCost cost;
  cost.step = 10 * millisecond;
  return cost;
}

EngineSpec roomy_engine() {
  EngineSpec spec;
  spec.kv = {10'000, 16, 0, false};
  return spec;
}

TenantTraffic traffic(double rate, std::int32_t isl, std::int32_t osl) {
  TenantTraffic tenant;
  tenant.name = "all";
  tenant.arrivals.rate = rate;
  tenant.prompt = LengthDistribution::fixed(isl);
  tenant.output = LengthDistribution::fixed(osl);
  return tenant;
}

std::unique_ptr<RequestSource> source_of(const TenantTraffic& tenant, std::int64_t requests) {
  auto source = make_tenant_source({tenant}, {requests, -1}, 1);
  REQUIRE(source.ok());
  return std::move(*source);
}

}  // namespace

TEST_CASE("a lone request waits for nothing: its TTFT is one step and the front end, its TPOT a step") {
  const LinearStepCost cost = constant_cost();
  SimulatedService spec;
  spec.pool = {roomy_engine(), &cost, 1};
  spec.request_overhead = 3 * millisecond;
  Collected seen;
  const auto source = source_of(traffic(0.001, 100, 11), 5);
  simulate_service(spec, *source, seen);
  REQUIRE(seen.all.size() == 5);
  for (const auto& [request, record] : seen.all) {
    CHECK(record.arrival == request.arrival);
    CHECK(record.ttft().in(millisecond) == doctest::Approx(13));
    CHECK(record.tpot().in(millisecond) == doctest::Approx(10));
    CHECK(record.end_to_end().in(millisecond) == doctest::Approx(113));
  }
}

TEST_CASE("a front end reads one prompt after another: of two at once the second waits for both") {
  const LinearStepCost cost = constant_cost();
  SimulatedService spec;
  spec.pool = {roomy_engine(), &cost, 1};
  spec.token_overhead = 1 * millisecond;
  TenantTraffic tenant = traffic(0, 100, 2);
  tenant.concurrency = 2;
  Collected seen;
  simulate_service(spec, *source_of(tenant, 2), seen);
  REQUIRE(seen.all.size() == 2);
  CHECK(seen.all[0].second.ttft().in(millisecond) == doctest::Approx(110));
  CHECK(seen.all[1].second.ttft() >= 210 * millisecond);
}

TEST_CASE("disaggregated, the second token waits for the cache to be handed over, and prompts delay no decode") {
  LinearStepCost cost = constant_cost();
  cost.prefill_token = 100 * microsecond;
  EngineSpec prompts = roomy_engine();
  prompts.prefill_only = true;
  SimulatedService spec;
  spec.pool = {roomy_engine(), &cost, 2};
  spec.prefill = ServicePool{prompts, &cost, 1};
  spec.transfer = {5 * millisecond, 20 * microsecond};
  Collected alone;
  const auto slow = source_of(traffic(0.001, 1000, 11), 4);
  simulate_service(spec, *slow, alone);
  REQUIRE(alone.all.size() == 4);
  for (const auto& [request, record] : alone.all) {
    CHECK(record.ttft().in(millisecond) == doctest::Approx(110));
    CHECK((record.last_token - record.first_token).in(millisecond) == doctest::Approx(25 + 10 * 10));
  }
  Collected busy;
  const auto fast = source_of(traffic(6, 1000, 200), 400);
  simulate_service(spec, *fast, busy);
  REQUIRE(busy.all.size() == 400);
  std::int64_t turns = 0;
  for (const auto& [request, record] : busy.all) {
    CHECK(record.output_tokens == 200);
    CHECK(record.tpot().in(millisecond) < 10.0 + 1.0);  // 199 steps, the hand-over, and at most a step of waiting
    turns += record.replica;
  }
  CHECK(turns == 200);  // half of them on the second replica
}

TEST_CASE("blocks held for a hand-over keep the next prompt out until the cache is gone") {
  const LinearStepCost cost = constant_cost();
  EngineSpec prompts = roomy_engine();
  prompts.prefill_only = true;
  prompts.kv.blocks = 10;  // one prompt of 160 tokens
  SimulatedService spec;
  spec.pool = {roomy_engine(), &cost, 1};
  spec.prefill = ServicePool{prompts, &cost, 1};
  spec.transfer.fixed = 1 * second;
  Collected seen;
  const auto source = source_of(traffic(1000, 150, 2), 20);
  simulate_service(spec, *source, seen);
  REQUIRE(seen.all.size() == 20);
  CHECK(seen.all.back().second.last_token.seconds() > 19);
}

TEST_CASE("routers: loads even out, and a prefix goes where it is known") {
  LinearStepCost cost = constant_cost();
  cost.prefill_token = 50 * microsecond;
  TenantTraffic tenant = traffic(2, 200, 100);
  tenant.session.turns = 6, tenant.session.think_s = 3;
  tenant.shared_prefix = 64;
  std::map<RouterPolicy, std::int64_t> cached;
  for (const auto router : {RouterPolicy::round_robin, RouterPolicy::least_loaded, RouterPolicy::kv_aware}) {
    SimulatedService spec;
    spec.pool = {roomy_engine(), &cost, 4};
    spec.pool.engine.kv.prefix_caching = true;
    spec.router = router;
    Collected seen;
    const auto source = source_of(tenant, 600);
    simulate_service(spec, *source, seen);
    CHECK(seen.all.size() == 600);
    std::int64_t by_replica[4] = {};
    for (const auto& [request, record] : seen.all) {
      ++by_replica[record.replica];
      cached[router] += record.cached_tokens;
    }
    if (router != RouterPolicy::kv_aware) CHECK(*std::min_element(by_replica, by_replica + 4) > 75);
  }
  CHECK(cached[RouterPolicy::kv_aware] > cached[RouterPolicy::round_robin] * 5 / 4);
}

TEST_CASE("closed loops hold their concurrency, what never fits is refused, and the report adds up") {
  const LinearStepCost cost = constant_cost();
  SimulatedService spec;
  spec.pool = {roomy_engine(), &cost, 1};
  TenantTraffic tenant = traffic(1, 100, 50);
  tenant.concurrency = 8;
  ServiceReport report(spec, {1 * second, 20 * millisecond}, 1);
  const auto source = source_of(tenant, 200);
  simulate_service(spec, *source, report);
  CHECK(report.finished_count() == 200);
  CHECK(report.good_count() == 200);
  CHECK(report.output_tokens() == 200 * 50);
  CHECK(report.latency().itl.count() == 200 * 49);
  CHECK(report.work(false).most_decoding == 8);
  CHECK(report.series().running.largest() == 8);
  CHECK(report.latency().tpot.quantile(0.99) == doctest::Approx(0.010).epsilon(0.01));
  CHECK(report.series().output.mean(report.first_arrival(), report.end()) * report.span().base() ==
        doctest::Approx(10'000).epsilon(0.05));

  Collected none;
  const auto long_ones = source_of(traffic(1, 200'000, 50), 10);
  simulate_service(spec, *long_ones, none);
  CHECK(none.refusals == 10);
  CHECK(none.all.empty());
}

TEST_CASE("gaps between tokens hold the prompts that stopped the decodes") {
  LinearStepCost cost = constant_cost();
  cost.prefill_token = 1 * millisecond;
  SimulatedService spec;
  spec.pool = {default_engine_spec(EngineKind::sglang), &cost, 1};
  spec.pool.engine.kv.blocks = 100'000;
  ServiceReport report(spec, {}, 1);
  const auto source = source_of(traffic(2, 100, 60), 300);
  simulate_service(spec, *source, report);
  // 59 gaps a request; together they are the time from first to last token.
  CHECK(report.latency().itl.count() == 300 * 59);
  CHECK(report.latency().itl.mean() == doctest::Approx(report.latency().tpot.mean()).epsilon(1e-6));
  CHECK(report.latency().itl.largest() >= 0.120);
}

TEST_CASE("a replica's pool is its KV room in blocks, and too little is told with what is missing") {
  const ServingMachine machine = dgx_h100();
  const Model model = llama_8b();
  const auto bf16 = serving_precision(Precision::bf16, Precision::bf16);
  EngineSetup setup;
  setup.rules = default_engine_spec(EngineKind::vllm);
  const auto engine = make_replica_engine(model, machine, {}, bf16, setup);
  REQUIRE(std::holds_alternative<ReplicaEngine>(*engine));
  const auto& made = std::get<ReplicaEngine>(*engine);
  // 32 layers, 8 heads of 128, keys and values in two bytes.
  const double block = 16.0 * 32 * 8 * 128 * 2 * 2;
  CHECK(static_cast<double>(made.spec.kv.blocks) == std::floor(replica_memory(made.replica).kv_room.base() / block));
  CHECK(made.spec.kv.blocks_per_sequence == 0);

  const auto lack = make_replica_engine(llama_70b(), machine, {}, bf16, setup);
  REQUIRE(std::holds_alternative<DoesNotFit>(*lack));
  CHECK(std::get<DoesNotFit>(*lack).missing > 50 * gigabyte);
}

TEST_CASE("a layout that cannot be run is a fault, also where expert groups do not divide the ranks") {
  const ServingMachine machine = dgx_h100();
  const auto bf16 = serving_precision(Precision::bf16, Precision::bf16);
  for (const ServingLayout layout :
       {ServingLayout{4, 1, 1, 8}, {1, 1, 1, 8}, {8, 1, 1, 3}, {2, 1, 0, 1}}) {
    CAPTURE(format_layout(layout));
    const auto made = make_replica_engine(mixtral_8x7b(), machine, layout, bf16, {});
    REQUIRE_FALSE(made.ok());
    CHECK(made.faults().front().message.starts_with(format_layout(layout) + ": "));
  }
}

TEST_CASE("a cache of a thousand tokens crosses the scale-out network at its speed") {
  const ServingMachine machine = dgx_h100();
  const Model model = llama_8b();
  const Replica replica{&model, &machine, {2, 1, 1, 1}, serving_precision(Precision::bf16, Precision::bf16), {}};
  const double bytes = rank_sequence_bytes(replica, 1000).base();
  const Duration wire = Bytes::from_base(bytes) / machine.fabric.out.bandwidth;
  CHECK(cache_transfer_time(replica, 1000) > wire);
  CHECK(cache_transfer_time(replica, 1000) < 2 * wire + 100 * microsecond);
}
