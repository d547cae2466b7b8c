// Rows of measured figures become services by stated rules; what cannot be known is a reason, not a guess.
#include "stargate/measured/serving_run.hpp"

#include <doctest/doctest.h>

#include "stargate/measured/simulated_run.hpp"
#include "stargate/serving/test_models.hpp"

using namespace stargate;
using namespace stargate::serving_tests;

namespace {

Catalogue make_catalogue() {
  Catalogue c;
  const auto add_model = [&](const std::string& id, Model model) {
    model.id = id;
    c.models[id] = std::move(model);
  };
  add_model("llama-3.1-8b", llama_8b());
  add_model("llama-3.1-70b", llama_70b());
  add_model("llama-2-70b", llama_70b());
  add_model("mixtral-8x7b", mixtral_8x7b());
  Model deepseek = mixtral_8x7b();
  deepseek.weight_precision = deepseek.expert_precision = Precision::fp8, deepseek.block_scaled = true;
  add_model("deepseek-v3", deepseek);
  Model oss = mixtral_8x7b();
  oss.expert_precision = Precision::fp4, oss.scale_group = 32;
  add_model("gpt-oss-20b", oss);
  for (const char* id : {"h100-sxm", "h100-pcie", "h200-sxm", "gh200-96gb", "gaudi3"}) {
    Accelerator a = h100();
    a.id = id, a.form = std::string(id) == "h100-pcie" ? "PCIe" : "SXM5", a.vendor = "NVIDIA";
    a.scale_up = "up", a.scale_up_domain = 8;
    a.memory_capacity = (std::string(id) == "h200-sxm" ? 141 : 80) * gibibyte;
    a.scale_up_bandwidth = 450 * gigabyte / second, a.scale_out_bandwidth = 50 * gigabyte / second;
    c.accelerators[id] = a;
  }
  Network up, out;
  up.network_class = NetworkClass::scale_up;
  up.bandwidth = 450 * gigabyte / second, out.bandwidth = 50 * gigabyte / second;
  out.topology = Topology::fat_tree;
  c.networks = {{"up", up}, {"out", out}};
  ServingEngine old, current, trt;
  old.id = "vllm-0", old.engine = "vllm", old.since = "0.1", old.before = "0.8";
  current.id = "vllm-1", current.engine = "vllm", current.since = "0.8";
  trt.id = "trtllm-1", trt.engine = "trtllm", trt.since = "0.18";
  c.engines = {{old.id, old}, {current.id, current}, {trt.id, trt}};
  return c;
}

MeasuredServing make_row() {
  MeasuredServing row;
  row.id = "1", row.source = "paper", row.engine = "vLLM", row.engine_version = "0.11", row.model = "Llama 3.1 70B";
  row.weights_dtype = "bf16", row.accelerator = "NVIDIA H100 SXM 80GB", row.accel_mem_gb = 80;
  row.gpus = 8, row.tp = 4, row.isl = 1024, row.osl = 512;
  row.concurrency_or_batch = 32, row.request_rate = "inf", row.metric = "tpot_ms", row.value = 20;
  return row;
}

MeasuredService service_of(const Catalogue& catalogue, const MeasuredServing& row) {
  ServiceMaker maker(catalogue);
  auto made = maker.make(row);
  REQUIRE(std::holds_alternative<MeasuredService>(made));
  return std::get<MeasuredService>(made);
}

std::string reason_of(const Catalogue& catalogue, const MeasuredServing& row) {
  ServiceMaker maker(catalogue);
  const auto made = maker.make(row);
  REQUIRE(std::holds_alternative<SkippedServing>(made));
  return std::get<SkippedServing>(made).reason;
}

}  // namespace

TEST_CASE("what a row leaves out is filled by rules") {
  const Catalogue c = make_catalogue();
  const MeasuredService plain = service_of(c, make_row());
  CHECK(plain.record->id == "vllm-1");
  CHECK(plain.replica.layout == ServingLayout{4, 1, 1, 1});
  CHECK(plain.replicas == 2);  // the other four accelerators
  CHECK(plain.concurrency == 16);
  CHECK(plain.load == LoadKind::clients);
  CHECK(plain.replica.precision.kv == Precision::bf16);

  MeasuredServing row = make_row();
  row.engine_version = "0.6.3", row.weights_dtype = "fp8", row.concurrency_or_batch = 0;
  row.shortest_length = 0.8;
  const MeasuredService quantised = service_of(c, row);
  CHECK(quantised.record->id == "vllm-0");
  CHECK(quantised.replica.precision.linear == Precision::fp8);
  CHECK(quantised.replica.precision.kv == Precision::fp8);
  CHECK(quantised.load == LoadKind::queued);
  CHECK(quantised.lengths.mean(1000) == doctest::Approx(900));

  row.model = "DeepSeek-R1";  // its files have no scales of a cache
  CHECK(service_of(c, row).replica.precision.kv == Precision::bf16);
  row.engine = "TensorRT-LLM", row.engine_version = "";
  CHECK(service_of(c, row).replica.precision.kv == Precision::fp8);

  row.model = "gpt-oss-20b", row.attention_dp = true, row.tp = 8, row.request_rate = "4";
  const MeasuredService shared = service_of(c, row);
  CHECK(shared.replica.precision.linear == Precision::bf16);
  CHECK(shared.replica.precision.expert == Precision::fp4);
  CHECK(shared.replica.layout == ServingLayout{1, 1, 8, 8});
  CHECK(shared.load == LoadKind::poisson);
  row.request_rate = "", row.concurrency_or_batch = 4;
  CHECK(service_of(c, row).load == LoadKind::one_batch);
}

TEST_CASE("a row that does not say enough is skipped with its reason") {
  const Catalogue c = make_catalogue();
  MeasuredServing row = make_row();
  row.model = "Qwen3-8B";
  CHECK(reason_of(c, row) == "the catalogue has no model 'Qwen3-8B'");
  row = make_row(), row.accelerator = "Google TPU v7";
  CHECK(reason_of(c, row) == "the catalogue has no accelerator 'Google TPU v7'");
  row = make_row(), row.osl = 0;
  CHECK(reason_of(c, row) == "input or output length not stated");
  row = make_row(), row.tp = 0;
  CHECK(reason_of(c, row) == "layout not stated");
  row = make_row(), row.tp = 3;
  CHECK(reason_of(c, row).starts_with("layout impossible"));
}

TEST_CASE("prompts queued all at once have no TTFT, and random arrivals beyond what is served are unstable") {
  const Catalogue catalogue = make_catalogue();
  MeasuredServing row = make_row();
  row.concurrency_or_batch = 0, row.metric = "ttft_ms";
  ServiceMaker maker(catalogue);
  const auto flood = maker.make(row);
  REQUIRE(std::holds_alternative<SkippedServing>(flood));
  CHECK(std::get<SkippedServing>(flood).reason.find("number") != std::string::npos);
  const auto overloaded = [&](const char* rate) {
    row.request_rate = rate;
    const auto figures = simulate_run(service_of(catalogue, row));
    return std::get<RunFigures>(figures).overloaded;
  };
  CHECK(!overloaded("0.5"));
  CHECK(overloaded("500"));
}

TEST_CASE("a table with a bad cell is refused with line and column") {
  const auto table = parse_csv(
      "m.csv",
      "id,source_group,engine,model,weights_dtype,accelerator,gpus,tp,pp,isl,osl,concurrency_or_batch,request_rate,"
      "metric,value\n1,s,vLLM,m,fp8,h,x,1,1,1,1,1,inf,tpot_ms,3\n2,s,vLLM,m,fp8,h,1,1,1,1,1,1,often,tpot_ms,3\n");
  REQUIRE(table);
  const auto rows = read_measured_serving(*table);
  REQUIRE_FALSE(rows);
  REQUIRE(rows.faults().size() == 2);
  CHECK(rows.faults()[0].line == 2);
  CHECK(rows.faults()[0].path == "gpus");
  CHECK(rows.faults()[1].message == "'often' is not a number above 0, inf or nothing");
}

TEST_CASE("a row that no benchmark could have run, and no simulation would end, is refused") {
  const auto refused = [](const std::string& gpus, const std::string& isl, const std::string& load) {
    const auto table = parse_csv("m.csv",
                                 "id,source_group,engine,model,weights_dtype,accelerator,gpus,tp,pp,isl,osl,"
                                 "concurrency_or_batch,request_rate,metric,value\n1,s,vLLM,m,fp8,h," +
                                     gpus + ",1,1," + isl + ",1," + load + ",inf,tpot_ms,3\n");
    REQUIRE(table);
    const auto rows = read_measured_serving(*table);
    return rows.ok() ? std::string() : rows.faults()[0].path + ": " + rows.faults()[0].message;
  };
  CHECK(refused("8", "1000", "64").empty());
  CHECK(refused("1000000", "1000", "64") == "gpus: '1000000' is not a whole number from 0 to 4096");
  CHECK(refused("8", "4294967296", "64") == "isl: '4294967296' is not a number from 0 to 100000000");
  CHECK(refused("8", "1000", "4294967296") == "concurrency_or_batch: '4294967296' is not a number from 0 to 100000");
}

TEST_CASE("clients in a closed loop: Little's law holds, and nothing is served faster than its steps") {
  const Catalogue c = make_catalogue();
  MeasuredServing row = make_row();
  row.gpus = 4, row.concurrency_or_batch = 16;
  const MeasuredService service = service_of(c, row);
  const auto run = simulate_run(service);
  REQUIRE(std::holds_alternative<RunFigures>(run));
  const auto& figures = std::get<RunFigures>(run);
  const double together = figures.requests_per_s * (figures.ttft.mean + 511 * figures.tpot.mean);
  CHECK(together > 0.85 * 16);  // the end of a run is not full
  CHECK(together <= 16.001);
  CHECK(figures.output_tokens_per_s == doctest::Approx(512 * figures.requests_per_s));
  CHECK(figures.input_tokens_per_s == doctest::Approx(1024 * figures.requests_per_s));
  const StepModel step(service.replica);
  CHECK(figures.tpot.mean > step.decode_time(12, 1024).total().base());
  CHECK(figures.ttft.percentiles[0] <= figures.ttft.percentiles[3]);
  const auto again = std::get<RunFigures>(simulate_run(service));
  CHECK(again.ttft.mean == figures.ttft.mean);
}

TEST_CASE("one batch is its prefill and its decode steps, and a model too large says so") {
  const Catalogue c = make_catalogue();
  MeasuredServing row = make_row();
  row.request_rate = "", row.concurrency_or_batch = 4, row.gpus = 4;
  const MeasuredService service = service_of(c, row);
  const auto figures = std::get<RunFigures>(simulate_run(service));
  CHECK(4 / figures.requests_per_s == doctest::Approx(figures.ttft.mean + 511 * figures.tpot.mean));
  row.tp = 1, row.gpus = 1;
  CHECK(std::holds_alternative<DoesNotFit>(simulate_run(service_of(c, row))));
}

TEST_CASE("a full pool preempts and still answers every request") {
  const Catalogue c = make_catalogue();
  MeasuredServing row = make_row();
  row.gpus = 2, row.tp = 2, row.concurrency_or_batch = 64, row.isl = 200, row.osl = 2000;
  row.weights_dtype = "bf16";
  MeasuredService service = service_of(c, row);
  service.replica.engine.max_num_batched_tokens = 512;
  service.replica.engine.max_num_seqs = 256;
  service.replica.engine.gpu_memory_utilization = 0.97;
  const auto run = simulate_run(service);
  REQUIRE(std::holds_alternative<RunFigures>(run));
  const auto& figures = std::get<RunFigures>(run);
  CHECK(figures.output_tokens_per_s == doctest::Approx(2000 * figures.requests_per_s));
  CHECK(figures.batch < 64);
}

TEST_CASE("a disaggregated row runs both sides with their own layouts, and the user's command says so") {
  const Catalogue c = make_catalogue();
  MeasuredServing row = make_row();
  row.tp = 0, row.gpus = 24, row.concurrency_or_batch = 12, row.isl = 8192;
  row.prefill_workers = 1, row.prefill_tp = 8, row.decode_workers = 4, row.decode_tp = 4;
  const MeasuredService service = service_of(c, row);
  REQUIRE(service.prefill);
  CHECK(service.prefill->replica.layout.tp == 8);
  CHECK(service.replica.layout.tp == 4);
  CHECK(service.replicas == 4);
  CHECK(simulate_command(c, service).find("--prefill-replicas 1 --prefill-tp 8") != std::string::npos);
  const auto apart = std::get<RunFigures>(simulate_run(service));
  MeasuredServing whole = make_row();
  whole.gpus = 16, whole.concurrency_or_batch = 12, whole.isl = 8192;
  const auto together = std::get<RunFigures>(simulate_run(service_of(c, whole)));
  CHECK(apart.tpot.mean < together.tpot.mean);  // no prompt stops a decode
  row.concurrency_or_batch = 1;                 // one client of all replicas, not one of each
  CHECK(simulate_command(c, service_of(c, row)).find("--concurrency 1 ") != std::string::npos);
}

TEST_CASE("an engine without coefficients is the usual one of that time, and a wrapper's version is not the engine's") {
  const Catalogue c = make_catalogue();
  MeasuredServing row = make_row();
  row.engine = "TGI", row.engine_version = "2.0";
  const MeasuredService usual = service_of(c, row);
  CHECK(usual.typical);
  CHECK(usual.record->engine == "vllm");
  row = make_row();
  row.engine_version = "0.2";
  CHECK(service_of(c, row).record->id == "vllm-0");
  row.wrapper_version = true;
  CHECK(service_of(c, row).record->id == "vllm-1");
}
