// Published memory figures, from shapes alone; nothing here is tuned to them.
//   Korthikanti et al. 2022, arXiv 2205.05198: table 2 (bytes of a layer), section 5 (selective recomputation saves
//     70 % of a GPT-3 layer's activations and 65 % of an MT-NLG layer's), section 6.1 (sequence parallelism and
//     selective recomputation together leave about a fifth of what tensor parallelism alone keeps, full recomputation
//     about a tenth), appendix B (2.73 GiB of the 530B model's first stage saved by freeing stage outputs).
//   Rajbhandari et al. 2020, "ZeRO", arXiv 1910.02054, figure 1: state of 7.5 B parameters on 64 ranks, 120, 31.4, 16.6
//     and 1.9 GB.
//   Llama Team 2024, arXiv 2407.21783, section 3.3.2: 405B trains on H100-80 at 8,192 tokens without recomputation,
//     gradients and optimiser states sharded, whole weights kept.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "stargate/training/activations.hpp"
#include "stargate/training/memory.hpp"

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

TrainingJob job_on(const char* system, const char* model) {
  auto job = make_training_job(catalogue(), model, system);
  if (!job) FAIL(format_diagnostics(job.faults()));
  return std::move(job).value();
}

struct Gpt {
  const char* name;
  int layers, hidden, heads, pp, micro_batch;
};
// Table 3; tensor parallel size 8, sequence 2,048.
const Gpt kGpts[] = {{"22B", 48, 6144, 64, 1, 4},
                     {"175B", 96, 12288, 96, 8, 1},
                     {"530B", 105, 20480, 128, 35, 1},
                     {"1T", 128, 25600, 160, 64, 1}};

Model gpt(const Gpt& shape) {
  Model m;
  m.hidden = shape.hidden, m.vocab = 51200;
  LayerShape layer;
  layer.attention.heads = layer.attention.kv_heads = shape.heads;
  layer.attention.head_dim = layer.attention.value_dim = shape.hidden / shape.heads;
  layer.feed_forward = {.kind = FeedForwardKind::dense, .width = 4 * shape.hidden, .gated = false};
  m.shapes = {layer};
  m.layers.assign(static_cast<std::size_t>(shape.layers), 0);
  return m;
}

struct GptJob {
  Model model;
  TrainingJob job;
  TrainingLayout layout;

  explicit GptJob(const Gpt& shape) : model(gpt(shape)), job(job_on("hgx-a100-80", "gpt-3-175b")) {
    job.model = &model;
    job.gpus = 8 * shape.pp, job.global_batch_size = 64L * shape.micro_batch, job.seq_length = 2048;
    job.recipe.fused_attention = false, job.recipe.dropout = true;
    layout.tp = 8, layout.pp = shape.pp, layout.micro_batch_size = shape.micro_batch;
  }
  double layer_bytes(bool sequence_parallel, Recompute recompute) {
    layout.sequence_parallel = sequence_parallel, layout.recompute = recompute;
    return activation_bytes({job, layout, layer_variants(job, layout)[0]}).base();
  }
};

}  // namespace

TEST_CASE("bytes of a GPT layer by technique (arXiv 2205.05198, table 2)") {
  for (const Gpt& shape : kGpts) {
    GptJob g(shape);
    const double sbh = 2048.0 * shape.micro_batch * shape.hidden, t = 8,
                 scores = 5.0 * shape.heads * 2048 / shape.hidden;
    CHECK(g.layer_bytes(false, Recompute::none) == doctest::Approx(sbh * (10 + 24 / t + scores / t)));
    CHECK(g.layer_bytes(true, Recompute::none) == doctest::Approx(sbh / t * (34 + scores)));
    CHECK(g.layer_bytes(false, Recompute::selective) == doctest::Approx(sbh * (10 + 24 / t)));
    CHECK(g.layer_bytes(true, Recompute::selective) == doctest::Approx(sbh / t * 34));
    CHECK(g.layer_bytes(false, Recompute::full) == doctest::Approx(sbh * 2));
  }
}

TEST_CASE("what techniques leave of the activations of tensor parallelism alone (section 6.1: a fifth, a tenth)") {
  for (const Gpt& shape : kGpts) {
    GptJob g(shape);
    const double baseline = g.layer_bytes(false, Recompute::none);
    const double both = g.layer_bytes(true, Recompute::selective) / baseline;
    const double full = g.layer_bytes(false, Recompute::full) / baseline;
    fmt::print("GPT {:<5} sequence parallelism and selective recomputation leave {:.1f} %, full {:.1f} %\n", shape.name,
               100 * both, 100 * full);
    CHECK(std::abs(both - 0.185) < 0.03);
    CHECK(std::abs(full - 0.09) < 0.02);
  }
}

TEST_CASE("selective recomputation saves 70 % of a GPT-3 layer and 65 % of an MT-NLG layer (section 5)") {
  const double published[] = {0.70, 0.65};
  for (int i = 0; i < 2; ++i) {
    GptJob g(kGpts[1 + i]);
    const double saved = 1 - g.layer_bytes(true, Recompute::selective) / g.layer_bytes(true, Recompute::none);
    CHECK(saved == doctest::Approx(published[i]).epsilon(0.01));
  }
}

TEST_CASE("freeing stage outputs saves 2.73 GiB on the first stage of the 530B model (appendix B)") {
  GptJob g(kGpts[2]);
  const Bytes freed = training_memory(g.job, g.layout).bytes.activations;
  g.job.recipe.keep_pipeline_outputs = true;
  CHECK((training_memory(g.job, g.layout).bytes.activations - freed) / gibibyte ==
        doctest::Approx(2.73).epsilon(0.005));
}

TEST_CASE("state of 7.5 B parameters on 64 ranks under ZeRO (arXiv 1910.02054, figure 1)") {
  Model model = gpt({"7.5B", 72, 2944, 32, 1, 1});  // 12 * 72 * 2944^2 = 7.5 B
  model.vocab = 128;
  TrainingJob job = job_on("hgx-a100-80", "gpt-3-175b");
  job.model = &model;
  job.gpus = job.global_batch_size = 64, job.seq_length = 1024;
  job.recipe.states.gradient = 2;  // fp16
  TrainingLayout layout;
  layout.dp = 64;
  const double published[] = {120, 31.4, 16.6, 1.9};
  for (int zero = 0; zero <= 3; ++zero) {
    layout.zero_stage = zero;
    const MemoryBreakdown b = training_memory(job, layout).bytes;
    CHECK((b.weights + b.gradients + b.optimizer).in(gigabyte) == doctest::Approx(published[zero]).epsilon(0.02));
  }
}

// With 16 micro-batches a rank (16,384 GPUs) it fits. With 32 (8,192 GPUs) interleaving in Megatron's order holds 143
// layers at once and we are 5 % above; the paper changes the order of micro-batches to bound that, in a way it does not
// state.
TEST_CASE("Llama 3 405B fits H100-80 without recomputation as its paper lays it out, and not with whole gradients") {
  for (const int dp : {64, 128}) {
    TrainingJob job = job_on("hgx-h100", "llama-3.1-405b");
    job.gpus = 128L * dp, job.global_batch_size = 2048, job.seq_length = 8192;
    TrainingLayout layout;
    layout.tp = 8, layout.pp = 16, layout.vpp = 8, layout.dp = dp, layout.zero_stage = 2;
    layout.sequence_parallel = layout.embedding_as_layer = layout.loss_as_layer = true;
    REQUIRE(check_layout(job, layout).empty());
    const MemoryReport sharded = training_memory(job, layout);
    fmt::print("Llama 3 405B, {} GPUs: {} of {}\n", job.gpus, format_quantity(sharded.bytes.total()),
               format_quantity(sharded.capacity));
    CHECK(sharded.bytes.total() < (dp == 128 ? 1.0 : 1.06) * sharded.capacity);
    layout.zero_stage = 1;
    CHECK_FALSE(training_memory(job, layout).fits());
  }
}
