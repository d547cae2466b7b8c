// How files say what a model is, and what the reader answers to files that do not.
#include "stargate/catalogue/model_config.hpp"

#include <doctest/doctest.h>

namespace stargate {
namespace {

/// A small Llama with `extra` fields; later fields may not repeat earlier ones.
std::string small(const std::string& extra) {
  return R"({"architectures": ["LlamaForCausalLM"], "hidden_size": 64, "intermediate_size": 128,
 "num_hidden_layers": 4, "num_attention_heads": 8, "vocab_size": 1000, "max_position_embeddings": 4096)" +
         (extra.empty() ? "" : ", " + extra) + "}";
}

Model parsed(const std::string& text) {
  auto model = parse_model_config("config.json", text);
  if (!model) FAIL(format_diagnostics(model.faults()));
  return *model;
}

Diagnostics faults_of(const std::string& text) {
  const auto model = parse_model_config("config.json", text);
  REQUIRE_FALSE(model.ok());
  return model.faults();
}

std::string kinds(const Model& model) {
  std::string out;
  for (int i = 0; i < model.layer_count(); ++i) {
    switch (model.layer(i).attention.kind) {
      case AttentionKind::full:
        out += 'f';
        break;
      case AttentionKind::sliding:
        out += 's';
        break;
      case AttentionKind::latent:
        out += 'm';
        break;
      case AttentionKind::linear:
        out += 'l';
        break;
      case AttentionKind::state_space:
        out += 'M';
        break;
      case AttentionKind::none:
        out += '-';
        break;
    }
  }
  return out;
}

std::string feed_forwards(const Model& model) {
  std::string out;
  for (int i = 0; i < model.layer_count(); ++i) {
    const auto kind = model.layer(i).feed_forward.kind;
    out += kind == FeedForwardKind::dense ? 'd' : kind == FeedForwardKind::experts ? 'e' : '-';
  }
  return out;
}

const std::string kExperts = R"("num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 32)";

TEST_CASE("Key and value heads are as many as heads unless the file says otherwise") {
  CHECK(parsed(small("")).layer(0).attention.kv_heads == 8);
  CHECK(parsed(small(R"("num_key_value_heads": null)")).layer(0).attention.kv_heads == 8);
  CHECK(parsed(small(R"("num_key_value_heads": 2)")).layer(0).attention.kv_heads == 2);
  CHECK(parsed(small(R"("multi_query": true)")).layer(0).attention.kv_heads == 1);
  CHECK(parsed(small(R"("multi_query_attention": true, "multi_query_group_num": 2)")).layer(0).attention.kv_heads == 2);
  CHECK(parsed(small(R"("attn_config": {"kv_n_heads": 4})")).layer(0).attention.kv_heads == 4);
}

TEST_CASE("The width of a head is not taken for hidden over heads when it is given") {
  CHECK(parsed(small("")).layer(0).attention.head_dim == 8);
  CHECK(parsed(small(R"("head_dim": 16)")).layer(0).attention.head_dim == 16);
  CHECK(parsed(small(R"("kv_channels": 32)")).layer(0).attention.head_dim == 32);
}

TEST_CASE("Windows and their patterns are read in every wording") {
  CHECK(kinds(parsed(small(""))) == "ffff");
  CHECK(kinds(parsed(small(R"("sliding_window": 512)"))) == "ssss");
  CHECK(kinds(parsed(small(R"("sliding_window": null)"))) == "ffff");
  CHECK(kinds(parsed(small(R"("sliding_window": 512, "use_sliding_window": false)"))) == "ffff");
  CHECK(kinds(parsed(small(R"("sliding_window": 512, "sliding_window_pattern": 2)"))) == "sfsf");
  CHECK(kinds(parsed(small(R"("sliding_window": 512, "sliding_window_pattern": "LLG")"))) == "ssfs");
  CHECK(kinds(parsed(small(R"("sliding_window": 512, "hybrid_layer_pattern": [0, 1, 1, 0])"))) == "fssf");
  CHECK(kinds(parsed(small(R"("sliding_window": 512,
      "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "full_attention"])"))) == "sfsf");
  const std::string qwen = R"({"model_type": "qwen2", "hidden_size": 64, "intermediate_size": 128, "vocab_size": 1000,
      "num_hidden_layers": 4, "num_attention_heads": 8, "sliding_window": 512, "max_window_layers": 3)";
  CHECK(kinds(parsed(qwen + "}")) == "ffff");
  CHECK(kinds(parsed(qwen + R"(, "use_sliding_window": true})")) == "fffs");
}

TEST_CASE("A window as long as the longest sequence is full attention") {
  CHECK(kinds(parsed(small(R"("sliding_window": 4096)"))) == "ffff");
  CHECK(kinds(parsed(small(R"("sliding_window": 4095)"))) == "ssss");
}

TEST_CASE("Layer lists that hold entries of multi-token-prediction layers are cut to the layers") {
  const auto model =
      parsed(small(R"("sliding_window": 8, "num_nextn_predict_layers": 1, "hybrid_layer_pattern": [0, 1, 0, 1, 1])"));
  CHECK(kinds(model) == "fsfs");
  CHECK(model.mtp_layers == 1);
}

TEST_CASE("Expert layers are chosen in every wording") {
  CHECK(feed_forwards(parsed(small(kExperts))) == "eeee");
  CHECK(feed_forwards(parsed(small(kExperts + R"(, "first_k_dense_replace": 1)"))) == "deee");
  CHECK(feed_forwards(parsed(small(kExperts + R"(, "moe_layer_freq": [0, 1, 0, 1])"))) == "dede");
  CHECK(feed_forwards(parsed(small(kExperts + R"(, "first_k_dense_replace": 1, "moe_layer_freq": 2)"))) == "dded");
  CHECK(feed_forwards(parsed(small(kExperts + R"(, "decoder_sparse_step": 2, "mlp_only_layers": [3])"))) == "dedd");
  CHECK(feed_forwards(parsed(small(kExperts + R"(, "interleave_moe_layer_step": 2)"))) == "dede");
  CHECK(feed_forwards(parsed(small(kExperts + R"(, "moe_layers_enum": "1,2")"))) == "deed");
  CHECK(feed_forwards(parsed(small(kExperts + R"(, "mlp_layer_types": ["dense", "sparse", "sparse", "dense"])"))) ==
        "deed");
  CHECK(feed_forwards(parsed(small(R"("num_experts": 0, "num_experts_per_tok": 0)"))) == "dddd");
}

TEST_CASE("Kimi counts its full layers from one") {
  const auto model = parsed(R"({"model_type": "kimi_linear", "hidden_size": 64, "intermediate_size": 128,
      "num_hidden_layers": 4, "num_attention_heads": 4, "vocab_size": 1000, "kv_lora_rank": 16, "q_lora_rank": null,
      "qk_nope_head_dim": 8, "qk_rope_head_dim": 8, "v_head_dim": 8, "linear_attn_config": {"full_attn_layers": [4],
      "kda_layers": [1, 2, 3], "num_heads": 4, "head_dim": 8, "short_conv_kernel_size": 4}})");
  CHECK(kinds(model) == "lllm");
  CHECK(model.layer(3).attention.q_lora_rank == 0);
  CHECK(model.layer(0).attention.decay_rank == 8);
}

TEST_CASE("DeepSeek-V4 keeps a window and compresses what is older") {
  const auto model = parsed(R"({"architectures": ["DeepseekV4ForCausalLM"], "hidden_size": 64, "num_hidden_layers": 3,
      "num_attention_heads": 4, "head_dim": 32, "qk_rope_head_dim": 8, "q_lora_rank": 16, "o_lora_rank": 16,
      "o_groups": 2, "sliding_window": 128, "compress_ratios": [0, 4, 128, 0], "index_n_heads": 2, "index_head_dim": 16,
      "index_topk": 64, "moe_intermediate_size": 32, "n_routed_experts": 8, "num_experts_per_tok": 2,
      "vocab_size": 1000})");
  CHECK(cached_elements_per_token(model.layer(0).attention) == 0);
  CHECK(cached_elements_per_token(model.layer(1).attention) == (32 + 16) / 4.0);
  CHECK(cached_elements_per_token(model.layer(2).attention) == 32 / 128.0);
  CHECK(fixed_elements(model.layer(0).attention) == 128 * 32);
  CHECK(attended_tokens(model.layer(1).attention, 1e6) == 128 + 64);
  CHECK(attended_tokens(model.layer(2).attention, 12'800) == 128 + 100);
}

TEST_CASE("Blocks of Nemotron-NAS lose their attention, share heads and change width") {
  const auto model = parsed(R"({"architectures": ["DeciLMForCausalLM"], "hidden_size": 8192, "num_attention_heads": 64,
      "num_hidden_layers": 3, "vocab_size": 1000, "intermediate_size": null, "num_key_value_heads": null,
      "block_configs": [
        {"attention": {"no_op": false, "n_heads_in_group": 8}, "ffn": {"no_op": false, "ffn_mult": 5.25}},
        {"attention": {"no_op": true, "n_heads_in_group": null}, "ffn": {"no_op": false, "ffn_mult": 2.625}},
        {"attention": {"no_op": true}, "ffn": {"no_op": true}}]})");
  CHECK(kinds(model) == "f--");
  CHECK(model.layer(0).attention.kv_heads == 8);
  CHECK(model.layer(0).feed_forward.width == 28672);
  CHECK(model.layer(1).feed_forward.width == 14336);
  CHECK(layer_parameters(model, model.layer(2)).total() == 0);
}

TEST_CASE("Class defaults fill what files of a family leave out") {
  const auto gemma = parsed(R"({"architectures": ["Gemma3ForConditionalGeneration"], "text_config": {
      "model_type": "gemma3_text", "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 6,
      "num_attention_heads": 8, "num_key_value_heads": 4, "sliding_window": 1024}, "torch_dtype": "bfloat16"})");
  CHECK(gemma.vocab == 262'208);
  CHECK(gemma.tied_embedding);
  CHECK(kinds(gemma) == "sssssf");
  const auto qwen = parsed(R"({"architectures": ["QWenLMHeadModel"], "hidden_size": 64, "intermediate_size": 256,
      "num_hidden_layers": 1, "num_attention_heads": 8, "vocab_size": 1000})");
  CHECK(qwen.layer(0).feed_forward.width == 128);
  const auto falcon = parsed(R"({"architectures": ["FalconForCausalLM"], "parallel_attn": true})");
  CHECK(parameter_count(falcon) == 6'921'720'704);  // Falcon-7B, arXiv 2311.16867
}

TEST_CASE("The precision of weights and cache is that of the tool that quantised them") {
  const auto precision = [](const std::string& extra) { return parsed(small(extra)).weight_precision; };
  CHECK(precision("") == Precision::bf16);
  CHECK(precision(R"("torch_dtype": "float32")") == Precision::fp32);
  CHECK(precision(R"("quantization_config": {"quant_method": "fp8"})") == Precision::fp8);
  CHECK(precision(R"("quantization_config": {"quant_method": "gptq", "bits": 4})") == Precision::int4);
  CHECK(precision(R"("quantization_config": {"quant_method": "modelopt", "quant_algo": "NVFP4"})") == Precision::fp4);
  CHECK(precision(R"("quantization_config": {"quant_method": "compressed-tensors", "config_groups": {"group_0":
      {"weights": {"num_bits": 8, "type": "int"}}}})") == Precision::int8);
  const auto oss = parsed(small(kExperts + R"(, "quantization_config": {"quant_method": "mxfp4",
      "modules_to_not_convert": ["model.layers.*.self_attn"]})"));
  CHECK(oss.weight_precision == Precision::bf16);
  CHECK(oss.expert_precision == Precision::fp4);
  CHECK(oss.scale_group == 32);
  const std::string side = R"({"quantization": {"quant_algo": "FP8", "kv_cache_quant_algo": "FP8"}})";
  const auto modelopt = parse_model_config("config.json", small(""), &side);
  REQUIRE(modelopt.ok());
  CHECK(modelopt->weight_precision == Precision::fp8);
  CHECK(modelopt->kv_precision == Precision::fp8);
}

TEST_CASE("Modules listed one by one stay in 16 bits, as those of a pattern") {
  std::string each;
  for (int i = 0; i < 4; ++i) {
    for (const char* name : {"q_proj", "k_proj", "v_proj", "o_proj"}) {
      each += "\"model.layers." + std::to_string(i) + ".self_attn." + name + "\", ";
    }
  }
  const auto wide = [](const std::string& items) {
    return parsed(small(R"("quantization_config": {"quant_method": "fbgemm_fp8", "modules_to_not_convert": [)" + items +
                        "\"lm_head\"]}"));
  };
  const Model listed = wide(each + R"("model.layers.1.mlp.up_proj", )");
  CHECK(listed.weight_precision == Precision::fp8);
  CHECK(listed.wide_parameters == 4 * 4 * 64 * 64 + 64 * 128);
  CHECK(weight_bytes(listed).base() == weight_bytes(wide("")).base() + 4 * 4 * 64 * 64 + 64 * 128);
  CHECK(wide(R"("*self_attn*", )").wide_parameters == 4 * 4 * 64 * 64);
  CHECK(wide(R"("re:.*self_attn.*", )").wide_parameters == 4 * 4 * 64 * 64);
  CHECK(wide(R"("model.layers.1", )").wide_parameters == 4 * 64 * 64 + 3 * 64 * 128);
}

TEST_CASE("An unknown family is read like Llama, with a note") {
  const auto model = parsed(R"({"architectures": ["NovelForCausalLM"], "_name": "Novel", "hidden_size": 64,
      "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 8, "vocab_size": 1000})");
  CHECK(model.family == "generic");
  CHECK(model.name == "Novel");
  REQUIRE(model.notes.size() == 1);
  CHECK(model.notes[0] == "the family 'NovelForCausalLM' is not known; read like Llama");
}

TEST_CASE("All faults of a file are told, each with its place and remedy") {
  const auto faults = faults_of(R"({
  "architectures": ["MixtralForCausalLM"],
  "hidden_size": -64,
  "intermediate_size": 128.5,
  "num_hidden_layers": 1000000,
  "num_attention_heads": "8",
  "num_local_experts": 4,
  "num_experts_per_tok": 5
})");
  CHECK(format_diagnostics(faults) == R"(config.json:1:1: vocab_size: is missing: size of the vocabulary
    1 | {
        ^
  hint: also read as padded_vocab_size
config.json:3:18: hidden_size: '-64' is out of range
    3 |   "hidden_size": -64,
                         ^
  hint: from 1 to 100000000
config.json:4:24: intermediate_size: '128.5' is not a whole number
    4 |   "intermediate_size": 128.5,
                               ^
config.json:5:24: num_hidden_layers: '1000000' is out of range
    5 |   "num_hidden_layers": 1000000,
                               ^
  hint: from 1 to 10000
config.json:6:26: num_attention_heads: '8' where a number is due
    6 |   "num_attention_heads": "8",
                                 ^
  hint: write it without quotes
config.json:8:26: num_experts_per_tok: a token cannot visit 5 of 4 experts
    8 |   "num_experts_per_tok": 5
                                 ^
6 faults.
)");
}

TEST_CASE("Senseless shapes are faults, never crashes") {
  const auto message = [](const std::string& text) { return faults_of(text)[0].message; };
  CHECK(message("[]") == "a list where a configuration is due");
  CHECK(message(small(R"("num_key_value_heads": 3)")) ==
        "3 key and value heads for 8 heads of queries: the one must divide the other");
  CHECK(message(small(R"("layer_types": ["full_attention"])")) == "has 1 entries for 4 layers");
  CHECK(message(small(R"("layer_types": [])")) == "has 0 entries for 4 layers");
  CHECK(message(small(R"("hybrid_override_pattern": "M?")")) == "'M?' is not made of M, *, - and E");
  CHECK(message(small(R"("hybrid_override_pattern": "")")) == "has 0 entries for 4 layers");
  CHECK(message(small(R"("sliding_window": 8, "sliding_window_pattern": "")")) ==
        "'' is not made of L (sliding) and G (full)");
  CHECK(message(small(R"("block_configs": 3)")) == "'3' where a list is due");
  CHECK(message(small(R"("kv_lora_rank": 512)")) == "is missing: width of a head without rotation");
  CHECK(message(small(R"("num_experts": 8, "num_experts_per_tok": 0)")) == "'0' is out of range");
  CHECK(message(small(R"("hybrid_override_pattern": "EEEE", "num_experts_per_tok": 2)")) ==
        "is missing: how many experts a layer has");
  CHECK(message(small(R"("head_dim": 1e999)")) == "is not JSON: '1e999' is unexpected");
  CHECK(message(R"({"model_type": "rwkv", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1,
      "intermediate_size": 8, "vocab_size": 8})") == "models of type 'rwkv' are not covered");
  CHECK(message(R"({"model_type": "llama", "hidden_size": 100000000, "num_hidden_layers": 10000,
      "num_attention_heads": 1, "intermediate_size": 100000000, "vocab_size": 8})") ==
        "the model would have more than 1e18 parameters");
}

}  // namespace
}  // namespace stargate
