// Published training runs, predicted with the catalogue's calibrated kernels and training coefficients. The runs of
// table 5 are among the 694 that those coefficients were fitted to; the others are not.
//   Korthikanti et al. 2022, "Reducing Activation Recomputation in Large Transformer Models", arXiv 2205.05198,
//     table 5: seconds an iteration of GPT models on A100-80 (Selene: NVLink 3, 8 x HDR InfiniBand), fp16, attention
//     not fused, fully recomputed against sequence parallelism with selective recomputation.
//   Llama Team 2024, "The Llama 3 Herd of Models", arXiv 2407.21783, table 4: model FLOP utilisation of Llama 3 405B on
//     H100 (NVLink 4, 400 Gb/s RoCE). The paper gives no interleaving; one layer a virtual stage is assumed, the
//     embedding and the output in place of a layer as its section 3.3.2 says.
// Machines and Llama come from the catalogue. Each case prints what we get. Tolerances are stated beside the figures
// they judge.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stargate/training/step.hpp"

using namespace stargate;

namespace {

const Catalogue& catalogue() {
  static const Catalogue loaded = [] {
    auto result = load_catalogue(DiskFileReader{}, STARGATE_SOURCE_DIR "/catalogue");
    if (!result) FAIL(format_diagnostics(result.faults()));
    return std::move(result).value();
  }();
  return loaded;
}

/// A job on a system of the catalogue; the model is replaced where the catalogue has none of its size.
TrainingJob job_on(const char* system, const char* model) {
  auto job = make_training_job(catalogue(), model, system);
  if (!job) FAIL(format_diagnostics(job.faults()));
  job->recipe.tensor_overlap = false;  // neither paper says that collectives run under their products
  return std::move(job).value();
}

Model gpt(int layers, int hidden, int heads) {
  Model m;
  m.hidden = hidden, m.vocab = 51200, m.max_position = m.position_embedding_rows = 2048;
  m.tied_embedding = true;
  LayerShape layer;
  layer.attention.heads = layer.attention.kv_heads = heads;
  layer.attention.head_dim = layer.attention.value_dim = hidden / heads;
  layer.attention.qkv_bias = layer.attention.output_bias = true;
  layer.feed_forward = {.kind = FeedForwardKind::dense, .width = 4 * hidden, .gated = false, .bias = true};
  layer.norm_parameters = 4 * hidden;
  m.shapes = {layer};
  m.layers.assign(static_cast<std::size_t>(layers), 0);
  return m;
}

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

void print_parts(const StepReport& report) {
  for (int i = 0; i < kStepParts; ++i) {
    const auto part = static_cast<StepPart>(i);
    const Duration t = report.time[part];
    if (t.base() > 0) {
      fmt::print("    {:<32} {:>10}  {}\n", step_part_name(part), format_quantity(t), percent(t / report.step_time()));
    }
  }
  fmt::print("    memory {} of {}\n", format_quantity(report.memory.bytes.total()),
             format_quantity(report.memory.capacity));
}

struct GptRun {
  const char* name;
  int layers, hidden, heads, pp, vpp, gpus, batch, micro_batch;
  double full_seconds, selective_seconds;
};
const GptRun kGptRuns[] = {
    {"22B", 48, 6144, 64, 1, 1, 8, 4, 4, 1.42, 1.10},
    {"175B", 96, 12288, 96, 8, 3, 64, 64, 1, 18.13, 13.75},
    {"530B", 105, 20480, 128, 35, 3, 280, 280, 1, 49.05, 37.83},
    {"1T", 128, 25600, 160, 64, 1, 512, 512, 1, 94.42, 71.49},
};

StepReport gpt_step(const GptRun& run, bool selective) {
  const Model model = gpt(run.layers, run.hidden, run.heads);
  TrainingJob job = job_on("hgx-a100-80", "gpt-3-175b");
  job.model = &model;
  job.gpus = run.gpus, job.global_batch_size = run.batch, job.seq_length = 2048;
  job.recipe.fused_attention = false, job.recipe.dropout = true;
  TrainingLayout layout;
  layout.tp = 8, layout.pp = run.pp, layout.vpp = run.vpp, layout.micro_batch_size = run.micro_batch;
  layout.zero_stage = 0;
  layout.sequence_parallel = selective;
  layout.recompute = selective ? Recompute::selective : Recompute::full;
  REQUIRE(check_layout(job, layout).empty());
  return simulate_step(job, layout);
}

struct LayerRun {
  const char* name;
  bool sequence_parallel;
  Recompute recompute;
  double forward_ms, backward_ms;
};
const LayerRun kLayerRuns[] = {
    {"no recomputation", false, Recompute::none, 7.7, 11.9},
    {"sequence parallelism", true, Recompute::none, 7.2, 11.8},
    {"full", false, Recompute::full, 7.7, 19.5},
    {"selective", false, Recompute::selective, 7.7, 13.2},
    {"selective, sequence parallelism", true, Recompute::selective, 7.2, 13.1},
};

struct LlamaRun {
  std::int64_t gpus, batch, sequence;
  int cp, dp, vpp;
  double mfu;
};

StepReport llama_step(const LlamaRun& run) {
  TrainingJob job = job_on("hgx-h100", "llama-3.1-405b");
  job.gpus = run.gpus, job.global_batch_size = run.batch, job.seq_length = run.sequence;
  TrainingLayout layout;
  layout.tp = 8, layout.pp = 16, layout.vpp = run.vpp, layout.cp = run.cp, layout.dp = run.dp;
  layout.sequence_parallel = layout.embedding_as_layer = layout.loss_as_layer = true;
  layout.zero_stage = 2;  // gradients are sharded, weights stay whole (section 3.3.2)
  for (const auto& fault : check_layout(job, layout)) FAIL(fault.message);
  return simulate_step(job, layout);
}

}  // namespace

TEST_CASE("Megatron's GPT iterations on A100, full and selective recomputation (arXiv 2205.05198, table 5)") {
  for (const GptRun& run : kGptRuns) {
    for (const bool selective : {false, true}) {
      const StepReport report = gpt_step(run, selective);
      const double published = selective ? run.selective_seconds : run.full_seconds;
      const double error = report.step_time().in(second) / published - 1;
      fmt::print("GPT {:<5} {:<10} published {:6.2f} s, we get {:6.2f} s ({:+.1f} %), MFU {}\n", run.name,
                 selective ? "selective" : "full", published, report.step_time().in(second), 100 * error,
                 percent(report.mfu()));
      print_parts(report);
      CHECK(std::abs(error) < 0.12);
    }
  }
}

TEST_CASE("one layer of the 22B model on A100, forward and backward (arXiv 2205.05198, table 4)") {
  const Model model = gpt(48, 6144, 64);
  TrainingJob job = job_on("hgx-a100-80", "gpt-3-175b");
  job.model = &model;
  job.gpus = 8, job.global_batch_size = 4, job.seq_length = 2048;
  job.recipe.fused_attention = false, job.recipe.dropout = true;
  for (const LayerRun& run : kLayerRuns) {
    TrainingLayout layout;
    layout.tp = 8, layout.micro_batch_size = 4;
    layout.sequence_parallel = run.sequence_parallel, layout.recompute = run.recompute;
    const LayerCost layer = shard_costs(job, layout).shapes[0];
    const double forward = (layer.forward + layer.forward_wait.total()).in(millisecond);
    const double backward = (layer.backward + layer.recompute + layer.backward_wait.total()).in(millisecond);
    fmt::print("layer, {:<32} published {:4.1f} + {:4.1f} ms, we get {:5.2f} + {:5.2f} ms\n", run.name, run.forward_ms,
               run.backward_ms, forward, backward);
    CHECK(std::abs(forward / run.forward_ms - 1) < 0.06);
    CHECK(std::abs(backward / run.backward_ms - 1) < 0.1);
  }
}

TEST_CASE("selective recomputation saves the published share of time (arXiv 2205.05198, table 5: 22 to 24 %)") {
  for (const GptRun& run : kGptRuns) {
    const double saved = 1 - gpt_step(run, true).step_time() / gpt_step(run, false).step_time();
    const double published = 1 - run.selective_seconds / run.full_seconds;
    fmt::print("GPT {:<5} saved {}, published {}\n", run.name, percent(saved), percent(published));
    CHECK(std::abs(saved - published) < 0.045);
  }
}

// Wider than the A100 runs'. We are too fast, likely because the best rate measured on one shape (794.5 TFLOP/s) stands
// for all, while power limits and waiting for the slowest of ten thousand ranks are not in the model.
TEST_CASE("Llama 3 405B on 8,192 and 16,384 H100 (arXiv 2407.21783, table 4)") {
  for (const LlamaRun& run : {LlamaRun{8192, 2048, 8192, 1, 64, 8, 0.43}, LlamaRun{16384, 2048, 8192, 1, 128, 8, 0.41},
                              LlamaRun{16384, 128, 131072, 16, 8, 8, 0.38}}) {
    const StepReport report = llama_step(run);
    fmt::print("Llama 3 405B, {} GPUs, sequence {}: published MFU {}, we get {} ({:.0f} TFLOP/s a GPU)\n", run.gpus,
               run.sequence, percent(run.mfu), percent(report.mfu()),
               report.model_flop_rate_per_gpu().in(teraflop / second));
    print_parts(report);
    CHECK(std::abs(report.mfu() / run.mfu - 1) < 0.18);
  }
}
