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

/// What Mamba layers are wide inside: expand x hidden.
int read_expanded(ModelDraft& draft) {
  const double expand = draft.fields.number({"expand", "mamba_expand"}, 0.01, 1000).value_or(2);
  return static_cast<int>(std::clamp(expand * draft.hidden, 1.0, 1.0 * kWidthRange.high));
}

void read_mamba2(ModelDraft& draft, AttentionShape& shape) {
  auto& fields = draft.fields;
  const bool plain = draft.family.name == "mamba2";  // whose names say nothing of Mamba
  const ModelFields::Names heads = {"mamba_num_heads", "mamba_n_heads", "n_mamba_heads"}, plain_heads = {"num_heads"};
  shape.heads = fields.required(plain ? plain_heads : heads, kHeadRange, "heads of a Mamba-2 layer");
  const ModelFields::Names width = {"mamba_head_dim", "mamba_d_head", "mamba_headdim"}, plain_width = {"head_dim"};
  const int inner = fields.whole({"mamba_d_ssm"}, kWidthRange).value_or(read_expanded(draft));
  const auto text = fields.text(width);
  shape.head_dim = std::max(1, inner / shape.heads);
  if (plain || (text && *text != "auto")) {
    shape.head_dim = fields.whole_or(plain ? plain_width : width, kWidthRange, shape.head_dim);
  }
  shape.state_dim =
      fields.required({"ssm_state_size", "mamba_d_state", "state_size"}, kWidthRange, "width of the state");
  shape.groups =
      fields.required({"n_groups", "mamba_n_groups", "mamba_ngroups"}, kHeadRange, "groups of a Mamba-2 layer");
  shape.conv_kernel = fields.required({"conv_kernel", "mamba_d_conv"}, kWidthRange, "length of the convolution");
  shape.conv_bias = fields.flag_or({"use_conv_bias", "mamba_conv_bias"}, true);
  shape.state_norm = draft.family.name != "falconh1" || fields.flag_or({"mamba_rms_norm"}, false);
  shape.qkv_bias = shape.output_bias = fields.flag_or({"mamba_proj_bias", "add_bias_linear"}, false);
  if (plain) shape.qkv_bias = shape.output_bias = fields.flag_or({"use_bias"}, false);
  if (draft.family.name == "falconh1") shape.output_bias = fields.flag_or({"projectors_bias"}, false);
  if (draft.family.name == "nemotronh") shape.output_bias = fields.flag_or({"use_bias"}, shape.qkv_bias);
}

/// Mamba-1 has no heads; PLaMo-2's, whose step is by head, has.
void read_selective_scan(ModelDraft& draft, AttentionShape& shape) {
  auto& fields = draft.fields;
  shape.form = StateSpaceForm::mamba1;
  shape.state_dim = fields.required({"state_size", "mamba_d_state"}, kWidthRange, "width of the state");
  shape.conv_kernel = fields.required({"conv_kernel", "mamba_d_conv"}, kWidthRange, "length of the convolution");
  shape.conv_bias = fields.flag_or({"use_conv_bias", "mamba_conv_bias"}, true);
  shape.qkv_bias = shape.output_bias = fields.flag_or({"use_bias", "mamba_proj_bias"}, false);
  shape.state_norm = draft.family.name != "mamba";
  const auto inner = fields.whole({"d_inner"}, kWidthRange);
  shape.heads = inner.value_or(read_expanded(draft));
  if (!inner && draft.family.name == "mamba") {
    shape.heads = fields.whole_or({"intermediate_size"}, kWidthRange, shape.heads);
  }
  shape.head_dim = 1;
  const auto rank = fields.text({"time_step_rank", "mamba_dt_rank"});
  shape.step_rank = (draft.hidden + 15) / 16;
  if (rank && *rank != "auto") {
    shape.step_rank = fields.whole_or({"time_step_rank", "mamba_dt_rank"}, kWidthRange, shape.step_rank);
  }
  if (draft.family.name != "plamo2") return;
  shape.heads = fields.required({"mamba_num_heads"}, kHeadRange, "heads of a Mamba layer");
  shape.head_dim = fields.required({"hidden_size_per_head"}, kWidthRange, "width of a head");
  shape.step_rank = std::max(64, draft.hidden / 16);
  shape.conv_bias = false;
}

void read_short_convolution(ModelDraft& draft, AttentionShape& shape) {
  auto& fields = draft.fields;
  shape.form = StateSpaceForm::short_convolution;
  shape.heads = draft.hidden, shape.head_dim = 1;
  shape.conv_kernel = fields.required({"conv_L_cache"}, kWidthRange, "length of the convolution");
  shape.conv_bias = fields.flag_or({"conv_bias"}, false);
  shape.state_norm = false;
}

void read_gated_recurrence(ModelDraft& draft, AttentionShape& shape) {
  auto& fields = draft.fields;
  shape.form = StateSpaceForm::rg_lru;
  shape.heads = fields.required({"num_attention_heads"}, kHeadRange, "how many heads a layer has");
  const int width = fields.whole_or({"lru_width"}, kWidthRange, draft.hidden);
  shape.head_dim = std::max(1, width / shape.heads);
  shape.state_dim = 1;
  shape.conv_kernel = fields.required({"conv1d_width"}, kWidthRange, "length of the convolution");
  shape.state_norm = false;
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
  if (fields.has({"linear_num_heads"})) {  // Kimi-Linear as transformers 5 writes it
    shape.heads = shape.kv_heads = fields.required({"linear_num_heads"}, kHeadRange, "heads of the linear attention");
    shape.head_dim = shape.value_dim = shape.decay_rank = shape.gate_rank =
        fields.required({"linear_head_dim"}, kWidthRange, "width of a head of the linear attention");
    shape.conv_kernel = fields.required({"linear_conv_kernel_dim"}, kWidthRange, "length of the convolution");
    shape.state_precision = read_state_precision(draft, Precision::fp32);
    return shape;
  }
  const bool lightning = fields.has({"attn_type_list"}) || draft.family.name == "minimax";
  if (!fields.has({"linear_num_key_heads"}) && lightning) {
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
  const auto family = draft.family.name;
  AttentionShape shape;
  shape.kind = AttentionKind::state_space;
  shape.state_precision = read_state_precision(draft, Precision::bf16);
  if (family == "lfm2" || family == "lfm2moe") {
    read_short_convolution(draft, shape);
  } else if (family == "recurrentgemma") {
    read_gated_recurrence(draft, shape);
  } else if (family == "mamba" || family == "jamba" || family == "plamo2") {
    read_selective_scan(draft, shape);
  } else {
    read_mamba2(draft, shape);
  }
  shape.kv_heads = shape.heads, shape.value_dim = shape.head_dim;
  return shape;
}

}  // namespace stargate
