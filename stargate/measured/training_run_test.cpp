// Rows of measured runs: how their words are read, what fills the gaps, and that each coefficient costs time where it
// should.
#include "stargate/measured/training_run.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace stargate;

namespace {

Catalogue make_catalogue() {
  Catalogue c;
  const auto add = [&](const char* id, double memory, Precision low) {
    Accelerator a;
    a.id = id, a.vendor = "NVIDIA", a.scale_up = "nvlink";
    a.memory_capacity = Bytes::from_base(memory * 1024 * 1024 * 1024);
    a.memory_bandwidth = 2 * terabyte / second;
    a.peak = {{Precision::bf16, 300.0 * teraflop / second}, {low, 600.0 * teraflop / second}};
    a.compute_units = 100;
    a.form = "SXM4", a.scale_up_domain = 72;
    a.scale_up_bandwidth = 300 * gigabyte / second;
    a.scale_out_bandwidth = 25 * gigabyte / second;
    a.host_bandwidth = 25 * gigabyte / second;
    c.accelerators[id] = a;
  };
  add("a100-sxm-40gb", 40, Precision::int8);
  add("a100-sxm-80gb", 80, Precision::int8);
  add("h100-sxm", 80, Precision::fp8);
  add("cores2", 32, Precision::fp8);
  Network up, out;
  up.bandwidth = 300 * gigabyte / second;
  out.bandwidth = 25 * gigabyte / second;
  out.topology = Topology::fat_tree;
  c.networks = {{"nvlink", up}, {"ib", out}};
  return c;
}

MeasuredRow make_row() {
  MeasuredRow row;
  row.id = "a", row.source = "paper", row.framework = "Megatron-LM", row.model = "GPT";
  row.layers = 8, row.hidden = 2048, row.heads = 16, row.kv_heads = 16, row.ffn_hidden = 8192, row.gated_ffn = false;
  row.vocab = 51200, row.seq_len = 2048;
  row.accelerator = "A100-SXM", row.accel_mem_gb = 80, row.gpus = 16, row.gpus_per_node = 8;
  row.precision = "bf16", row.zero_stage = 0, row.recompute = "none";
  row.tp = 2, row.pp = 2, row.vpp = 1, row.cp = 1, row.ep = 1, row.dp = 4, row.microbatch = 1;
  row.global_batch_seqs = 32, row.metric = "iteration_s", row.value = 1, row.completeness = "strict";
  return row;
}

MeasuredRun make_run(const MeasuredRow& row, const Catalogue& catalogue) {
  auto made = make_measured_run(row, catalogue);
  REQUIRE_MESSAGE(std::holds_alternative<MeasuredRun>(made), std::get<SkippedRow>(made).reason);
  return std::move(std::get<MeasuredRun>(made));
}

Duration step_of(const MeasuredRow& row, const Catalogue& catalogue) {
  const MeasuredRun run = make_run(row, catalogue);
  return simulate_step(run.job, run.layout).step_time();
}

}  // namespace

TEST_CASE("an accelerator is found by its name and memory, and a row may count its cores") {
  const Catalogue catalogue = make_catalogue();
  MeasuredRow row = make_row();
  CHECK(make_run(row, catalogue).accelerator->id == "a100-sxm-80gb");
  row.accel_mem_gb = 40;
  CHECK(make_run(row, catalogue).accelerator->id == "a100-sxm-40gb");
  row.accelerator = "Cores2", row.accel_mem_gb = 16, row.accelerator_share = 0.5;
  CHECK(make_run(row, catalogue).accelerator->peak.at(Precision::bf16).base() == doctest::Approx(150e12));
  row.accelerator = "Z9000";
  CHECK(std::get<SkippedRow>(make_measured_run(row, catalogue)).reason == "the catalogue has no accelerator 'Z9000'");
}

TEST_CASE("a stated network becomes the bandwidth of one accelerator") {
  MeasuredRow row = make_row();
  CHECK_FALSE(stated_scale_out(row));
  row.node_scale_out_gbps = 3200;
  CHECK(stated_scale_out(row)->base() / 1e9 == doctest::Approx(50));
  row.scale_out_gbps = 200;
  CHECK(stated_scale_out(row)->base() / 1e9 == doctest::Approx(25));
}

TEST_CASE("the scale-up domain is the stated one, as far as the accelerator's goes, else the node") {
  const Catalogue catalogue = make_catalogue();
  MeasuredRow row = make_row();
  CHECK(make_run(row, catalogue).job.fabric.domain == 8);
  row.scale_up_domain = 4;
  CHECK(make_run(row, catalogue).job.fabric.domain == 4);
  row.scale_up_domain = 256;
  CHECK(make_run(row, catalogue).job.fabric.domain == 72);
}

TEST_CASE("precision and what is recomputed are read from their columns") {
  const Catalogue catalogue = make_catalogue();
  MeasuredRow row = make_row();
  row.accelerator = "H100-SXM";
  for (const auto& [text, precision] : {std::pair{"MXFP8", Precision::fp8}, std::pair{"nvfp4", Precision::fp4},
                                        std::pair{"bf16 PURE", Precision::bf16}, std::pair{"", Precision::bf16}}) {
    row.precision = text;
    CHECK(make_run(row, catalogue).job.recipe.precision.linear == precision);
  }
  row.precision = "posit16";
  CHECK(std::get<SkippedRow>(make_measured_run(row, catalogue)).reason ==
        "the precision 'posit16' is not known: 'posit16' is not understood");
  row.precision = "bf16", row.recompute = "selective";
  CHECK(make_run(row, catalogue).layout.recompute == Recompute::selective);
  row.recompute_modules = "layer";
  CHECK(make_run(row, catalogue).layout.recompute == Recompute::full);
  row.recompute_modules = "'mlp', 'moe'";
  CHECK(make_run(row, catalogue).layout.recompute_modules.has(RecomputeModule::mlp));
  CHECK_FALSE(make_run(row, catalogue).layout.recompute_modules.has(RecomputeModule::moe));  // the model has none
}

TEST_CASE("what a row does not state is filled by rule, and what it must state is asked for") {
  const Catalogue catalogue = make_catalogue();
  MeasuredRow row = make_row();
  row.dp = 0, row.vpp = 0, row.microbatch = 0, row.recompute.clear();
  const auto run = make_run(row, catalogue);
  CHECK(run.layout.dp == 4);
  CHECK(run.layout.vpp == 1);
  CHECK(run.layout.micro_batch_size == 1);
  CHECK(run.layout.recompute == Recompute::none);
  row.global_batch_seqs = 0;
  CHECK(std::get<SkippedRow>(make_measured_run(row, catalogue)).reason == "the global batch is not stated");
  row = make_row();
  row.layers = 7;  // of four chunks
  row.vpp = 2;
  CHECK(make_run(row, catalogue).layout.loss_as_layer);
  row = make_row();
  row.global_batch_seqs = 30;
  CHECK(std::holds_alternative<SkippedRow>(make_measured_run(row, catalogue)));
}

TEST_CASE("a model of the catalogue stands for a row of its shape, else the parameters decide the head size") {
  Catalogue catalogue = make_catalogue();
  MeasuredRow row = make_row();
  row.heads = row.kv_heads = 8, row.params_b = 0;
  const auto head_dim = [&] { return make_run(row, catalogue).model->shapes[0].attention.head_dim; };
  CHECK(head_dim() == 256);
  Model narrow = *make_run(row, catalogue).model;
  narrow.shapes[0].attention.head_dim = narrow.shapes[0].attention.value_dim = 64;
  row.params_b = static_cast<double>(parameter_count(narrow)) / 1e9;
  CHECK(head_dim() == 64);
  narrow.shapes[0].attention.head_dim = 96;
  catalogue.models["narrow"] = narrow;
  row.vocab = 1000;
  CHECK(head_dim() == 96);
  CHECK(make_run(row, catalogue).model->vocab == 1000);
  row.hidden = 0, row.model = "Narrow [SFT]";
  CHECK(head_dim() == 96);
  row.model = "Unknown";
  CHECK(std::holds_alternative<SkippedRow>(make_measured_run(row, catalogue)));
}

TEST_CASE("a metric and the step time it means are the same statement") {
  const Catalogue catalogue = make_catalogue();
  MeasuredRow row = make_row();
  row.recompute = "full";
  for (const char* metric : {"iteration_s", "tokens_per_s_per_gpu", "tflops_per_gpu"}) {
    row.metric = metric;
    const auto run = make_run(row, catalogue);
    const auto step = simulate_step(run.job, run.layout);
    row.value = predicted_metric(row, run, step);
    CHECK(measured_step_seconds(row, run) == doctest::Approx(step.step_time().base()));
  }
  const auto run = make_run(row, catalogue);
  const auto step = simulate_step(run.job, run.layout);
  const double model = predicted_metric(row, run, step);
  row.flops_convention = "hardware";
  const double hardware = predicted_metric(row, run, step);
  CHECK(hardware > 1.2 * model);
  row.flops_attention = "whole";
  CHECK(predicted_metric(row, run, step) > hardware);
}

TEST_CASE("each coefficient makes the steps it speaks of longer and leaves the others") {
  Catalogue catalogue = make_catalogue();
  MeasuredRow dense = make_row();
  dense.sp = "yes", dense.accelerator = "H100-SXM", dense.attention = "flash1";
  const Duration free = step_of(dense, catalogue);
  auto& c = catalogue.training["coefficients"];
  const auto costs = [&](auto set) {
    c = {};
    set(c);
    return step_of(dense, catalogue) - free;
  };
  CHECK(costs([](auto& x) { x.straggling = 0.01; }) / free == doctest::Approx(0.01 * std::sqrt(2 * std::log(16))));
  CHECK(costs([](auto& x) { x.flash1_slowdown = 2; }) > Duration{});
  CHECK(costs([](auto& x) { x.flash2_slowdown = 2; }) > Duration{});
  CHECK(costs([](auto& x) { x.sustained = 1.1; }) > Duration{});
  CHECK(costs([](auto& x) { x.attention_backward = 2; }) > Duration{});
  CHECK(costs([](auto& x) { x.hidden_slowdown = 0.5; }) > Duration{});
  CHECK(costs([](auto& x) { x.host_operator = 1 * millisecond; }) > Duration{});
  CHECK(costs([](auto& x) { x.tensor_overlap = 0.5; }) < Duration{});
  CHECK(costs([](auto& x) { x.expert_stall = 1 * millisecond; }) == Duration{});
  dense.launch = "whole_step", dense.attention = "native";
  c = {};
  const Duration compiled = step_of(dense, catalogue);
  c.host_operator = 1 * millisecond, c.flash1_slowdown = c.flash2_slowdown = 2;
  CHECK(step_of(dense, catalogue) == compiled);
}

TEST_CASE("experts wait for the host unless the whole step is one program") {
  Catalogue catalogue = make_catalogue();
  MeasuredRow row = make_row();
  row.moe_experts = 16, row.moe_topk = 2, row.ffn_hidden = 1024, row.ep = 8, row.tp = 1, row.dp = 8;
  row.one_copy_per_domain = true;
  const Duration free = step_of(row, catalogue);
  auto& c = catalogue.training["coefficients"];
  c.expert_stall = 1 * millisecond;
  // 4 micro-batches through 4 layers a stage, there and back, and the fill of the other stage
  CHECK((step_of(row, catalogue) - free).in(millisecond) >= 4 * 4 * 2);
  row.launch = "whole_step";
  CHECK(step_of(row, catalogue) == free);
  // Experts of a fixed size have nothing to tell the host.
  row.launch = "host", row.padded_experts = true;
  const Duration padded = step_of(row, catalogue);
  c = {};
  CHECK(step_of(row, catalogue) == padded);
}

TEST_CASE("tables of measured runs name missing columns and cells that are no numbers, with their line") {
  const auto table = parse_csv("m.csv", "id,layers\na,x\n");
  REQUIRE(table);
  const auto rows = read_measured_rows(*table);
  REQUIRE_FALSE(rows);
  CHECK(rows.faults().size() == 31);
  CHECK(rows.faults().front().message == "the column 'source_key' is missing");
}

TEST_CASE("tokens sent once to each domain cross the slow network less often, and never for free") {
  const Catalogue catalogue = make_catalogue();
  MeasuredRow row = make_row();
  row.moe_experts = 16, row.moe_topk = 8, row.ffn_hidden = 1024, row.ep = 16, row.tp = row.pp = 1, row.dp = 16;
  const auto exchange = [&](bool one_copy) {
    MeasuredRun run = make_run(row, catalogue);
    run.job.recipe.one_copy_per_domain = one_copy;
    return simulate_step(run.job, run.layout).time[StepPart::expert_communication];
  };
  const Duration every = exchange(false), once = exchange(true);
  CHECK(once < every);
  CHECK(once > 0.2 * every);  // two domains: 2 (1 - 1/2^8) / 8 of the copies cross
}

TEST_CASE("parameters with one owner each leave through its own adapter, so more adapters a node do not help") {
  const Catalogue catalogue = make_catalogue();
  MeasuredRow row = make_row();
  row.tp = row.pp = 1, row.dp = 16, row.zero_stage = 3, row.parameter_owners = true;
  const auto run = make_run(row, catalogue);
  CHECK(run.job.recipe.parameter_owners);
  row.parameter_owners = false;
  const auto later = make_run(row, catalogue);
  CHECK_FALSE(later.job.recipe.parameter_owners);
  const auto exposed = [](const MeasuredRun& r) {
    return simulate_step(r.job, r.layout).time[StepPart::data_communication];
  };
  CHECK(exposed(run) > 4 * exposed(later));
}

TEST_CASE("frozen weights are not gathered again after a step") {
  const Catalogue catalogue = make_catalogue();
  MeasuredRow row = make_row();
  row.frozen_weights = true;
  const auto run = make_run(row, catalogue);
  CHECK(simulate_step(run.job, run.layout).time[StepPart::data_communication] == Duration{});
}
