// Layers whose state does not grow with the text: the gated delta rule (Qwen3.5, arXiv 2412.06464), Kimi delta
// attention (arXiv 2510.26692), lightning attention (MiniMax-01, arXiv 2501.08313) and Mamba-2 (arXiv 2405.21060).
#include "stargate/catalogue/model_layers.hpp"

namespace stargate {
namespace {

/// Type of the states as the configuration says it; one that says nothing keeps `usual`.
Precision read_state_precision(ModelDraft& draft, Precision usual) {
  const auto value = draft.fields.find({"mamba_ssm_cache_dtype", "mamba_ssm_dtype"});
  if (!value || value->node->text == "auto") return usual;
  const std::string& type = value->node->text;
  if (type == "float32") return Precision::fp32;
  if (type != "bfloat16" && type != "float16") {
    draft.fields.fault(*value, describe_node(*value->node) + " is no type of a state",
                       "write float32, bfloat16 or float16");
  }
  return Precision::bf16;
}

}  // namespace

AttentionShape read_linear(ModelDraft& draft) {
  auto& fields = draft.fields;
  AttentionShape shape;
  shape.kind = AttentionKind::linear;
  if (fields.has({"linear_attn_config"})) {
    shape.heads = shape.kv_heads =
        fields.required({"linear_attn_config.num_heads"}, kHeadRange, "heads of the linear attention");
    shape.head_dim = shape.value_dim =
        fields.required({"linear_attn_config.head_dim"}, kWidthRange, "width of a head of the linear attention");
    shape.conv_kernel =
        fields.required({"linear_attn_config.short_conv_kernel_size"}, kWidthRange, "length of the convolution");
    shape.decay_rank = shape.head_dim;
    shape.state_precision = read_state_precision(draft, Precision::fp32);  // as vLLM and SGLang keep it
    shape.gate_rank = fields.flag_or({"linear_attn_config.use_full_rank_gate"}, false) ? 0 : shape.head_dim;
    return shape;
  }
  if (!fields.has({"linear_num_key_heads"}) && fields.has({"attn_type_list"})) {
    shape.heads = shape.kv_heads = fields.required({"num_attention_heads"}, kHeadRange, "how many heads a layer has");
    shape.head_dim = shape.value_dim =
        fields.whole_or({"head_dim"}, kWidthRange, std::max(1, draft.hidden / shape.heads));
    return shape;
  }
  shape.heads = fields.required({"linear_num_key_heads"}, kHeadRange, "key heads of the linear attention");
  shape.kv_heads = fields.required({"linear_num_value_heads"}, kHeadRange, "value heads of the linear attention");
  shape.head_dim = fields.required({"linear_key_head_dim"}, kWidthRange, "width of a key head");
  shape.value_dim = fields.required({"linear_value_head_dim"}, kWidthRange, "width of a value head");
  shape.conv_kernel = fields.required({"linear_conv_kernel_dim"}, kWidthRange, "length of the convolution");
  shape.state_precision = read_state_precision(draft, Precision::bf16);
  return shape;
}

AttentionShape read_state_space(ModelDraft& draft) {
  auto& fields = draft.fields;
  AttentionShape shape;
  shape.kind = AttentionKind::state_space;
  shape.heads = fields.required({"mamba_num_heads", "mamba_n_heads"}, kHeadRange, "heads of a Mamba-2 layer");
  shape.kv_heads = shape.heads;
  shape.head_dim = fields.required({"mamba_head_dim", "mamba_d_head"}, kWidthRange, "width of a Mamba-2 head");
  shape.value_dim = shape.head_dim;
  shape.state_dim = fields.required({"ssm_state_size", "mamba_d_state"}, kWidthRange, "width of the state");
  shape.groups = fields.required({"n_groups", "mamba_n_groups"}, kHeadRange, "groups of a Mamba-2 layer");
  shape.conv_kernel = fields.required({"conv_kernel", "mamba_d_conv"}, kWidthRange, "length of the convolution");
  shape.state_precision = read_state_precision(draft, Precision::bf16);
  return shape;
}

}  // namespace stargate
