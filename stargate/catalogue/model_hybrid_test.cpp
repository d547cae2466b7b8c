// Counts of hybrids, state spaces and models with embeddings in each layer, against the classes of transformers 5.24
// built without weights.
#include <doctest/doctest.h>

#include "stargate/catalogue/model_config.hpp"

namespace stargate {
namespace {

Model hybrid(const std::string& text) {
  auto model = parse_model_config("config.json", text);
  if (!model) FAIL(format_diagnostics(model.faults()));
  return *model;
}

/// Cache of a token that grows, and what layers keep whatever the length, in bf16.
double growing(const Model& model) { return kv_bytes_per_token(model, Precision::bf16).base(); }

TEST_CASE("State spaces of every form have the parameters of their classes") {
  const auto falcon = hybrid(R"({"model_type": "falcon_mamba", "hidden_size": 4096, "intermediate_size": 8192,
    "num_hidden_layers": 64, "state_size": 16, "conv_kernel": 4, "expand": 2, "time_step_rank": 256,
    "vocab_size": 65024, "tie_word_embeddings": false})");
  CHECK(parameter_count(falcon) == 7'272'665'088);
  CHECK(growing(falcon) == 0);
  CHECK(fixed_state_bytes(falcon, Precision::bf16).base() == 2.0 * 64 * 8192 * (16 + 4));
  const auto mamba2 = hybrid(R"({"model_type": "mamba2", "hidden_size": 2560, "num_hidden_layers": 64,
    "state_size": 128, "num_heads": 80, "head_dim": 64, "expand": 2, "n_groups": 1, "conv_kernel": 4,
    "vocab_size": 50288, "tie_word_embeddings": true})");
  CHECK(parameter_count(mamba2) == 2'702'599'680);
  const auto lfm2 = hybrid(R"({"model_type": "lfm2", "hidden_size": 2048, "intermediate_size": 12288,
    "conv_L_cache": 3, "conv_bias": false, "num_hidden_layers": 16, "num_attention_heads": 32,
    "num_key_value_heads": 8, "full_attn_idxs": [2, 5, 8, 10, 12, 14], "vocab_size": 65536})");
  CHECK(parameter_count(lfm2) == 1'170'340'608);
  CHECK(growing(lfm2) == 12'288);
  const auto griffin = hybrid(R"({"model_type": "recurrent_gemma", "hidden_size": 2560, "intermediate_size": 7680,
    "num_hidden_layers": 26, "num_attention_heads": 10, "head_dim": 256, "lru_width": 2560, "conv1d_width": 4,
    "attention_window_size": 2048, "attention_bias": false, "vocab_size": 256000})");
  CHECK(parameter_count(griffin) == 2'010'263'040);
}

TEST_CASE("Hybrids: experts among Mamba-1, two mixers side by side, blocks that layers share") {
  const auto jamba = hybrid(R"({"model_type": "jamba", "hidden_size": 4096, "intermediate_size": 14336,
    "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "num_experts": 16,
    "num_experts_per_tok": 2, "mamba_d_state": 16, "mamba_d_conv": 4, "mamba_dt_rank": 256, "vocab_size": 65536})");
  CHECK(parameter_count(jamba) == 51'570'323'328);
  CHECK(growing(jamba) == 16'384);
  const auto falcon = hybrid(R"({"model_type": "falcon_h1", "hidden_size": 4096, "intermediate_size": 14336,
    "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "mamba_d_ssm": 1024,
    "mamba_n_heads": 128, "mamba_n_groups": 1, "mamba_d_state": 256, "mamba_d_conv": 4, "vocab_size": 128000})");
  CHECK(parameter_count(falcon) == 8'514'961'408);
  const auto zamba = hybrid(R"({"model_type": "zamba2", "hidden_size": 3584, "num_hidden_layers": 81,
    "num_attention_heads": 32, "num_key_value_heads": 32, "intermediate_size": 14336, "attention_head_dim": 224,
    "mamba_d_state": 64, "mamba_d_conv": 4, "mamba_ngroups": 2, "n_mamba_heads": 112, "num_mem_blocks": 2,
    "adapter_rank": 128, "vocab_size": 32000,
    "hybrid_layer_ids": [6, 11, 17, 23, 29, 35, 41, 47, 53, 59, 65, 71, 77]})");
  CHECK(parameter_count(zamba) == 7'356'749'648);
  CHECK(growing(zamba) == 372'736);
  // A token passes the shared blocks thirteen times, though they are stored twice.
  CHECK(forward_flops_per_token(zamba, 1).base() > 2.0 * static_cast<double>(parameter_count(zamba)));
}

TEST_CASE("Words of transformers 5 and layers with values of their own are read") {
  const auto nemotron = hybrid(R"({"model_type": "nemotron_h", "hidden_size": 4096, "intermediate_size": 21504,
    "layers_block_type": ["linear_attention", "moe", "full_attention", "mlp"], "num_attention_heads": 32,
    "num_key_value_heads": 8, "head_dim": 128, "mamba_head_dim": 64, "mamba_num_heads": 128, "n_groups": 8,
    "ssm_state_size": 128, "conv_kernel": 4, "n_routed_experts": 8, "num_experts_per_tok": 2,
    "moe_intermediate_size": 7688, "moe_shared_expert_intermediate_size": 7688, "vocab_size": 131072})");
  CHECK(parameter_count(nemotron) == 1'968'355'712);
  const std::string gemma = R"({"model_type": "gemma3n_text", "hidden_size": 2048, "intermediate_size": 16384,
    "num_hidden_layers": 35, "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 256,
    "sliding_window": 512, "hidden_size_per_layer_input": 256, "laurel_rank": 64, "vocab_size": 262400,)";
  const auto e4b = hybrid(gemma + R"("num_kv_shared_layers": 15})");
  CHECK(parameter_count(e4b) == 6'835'235'568);
  // Layers that share keys and values cache none.
  CHECK(growing(e4b) < growing(hybrid(gemma + R"("num_kv_shared_layers": 0})")));
  const std::string latent = R"({"model_type": "deepseek_v3", "hidden_size": 512, "intermediate_size": 1024,
    "num_hidden_layers": 2, "num_attention_heads": 4, "kv_lora_rank": 64, "q_lora_rank": 96, "qk_nope_head_dim": 32,
    "qk_rope_head_dim": 16, "v_head_dim": 32, "vocab_size": 1000)";
  const auto wide = hybrid(latent + R"(, "per_layer_config": {"01": {"kv_lora_rank": 128}}})");
  CHECK(growing(wide) == growing(hybrid(latent + "}")) + 2 * 64);
}

}  // namespace
}  // namespace stargate
