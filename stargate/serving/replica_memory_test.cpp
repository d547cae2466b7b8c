// The rules of engines' memory against logs: gpt-oss in vLLM (vllm#23278), SGLang's share, DeepSeek-V4's pages
// (vllm#44376).
#include <doctest/doctest.h>

#include "stargate/serving/cache_report.hpp"
#include "stargate/serving/test_models.hpp"

using namespace stargate;
using namespace stargate::serving_tests;

namespace {

Replica replica_with(const Model& model, const ServingMachine& machine, const MemoryRules& rules,
                     const ServingLayout& layout = {}) {
  Replica out{&model, &machine, layout, stored_precision(model), {}};
  auto record = std::make_shared<EngineMemory>();
  static_cast<MemoryRules&>(*record) = rules;
  out.engine.memory = std::move(record);
  return out;
}

Model gpt_oss_120b() {
  Model m;
  m.id = "gpt-oss", m.hidden = 2880, m.vocab = 201088, m.max_position = 131072;
  LayerShape full;
  full.attention.heads = 64, full.attention.kv_heads = 8;
  full.attention.head_dim = full.attention.value_dim = 64;
  full.feed_forward = {.kind = FeedForwardKind::experts, .width = 2880, .bias = true, .experts = 128, .top_k = 4};
  LayerShape sliding = full;
  sliding.attention.kind = AttentionKind::sliding, sliding.attention.window = 128;
  m.shapes = {full, sliding};
  for (int i = 0; i < 36; ++i) m.layers.push_back(i % 2);
  m.expert_precision = Precision::fp4, m.scale_group = 32;
  return m;
}

/// 43 layers: two with a window alone, 21 with ratio 4, 20 with ratio 128.
Model deepseek_v4_flash() {
  Model m;
  m.id = "v4", m.hidden = 4096, m.vocab = 129280, m.max_position = 1 << 20;
  LayerShape window;
  auto& a = window.attention;
  a.kind = AttentionKind::latent, a.shared_vector = true;
  a.heads = 64, a.kv_heads = 1, a.head_dim = a.value_dim = 512;
  a.kv_lora_rank = a.nope_dim = 448, a.rope_dim = 64, a.q_lora_rank = 1024;
  a.output_lora_rank = 1024, a.output_groups = 8, a.window = 128;
  LayerShape indexed = window, heavy = window;
  indexed.attention.compress_ratio = 4, indexed.attention.index_heads = 64, indexed.attention.index_dim = 128;
  indexed.attention.index_topk = 512;
  heavy.attention.compress_ratio = 128;
  m.shapes = {window, indexed, heavy};
  m.layers = {0, 0};
  for (int i = 0; i < 41; ++i) m.layers.push_back(i % 2 == 0 ? 1 : 2);
  m.kv_precision = Precision::fp8;
  return m;
}

double gib(Bytes bytes) { return bytes.in(gibibyte); }

}  // namespace

TEST_CASE("fp4 experts are held as wide as the engine's kernels want them") {
  const Model model = gpt_oss_120b();
  const ServingMachine machine = dgx_h100();
  MemoryRules marlin, triton;
  marlin.mxfp4_experts = {{"*", ExpertBackend::marlin}}, triton.mxfp4_experts = {{"*", ExpertBackend::triton_mxfp4}};
  // 65.97 GiB in the log of vllm#23278: 2880 x 2880 held as 3072 x 2944
  CHECK(gib(replica_memory(replica_with(model, machine, marlin)).weights) == doctest::Approx(65.97).epsilon(0.01));
  CHECK(replica_memory(replica_with(model, machine, triton)).padding == Bytes{});
  // 1.517 at TP 8 of FlashInfer's TensorRT-LLM kernels: 360 held as 512
  MemoryRules trtllm;
  trtllm.mxfp4_experts = {{"*", ExpertBackend::flashinfer_trtllm}};
  const ReplicaMemory eight = replica_memory(replica_with(model, machine, trtllm, {.tp = 8}));
  const Bytes experts = Bytes::from_base(36 * 128 * 3.0 * 2880 * 2880 * 0.53125 / 8);
  CHECK((eight.padding + experts) / experts == doctest::Approx(1.517).epsilon(0.002));
}

TEST_CASE("the profiled step is the larger of the pass and the sampler, and experts see all groups' tokens") {
  const Model model = mixtral_8x7b();
  const ServingMachine machine = dgx_h100();
  MemoryRules rules;
  rules.sampler_bytes = 0, rules.expert_chunk = 1024;
  Replica replica = replica_with(model, machine, rules, {.attention_dp = 8, .ep = 8});
  const Bytes chunked = replica_memory(replica).activations;
  rules.expert_chunk = 0;
  replica = replica_with(model, machine, rules, {.attention_dp = 8, .ep = 8});
  // 65,536 tokens of 8 groups, two experts each, buffers of (14336 + 28672) x 2 B; less those of a call of 1,024
  CHECK((replica_memory(replica).activations - chunked).base() ==
        doctest::Approx((65536.0 - 1024) * 2 * (14336 + 28672) * 2));
  rules.sampler_bytes = 1e4;
  replica = replica_with(model, machine, rules);
  CHECK(replica_memory(replica).activations.base() == doctest::Approx(1024.0 * 32000 * 1e4));
}

TEST_CASE("SGLang's share follows its settings, and is of what is free before the weights") {
  const Model model = llama_70b();
  ServingMachine machine = dgx_h100();
  machine.memory = 141 * gibibyte;
  MemoryRules rules;
  rules.share_of = MemoryShare::free, rules.share_default = ShareDefault::by_settings, rules.profiled_step = false;
  rules.runtime = 1 * gibibyte;
  const Replica replica = replica_with(model, machine, rules, {.tp = 8});
  const ReplicaMemory memory = replica_memory(replica);
  // 512 + 1.5 x 8192 + 2 x 512 + 1024 x 8 / 8 MiB
  CHECK(memory.share == doctest::Approx(1 - 14848.0 / (141 * 1024)));
  CHECK(gib(memory.kv_room) == doctest::Approx(140 * memory.share - gib(memory.weights)));
}

TEST_CASE("layers with a window share blocks in vLLM, and have a pool in SGLang") {
  const Model model = gpt_oss_120b();
  const ServingMachine machine = dgx_h100();
  const Bytes room = Bytes::from_base(2048.0 * 36 * 16 * 10000);
  MemoryRules rules;
  rules.sliding_cache = SlidingCache::grouped;
  // 20,000 blocks of 18 pages for two groups, each of which counts them by 16 tokens
  CHECK(cache_report(replica_with(model, machine, rules), room).tokens == doctest::Approx(160000));
  rules.capacity_by_requests = true;
  // 8,192 blocks of full layers and (127 + 8192) / 16 + 1 of the others a request
  CHECK(cache_report(replica_with(model, machine, rules), room).requests == doctest::Approx(20000 / (8192 + 521.0)));
  rules.sliding_cache = SlidingCache::pool;
  CHECK(cache_report(replica_with(model, machine, rules), room).tokens ==
        doctest::Approx(room.base() / (2048 * (18 + 0.8 * 18))));
}

TEST_CASE("DeepSeek-V4 reserves pages of the compressors' states for the tokens in flight") {
  const Model model = deepseek_v4_flash();
  const ServingMachine machine = dgx_h100();
  MemoryRules rules;
  rules.sliding_cache = SlidingCache::grouped;
  Replica replica = replica_with(model, machine, rules, {.tp = 2});
  replica.engine.max_num_batched_tokens = 16384;
  // The log of vllm#44376.
  CHECK(gib(cache_report(replica, 40 * gibibyte, 30000).request) == doctest::Approx(6.66).epsilon(0.001));
  CHECK(gib(cache_report(replica, 40 * gibibyte, 13528).request) == doctest::Approx(5.44).epsilon(0.001));
}
