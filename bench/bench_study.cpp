// The programme's study in its stages: catalogue, rating of machines, building the LP, solving it, and the whole.
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

void whole(benchmark::State& state) {
  const auto solver = make_clp_solver();
  for (auto _ : state) {
    auto report = run_study(kRequest, DiskFileReader(), *solver, kQuiet);
    benchmark::DoNotOptimize(format_plan_text(*report));
  }
}
BENCHMARK(whole)->Name("whole_study")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stargate
