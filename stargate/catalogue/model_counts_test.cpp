// Counts of the catalogue's models against published figures, and what must hold between the counts.
// Golden values: an independent reading of the published configurations; they agree with the parameter counts on the
// model cards (Hugging Face) to the last figure given there.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "stargate/catalogue/model_config.hpp"

namespace stargate {
namespace {

Model catalogue_model(const std::string& id) {
  const std::string path = std::string(STARGATE_SOURCE_DIR) + "/catalogue/models/" + id + ".json";
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  auto model = parse_model_config(path, text.str());
  REQUIRE_MESSAGE(model.ok(), path);
  return *model;
}

Model parsed(const std::string& text) {
  auto model = parse_model_config("config.json", text);
  if (!model) FAIL(format_diagnostics(model.faults()));
  return *model;
}

struct Golden {
  const char* id;
  std::int64_t total, active;
  double cache, fixed;  ///< bytes in bf16
};

void check_counts(const Model& model, const Golden& golden) {
  CAPTURE(golden.id);
  CHECK(parameter_count(model) == golden.total);
  CHECK(active_parameter_count(model) == golden.active);
  CHECK(kv_bytes_per_token(model, Precision::bf16).base() == golden.cache);
  CHECK(fixed_state_bytes(model, Precision::bf16).base() == golden.fixed);
  CHECK(parameter_estimate(model) == static_cast<double>(golden.total));
}

TEST_CASE("The models of the catalogue have the published numbers of parameters and bytes of cache") {
  const Golden table[] = {
      {"llama-3.1-8b", 8'030'261'248, 8'030'261'248, 131'072, 0},
      {"llama-3.1-70b", 70'553'706'496, 70'553'706'496, 327'680, 0},
      {"llama-3.1-405b", 405'853'388'800, 405'853'388'800, 516'096, 0},
      {"llama-2-70b", 68'976'648'192, 68'976'648'192, 327'680, 0},
      {"qwen3-8b", 8'190'735'360, 8'190'735'360, 147'456, 0},
      {"qwen3-32b", 32'762'123'264, 32'762'123'264, 262'144, 0},
      {"qwen3-32b-fp8", 32'762'123'264, 32'762'123'264, 262'144, 0},
      {"qwen3-235b-a22b", 235'093'634'560, 22'190'763'520, 192'512, 0},
      {"deepseek-v3", 671'026'404'352, 37'552'282'624, 70'272, 0},
      {"kimi-k2", 1'026'408'209'408, 32'861'477'888, 70'272, 0},
      {"gpt-oss-20b", 20'914'757'184, 4'187'440'704, 24'576, 3'145'728},
      {"gpt-oss-120b", 116'829'156'672, 5'711'982'912, 36'864, 4'718'592},
      {"mixtral-8x7b", 46'702'792'704, 12'879'925'248, 131'072, 0},
      {"mixtral-8x22b", 140'620'634'112, 39'152'031'744, 229'376, 0},
      {"gemma-2-9b", 9'241'705'984, 9'241'705'984, 172'032, 704'643'072},
      {"llama-4-maverick", 400'711'848'960, 17'184'691'200, 49'152, 1'207'959'552},
  };
  for (const auto& golden : table) check_counts(catalogue_model(golden.id), golden);
}

TEST_CASE("GPT-3 has 175 billion parameters and the stand-in frontier model two trillion") {
  const auto gpt3 = catalogue_model("gpt-3-175b");
  CHECK(parameter_count(gpt3) == 174'604'259'328);
  const auto frontier = catalogue_model("frontier-moe-2t");
  CHECK(parameter_count(frontier) > 1'990'000'000'000);
  CHECK(parameter_count(frontier) < 2'020'000'000'000);
  CHECK(active_parameter_count(frontier) < 80'000'000'000);
}

TEST_CASE("Hybrids with recurrent layers, sparse attention and experts of their own width match published counts") {
  check_counts(parsed(R"({"architectures": ["Qwen3_5MoeForConditionalGeneration"], "text_config": {"hidden_size": 4096,
      "num_hidden_layers": 60, "full_attention_interval": 4, "num_attention_heads": 32, "num_key_value_heads": 2,
      "head_dim": 256, "linear_num_key_heads": 16, "linear_key_head_dim": 128, "linear_num_value_heads": 64,
      "linear_value_head_dim": 128, "linear_conv_kernel_dim": 4, "num_experts": 512, "num_experts_per_tok": 10,
      "moe_intermediate_size": 1024, "shared_expert_intermediate_size": 1024, "vocab_size": 248320}})"),
               {"Qwen3.5-397B-A17B", 396'346'350'336, 17'349'040'896, 30'720, 98'795'520});
  check_counts(parsed(R"({"architectures": ["NemotronHForCausalLM"], "hidden_size": 2688, "num_attention_heads": 32,
      "num_key_value_heads": 2, "head_dim": 128, "intermediate_size": 1856, "moe_intermediate_size": 1856,
      "moe_shared_expert_intermediate_size": 3712, "n_shared_experts": 1, "n_routed_experts": 128,
      "num_experts_per_tok": 6, "mamba_num_heads": 64, "mamba_head_dim": 64, "n_groups": 8, "ssm_state_size": 128,
      "conv_kernel": 4, "vocab_size": 131072, "time_step_limit": [0.0, Infinity],
      "hybrid_override_pattern": "MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME"})"),
               {"Nemotron-3-Nano-30B-A3B", 31'577'937'344, 3'580'073'408, 6'144, 25'247'744});
  std::string pattern;
  for (int i = 0; i < 40; ++i) pattern += i % 5 == 4 ? "M*E" : "ME";
  check_counts(parsed(R"({"architectures": ["NemotronHForCausalLM"], "hidden_size": 4096, "num_attention_heads": 32,
      "num_key_value_heads": 2, "head_dim": 128, "moe_intermediate_size": 2688, "moe_latent_size": 1024,
      "moe_shared_expert_intermediate_size": 5376, "n_routed_experts": 512, "num_experts_per_tok": 22,
      "mamba_num_heads": 128, "mamba_head_dim": 64, "n_groups": 8, "ssm_state_size": 128, "conv_kernel": 4,
      "vocab_size": 131072, "hybrid_override_pattern": ")" +
                      pattern + "\"}"),
               {"Nemotron-3-Super-120B-A12B", 120'668'687'360, 12'770'216'960, 8'192, 87'162'880});
  check_counts(parsed(R"({"architectures": ["GlmMoeDsaForCausalLM"], "first_k_dense_replace": 3, "head_dim": 64,
      "hidden_size": 6144, "index_head_dim": 128, "index_n_heads": 32, "index_topk": 2048, "intermediate_size": 12288,
      "kv_lora_rank": 512, "moe_intermediate_size": 2048, "n_routed_experts": 256, "n_shared_experts": 1,
      "num_attention_heads": 64, "num_experts_per_tok": 8, "num_hidden_layers": 78, "q_lora_rank": 2048,
      "qk_nope_head_dim": 192, "qk_rope_head_dim": 64, "v_head_dim": 256, "vocab_size": 154880})"),
               {"GLM-5", 743'911'199'232, 41'784'709'632, 109'824, 0});
}

TEST_CASE("Recurrent states are as wide as the configuration says, and what an index selects from has its scales") {
  const std::string rest = R"("hidden_size": 4096, "num_hidden_layers": 4, "full_attention_interval": 4,
      "num_attention_heads": 32, "num_key_value_heads": 2, "head_dim": 256, "linear_num_key_heads": 16,
      "linear_key_head_dim": 128, "linear_num_value_heads": 64, "linear_value_head_dim": 128,
      "linear_conv_kernel_dim": 4, "intermediate_size": 1024, "vocab_size": 1000}})";
  const std::string head = R"({"architectures": ["Qwen3_5MoeForConditionalGeneration"], "text_config": {)";
  const auto wide = parsed(head + R"("mamba_ssm_dtype": "float32", )" + rest);
  const auto narrow = parsed(head + R"("mamba_ssm_dtype": "bfloat16", )" + rest);
  const double state = 3 * 64.0 * 128 * 128, window = 3 * (2 * 16.0 + 64) * 128 * 4;
  CHECK(stored_state_bytes(wide, Precision::bf16).base() == 4 * state + 2 * window);
  CHECK(stored_state_bytes(narrow, Precision::bf16).base() == 2 * state + 2 * window);
  CHECK(fixed_state_bytes(wide, Precision::bf16) == fixed_state_bytes(narrow, Precision::bf16));
  AttentionShape sparse;  // DeepSeek-V3.2: 512 + 16 + 128 bytes, and 128 + 4 of an index key
  sparse.kind = AttentionKind::latent;
  sparse.kv_lora_rank = 512, sparse.rope_dim = 64, sparse.index_heads = 64, sparse.index_dim = 128;
  sparse.index_topk = 2048;
  CHECK(cached_bytes_per_token(sparse, Precision::fp8) == 788);
  CHECK(cached_bytes_per_token(sparse, Precision::bf16) == (576 + 128) * 2);
  sparse.shared_vector = true, sparse.kv_lora_rank = 448, sparse.window = 128, sparse.compress_ratio = 4;
  CHECK(cached_bytes_per_token(sparse, Precision::fp8) == (584 + 132) / 4.0);
  CHECK(fixed_bytes(sparse, Precision::fp8) == 128 * 584);
}

TEST_CASE("Stored bytes follow each part's own precision") {
  // gpt-oss-120b: the checkpoint's 60.8 GiB (model card) are MXFP4 experts, 4.25 bits each, and bf16 for the rest.
  CHECK(weight_bytes(catalogue_model("gpt-oss-120b")).in(gibibyte) == doctest::Approx(60.8).epsilon(0.002));
  const auto plain = catalogue_model("qwen3-32b"), quantised = catalogue_model("qwen3-32b-fp8");
  CHECK(weight_bytes(plain).base() == 2.0 * static_cast<double>(parameter_count(plain)));
  const double embedding = static_cast<double>(embedding_parameters(quantised));
  const double matrices = static_cast<double>(parameter_count(quantised)) - embedding;
  CHECK(weight_bytes(quantised).base() == doctest::Approx(matrices + 2 * embedding).epsilon(1e-4));
}

TEST_CASE("The cache of a sequence fills a window and then stands still") {
  const auto model = catalogue_model("gemma-2-9b");
  const auto per_token = kv_bytes_per_token(model, Precision::bf16), fixed = fixed_state_bytes(model, Precision::bf16);
  CHECK(kv_bytes(model, 0, Precision::bf16).base() == 0);
  CHECK(kv_bytes(model, 1024, Precision::bf16) == 1024 * per_token + fixed / 4);
  CHECK(kv_bytes(model, 4096, Precision::bf16) == 4096 * per_token + fixed);
  CHECK(kv_bytes(model, 8192, Precision::bf16) == 8192 * per_token + fixed);
  CHECK(kv_bytes(model, 8192, Precision::fp8) == kv_bytes(model, 8192, Precision::bf16) / 2);
}

TEST_CASE("A token costs two operations a multiplied weight and four a head element and token seen") {
  const auto model = catalogue_model("llama-3.1-8b");
  // All but the input embedding and the 65 norms are multiplied.
  const double multiplied = 8'030'261'248.0 - 128'256.0 * 4096 - 65 * 4096;
  CHECK(forward_flops_per_token(model, 0).base() == 2 * multiplied);
  CHECK(forward_flops_per_token(model, 1000).base() == 2 * multiplied + 32 * 4.0 * 4096 * 1000);
  CHECK(training_flops_per_token(model, 8192) == 3 * forward_flops_per_token(model, 4096.5));
  const auto experts = catalogue_model("mixtral-8x7b");
  CHECK(forward_flops_per_token(experts, 0).base() == 2.0 * (12'879'925'248.0 - 32'000.0 * 4096 - 65 * 4096));
}

TEST_CASE("Training averages over the positions of a sequence, windows and selections included") {
  const char* sparse = R"({"architectures": ["DeepseekV32ForCausalLM"], "hidden_size": 64, "num_hidden_layers": 2,
      "num_attention_heads": 4, "q_lora_rank": 32, "kv_lora_rank": 16, "qk_nope_head_dim": 8, "qk_rope_head_dim": 8,
      "v_head_dim": 8, "index_n_heads": 2, "index_head_dim": 8, "index_topk": 100, "intermediate_size": 128,
      "vocab_size": 100})";
  for (const auto& model : {catalogue_model("gpt-oss-20b"), catalogue_model("gemma-2-9b"), parsed(sparse)}) {
    const std::int64_t length = 300;
    Flops sum;
    for (std::int64_t seen = 1; seen <= length; ++seen) {
      sum += 3 * forward_flops_per_token(model, static_cast<double>(seen));
    }
    CHECK(training_flops_per_token(model, length).base() ==
          doctest::Approx(sum.base() / static_cast<double>(length)).epsilon(1e-9));
  }
}

}  // namespace
}  // namespace stargate

TEST_CASE("An index of MiniMax-M3 selects blocks of keys and values on the layers that the file marks") {
  const Model model = catalogue_model("minimax-m3");
  CHECK(model.layer_count() == 60);
  int indexed = 0;
  for (int i = 0; i < model.layer_count(); ++i) {
    const AttentionShape& a = model.layer(i).attention;
    indexed += a.index_topk > 0 ? 1 : 0;
    if (a.index_topk == 0) continue;
    CHECK(a.kind == AttentionKind::full);
    CHECK(is_sparse(a));
    CHECK(attended_tokens(a, 100'000) == 16 * 128);
    // Keys and values of 4 heads of 128, and one index key of 128, in 16 bits.
    CHECK(cached_bytes_per_token(a, Precision::bf16) == 2 * (4 * 256 + 128));
  }
  CHECK(indexed == 57);
  CHECK(attended_tokens(model.layer(0).attention, 100'000) == 100'000);
}
