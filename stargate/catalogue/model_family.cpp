// The table of families, sorted by kin. Facts of the classes in transformers 4.57 (configuration_*.py, modeling_*.py).
#include "stargate/catalogue/model_family.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace stargate {
namespace {

constexpr ModelFamily kFamilies[] = {
    // Like Llama: RMS norm before attention and feed-forward, SwiGLU, no biases, untied.
    {.name = "llama"},
    {.name = "mllama"},
    {.name = "mistral"},
    {.name = "mixtral"},
    {.name = "baichuan"},
    {.name = "internlm2"},
    {.name = "yi"},
    {.name = "deepseek"},
    {.name = "deepseekv2"},
    {.name = "deepseekv3"},
    {.name = "deepseekv32"},
    {.name = "deepseekv4"},
    {.name = "kimik2"},
    {.name = "kimilinear"},
    {.name = "kimik3"},
    {.name = "minimax"},
    {.name = "minimaxtext01"},
    {.name = "minimaxm1"},
    {.name = "minimaxm2", .qk_norm = QueryKeyNorm::whole},
    {.name = "minimaxm3", .qk_norm = QueryKeyNorm::head},
    {.name = "mimov2flash"},
    {.name = "step3"},
    {.name = "step3p5"},
    {.name = "step3p7"},
    {.name = "decilm"},
    {.name = "nemotronnas"},
    {.name = "exaone"},
    {.name = "granite", .tied = true},
    {.name = "granitemoe", .tied = true},
    {.name = "smollm3", .tied = true},
    {.name = "seedoss", .qkv_bias = true, .plain_output = true},
    {.name = "minicpm", .tied = true},
    {.name = "minicpm3", .tied = true},
    {.name = "olmo", .norms = 0},  // norms without weights
    {.name = "olmo2", .qk_norm = QueryKeyNorm::whole},
    {.name = "olmo3", .qk_norm = QueryKeyNorm::whole},
    {.name = "olmohybrid", .qk_norm = QueryKeyNorm::whole},
    {.name = "afmoe", .norms = 4, .qk_norm = QueryKeyNorm::head, .output_gate = true},
    {.name = "olmoe", .qk_norm = QueryKeyNorm::whole},
    {.name = "exaone4", .qk_norm = QueryKeyNorm::head},
    {.name = "ernie45", .tied = true},
    {.name = "ernie45moe", .tied = true},
    {.name = "llama4", .chunked = true},  // its QK norm has no weights
    {.name = "gptoss", .qkv_bias = true, .output_bias = true, .expert_bias = true},
    {.name = "glm", .qkv_bias = true, .plain_output = true},
    {.name = "glm4", .norms = 4, .qkv_bias = true, .plain_output = true},
    {.name = "glm4moe", .plain_output = true},
    {.name = "glmmoedsa", .plain_output = true},
    {.name = "chatglm", .plain_output = true},
    {.name = "axk1"},
    {.name = "axk2"},
    {.name = "cwm"},
    {.name = "internlm3"},
    {.name = "hyv3", .qk_norm = QueryKeyNorm::head},
    {.name = "hyperclovax", .norms = 4},
    {.name = "cohere2moe", .tied = true, .norms = 1, .full_every = 4},
    {.name = "hyv4"},
    {.name = "dots1", .qk_norm = QueryKeyNorm::head},
    {.name = "dots3note"},
    {.name = "mistrallarge4"},
    {.name = "hunyuanv1dense", .qk_norm = QueryKeyNorm::head},
    {.name = "hunyuanv1moe", .qk_norm = QueryKeyNorm::head},
    {.name = "solaropen"},
    {.name = "bailingmoe"},
    {.name = "bailingmoev2"},
    {.name = "ernie45moevl", .tied = true},
    {.name = "helium"},
    {.name = "flexolmo", .qk_norm = QueryKeyNorm::whole},
    {.name = "exaonemoe", .qk_norm = QueryKeyNorm::head},
    {.name = "glm4moelite"},
    {.name = "granitemoeshared", .tied = true},
    {.name = "jais2",
     .gated = false,
     .norm_bias = true,
     .qkv_bias = true,
     .output_bias = true,
     .mlp_bias = true},
    // State spaces and their hybrids
    {.name = "mamba", .tied = true, .norms = 1, .state_space = true, .no_feed_forward = true},
    {.name = "mamba2", .norms = 1, .state_space = true, .no_feed_forward = true},
    {.name = "jamba", .state_space = true},
    {.name = "bamba", .state_space = true},
    {.name = "granitemoehybrid", .tied = true, .state_space = true},
    {.name = "zamba2", .tied = true, .state_space = true},
    {.name = "falconh1", .state_space = true},
    {.name = "plamo2", .tied = true, .norms = 4, .qk_norm = QueryKeyNorm::whole, .state_space = true},
    {.name = "lfm2", .tied = true, .qk_norm = QueryKeyNorm::head, .state_space = true},
    {.name = "lfm2moe", .tied = true, .qk_norm = QueryKeyNorm::head, .state_space = true},
    {.name = "recurrentgemma",
     .tied = true,
     .output_bias = true,
     .mlp_bias = true,
     .half_width = true,
     .state_space = true},
    // Qwen
    {.name = "qwen", .qkv_bias = true, .plain_output = true, .half_width = true},
    {.name = "qwen2", .qkv_bias = true, .plain_output = true, .window_opt_in = true},
    {.name = "qwen2moe", .qkv_bias = true, .plain_output = true, .window_opt_in = true, .shared_gate = true},
    {.name = "qwen2vl", .qkv_bias = true, .plain_output = true, .window_opt_in = true},
    {.name = "qwen25vl", .qkv_bias = true, .plain_output = true, .window_opt_in = true},
    {.name = "qwen3", .qk_norm = QueryKeyNorm::head, .window_opt_in = true},
    {.name = "qwen3moe", .qk_norm = QueryKeyNorm::head, .window_opt_in = true},
    {.name = "qwen3vl", .qk_norm = QueryKeyNorm::head, .window_opt_in = true},
    {.name = "qwen3vlmoe", .qk_norm = QueryKeyNorm::head, .window_opt_in = true},
    {.name = "qwen3next", .qk_norm = QueryKeyNorm::head, .output_gate = true, .shared_gate = true},
    {.name = "qwen35", .qk_norm = QueryKeyNorm::head, .output_gate = true, .shared_gate = true},
    {.name = "qwen35moe", .qk_norm = QueryKeyNorm::head, .output_gate = true, .shared_gate = true},
    // Gemma: tied; from Gemma-2 on a norm before and behind each half of the layer
    {.name = "gemma", .tied = true},
    {.name = "gemma2", .tied = true, .norms = 4, .full_every = 2},
    {.name = "gemma3", .tied = true, .norms = 4, .qk_norm = QueryKeyNorm::head, .full_every = 6},
    {.name = "gemma3n", .tied = true, .norms = 6, .qk_norm = QueryKeyNorm::head, .full_every = 5},
    {.name = "gemma4", .tied = true, .norms = 4, .qk_norm = QueryKeyNorm::head, .full_every = 6},
    {.name = "cohere", .tied = true, .norms = 1},
    {.name = "cohere2", .tied = true, .norms = 1, .full_every = 4},
    // Layer norm with bias, plain feed-forward
    {.name = "gpt2",
     .tied = true,
     .gated = false,
     .norm_bias = true,
     .qkv_bias = true,
     .output_bias = true,
     .mlp_bias = true,
     .learned_positions = true,
     .quadruple_width = true},
    {.name = "gptbigcode",
     .tied = true,
     .gated = false,
     .norm_bias = true,
     .qkv_bias = true,
     .output_bias = true,
     .mlp_bias = true,
     .learned_positions = true,
     .quadruple_width = true,
     .multi_query = true},
    {.name = "opt",
     .tied = true,
     .gated = false,
     .norm_bias = true,
     .qkv_bias = true,
     .output_bias = true,
     .mlp_bias = true,
     .learned_positions = true,
     .extra_positions = 2},
    {.name = "bloom",
     .tied = true,
     .gated = false,
     .norm_bias = true,
     .qkv_bias = true,
     .output_bias = true,
     .mlp_bias = true,
     .quadruple_width = true},
    {.name = "gptneox", .gated = false, .norm_bias = true, .qkv_bias = true, .output_bias = true, .mlp_bias = true},
    {.name = "gptj",
     .gated = false,
     .norms = 1,
     .norm_bias = true,
     .mlp_bias = true,
     .head_bias = true,
     .quadruple_width = true},
    {.name = "falcon", .tied = true, .gated = false, .norm_bias = true, .quadruple_width = true, .multi_query = true},
    {.name = "mpt", .tied = true, .gated = false, .quadruple_width = true},
    {.name = "dbrx"},
    {.name = "starcoder2",
     .tied = true,
     .gated = false,
     .norm_bias = true,
     .qkv_bias = true,
     .output_bias = true,
     .mlp_bias = true},
    {.name = "stablelm", .norm_bias = true},
    {.name = "nemotron", .gated = false, .norm_bias = true},
    {.name = "nemotronh", .gated = false, .state_space = true},
    {.name = "arcee", .gated = false},
    {.name = "apertus", .gated = false, .qk_norm = QueryKeyNorm::head},
    // Phi
    {.name = "phi",
     .gated = false,
     .norms = 1,
     .norm_bias = true,
     .qkv_bias = true,
     .output_bias = true,
     .mlp_bias = true,
     .head_bias = true},
    {.name = "phi3"},
    {.name = "phi3small", .tied = true, .norm_bias = true, .qkv_bias = true, .output_bias = true, .mlp_bias = true},
    {.name = "phimoe", .norm_bias = true},
};

constexpr std::pair<std::string_view, std::string_view> kOtherNames[] = {
    {"ministral", "mistral"},    {"mistral3", "mistral"},  {"ministral3", "mistral"},      {"rw", "falcon"},
    {"refinedweb", "falcon"},    {"refinedwebmodel", "falcon"}, {"step3p7flash", "step3p7"},
    {"step3p5flash", "step3p5"}, {"starcoder", "gptbigcode"},   {"deci", "decilm"},
    {"falconmamba", "mamba"},    {"qwen3omnimoe", "qwen3moe"},  {"qwen3omnimoethinker", "qwen3moe"},
    {"gemma3ntext", "gemma3n"},  {"step3vl", "step3"},          {"hunyuanmoe", "hunyuanv1moe"},
    {"kimik25", "kimik2"},       {"minimaxm25", "minimaxm2"},   {"mimov2", "mimov2flash"}};

// Class values of fields that files of the family are known to leave out.
constexpr FieldDefault kDefaults[] = {
    {"gemma2", "vocab_size", 256'000},
    {"gemma2", "head_dim", 256},
    {"gemma2", "sliding_window", 4096},
    {"gemma", "vocab_size", 256'000},
    {"gemma", "head_dim", 256},
    {"gemma3", "vocab_size", 262'208},
    {"gemma3", "head_dim", 256},
    {"gemma3", "sliding_window", 4096},
    {"gemma3", "num_attention_heads", 8},
    {"gemma3", "num_key_value_heads", 4},
    {"gemma3", "max_position_embeddings", 131'072},
    {"gemma4", "vocab_size", 262'144},
    {"gemma4", "head_dim", 256},
    {"gemma4", "max_position_embeddings", 131'072},
    {"mimov2flash", "swa_num_key_value_heads", 8},
    {"gemma3n", "vocab_size_per_layer_input", 262'144},
    {"gemma4", "vocab_size_per_layer_input", 262'144},
    {"gemma3n", "altup_num_inputs", 4},
    {"gemma3n", "laurel_rank", 64},
    {"mamba", "state_size", 16},
    {"mamba", "conv_kernel", 4},
    {"mamba", "expand", 2},
    {"mamba2", "expand", 2},
    {"zamba2", "mamba_expand", 2},
    {"zamba2", "mamba_ngroups", 1},
    {"bamba", "mamba_d_state", 256},
    {"bamba", "mamba_n_groups", 1},
    {"bamba", "mamba_d_conv", 4},
    {"recurrentgemma", "conv1d_width", 4},
    {"lfm2", "conv_L_cache", 3},
    {"lfm2moe", "conv_L_cache", 3},
    {"lfm2moe", "num_dense_layers", 2},
    {"gpt2", "vocab_size", 50'257},
    {"gpt2", "max_position_embeddings", 1024},
    {"gptbigcode", "vocab_size", 50'257},
    {"falcon", "vocab_size", 65'024},
    {"falcon", "hidden_size", 4544},
    {"falcon", "num_hidden_layers", 32},
    {"falcon", "num_attention_heads", 71},
    {"falcon", "max_position_embeddings", 2048},
    {"mpt", "vocab_size", 50'368},
    {"mpt", "max_position_embeddings", 2048},
    {"llama4", "vocab_size", 202'048},
    {"llama4", "attention_chunk_size", 8192},
    {"mistral", "num_key_value_heads", 8},
    {"mixtral", "num_key_value_heads", 8},
    {"mixtral", "num_local_experts", 8},
    {"mixtral", "num_experts_per_tok", 2},
    {"qwen2moe", "num_experts", 60},
    {"qwen2moe", "num_experts_per_tok", 4},
    {"qwen2moe", "moe_intermediate_size", 1408},
    {"qwen2moe", "shared_expert_intermediate_size", 5632},
};

}  // namespace

/// "Qwen3MoeForCausalLM" and "qwen3_moe" are both "qwen3moe".
std::string family_name(std::string_view text) {
  for (const std::string_view suffix :
       {"ForCausalLM", "ForConditionalGeneration", "LMHeadModel", "Model", "_text_model", "_text"}) {
    if (text.size() > suffix.size() && text.ends_with(suffix)) {
      text.remove_suffix(suffix.size());
      break;
    }
  }
  std::string out;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return out;
}

const ModelFamily* find_family(std::string_view name) {
  for (const auto& [other, meant] : kOtherNames) {
    if (other == name) name = meant;
  }
  const auto* found = std::find_if(std::begin(kFamilies), std::end(kFamilies),
                                   [&](const ModelFamily& family) { return family.name == name; });
  return found == std::end(kFamilies) ? nullptr : found;
}

std::span<const FieldDefault> family_defaults() { return kDefaults; }

}  // namespace stargate
