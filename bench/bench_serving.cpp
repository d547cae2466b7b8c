// One decode step, the best batch over all layouts, a fleet sized: the planner asks the second for every pair of
// service and system, a user waits for the third.
#include <benchmark/benchmark.h>

#include "stargate/serving/size.hpp"

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

}  // namespace
