// What real runs use beyond the plain layout: shards of a part of the ranks, recomputed modules and first layers, lower
// formats, offload, multi-token prediction, uneven routing. Each must cost and save where it does in a real run.
#include <doctest/doctest.h>

#include "stargate/training/activations.hpp"
#include "stargate/training/search.hpp"

using namespace stargate;

namespace {

Accelerator make_accelerator() {
  Accelerator a;
  a.vendor = "NVIDIA";
  a.memory_bandwidth = 3.35 * terabyte / second;
  a.memory_capacity = 80 * gigabyte;
  a.host_bandwidth = 60 * gigabyte / second;
  a.peak = {{Precision::bf16, 989.0 * teraflop / second}, {Precision::fp8, 1979.0 * teraflop / second}};
  a.compute_units = 132;
  return a;
}

Model make_dense() {
  Model m;
  m.hidden = 4096, m.vocab = 51200;
  LayerShape layer;
  layer.attention.heads = layer.attention.kv_heads = 32;
  layer.attention.head_dim = layer.attention.value_dim = 128;
  layer.feed_forward = {.kind = FeedForwardKind::dense, .width = 16384};
  layer.norm_parameters = 2 * m.hidden;
  m.shapes = {layer};
  m.layers.assign(32, 0);
  return m;
}

/// A dense layer, then experts, both with latent attention.
Model make_latent_experts() {
  Model m = make_dense();
  auto& a = m.shapes[0].attention;
  a.kind = AttentionKind::latent;
  a.head_dim = 192, a.nope_dim = 128, a.rope_dim = 64, a.q_lora_rank = 1536, a.kv_lora_rank = 512;
  LayerShape routed = m.shapes[0];
  routed.feed_forward = {
      .kind = FeedForwardKind::experts, .width = 1024, .experts = 64, .top_k = 8, .shared_width = 1024};
  m.shapes.push_back(routed);
  m.layers.assign(16, 1);
  m.layers[0] = 0;
  return m;
}

const Accelerator kAccelerator = make_accelerator();
const Model kDense = make_dense(), kExperts = make_latent_experts();

TrainingJob job_of(const Model& model, std::int64_t gpus = 64, std::int64_t batch = 256, double out = 50) {
  Fabric f;
  f.up = {450.0 * gigabyte / second, 1 * microsecond, 0.82};
  f.out = {out * gigabyte / second, 3.5 * microsecond, 0.88};
  return {&model, nullptr, &kAccelerator, f, DeviceLaw(kAccelerator), gpus, batch, 4096, {}};
}

TrainingLayout layout_of(int tp, int pp, int dp) {
  TrainingLayout l;
  l.tp = tp, l.pp = pp, l.dp = dp;
  l.sequence_parallel = tp > 1;
  return l;
}

StepReport step_of(const TrainingJob& job, const TrainingLayout& layout) {
  for (const auto& fault : check_layout(job, layout)) FAIL(fault.message);
  return simulate_step(job, layout);
}

std::string faults_of(const TrainingJob& job, const TrainingLayout& layout) {
  std::string out;
  for (const auto& fault : check_layout(job, layout)) out += fault.message + "\n";
  return out;
}

Bytes kept(const TrainingJob& job, const TrainingLayout& layout, std::size_t shape) {
  return activation_bytes({job, layout, layer_variants(job, layout)[shape]});
}

}  // namespace

TEST_CASE("shards of a part of the ranks hold more state, and keep the gathers inside the part") {
  const TrainingJob job = job_of(kDense, 64, 256, 5);  // too slow to hide what crosses domains in each micro-batch
  TrainingLayout whole = layout_of(1, 1, 64), part = whole;
  whole.zero_stage = part.zero_stage = 3;
  part.shard_size = 8;
  const StepReport a = step_of(job, whole), b = step_of(job, part);
  const double parameters = static_cast<double>(parameter_count(kDense));
  CHECK(b.memory.bytes.optimizer.base() == doctest::Approx(12 * parameters / 8).epsilon(1e-3));
  CHECK(b.memory.bytes.weights.base() == doctest::Approx(2 * parameters / 8).epsilon(1e-3));
  CHECK(b.time[StepPart::data_communication] < a.time[StepPart::data_communication]);
  part.shard_size = 64;  // all of them is the same as not said
  CHECK(step_of(job, part).step_time() == a.step_time());
  CHECK(format_layout(part).find("shards") == std::string::npos);
  part.shard_size = 8;
  CHECK(format_layout(part).find("ZeRO-3 shards of 8") != std::string::npos);
}

TEST_CASE("shards of one rank are what ZeRO 0 holds and sends") {
  const TrainingJob job = job_of(kDense);
  TrainingLayout none = layout_of(8, 1, 8), alone = none;
  none.zero_stage = 0, alone.shard_size = 1;
  const StepReport a = step_of(job, none), b = step_of(job, alone);
  CHECK(a.memory.bytes.optimizer == b.memory.bytes.optimizer);
  CHECK(a.time[StepPart::data_communication] == b.time[StepPart::data_communication]);
}

TEST_CASE("shards that do not divide are refused with their numbers") {
  TrainingLayout l = layout_of(1, 1, 64);
  l.shard_size = 48;
  CHECK(faults_of(job_of(kDense), l).find("dp 64 * cp 1 % shard_size 48 is not 0") != std::string::npos);
  l.shard_size = 8, l.zero_stage = 0;
  CHECK(faults_of(job_of(kDense), l).find("nothing is sharded") != std::string::npos);
  l.zero_stage = 1, l.ep = 64;
  CHECK(faults_of(job_of(kExperts), l).find("1 copies of an expert do not split over 8 replicas") != std::string::npos);
}

TEST_CASE("each recomputed module saves its tensors, costs its operators, and two save what both save") {
  const TrainingJob job = job_of(kExperts);
  TrainingLayout l = layout_of(1, 1, 64);
  l.ep = 8;
  const StepReport plain = step_of(job, l);
  const Bytes dense = kept(job, l, 0), routed = kept(job, l, 1);
  l.recompute = Recompute::selective;
  Bytes saved;
  for (const RecomputeModule module :
       {RecomputeModule::mla_up_proj, RecomputeModule::layernorm, RecomputeModule::moe_act}) {
    l.recompute_modules = RecomputeModules(module);
    saved += routed - kept(job, l, 1);
    const StepReport r = step_of(job, l);
    CHECK(r.time[StepPart::recompute] > Duration{});
    CHECK(r.memory.bytes.activations < plain.memory.bytes.activations);
  }
  for (const RecomputeModule module : {RecomputeModule::layernorm, RecomputeModule::mla_up_proj})
    l.recompute_modules.add(module);
  CHECK((routed - kept(job, l, 1)).base() == doctest::Approx(saved.base()));
  l.recompute_modules = RecomputeModules(RecomputeModule::mlp);
  CHECK(kept(job, l, 0) < dense);
  CHECK(kept(job, l, 1) == routed);
  l.recompute_modules = RecomputeModules(RecomputeModule::moe);
  CHECK(kept(job, l, 0) == dense);
  CHECK(kept(job, l, 1) < 0.8 * routed);
  CHECK(step_of(job, l).time[StepPart::expert_communication] > 1.4 * plain.time[StepPart::expert_communication]);
  // queries of 192 and keys of 192, values of 128 a head, bf16
  l.recompute_modules = RecomputeModules(RecomputeModule::mla_up_proj);
  CHECK((routed - kept(job, l, 1)).base() == doctest::Approx(4096.0 * 32 * (192 + 192 + 128) * 2));
}

TEST_CASE("modules the model does not have, and layers no chunk has, are refused") {
  TrainingLayout l = layout_of(1, 4, 16);
  l.recompute = Recompute::selective;
  l.recompute_modules = RecomputeModules(RecomputeModule::mla_up_proj);
  CHECK(faults_of(job_of(kDense), l).find("nothing that recomputing mla_up_proj would leave out") != std::string::npos);
  l.recompute = Recompute::none, l.recompute_layers = 2;
  CHECK(faults_of(job_of(kDense), l).find("recompute_layers 2 is for full recomputation") != std::string::npos);
  l.recompute = Recompute::full, l.recompute_layers = 9;
  CHECK(faults_of(job_of(kDense), l).find("recompute_layers 9 is not 1 to the 8 layers of a chunk") !=
        std::string::npos);
  const auto unknown = parse_recompute_modules("mlp,moe_akt");
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.faults().front().hint.find("moe_act") != std::string::npos);
  CHECK(format_recompute_modules(*parse_recompute_modules("mlp,core_attn")) == "core_attn,mlp");
}

TEST_CASE("recomputing the first layers of each stage lies between none and all, evenly") {
  const TrainingJob job = job_of(kDense);
  TrainingLayout l = layout_of(1, 4, 16);
  const StepReport none = step_of(job, l);
  l.recompute = Recompute::full;
  const StepReport all = step_of(job, l);
  l.recompute_layers = 2;  // of 8
  const StepReport some = step_of(job, l);
  CHECK(some.time[StepPart::recompute].base() == doctest::Approx(all.time[StepPart::recompute].base() / 4));
  CHECK(some.time[StepPart::forward].base() == doctest::Approx(none.time[StepPart::forward].base()));
  CHECK(some.memory.bytes.activations < none.memory.bytes.activations);
  CHECK(some.memory.bytes.activations > all.memory.bytes.activations);
  CHECK((some.hardware_flops - some.model_flops).base() ==
        doctest::Approx((all.hardware_flops - all.model_flops).base() / 4));
  l.recompute_layers = 8;
  CHECK(step_of(job, l).step_time().base() == doctest::Approx(all.step_time().base()));
}

TEST_CASE("optimiser states take the bytes of their formats and the update their traffic") {
  TrainingJob job = job_of(kDense);
  const TrainingLayout l = layout_of(8, 1, 8);
  const double owned = static_cast<double>(parameter_count(kDense)) / 64;
  const StepReport wide = step_of(job, l);
  const struct {
    OptimizerStates states;
    double optimizer, gradient;
  } cases[] = {{OptimizerStates::fp32, 12, 4},
               {OptimizerStates::bf16_moments, 8, 4},
               {OptimizerStates::eight_bit_moments, 6, 4},
               {OptimizerStates::fp8_lm, 5, 1},
               {OptimizerStates::bf16, 4, 2}};
  for (const auto& c : cases) {
    job.recipe.states = state_bytes(c.states);
    const StepReport r = step_of(job, l);
    CHECK(r.memory.bytes.optimizer.base() == doctest::Approx(c.optimizer * owned).epsilon(2e-3));
    CHECK(r.memory.bytes.gradients.base() == doctest::Approx(c.gradient * 8 * owned).epsilon(2e-3));
    CHECK(r.time[StepPart::optimizer] <= wide.time[StepPart::optimizer]);
  }
}

TEST_CASE("fp8 keeps the inputs of its multiplies in a byte, and primary weights in fp8 save the copies") {
  TrainingJob job = job_of(kDense);
  const TrainingLayout l = layout_of(1, 1, 64);
  const Bytes wide = kept(job, l, 0);
  job.recipe.precision = {Precision::fp8, Precision::fp8};
  // inputs of both first products and of the last one a byte less, attention's output a byte more
  const double saved = 4096.0 * (4096 + 4096 + 16384 - 4096);
  CHECK((wide - kept(job, l, 0)).base() == doctest::Approx(saved));
  const Bytes copies = step_of(job, l).memory.bytes.weights;
  job.recipe.narrow_weights = true;
  const StepReport primary = step_of(job, l);
  CHECK(primary.memory.bytes.weights < 0.6 * copies);
  job.recipe.bf16_first_layers = job.recipe.bf16_last_layers = 1;
  const StepReport ends = step_of(job, l);
  CHECK(ends.step_time() > primary.step_time());
  CHECK(ends.memory.bytes.activations > primary.memory.bytes.activations);
  job.recipe.bf16_first_layers = 33;
  CHECK_FALSE(check_recipe(job).empty());
  job.recipe = {};
  job.recipe.narrow_weights = true;
  CHECK_FALSE(check_recipe(job).empty());
}

TEST_CASE("attention in bf16 lies between fp8 throughout and bf16 throughout") {
  TrainingJob job = job_of(kDense);
  const TrainingLayout l = layout_of(1, 1, 64);
  const Duration bf16 = step_of(job, l).step_time();
  job.recipe.precision = {Precision::fp8, Precision::fp8};
  const Duration fp8 = step_of(job, l).step_time();
  job.recipe.bf16_attention = true;
  CHECK(step_of(job, l).step_time() > fp8);
  CHECK(step_of(job, l).step_time() < bf16);
}

TEST_CASE("offloaded activations leave the device for the host, and cost time only where the link is too slow") {
  TrainingJob job = job_of(kDense);
  TrainingLayout l = layout_of(1, 1, 64);
  const StepReport kept_here = step_of(job, l);
  l.offload_activations = 1;
  const StepReport slow = step_of(job, l);
  CHECK(slow.memory.bytes.activations < kept_here.memory.bytes.activations);
  CHECK(slow.memory.host > 0.8 * kept_here.memory.bytes.activations);
  CHECK(slow.time[StepPart::host_copies] > Duration{});
  Accelerator linked = kAccelerator;
  linked.host_bandwidth = 100.0 * kAccelerator.host_bandwidth;
  job.accelerator = &linked;
  CHECK(step_of(job, l).time[StepPart::host_copies] == Duration{});
  linked.host_bandwidth = {};
  CHECK(faults_of(job, l).find("no host_bandwidth") != std::string::npos);
  job.accelerator = &kAccelerator;
  System system;
  system.host_memory = 100 * gigabyte, system.accelerators = 8;
  job.system = &system;
  const MemoryReport full = training_memory(job, l);
  CHECK_FALSE(full.fits());
  CHECK(full.host_missing() == full.host - 12.5 * gigabyte);
}

TEST_CASE("a host's optimiser takes its states off the device") {
  TrainingJob job = job_of(kDense);
  const TrainingLayout l = layout_of(1, 1, 64);
  const Bytes states = training_memory(job, l).bytes.optimizer;
  job.recipe.host_optimizer = true;
  CHECK(training_memory(job, l).bytes.optimizer == Bytes{});
  CHECK(training_memory(job, l).host == states);
}

TEST_CASE("multi-token prediction adds a layer and an output to the last stage, in time, memory and flops") {
  TrainingJob job = job_of(kExperts);
  TrainingLayout l = layout_of(1, 4, 16);
  l.ep = 8;
  const StepReport without = step_of(job, l);
  job.recipe.mtp_layers = 1;
  const StepReport with = step_of(job, l);
  CHECK(with.model_flops > without.model_flops);
  CHECK(with.step_time() > without.step_time());
  const StageRun last = deal_layers(job, l).back();
  CHECK(last.layers() == 5);
  CHECK(last.embedding_copy);
  const ShardCosts costs = shard_costs(job, l);
  CHECK(costs.shapes.back().parameters.dense - costs.shapes[1].parameters.dense ==
        doctest::Approx(2.0 * 4096 * 4096 + 2 * 4096));
  CHECK(costs.shapes.back().forward > costs.shapes[1].forward + costs.output.forward);
  int layers = 0;
  for (const StageRun& run : deal_layers(job, l)) layers += run.layers() * run.count;
  CHECK(layers == 17);
}

TEST_CASE("uneven routing slows the busiest rank and fills its memory, and capacity bounds both") {
  TrainingJob job = job_of(kExperts);
  TrainingLayout l = layout_of(1, 1, 64);
  l.ep = 8;
  const StepReport even = step_of(job, l);
  job.recipe.routing.imbalance = 2;
  const StepReport skewed = step_of(job, l);
  CHECK(skewed.step_time() > 1.1 * even.step_time());
  CHECK(skewed.memory.bytes.activations > even.memory.bytes.activations);
  CHECK(skewed.model_flops == even.model_flops);
  job.recipe.routing.capacity_factor = 1.25;
  const StepReport bounded = step_of(job, l);
  CHECK(bounded.step_time() < skewed.step_time());
  CHECK(bounded.step_time() > even.step_time());
  job.recipe.routing = {1, 1.25, true};  // padded: as much as the capacity, however even
  CHECK(step_of(job, l).step_time() == bounded.step_time());
  job.recipe.routing = {2, 0, false};
  l.ep = 1;  // all experts on each rank: nothing to be uneven between ranks
  const TrainingJob plain = job_of(kExperts);
  CHECK(step_of(job, l).step_time() == step_of(plain, l).step_time());
  CHECK_FALSE(check_recipe([&] {
                TrainingJob dense = job_of(kDense);
                dense.recipe.routing.imbalance = 2;
                return dense;
              }())
                  .empty());
}

TEST_CASE("activations tensor by tensor add up to their class, whatever is recomputed or offloaded") {
  TrainingJob job = job_of(kExperts);
  job.recipe.mtp_layers = 1;
  job.recipe.keep_pipeline_outputs = true;
  for (const Recompute recompute : {Recompute::none, Recompute::selective, Recompute::full}) {
    for (const PipelineSchedule schedule : {PipelineSchedule::one_f_one_b, PipelineSchedule::dual_pipe}) {
      TrainingLayout l = layout_of(1, 4, 16);
      l.ep = 8, l.recompute = recompute, l.offload_activations = 0.25, l.pipeline_schedule = schedule;
      REQUIRE(check_layout(job, l).empty());
      const MemoryReport memory = training_memory(job, l);
      Bytes sum;
      for (const ActivationRow& row : activation_table(job, l, memory)) {
        CHECK(row.total >= Bytes{});
        sum += row.total;
      }
      CHECK(sum.base() == doctest::Approx(memory.bytes.activations.base()));
    }
  }
}

TEST_CASE("stage outputs that are not freed once sent stay as long as their micro-batches") {
  TrainingJob job = job_of(kDense);
  const TrainingLayout l = layout_of(1, 4, 16);
  const Bytes freed = training_memory(job, l).bytes.activations;
  job.recipe.keep_pipeline_outputs = true;
  CHECK((training_memory(job, l).bytes.activations - freed).base() == doctest::Approx(4 * 4096.0 * 4096 * 2));
}

TEST_CASE("the allocator's slack is a share of what it allocates, not of what is placed once") {
  TrainingJob job = job_of(kDense);
  const TrainingLayout l = layout_of(1, 1, 64);
  CHECK(training_memory(job, l).bytes.slack == Bytes{});
  job.coefficients.allocator_slack = 0.1;
  const MemoryBreakdown b = training_memory(job, l).bytes;
  CHECK(b.slack.base() == doctest::Approx(0.1 * (b.activations + b.logits + b.communication).base()));
}

TEST_CASE("a search keeps what its base recomputes and offloads") {
  TrainingJob job = job_of(kExperts, 8, 64);
  SearchLimits limits;
  limits.base.recompute_modules = RecomputeModules(RecomputeModule::moe_act);
  limits.recomputes = {Recompute::selective};
  const auto found = search_layouts(job, limits);
  REQUIRE(found.ok());
  REQUIRE(found->best() != nullptr);
  CHECK(found->best()->layout.recompute_modules == limits.base.recompute_modules);
  CHECK(simulate_step(job, found->best()->layout).step_time() == found->best()->report.step_time());
  limits.base.recompute_layers = 1;
  CHECK_FALSE(search_layouts(job, limits).ok());
}
