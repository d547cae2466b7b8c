// A day of ten million requests over a thousand replicas: bench/stargate_bench --benchmark_filter=fleet_day. Lengths as
// in Azure's conversation trace of 2023 (means 1155 and 211), a day with its peak at 1.6 times the mean, the least
// loaded of the replicas each. The argument is the number of threads.
#include <benchmark/benchmark.h>

#include "stargate/fleet/fleet_simulation.hpp"

namespace stargate {
namespace {

/// About Llama 3 8B on an A100: 8 ms for the weights, 20 us a sequence, 25 ns a token of context, 90 us a prompt token.
std::unique_ptr<StepCost> llama_8b_on_a100() {
  auto cost = std::make_unique<LinearStepCost>();
  cost->step = 8 * millisecond, cost->decoding_sequence = 20 * microsecond;
  cost->context_token = 25e-9 * second, cost->prefill_token = 90 * microsecond;
  return cost;
}

TenantTraffic azure_day(double requests) {
  TenantTraffic tenant;
  tenant.name = "all";
  tenant.arrivals = {requests / 86400, 1, RateProfile::daily(1.6, 14)};
  tenant.prompt = LengthDistribution::lognormal(1155, 1.0);
  tenant.output = LengthDistribution::lognormal(211, 0.8);
  return tenant;
}

void fleet_day(benchmark::State& state) {
  ReplicaKind kind;
  kind.name = "a100";
  kind.engine = default_engine_spec(EngineKind::vllm);
  kind.engine.kv.blocks = 28000;
  kind.make_cost = llama_8b_on_a100;
  FleetSpec spec = simple_fleet(kind, 1000);
  const double requests = 1e7;
  for (auto _ : state) {
    auto source = make_tenant_source({azure_day(requests)}, {static_cast<std::int64_t>(requests), -1}, 1);
    FleetRunOptions options;
    options.threads = static_cast<int>(state.range(0));
    const FleetReport report = simulate_fleet(spec, **source, options);
    state.counters["requests"] = static_cast<double>(report.all().answered());
    state.counters["requests_per_s"] = benchmark::Counter(requests, benchmark::Counter::kIsIterationInvariantRate);
  }
  state.SetLabel("bar 1 M requests/s");
}
BENCHMARK(fleet_day)->Arg(2)->Unit(benchmark::kSecond)->Iterations(1)->UseRealTime();

}  // namespace
}  // namespace stargate
