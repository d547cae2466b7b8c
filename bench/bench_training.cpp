// Speed of the training model: one layout with everything included (dense, experts with latent attention, and a job of
// 9,216 accelerators), one all-reduce, and the layouts a second of a search.
// Google Benchmark; "layouts" counts every candidate of the grid, "evaluated" those that keep the rules and fit.
#include <benchmark/benchmark.h>

#include "stargate/base/file_reader.hpp"
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

/// Machines and models of the catalogue under their calibrated laws, as `stargate train` has them.
void one_layout(benchmark::State& state, const char* model, std::int64_t batch, std::int64_t length,
                const TrainingLayout& layout, const TrainingRecipe* recipe = nullptr) {
  static const auto catalogue = load_catalogue(DiskFileReader{}, STARGATE_SOURCE_DIR "/catalogue");
  auto job = make_training_job(*catalogue, model, "hgx-h100");
  if (!job) return state.SkipWithError("no such model");
  job->gpus = layout.ranks(), job->global_batch_size = batch, job->seq_length = length;
  if (recipe != nullptr) job->recipe = *recipe;
  if (const auto faults = check_layout(*job, layout); !faults.empty()) {
    return state.SkipWithError(faults.front().message.c_str());
  }
  for (auto _ : state) benchmark::DoNotOptimize(simulate_step(*job, layout));
  state.SetLabel("bar 10 us");
}

TrainingLayout make_layout(int tp, int pp, int vpp, int dp) {
  TrainingLayout l;
  l.tp = tp, l.pp = pp, l.vpp = vpp, l.dp = dp;
  l.sequence_parallel = tp > 1;
  return l;
}

void one_layout_llama_405b(benchmark::State& state) {
  TrainingLayout l = make_layout(8, 16, 8, 128);
  l.embedding_as_layer = l.loss_as_layer = true;
  one_layout(state, "llama-3.1-405b", 2048, 8192, l);
}
void one_layout_gpt_175b(benchmark::State& state) {
  TrainingLayout l = make_layout(8, 8, 12, 64);
  l.recompute = Recompute::selective;
  one_layout(state, "gpt-3-175b", 4096, 2048, l);
}
/// 671B of experts with latent attention and multi-token prediction.
void one_layout_deepseek_v3(benchmark::State& state) {
  TrainingLayout l = make_layout(1, 16, 1, 128);
  l.ep = 64, l.uneven_pipeline = true, l.pipeline_schedule = PipelineSchedule::dual_pipe;
  l.recompute = Recompute::selective;
  l.recompute_modules = RecomputeModules(RecomputeModule::mla_up_proj);
  one_layout(state, "deepseek-v3", 15360, 4096, l);
}
void one_layout_deepseek_v3_1f1b(benchmark::State& state) {
  TrainingLayout l = make_layout(1, 16, 1, 128);
  l.ep = 64, l.uneven_pipeline = true;
  one_layout(state, "deepseek-v3", 15360, 4096, l);
}
/// Every feature at once: shards of a part of the ranks, some layers recomputed, some in bf16, offload.
void one_layout_all_features(benchmark::State& state) {
  TrainingRecipe recipe;
  recipe.precision = {Precision::fp8, Precision::fp8};
  recipe.bf16_first_layers = recipe.bf16_last_layers = 1;
  TrainingLayout l = make_layout(8, 16, 2, 128);
  l.embedding_as_layer = l.loss_as_layer = true;
  l.zero_stage = 2, l.shard_size = 32, l.offload_activations = 0.5;
  l.recompute = Recompute::full, l.recompute_layers = 1;
  one_layout(state, "llama-3.1-405b", 2048, 8192, l, &recipe);
}
/// One iteration of a job of experts on 9,216 accelerators.
void iteration_experts_9216(benchmark::State& state) {
  TrainingLayout l = make_layout(1, 16, 1, 576);
  l.ep = 64, l.uneven_pipeline = true;
  one_layout(state, "deepseek-v3", 9216, 4096, l);
}
BENCHMARK(one_layout_llama_405b)->Unit(benchmark::kMicrosecond);
BENCHMARK(one_layout_gpt_175b)->Unit(benchmark::kMicrosecond);
BENCHMARK(one_layout_deepseek_v3)->Unit(benchmark::kMicrosecond);
BENCHMARK(one_layout_deepseek_v3_1f1b)->Unit(benchmark::kMicrosecond);
BENCHMARK(one_layout_all_features)->Unit(benchmark::kMicrosecond);
BENCHMARK(iteration_experts_9216)->Unit(benchmark::kMicrosecond);

/// 256 MiB over 4,096 accelerators in domains of the given size.
void all_reduce_4096(benchmark::State& state) {
  Fabric fabric;
  fabric.domain = static_cast<int>(state.range(0));
  fabric.up = {450.0 * gigabyte / second, 1 * microsecond, 0.82};
  fabric.out = {50.0 * gigabyte / second, 3.5 * microsecond, 0.88};
  fabric.up_topology = state.range(1) > 0 ? Topology::torus : Topology::switched;
  const Group group = place_group(fabric, 4096, 1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(collective_time(fabric, Collective::all_reduce, 256 * mebibyte, group));
  }
}
BENCHMARK(all_reduce_4096)->Args({1, 0})->Args({8, 0})->Args({72, 0})->Args({576, 0})->Args({4096, 1});

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
