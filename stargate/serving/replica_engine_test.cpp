// The one assembly of an engine: records become their own scheduler's rules, and what a user changes wins.
#include "stargate/serving/replica_engine.hpp"

#include <doctest/doctest.h>

using namespace stargate;

namespace {

Catalogue two_engines() {
  Catalogue catalogue;
  ServingEngine& old = catalogue.engines["vllm-0"];
  old.id = "vllm-0", old.engine = "vllm", old.since = "0.2", old.before = "0.8", old.prefill_first = true;
  ServingEngine& reserving = catalogue.engines["trtllm-1"];
  reserving.id = "trtllm-1", reserving.name = "TensorRT-LLM", reserving.engine = "trtllm", reserving.since = "1.0";
  reserving.reserve_output = true, reserving.attention_dp_wait = 60, reserving.warm_up = 2 * second;
  return catalogue;
}

}  // namespace

TEST_CASE("an engine's record is run by its own scheduler, with what the record says of it") {
  const Catalogue catalogue = two_engines();
  const auto trtllm = set_up_engine(catalogue, "trtllm");
  REQUIRE(trtllm.ok());
  CHECK(trtllm->name == "TensorRT-LLM");
  CHECK(trtllm->kernels == "trtllm");
  CHECK(trtllm->rules.kind == EngineKind::trtllm);
  CHECK(trtllm->rules.admission == AdmissionPolicy::guaranteed);
  const auto vllm = set_up_engine(catalogue, "vllm", "0.6");
  REQUIRE(vllm.ok());
  CHECK(vllm->rules.kind == EngineKind::vllm);
  CHECK(vllm->rules.prefill_first);
  CHECK_FALSE(vllm->rules.chunked_prefill);
  CHECK_FALSE(vllm->rules.kv.prefix_caching);
  const auto fixed = set_up_engine(catalogue, "static");
  REQUIRE(fixed.ok());
  CHECK(fixed->rules.kind == EngineKind::static_batch);
  CHECK(fixed->kernels == "trtllm");
  const auto none = set_up_engine(catalogue, "tgi");
  REQUIRE_FALSE(none.ok());
  CHECK(none.faults().front().message == "the catalogue has no engine 'tgi'");
}

TEST_CASE("what a user changes of an engine wins over its record and its kind") {
  const Catalogue catalogue = two_engines();
  EngineChanges changes;
  changes.max_num_seqs = 7, changes.max_num_batched_tokens = 900, changes.gpu_memory_utilization = 0.5;
  changes.block_size = 8, changes.prefix_caching = false, changes.chunked_prefill = true;
  changes.admission = AdmissionPolicy::fits_now, changes.order = QueueOrder::priority;
  changes.speculation = {3, 0.8};
  const auto setup = set_up_engine(catalogue, "trtllm", "", changes);
  REQUIRE(setup.ok());
  CHECK(setup->max_num_seqs == 7);
  CHECK(setup->max_num_batched_tokens == 900);
  CHECK(setup->gpu_memory_utilization == 0.5);
  CHECK(setup->rules.kv.block_size == 8);
  CHECK_FALSE(setup->rules.kv.prefix_caching);
  CHECK(setup->rules.chunked_prefill);
  CHECK(setup->rules.admission == AdmissionPolicy::fits_now);
  CHECK(setup->rules.order == QueueOrder::priority);
  const EngineSetup prompts = prefill_side(*setup);
  CHECK(prompts.rules.prefill_only);
  CHECK(prompts.rules.speculation.draft_tokens == 0);
}

TEST_CASE("requests are looked for seldom only on the architectures where the engine is started so") {
  Catalogue catalogue = two_engines();
  ServingEngine& engine = catalogue.engines["vllm-0"];
  engine.receive_interval = 10, engine.busy_receive_interval = 30, engine.receive_architectures = {"blackwell"};
  Accelerator accelerator;
  accelerator.architecture = "blackwell";
  CHECK(set_up_engine(catalogue, "vllm", "", {}, &accelerator)->busy_receive_interval == 30);
  accelerator.architecture = "hopper";
  CHECK(set_up_engine(catalogue, "vllm", "", {}, &accelerator)->receive_interval == 1);
}

TEST_CASE("an engine that cuts no prompt refuses one longer than its step, any a request longer than its cache") {
  EngineSpec spec = default_engine_spec(EngineKind::trtllm);
  spec.max_num_batched_tokens = 8192, spec.chunked_prefill = false;
  spec.kv.block_size = 32, spec.kv.blocks = 1000;
  CHECK_FALSE(refusal_of(spec, 8192, 1000));
  const auto by_step = refusal_of(spec, 8193, 1000);
  REQUIRE(by_step);
  CHECK(by_step->by_step);
  CHECK(by_step->room == 8192);
  const auto by_cache = refusal_of(spec, 8000, 24'001);
  REQUIRE(by_cache);
  CHECK(by_cache->tokens - by_cache->room == 1);
}
