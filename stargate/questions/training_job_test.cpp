// Fields of questions about training: counts of accelerators, fixed sizes, dates, and short paths of `set`.
#include "stargate/questions/training_job.hpp"

#include <doctest/doctest.h>

#include "stargate/questions/job_changes.hpp"
#include "stargate/questions/search_goal.hpp"
#include "stargate/questions/train.hpp"

using namespace stargate;

namespace {

using Counts = std::vector<std::int64_t>;

Counts counts_of(const std::string& text) {
  auto parsed = parse_gpu_counts(text);
  const auto* counts = std::get_if<GpuCounts>(&parsed);
  return counts == nullptr ? Counts{} : counts->counts;
}

QuestionContext context() {
  static const DiskFileReader files;
  return {files, STARGATE_SOURCE_DIR "/catalogue"};
}

/// The path that a short one means on HGX H100; empty: a fault.
std::string expanded(const std::string& set) {
  auto changes = make_job_changes(context(), {{set}, {}}, "hgx-h100");
  return changes ? changes->set.at(0).path + "=" + changes->set.at(0).value : std::string();
}

Duration horizon_of(const std::string& by, const std::string& start) {
  SearchFields fields;
  fields.objective = "tokens-by " + by;
  fields.start = start;
  auto goal = make_search_goal(fields, context());
  return goal ? goal->horizon : Duration{};
}

}  // namespace

TEST_CASE("numbers of accelerators are lists, doublings and steps, rising and each once") {
  CHECK(counts_of("4096") == Counts{4096});
  CHECK(counts_of("2048,1024,2048") == Counts{1024, 2048});
  CHECK(counts_of("1000:5000") == Counts{1000, 2000, 4000});
  CHECK(counts_of("8:32:8,1024") == Counts{8, 16, 24, 32, 1024});
  for (const char* wrong :
       {"", "0", "-8", "8:", "16:8", "1:2:3:4", "8:16:0", "eight", "1e3", "nan", "1:100000:1", "4294967296"}) {
    CHECK(counts_of(wrong).empty());
  }
}

TEST_CASE("sizes given to a search are fixed and what is not given is searched") {
  TrainingFields fields;
  fields.gpus.counts = {64};
  fields.tp = 8, fields.zero = 3, fields.sequence_parallel = true, fields.recompute_num_layers = 4;
  fields.shard_size = 64;
  SearchBounds bounds;
  bounds.max_pp = 16, bounds.top = 3;
  const auto limits = make_search_limits(fields, bounds, SearchObjective::energy, context());
  REQUIRE(limits.ok());
  CHECK(limits->objective == SearchObjective::energy);
  CHECK(limits->fixed.tp == 8);
  CHECK(limits->fixed.pp == 0);
  CHECK(limits->max_pp == 16);
  CHECK(limits->ranked == 3);
  CHECK(limits->zero_stages == std::vector<int>{3});
  CHECK(limits->sequence_parallel == std::vector<bool>{true});
  CHECK(limits->recomputes == std::vector<Recompute>{Recompute::full});
  CHECK(limits->base.recompute_layers == 4);
  CHECK(limits->base.shard_size == 64);
  TrainingFields none;
  none.gpus.counts = {64};
  CHECK(make_search_limits(none, {}, SearchObjective::time, context())->recomputes.size() == 3);
}

TEST_CASE("tokens by a date are counted in whole days from the start, and a time needs none") {
  CHECK(horizon_of("2027-03-31", "2027-01-01").in(day) == 89);
  CHECK(horizon_of("2028-03-01", "2028-02-28").in(day) == 2);
  CHECK(horizon_of("90d", "").in(day) == doctest::Approx(90));
  for (const char* wrong : {"2027-02-30", "2027-13-01", "2027-03", "soon", "0d", "2026-12-31", "90", "nan d", ""}) {
    CHECK(horizon_of(wrong, "2027-01-01") == Duration{});
  }
  CHECK(horizon_of("2027-03-31", "") == Duration{});
  CHECK(horizon_of("2027-03-31", "new year") == Duration{});
}

TEST_CASE("a short path of set means the record of the job's part, and the figure that counts there") {
  CHECK(expanded("accelerator.memory.bandwidth=+50%") == "accelerator:h100-sxm.memory_bandwidth=+50%");
  CHECK(expanded("accelerator.memory_capacity=100 GiB") == "accelerator:h100-sxm.memory_capacity=100 GiB");
  CHECK(expanded("accelerator.peak.bf16=x2") == "accelerator:h100-sxm.peak.bf16=x2");
  CHECK(expanded("system.scale_up_domain=x10") == "system:hgx-h100.scale_up_domain=x10");
  CHECK(expanded("system.price.mid=x2") == "system:hgx-h100.price.mid=x2");
  CHECK(expanded("scale_up.latency=2 us") == "network:nvlink4.latency=2 us");
  // the accelerator's own figure goes before its network's
  CHECK(expanded("network.bandwidth=-50%") == "accelerator:h100-sxm.scale_out_bandwidth=-50%");
  CHECK(expanded("coefficients.straggling=0.01") == "training:coefficients.straggling=0.01");
  CHECK(expanded("accelerator:h200-sxm.power=1 kW") == "accelerator:h200-sxm.power=1 kW");
  for (const char* wrong :
       {"memory.bandwidth=x2", "accelerator.bandwith=x2", "accelerator=x2", "system.power.mid=x2"}) {
    CHECK(expanded(wrong).empty());
  }
}

TEST_CASE("beside a job stands what published runs of its chip, format and kind of model reach") {
  const auto published = load_published_mfu(context());
  REQUIRE(published);
  REQUIRE(published->runs.contains("h100-sxm bf16 dense"));
  for (const auto& run : published->runs) {
    const auto& p = run.second;
    CHECK_MESSAGE((0 < p.low && p.low <= p.median && p.median <= p.high && p.high < 0.8), run.first);
  }
  TrainQuestion question;
  question.model = "llama-3.1-8b", question.system = "hgx-h100", question.gpus.counts = {8};
  const auto asked = load_asked_job(question, context());
  REQUIRE(asked);
  REQUIRE(asked->published);
  CHECK(describe_job(question, *asked, "8").find("of dense models on h100-sxm in bf16 reach ") != std::string::npos);
}

TEST_CASE("training attends with the fastest kernels measured on the device, whatever engine they were written for") {
  const auto catalogue = load_catalogue(context().files, context().catalogue_folder);
  REQUIRE(catalogue);
  Operator op;
  op.kind = OperatorKind::attention;
  auto& call = op.attention;
  call.sequences = 1, call.query = call.context = 8192;
  call.heads = 32, call.kv_heads = 8, call.score_dim = call.value_dim = 128;
  for (const char* id : {"a100-sxm-80gb", "h100-sxm", "b200-sxm"}) {
    const Accelerator& accelerator = catalogue->accelerators.at(id);
    const Duration fastest = DeviceLaw(accelerator, *catalogue, kTrainingKernels).operator_time(op);
    CHECK_MESSAGE(fastest < 0.95 * DeviceLaw(accelerator, *catalogue, "trtllm").operator_time(op), id);
  }
}
