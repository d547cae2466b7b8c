// One decode step, the best batch over all layouts, a fleet sized: the planner asks the second for every pair of
// service and system, a user waits for the third. And a trace simulated: Azure's conversations of 2023 on one A100 when
// the folder STARGATE_DATA is there, else requests of the same means, arriving at random.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdlib>

#include "stargate/base/parallel.hpp"
#include "stargate/serving/replica_engine.hpp"
#include "stargate/serving/service_report.hpp"
#include "stargate/serving/step_table.hpp"
#include "stargate/sizing/serving_ways.hpp"
#include "stargate/sizing/trial_traffic.hpp"

using namespace stargate;

namespace {

struct Bed {
  Bed() {
    auto loaded = load_catalogue(DiskFileReader(), STARGATE_SOURCE_DIR "/catalogue");
    STARGATE_CHECK(loaded.ok(), "the catalogue loads");
    catalogue = std::move(*loaded);
    auto made = make_serving_machine(catalogue, catalogue.systems.at("gb200-nvl72"));
    STARGATE_CHECK(made.ok(), "the machine is whole");
    machine.emplace(std::move(*made));
    question.workload = {4000, 500, 0.3};
    question.target = {2 * second, 40 * millisecond};
    question.precision = serving_precision(Precision::fp8, Precision::fp8);
  }
  Catalogue catalogue;
  std::optional<ServingMachine> machine;
  ServingQuestion question;
};

const Bed& bed() {
  static const Bed made;
  return made;
}

const char* model_name(const benchmark::State& state) { return state.range(0) == 0 ? "llama-3.1-70b" : "deepseek-v3"; }

void decode_step(benchmark::State& state) {
  const Model& model = bed().catalogue.models.at(model_name(state));
  const StepModel step({&model, &*bed().machine, {8, 1, 1, 1}, bed().question.precision, {}});
  for (auto _ : state) benchmark::DoNotOptimize(step.decode_time(64, 4250));
  state.SetLabel(model_name(state));
}
BENCHMARK(decode_step)->Arg(0)->Arg(1);

void best_layout(benchmark::State& state) {
  const Model& model = bed().catalogue.models.at(model_name(state));
  for (auto _ : state) {
    benchmark::DoNotOptimize(best_throughput_per_accelerator(model, *bed().machine, bed().question));
  }
  state.SetLabel(model_name(state));
}
BENCHMARK(best_layout)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

void fleet_sized(benchmark::State& state) {
  const Model& model = bed().catalogue.models.at(model_name(state));
  for (auto _ : state) {
    benchmark::DoNotOptimize(size_service(model, *bed().machine, bed().question, {100 * per_second, 0.8}));
  }
  state.SetLabel(model_name(state));
}
BENCHMARK(fleet_sized)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

RequestTrace conversations() {
  if (const char* data = std::getenv("STARGATE_DATA"); data != nullptr && *data != '\0') {
    auto trace = load_trace(DiskFileReader(), std::string(data) + "/traces/azure2023/AzureLLMInferenceTrace_conv.csv");
    if (trace.ok()) return std::move(*trace);
  }
  RequestTrace trace;
  trace.labels = {"random"};
  RandomStream random(1, 0, "conversations");
  const auto prompt = LengthDistribution::lognormal(1155, 1), output = LengthDistribution::lognormal(211, 0.8);
  double now = 0;
  for (int i = 0; i < 19'366; ++i) {
    now += random.exponential() / 5.5;
    TraceRow row;
    row.arrival = SimTime::at(now * second);
    row.prompt_tokens = prompt.draw(random), row.output_tokens = output.draw(random);
    trace.rows.push_back(row);
  }
  return trace;
}

/// With argument 1 every step is walked. The table of step times is made anew each time.
void trace_simulated(benchmark::State& state) {
  auto machine = make_serving_machine(bed().catalogue, bed().catalogue.systems.at("hgx-a100-80"));
  STARGATE_CHECK(machine.ok(), "the machine is whole");
  const Model& model = bed().catalogue.models.at("llama-3.1-8b");
  EngineSetup setup;
  setup.rules.walk_every_step = state.range(0) == 1;
  auto made = make_replica_engine(model, *machine, {1, 1, 1, 1}, stored_precision(model), setup);
  STARGATE_CHECK(made.ok() && std::holds_alternative<ReplicaEngine>(*made), "one GPU holds the model");
  const auto& engine = std::get<ReplicaEngine>(*made);
  const RequestTrace trace = conversations();
  for (auto _ : state) {
    const StepTable table(engine.model);
    SimulatedService service;
    service.pool = {engine.spec, &table, 1};
    const auto source = make_trace_source(trace);
    ServiceReport report(service, {}, trace.labels.size());
    simulate_service(service, *source, report);
    STARGATE_CHECK(report.finished_count() == std::ssize(trace.rows), "every request leaves");
  }
  state.SetItemsProcessed(state.iterations() * std::ssize(trace.rows));
}
BENCHMARK(trace_simulated)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

/// As `serve size` asks six systems: DeepSeek-V3, 20 requests a second, the best of engines and modes.
void serve_size_six_systems(benchmark::State& state) {
  const Catalogue& catalogue = bed().catalogue;
  const Model& model = catalogue.models.at("deepseek-v3");
  const std::array systems{"hgx-h200", "hgx-b200", "gb200-nvl72", "gb300-nvl72", "mi355x-platform", "vera-rubin-nvl72"};
  FleetQuestion question;
  question.targets = {{2 * second, 0.95}, {40 * millisecond, 0.95}};
  question.serving.target = {2 * second, 40 * millisecond};
  question.demand = {20, 0, 0};
  set_traffic(question, {LengthDistribution::fixed(4000), LengthDistribution::fixed(500), 1200});
  for (auto _ : state) {
    for_each_parallel(systems.size(), [&](std::size_t i) {
      const auto ways = make_serving_ways(catalogue, model, catalogue.systems.at(systems[i]), "best",
                                          {stored_precision(model)}, FleetMode::best);
      STARGATE_CHECK(ways.ok(), "engines run on all of them");
      benchmark::DoNotOptimize(size_fleet(model, question, ways->options));
    });
  }
  state.SetLabel("bar 5 s on 2 cores");
}
BENCHMARK(serve_size_six_systems)->Unit(benchmark::kSecond)->UseRealTime()->Iterations(1);

}  // namespace
