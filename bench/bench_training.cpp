// Speed of the training model: one layout with everything included, and the layouts a second of a search.
// Google Benchmark; "layouts" counts every candidate of the grid, "evaluated" those that keep the rules and fit.
#include <benchmark/benchmark.h>

#include "stargate/training/search.hpp"

namespace {

using namespace stargate;

Accelerator make_accelerator() {
  Accelerator a;
  a.vendor = "NVIDIA";
  a.memory_bandwidth = 3.35 * terabyte / second;
  a.memory_capacity = 80 * gibibyte;
  a.peak = {{Precision::bf16, 989.0 * teraflop / second}};
  a.compute_units = 132;
  return a;
}

Model make_model(int layers, int hidden, int heads, int kv_heads) {
  Model m;
  m.hidden = hidden, m.vocab = 128256;
  LayerShape layer;
  layer.attention.heads = heads, layer.attention.kv_heads = kv_heads;
  layer.attention.head_dim = layer.attention.value_dim = 128;
  layer.norm_parameters = 2 * hidden;
  m.shapes = {layer};
  m.layers.assign(static_cast<std::size_t>(layers), 0);
  return m;
}

/// Llama 3 405B: 126 layers, grouped-query attention.
Model make_llama_405b() {
  Model m = make_model(126, 16384, 128, 8);
  m.shapes[0].feed_forward = {.kind = FeedForwardKind::dense, .width = 53248};
  return m;
}

/// 1.8 T parameters in 16 experts of which a token visits two; the size reports give to GPT-4.
Model make_experts_1800b() {
  Model m = make_model(120, 12288, 96, 8);
  m.shapes[0].feed_forward = {.kind = FeedForwardKind::experts, .width = 24576, .experts = 16, .top_k = 2};
  return m;
}

TrainingJob make_job(const Model& model, const Accelerator& accelerator, std::int64_t gpus, std::int64_t batch) {
  Fabric fabric;
  fabric.up = {450.0 * gigabyte / second, 1 * microsecond, 0.82};
  fabric.out = {50.0 * gigabyte / second, 3.5 * microsecond, 0.88};
  return {&model, nullptr, &accelerator, fabric, DeviceLaw(accelerator), gpus, batch, 8192, {}};
}

void one_layout(benchmark::State& state) {
  const Accelerator accelerator = make_accelerator();
  const Model model = make_llama_405b();
  const TrainingJob job = make_job(model, accelerator, 16384, 2048);
  TrainingLayout layout;
  layout.tp = 8, layout.pp = 16, layout.vpp = 8, layout.dp = 128;
  layout.sequence_parallel = layout.embedding_as_layer = layout.loss_as_layer = true;
  for (auto _ : state) benchmark::DoNotOptimize(simulate_step(job, layout));
}
BENCHMARK(one_layout)->Unit(benchmark::kMicrosecond);

void search(benchmark::State& state, const TrainingJob& job) {
  SearchLimits limits;
  limits.ranked = 5;
  limits.threads = static_cast<unsigned>(state.range(0));
  std::int64_t candidates = 0;
  for (auto _ : state) {
    const auto report = search_layouts(job, limits);
    candidates += report->candidates;
    state.counters["candidates"] = static_cast<double>(report->candidates);
    state.counters["evaluated"] = static_cast<double>(report->evaluated);
    if (const auto* best = report->best()) state.counters["best step s"] = best->report.step_time().in(second);
  }
  state.counters["layouts/s"] = benchmark::Counter(static_cast<double>(candidates), benchmark::Counter::kIsRate);
}

void search_llama_405b(benchmark::State& state) {
  const Accelerator accelerator = make_accelerator();
  const Model model = make_llama_405b();
  search(state, make_job(model, accelerator, 16384, 2048));
}
void search_experts_1800b(benchmark::State& state) {
  const Accelerator accelerator = make_accelerator();
  const Model model = make_experts_1800b();
  search(state, make_job(model, accelerator, state.range(1), state.range(2)));
}
/// Calculon's study (SC 2023): 451,328 layouts, the best TP8 PP4 DP128, micro-batch 2, interleaved 12 times, 428.6
/// samples/s.
void search_gpt3_175b(benchmark::State& state) {
  const auto catalogue = load_catalogue(DiskFileReader(), STARGATE_SOURCE_DIR "/catalogue");
  auto job = make_training_job(*catalogue, "gpt-3-175b", "hgx-a100-80");
  job->gpus = 4096, job->global_batch_size = 4096, job->seq_length = 2048;
  search(state, *job);
  TrainingLayout theirs;
  theirs.tp = 8, theirs.pp = 4, theirs.vpp = 12, theirs.dp = 128, theirs.micro_batch_size = 2;
  theirs.sequence_parallel = true;
  state.counters["Calculon's step s"] = simulate_step(*job, theirs).step_time().in(second);
}
BENCHMARK(search_gpt3_175b)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(search_llama_405b)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(search_experts_1800b)
    ->ArgNames({"threads", "gpus", "batch"})
    ->Args({1, 98304, 6144})
    ->Args({2, 98304, 6144})
    ->Args({1, 100000, 10000})
    ->Args({2, 100000, 10000})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
