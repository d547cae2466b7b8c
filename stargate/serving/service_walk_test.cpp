// Services in closed form against the same services walked step by step: every request, every run of steps, to the last
// digit. Random in routers, sides, attention groups, speculation, static batches, prefixes, pools too small.
#include <doctest/doctest.h>

#include <algorithm>

#include "stargate/base/random.hpp"
#include "stargate/serving/service_simulation.hpp"

using namespace stargate;

namespace {

/// Bends: the slope changes with the context, as measured attention does.
struct BentCost final : StepCost {
  DecodeCost decode(int sequences, double context) const override {
    const double stretch = 900.0 * sequences, index = std::floor(context / stretch);
    const Duration token = 80 * nanosecond, kinks = 0.05 * index * (index + 1) * stretch * token;
    return {7 * millisecond + sequences * (30 * microsecond) - kinks, (1 + 0.1 * index) * token, (index + 1) * stretch};
  }
  Duration prefill(const PrefillBatch& b) const override {
    return 8 * millisecond + b.tokens * (40 * microsecond) + b.decoding * (30 * microsecond) +
           b.pairs * (2 * nanosecond);
  }
};

struct Seen final : ServiceListener {
  std::vector<RequestRecord> records;
  std::vector<std::pair<int, StepRun>> runs;
  std::int64_t refusals = 0, cached = 0, preemptions = 0;
  void finished(const IncomingRequest&, const RequestRecord& record) override {
    records.push_back(record);
    cached += record.cached_tokens, preemptions += record.preemptions;
  }
  void refused(const IncomingRequest&) override { ++refusals; }
  void ran(int engine, const StepRun& run) override { runs.emplace_back(engine, run); }
};

bool same(const RequestRecord& a, const RequestRecord& b) {
  return a.id == b.id && a.replica == b.replica && a.arrival == b.arrival && a.scheduled == b.scheduled &&
         a.first_token == b.first_token && a.last_token == b.last_token && a.cached_tokens == b.cached_tokens &&
         a.preemptions == b.preemptions;
}
bool same_run(const std::pair<int, StepRun>& a, const std::pair<int, StepRun>& b) {
  const StepRun &x = a.second, &y = b.second;
  return a.first == b.first && x.start == y.start && x.end == y.end && x.steps == y.steps && x.decoding == y.decoding &&
         x.waiting == y.waiting && x.running == y.running && x.output_tokens == y.output_tokens &&
         x.prefill_tokens == y.prefill_tokens && x.blocks_at_start == y.blocks_at_start &&
         x.blocks_at_end == y.blocks_at_end && x.first_step == y.first_step;
}

EngineSpec random_engine(RandomStream& random) {
  EngineSpec spec = default_engine_spec(static_cast<EngineKind>(static_cast<int>(random.uniform() * 4)));
  spec.max_num_seqs = 4 + static_cast<int>(random.uniform() * 40);
  spec.max_num_batched_tokens = 4096;
  if (random.uniform() < 0.3 && spec.chunked_prefill) spec.max_num_batched_tokens = 256;
  spec.kv.blocks = (5000 + static_cast<int>(random.uniform() * 20'000)) / spec.kv.block_size;
  if (random.uniform() < 0.4) spec.kv.prefix_caching = false;
  if (random.uniform() < 0.3) spec.speculation = {3, 0.7};
  if (random.uniform() < 0.4) spec.data_parallel = 2 + static_cast<int>(random.uniform() * 3);
  if (random.uniform() < 0.3) spec.attention_dp_wait = 20;
  if (random.uniform() < 0.2) spec.warm_up = 200 * millisecond;
  if (random.uniform() < 0.3) spec.preemption = PreemptionMode::swap, spec.swap_token = 2 * microsecond;
  return spec;
}

TenantTraffic random_traffic(RandomStream& random) {
  TenantTraffic tenant;
  tenant.name = "all";
  tenant.arrivals.rate = 0.5 + 6 * random.uniform();
  tenant.prompt = LengthDistribution::uniform(20, 900), tenant.output = LengthDistribution::uniform(1, 300);
  if (random.uniform() < 0.5) tenant.shared_prefix = 128;
  if (random.uniform() < 0.5) tenant.session.turns = 3, tenant.session.think_s = 2;
  if (random.uniform() < 0.3) tenant.concurrency = 12;
  return tenant;
}

Seen simulated(SimulatedService service, const TenantTraffic& tenant, bool walked) {
  service.pool.engine.walk_every_step = walked;
  if (service.prefill) service.prefill->engine.walk_every_step = walked;
  auto source = make_tenant_source({tenant}, {150, -1}, 3);
  REQUIRE(source.ok());
  Seen seen;
  simulate_service(service, **source, seen);
  // Of each engine in order of time; which engine tells first says nothing.
  std::stable_sort(seen.runs.begin(), seen.runs.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return seen;
}

}  // namespace

TEST_CASE("a service in closed form is the service walked step by step: every request and run, under any router") {
  const BentCost cost;
  std::int64_t cached = 0, preemptions = 0, apart = 0, kv_aware = 0;
  for (std::uint32_t scenario = 0; scenario < 160; ++scenario) {
    CAPTURE(scenario);
    RandomStream random(23, scenario, "service");
    SimulatedService service;
    service.pool = {random_engine(random), &cost, 1 + static_cast<int>(random.uniform() * 3)};
    REQUIRE(check_engine_spec(service.pool.engine).ok());
    if (scenario % 3 == 0) {
      EngineSpec& engine = service.pool.engine;
      engine.receive_interval = 10, engine.busy_receive_interval = 30, engine.busy_batch = 16;
    }
    service.router = router_policies()[static_cast<std::size_t>(random.uniform() * 8)].second;
    service.request_overhead = 15 * millisecond, service.stream_overhead = 100 * microsecond;
    if (random.uniform() < 0.4) {
      EngineSpec prompts = random_engine(random);
      prompts.prefill_only = true, prompts.speculation = {};
      service.prefill = ServicePool{prompts, &cost, 1 + static_cast<int>(random.uniform() * 3)};
      service.transfer = {3 * millisecond, 10 * microsecond};
    }
    const TenantTraffic tenant = random_traffic(random);
    const Seen fast = simulated(service, tenant, false), walked = simulated(service, tenant, true);
    CHECK(fast.refusals == walked.refusals);
    REQUIRE(fast.records.size() == walked.records.size());
    CHECK(std::equal(fast.records.begin(), fast.records.end(), walked.records.begin(), same));
    REQUIRE(fast.runs.size() == walked.runs.size());
    CHECK(std::equal(fast.runs.begin(), fast.runs.end(), walked.runs.begin(), same_run));
    cached += fast.cached, preemptions += fast.preemptions;
    apart += service.prefill.has_value(), kv_aware += service.router == RouterPolicy::kv_aware;
  }
  CHECK(cached > 10'000);
  CHECK(preemptions > 20);
  CHECK(apart > 40);
  CHECK(kv_aware > 10);
}
