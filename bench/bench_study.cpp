// The programme's study in its stages: catalogue, rating of machines, building the LP, solving it, and the whole.
// Figures that a speed was promised for, here and in the other files, have it as their label:
//   stargate_bench --benchmark_filter='whole|serve_size|fleet_day|^gemm|_attention|one_layout'
#include <benchmark/benchmark.h>

#include "stargate/lp/clp_solver.hpp"
#include "stargate/questions/plan_report.hpp"

namespace stargate {
namespace {

const std::string kCatalogue = STARGATE_SOURCE_DIR "/catalogue";
const StudyRequest kRequest{STARGATE_SOURCE_DIR "/studies/stargate.yaml", kCatalogue, {}, {}};
const auto kQuiet = [](const std::string&) {};

void load(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(load_catalogue(DiskFileReader(), kCatalogue));
}
BENCHMARK(load)->Name("catalogue_load")->Unit(benchmark::kMillisecond);

void prepare(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(prepare_study(kRequest, DiskFileReader(), kQuiet));
}
BENCHMARK(prepare)->Name("study_prepare_and_rate_machines")->Unit(benchmark::kMillisecond);

void build_lp(benchmark::State& state) {
  const auto prepared = prepare_study(kRequest, DiskFileReader(), kQuiet);
  for (auto _ : state) benchmark::DoNotOptimize(build_programme_lp(prepared->programme).matrix());
}
BENCHMARK(build_lp)->Name("lp_build")->Unit(benchmark::kMillisecond);

void solve_lp(benchmark::State& state) {
  const auto prepared = prepare_study(kRequest, DiskFileReader(), kQuiet);
  const LpProblem problem = build_programme_lp(prepared->programme);
  const auto solver = make_clp_solver();
  for (auto _ : state) benchmark::DoNotOptimize(solver->solve(problem, {}));
  state.counters["columns"] = problem.column_count();
  state.counters["rows"] = problem.row_count();
}
BENCHMARK(solve_lp)->Name("lp_solve")->Unit(benchmark::kMillisecond);

/// With the plans at low and high, as `stargate plan` makes them; `cache_folder` empty: every machine is rated anew.
void whole(benchmark::State& state, const std::string& cache_folder, const char* bar) {
  const auto solver = make_clp_solver();
  StudyRequest request = kRequest;
  request.cache_folder = cache_folder, request.range = true;
  if (!cache_folder.empty()) benchmark::DoNotOptimize(prepare_study(request, DiskFileReader(), kQuiet));
  for (auto _ : state) {
    auto report = run_study(request, DiskFileReader(), *solver, kQuiet);
    benchmark::DoNotOptimize(format_plan_text(*report));
  }
  state.SetLabel(bar);
}
BENCHMARK_CAPTURE(whole, cold, "", "bar 20 s on 2 cores")->Unit(benchmark::kSecond)->UseRealTime()->Iterations(1);
BENCHMARK_CAPTURE(whole, warm, usual_cache_folder(), "bar 1 s on 2 cores")->Unit(benchmark::kSecond)->UseRealTime();

}  // namespace
}  // namespace stargate
