// Rules of layouts, memory by class and step time on a small cluster: what a user would be hurt by if it broke.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "stargate/training/activations.hpp"
#include "stargate/training/schedule_order.hpp"
#include "stargate/training/search.hpp"

using namespace stargate;

namespace {

Accelerator make_accelerator() {
  Accelerator a;
  a.vendor = "NVIDIA";
  a.memory_bandwidth = 3.35 * terabyte / second;
  a.memory_capacity = 80 * gigabyte;
  a.peak = {{Precision::bf16, 989.0 * teraflop / second}, {Precision::fp8, 1979.0 * teraflop / second}};
  a.compute_units = 132;
  return a;
}

Fabric make_cluster(double up = 450, double out = 50) {
  Fabric f;
  f.up = {up * gigabyte / second, 1 * microsecond, 0.82};
  f.out = {out * gigabyte / second, 3.5 * microsecond, 0.88};
  return f;
}

Model make_dense(int layers, int hidden, int heads, bool gated = true) {
  Model m;
  m.hidden = hidden, m.vocab = 51200;
  LayerShape layer;
  layer.attention.heads = layer.attention.kv_heads = heads;
  layer.attention.head_dim = layer.attention.value_dim = hidden / heads;
  layer.feed_forward = {.kind = FeedForwardKind::dense, .width = 4 * hidden, .gated = gated};
  layer.norm_parameters = 2 * hidden;
  m.shapes = {layer};
  m.layers.assign(static_cast<std::size_t>(layers), 0);
  return m;
}

/// A dense first layer, then experts.
Model make_experts() {
  Model m = make_dense(4, 2048, 16);
  LayerShape routed = m.shapes[0];
  routed.feed_forward = {
      .kind = FeedForwardKind::experts, .width = 1024, .experts = 64, .top_k = 8, .shared_width = 1024};
  m.shapes.push_back(routed);
  m.layers = {0, 1, 1, 1};
  return m;
}

struct Cluster {
  Accelerator accelerator = make_accelerator();
  Model model;
  explicit Cluster(Model m) : model(std::move(m)) {}

  TrainingJob job(std::int64_t gpus, std::int64_t batch, std::int64_t sequence, Fabric fabric = make_cluster()) const {
    return {&model, nullptr, &accelerator, fabric, DeviceLaw(accelerator), gpus, batch, sequence, {}};
  }
};

const Cluster& gpt_like() {
  static const Cluster cluster(make_dense(24, 6144, 48, false));
  return cluster;
}

TrainingLayout layout_of(int tp, int pp, int dp) {
  TrainingLayout l;
  l.tp = tp, l.pp = pp, l.dp = dp;
  l.sequence_parallel = tp > 1;
  return l;
}

double bytes_of(const TrainingJob& job, const TrainingLayout& layout) {
  return activation_bytes({job, layout, layer_variants(job, layout)[0]}).base();
}

std::string all_messages(const Diagnostics& faults) {
  std::string out;
  for (const auto& fault : faults) out += fault.message + "\n";
  return out;
}

}  // namespace

TEST_CASE("a GPT layer with selective recomputation keeps 34 s b h / t, without sequence parallelism 10 + 24 / t") {
  TrainingJob job = gpt_like().job(8, 8, 2048);
  job.recipe.dropout = true, job.recipe.fused_attention = false;
  for (const int tp : {1, 2, 8}) {
    for (const int micro_batch : {1, 4}) {
      TrainingLayout l = layout_of(tp, 1, 8 / tp);
      l.micro_batch_size = micro_batch;
      l.recompute = Recompute::selective;
      const double sbh = 2048.0 * micro_batch * 6144;
      CHECK(bytes_of(job, l) == doctest::Approx(34 * sbh / tp));
      l.sequence_parallel = false;
      CHECK(bytes_of(job, l) == doctest::Approx(sbh * (10 + 24.0 / tp)));
      l.recompute = Recompute::none;  // 5 a s / h more
      CHECK(bytes_of(job, l) == doctest::Approx(sbh * (10 + 24.0 / tp + 5.0 * 48 * 2048 / 6144 / tp)));
      l.recompute = Recompute::full;
      CHECK(bytes_of(job, l) == doctest::Approx(2 * sbh));
    }
  }
}

TEST_CASE("fused attention keeps no scores, and fewer key-value heads keep less") {
  Model grouped = make_dense(2, 4096, 32);
  const Cluster full(grouped);
  grouped.shapes[0].attention.kv_heads = 8;
  const Cluster few(grouped);
  const TrainingLayout l;
  const double sbh = 8192.0 * 4096;
  CHECK(bytes_of(few.job(1, 1, 8192), l) == doctest::Approx(bytes_of(full.job(1, 1, 8192), l) - 2 * 2 * 0.75 * sbh));
  TrainingJob split = full.job(1, 1, 8192);
  split.recipe.fused_attention = false;
  CHECK(bytes_of(split, l) > 4 * bytes_of(full.job(1, 1, 8192), l));
}

TEST_CASE("an invalid layout names every rule it breaks with its numbers") {
  const TrainingJob job = gpt_like().job(64, 48, 2047);
  TrainingLayout l = layout_of(32, 5, 2);
  l.ep = 2, l.zero_stage = 4, l.micro_batch_size = 7, l.cp = 2;
  const std::string text = all_messages(check_layout(job, l));
  CHECK(text.find("tp 32 * pp 5 * cp 2 * dp 2 = 640, but the job has 64 gpus") != std::string::npos);
  CHECK(text.find("48 attention heads with 48 key-value heads do not split over tp 32") != std::string::npos);
  CHECK(text.find("24 layers % (pp 5 * vpp 1) is not 0") != std::string::npos);
  CHECK(text.find("sequence length 2047 % (2 * cp 2) is not 0") != std::string::npos);
  CHECK(text.find("global batch 48 % (dp 2 * micro-batch 7) is not 0") != std::string::npos);
  CHECK(text.find("the model has no experts") != std::string::npos);
  CHECK(text.find("zero_stage 4") != std::string::npos);
  CHECK(check_layout(gpt_like().job(64, 64, 2048), layout_of(8, 4, 2)).empty());
  l.dp = 0;
  CHECK(check_layout(job, l).size() == 1);
}

TEST_CASE("interleaving needs a pipeline and whole rounds of micro-batches") {
  const TrainingJob job = gpt_like().job(64, 48, 2048);
  TrainingLayout l = layout_of(8, 4, 2);
  l.vpp = 3;
  CHECK(check_layout(job, l).empty());  // 24 micro-batches
  l.micro_batch_size = 4;
  CHECK(all_messages(check_layout(job, l)).find("6 micro-batches % pp 4") != std::string::npos);
  l = layout_of(8, 1, 8);
  l.vpp = 2;
  CHECK(all_messages(check_layout(job, l)).find("vpp 2 needs pp above 1") != std::string::npos);
}

TEST_CASE("layers are dealt to stages without loss, ends counted when asked") {
  const Cluster cluster(make_dense(126, 1024, 8));
  const TrainingJob job = cluster.job(16, 16, 128);
  for (const int vpp : {1, 8}) {
    TrainingLayout l = layout_of(1, 16, 1);
    l.vpp = vpp, l.embedding_as_layer = l.loss_as_layer = true;
    int layers = 0, stages = 0;
    for (const StageRun& run : deal_layers(job, l)) layers += run.layers() * run.count, stages += run.count;
    CHECK(layers == 126);
    CHECK(stages == 16);
    CHECK(deal_layers(job, l).front().layers() == 7);
    CHECK(deal_layers(job, l).back().layers() == 7);
  }
}

TEST_CASE("an uneven pipeline's chunks differ by one layer and every layer is somewhere") {
  const Cluster cluster(make_dense(61, 1024, 8));
  TrainingLayout l = layout_of(1, 16, 1);
  l.uneven_pipeline = true;
  int layers = 0;
  for (const StageRun& run : deal_layers(cluster.job(16, 16, 128), l)) {
    layers += run.layers() * run.count;
    CHECK((run.layers() == 3 || run.layers() == 4));
  }
  CHECK(layers == 61);
}

TEST_CASE("memory classes add up and training state is 18 bytes a parameter, sharded as ZeRO says") {
  const TrainingJob job = gpt_like().job(8, 8, 2048);
  const double parameters = static_cast<double>(parameter_count(*job.model));
  TrainingLayout l = layout_of(1, 1, 8);
  const double state[] = {18, 6 + 12.0 / 8, 2 + 16.0 / 8, 18.0 / 8};
  for (int zero = 0; zero <= 3; ++zero) {
    l.zero_stage = zero;
    const MemoryBreakdown b = training_memory(job, l).bytes;
    CHECK((b.weights + b.gradients + b.optimizer).base() == doctest::Approx(parameters * state[zero]).epsilon(1e-3));
    const Bytes sum =
        b.weights + b.gradients + b.optimizer + b.activations + b.logits + b.communication + b.framework + b.slack;
    CHECK(sum == b.total());
  }
}

TEST_CASE("a tied embedding is held once on one stage and twice over two") {
  Model model = make_dense(4, 1024, 8);
  const auto weights = [&](int pp, bool tied) {
    model.tied_embedding = tied;
    const Cluster cluster(model);
    double sum = 0;
    const TrainingJob job = cluster.job(pp, 4, 128);
    const TrainingLayout l = layout_of(1, pp, 1);
    const ShardCosts costs = shard_costs(job, l);
    for (const StageRun& run : deal_layers(job, l)) sum += stage_parameters(model, costs, run).total() * run.count;
    return sum;
  };
  CHECK(weights(2, true) == weights(2, false));
  CHECK(weights(1, false) - weights(1, true) == doctest::Approx(51200.0 * 1024));
}

TEST_CASE("experts are sharded over their own copies, not over the dense ones") {
  const Cluster cluster(make_experts());
  const TrainingJob job = cluster.job(16, 16, 2048);
  TrainingLayout l = layout_of(2, 1, 8);
  l.ep = 8;
  REQUIRE(check_layout(job, l).empty());
  CHECK(l.expert_dp() == 2);
  const ShardCosts costs = shard_costs(job, l);
  const auto p = stage_parameters(cluster.model, costs, deal_layers(job, l)[0]);
  const double experts = 3.0 * 64 * 3 * 2048 * 1024;
  CHECK(p.experts == doctest::Approx(experts / 8));
  CHECK(training_memory(job, l).bytes.optimizer.base() == doctest::Approx(12 * (p.dense / 8 + p.experts / 2)));
}

TEST_CASE("micro-batches in flight follow the schedule") {
  TrainingLayout l = layout_of(1, 8, 1);
  CHECK(chunks_in_flight(l, 64, 0) == 8);
  CHECK(chunks_in_flight(l, 64, 7) == 1);
  CHECK(chunks_in_flight(l, 4, 0) == 4);
  l.vpp = 3;  // the first stage holds pp (1 + (pp - 1) / (pp vpp)) micro-batches' worth (arXiv 2205.05198, 4.2.3)
  CHECK(static_cast<double>(chunks_in_flight(l, 64, 0)) / 3 == doctest::Approx(8 * (1 + 7.0 / 24)));
  CHECK(chunks_in_flight(l, 8, 0) == 24);  // all there are
}

TEST_CASE("a schedule holds no more than the passes between its forward and its backward ones") {
  for (const auto& named : EnumNames<PipelineSchedule>::names) {
    const auto name = named.first;  // clang 14 lets no lambda of doctest see a structured binding
    const auto schedule = named.second;
    TrainingLayout l = layout_of(1, 6, 1);
    l.pipeline_schedule = schedule;
    if (schedule == PipelineSchedule::interleaved_1f1b) l.vpp = 3;
    const PipelineWork work{l.schedule(), l.pp, l.vpp, 24, {}, {}};
    for (int stage = 0; stage < l.pp; ++stage) {
      std::int64_t held = 0, most = 0;
      for (const ScheduledPass& pass : pass_order(work, stage)) {
        const bool ahead = pass.kind == PassKind::forward || pass.kind == PassKind::forward_backward;
        const bool done = pass.kind == PassKind::backward || pass.kind == PassKind::forward_backward ||
                          pass.kind == PassKind::weight_gradient;
        held += ahead ? 1 : 0, most = std::max(most, held), held -= done ? 1 : 0;
      }
      CAPTURE(name);
      CAPTURE(stage);
      CHECK(chunks_in_flight(l, 24, stage) == most);
      CHECK(held == 0);
    }
  }
}

TEST_CASE("every schedule simulates with parts that add up, and trades memory for the bubble as its paper says") {
  const TrainingJob job = gpt_like().job(64, 256, 2048);
  TrainingLayout l = layout_of(4, 8, 2);
  const StepReport plain = simulate_step(job, l);
  for (const auto& named : EnumNames<PipelineSchedule>::names) {
    const auto name = named.first;  // clang 14 lets no lambda of doctest see a structured binding
    const auto schedule = named.second;
    l.pipeline_schedule = schedule, l.vpp = schedule == PipelineSchedule::interleaved_1f1b ? 3 : 1;
    CAPTURE(name);
    REQUIRE_MESSAGE(check_layout(job, l).empty(), all_messages(check_layout(job, l)));
    const StepReport r = simulate_step(job, l);
    const auto stages = deal_layers(job, l);
    CHECK(least_step_time(job, l, shard_costs(job, l), stages) <= r.step_time());
    CHECK(r.step_time() <= (1 + 1e-9) * plain.step_time());
    CHECK(r.memory.bytes.activations >= plain.memory.bytes.activations);
    for (const Duration part : r.time.parts) CHECK(part.base() >= -1e-12);
    if (schedule == PipelineSchedule::dual_pipe) {
      CHECK(r.memory.bytes.weights > 1.8 * plain.memory.bytes.weights);
      CHECK(r.memory.bytes.optimizer < 1.2 * plain.memory.bytes.optimizer);
    }
  }
}

TEST_CASE("what does not fit says how much is missing and changes that would make it fit") {
  const TrainingJob job = gpt_like().job(64, 64, 2048);
  TrainingLayout l = layout_of(1, 1, 64);
  l.zero_stage = 0;
  const MemoryReport memory = training_memory(job, l);
  REQUIRE_FALSE(memory.fits());
  CHECK(memory.missing() == memory.bytes.total() - memory.capacity);
  const auto changes = fitting_changes(job, l);
  REQUIRE_FALSE(changes.empty());
  CHECK(changes.front().memory.fits());
  CHECK(changes.front().layout.zero_stage > 0);
  for (const auto& change : changes) {
    CHECK(check_layout(job, change.layout).empty());
    CHECK(change.memory.bytes.total() < memory.bytes.total());
  }
}

TEST_CASE("compute of a step is the model's operations at the device's rate and no faster") {
  const TrainingJob job = gpt_like().job(64, 128, 2048);
  for (const TrainingLayout& l : {layout_of(1, 1, 64), layout_of(8, 1, 8), layout_of(2, 4, 8)}) {
    const StepReport r = simulate_step(job, l);
    CHECK(r.mfu() < 0.8);
    CHECK(r.mfu() > 0.2);
    CHECK(r.tokens_per_second().base() * r.step_time().base() == doctest::Approx(128 * 2048));
    CHECK(r.hfu() == r.mfu());
  }
}

TEST_CASE("each kind of parallelism shows in its own part of the step") {
  const Cluster cluster(make_experts());
  const TrainingJob job = cluster.job(64, 128, 4096);
  const auto part = [&](const TrainingLayout& l, StepPart which) {
    REQUIRE_MESSAGE(check_layout(job, l).empty(), all_messages(check_layout(job, l)));
    return simulate_step(job, l).time[which].base();
  };
  TrainingLayout l = layout_of(1, 1, 64);
  for (const StepPart none : {StepPart::tensor_communication, StepPart::expert_communication, StepPart::bubble,
                              StepPart::pipeline_communication, StepPart::recompute}) {
    CHECK(part(l, none) == 0);
  }
  l.ep = 8;
  CHECK(part(l, StepPart::expert_communication) > 0);
  l.ep = 64;
  CHECK(part(l, StepPart::expert_communication) > 2 * part(layout_of(1, 1, 64), StepPart::expert_communication));
  CHECK(part(layout_of(4, 1, 16), StepPart::tensor_communication) > 0);
  CHECK(part(layout_of(1, 4, 16), StepPart::bubble) > 0);
  CHECK(part(layout_of(1, 4, 16), StepPart::pipeline_communication) > 0);
}

TEST_CASE("ranks of a tensor group that hold the same send a part each to the next stage") {
  const TrainingJob job = gpt_like().job(64, 128, 4096);
  const auto sent = [&](bool sequence_parallel) {
    TrainingLayout l = layout_of(8, 4, 2);
    l.sequence_parallel = sequence_parallel;
    return simulate_step(job, l).time[StepPart::pipeline_communication].base();
  };
  // With sequence parallelism a rank has its part only; without it the parts are put together inside the domain.
  CHECK(sent(false) > sent(true));
  CHECK(sent(false) < 4 * sent(true));
}

TEST_CASE("recomputing layers lowers memory and raises time, and shows in HFU only") {
  const TrainingJob job = gpt_like().job(64, 64, 8192);
  TrainingLayout l = layout_of(8, 1, 8);
  const StepReport kept = simulate_step(job, l);
  l.recompute = Recompute::full;
  const StepReport redone = simulate_step(job, l);
  CHECK(redone.memory.bytes.total() < kept.memory.bytes.total());
  CHECK(redone.step_time() > kept.step_time());
  CHECK(redone.model_flops == kept.model_flops);
  CHECK(redone.hardware_flops / redone.model_flops == doctest::Approx(4.0 / 3).epsilon(0.03));  // not the output's
}

TEST_CASE("context parallelism splits attention evenly and waits only for what attention does not hide") {
  const TrainingJob job = gpt_like().job(64, 8, 65536);
  TrainingLayout l = layout_of(8, 1, 1);
  l.cp = 8;
  const auto fast = shard_costs(gpt_like().job(64, 8, 65536, make_cluster(450, 400)), l);
  const auto slow = shard_costs(gpt_like().job(64, 8, 65536, make_cluster(450, 2)), l);
  CHECK(fast.shapes[0].forward_wait.context == Duration{});
  CHECK(slow.shapes[0].forward_wait.context > Duration{});
  l.cp = 1;
  CHECK(8 * fast.shapes[0].forward.base() ==
        doctest::Approx(shard_costs(job, l).shapes[0].forward.base()).epsilon(0.03));
}

TEST_CASE("doubling data parallelism halves the work of a rank") {
  const TrainingLayout few = layout_of(8, 2, 4), many = layout_of(8, 2, 8);
  const StepReport a = simulate_step(gpt_like().job(64, 64, 2048), few);
  const StepReport b = simulate_step(gpt_like().job(128, 64, 2048), many);
  CHECK(a.time[StepPart::forward] == 2 * b.time[StepPart::forward]);
  CHECK(a.time[StepPart::backward] == 2 * b.time[StepPart::backward]);
  CHECK(a.model_flops == b.model_flops);
}

TEST_CASE("a step is never slower on faster links, memory or arithmetic") {
  const Cluster experts(make_experts());
  TrainingLayout routed = layout_of(2, 2, 16);
  routed.ep = 16;
  const auto time = [](const Cluster& cluster, const TrainingLayout& l, double up, double out) {
    return simulate_step(cluster.job(64, 128, 4096, make_cluster(up, out)), l).step_time();
  };
  for (const auto& [cluster, layout] : {std::pair<const Cluster*, TrainingLayout>{&gpt_like(), layout_of(8, 4, 2)},
                                        {&gpt_like(), layout_of(16, 2, 2)},
                                        {&experts, routed}}) {
    CHECK(time(*cluster, layout, 900, 50) <= time(*cluster, layout, 450, 50));
    CHECK(time(*cluster, layout, 450, 100) <= time(*cluster, layout, 450, 50));
    Cluster better = *cluster;
    better.accelerator.memory_bandwidth = 2.0 * better.accelerator.memory_bandwidth;
    CHECK(time(better, layout, 450, 50) <= time(*cluster, layout, 450, 50));
    better = *cluster;
    for (auto& [precision, rate] : better.accelerator.peak) rate = 2.0 * rate;
    CHECK(time(better, layout, 450, 50) <= time(*cluster, layout, 450, 50));
  }
}

TEST_CASE("fp8 multiplies faster but not twice: casts and attention stay") {
  TrainingJob job = gpt_like().job(8, 8, 4096);
  const StepReport wide = simulate_step(job, layout_of(8, 1, 1));
  job.recipe.precision = {Precision::fp8, Precision::fp8};
  const StepReport narrow = simulate_step(job, layout_of(8, 1, 1));
  CHECK(narrow.step_time() < wide.step_time());
  CHECK(narrow.time[StepPart::forward] > 0.5 * wide.time[StepPart::forward]);
  CHECK(narrow.peak == job.law.peak(Precision::fp8));
}

TEST_CASE("a search counts every candidate once and returns what a direct evaluation returns") {
  const TrainingJob job = gpt_like().job(64, 128, 2048);
  const auto result = search_layouts(job);
  REQUIRE(result.ok());
  const SearchReport& r = *result;
  std::int64_t removed = r.removed_by_memory + r.removed_by_bound;
  for (const auto count : r.removed_by_rule) removed += count;
  CHECK(r.candidates == removed + r.evaluated);
  CHECK(r.evaluated > 100);
  REQUIRE(r.ranking.size() > 1);
  const TrainingCandidate &best = *r.best(), &next = r.ranking[1];
  CHECK(check_layout(job, best.layout).empty());
  CHECK(best.report.memory.fits());
  CHECK(simulate_step(job, best.layout).step_time() == best.report.step_time());
  CHECK(simulate_step(job, next.layout).step_time() == next.report.step_time());
  CHECK(best.report.step_time() <= next.report.step_time());
  CHECK(explain_slower(best.report.time, next.report.time).find("slower") != std::string::npos);
  const auto again = search_layouts(job);
  CHECK(again->best()->layout == best.layout);
}

TEST_CASE("a search finds no worse than any layout tried by hand, and its front trades time for memory") {
  const Cluster cluster(make_experts());
  const TrainingJob job = cluster.job(16, 64, 2048);
  const auto result = search_layouts(job);
  REQUIRE(result->best() != nullptr);
  int tried = 0;
  for (const int tp : {1, 2, 4, 8}) {
    for (const int pp : {1, 2, 4}) {
      for (const int ep : {1, 2, 4, 8, 16}) {
        for (const int micro_batch : {1, 2, 4}) {
          TrainingLayout l = layout_of(tp, pp, 16 / tp / pp);
          l.ep = ep, l.micro_batch_size = micro_batch;
          if (!check_layout(job, l).empty()) continue;
          const StepReport r = simulate_step(job, l);
          if (!r.memory.fits()) continue;
          ++tried;
          CHECK(result->best()->report.step_time() <= r.step_time());
        }
      }
    }
  }
  CHECK(tried > 20);
  const auto& front = result->pareto;
  REQUIRE_FALSE(front.empty());
  // ZeRO 2 beside a pipeline of as many stages as micro-batches takes the time of ZeRO 1 with less memory: a tie.
  CHECK(front.front().report.step_time() == result->best()->report.step_time());
  CHECK(front.front().report.memory.bytes.total() <= result->best()->report.memory.bytes.total());
  for (std::size_t i = 1; i < front.size(); ++i) {
    CHECK(front[i].report.step_time() > front[i - 1].report.step_time());
    CHECK(front[i].report.memory.bytes.total() < front[i - 1].report.memory.bytes.total());
  }
}

TEST_CASE("when nothing fits the search says what comes nearest") {
  const TrainingJob job = gpt_like().job(1, 1, 2048);
  const auto result = search_layouts(job);
  REQUIRE(result.ok());
  CHECK(result->best() == nullptr);
  REQUIRE(result->nearest);
  CHECK(result->nearest->memory.missing() > 0 * byte);
  CHECK(result->removed_by_memory > 0);
  TrainingJob empty = job;
  empty.gpus = 0;
  CHECK_FALSE(search_layouts(empty).ok());
}
