// Which attention each layer has. Files say it in a dozen ways; the first that is present decides:
//   compress_ratios (DeepSeek-V4), linear_attn_config (Kimi), layer_types, hybrid_layer_pattern (MiMo),
//   attn_type_list (MiniMax), full_attention_interval (Qwen3.5), then windows and their pattern.
// A window no shorter than the longest sequence never closes: such layers are full.
#include <charconv>

#include "stargate/catalogue/model_layers.hpp"

namespace stargate {
namespace {

enum class Mixer { full, sliding, linear, state_space };

/// Under a dozen names; multi-query models have one, and without any field every head has its own. Multi-query
/// spellings first, as files with them may also carry a number of key-value heads that the class passes over.
int read_kv_heads(ModelDraft& draft, int heads) {
  auto& fields = draft.fields;
  const ModelFields::Names names = {"num_key_value_heads", "num_kv_heads",         "n_head_kv",
                                    "n_kv_heads",          "num_attention_groups", "attn_config.kv_n_heads"};
  const bool new_decoder = fields.flag_or({"new_decoder_architecture"}, false);
  if (!new_decoder && fields.flag_or({"multi_query"}, draft.family.multi_query)) return 1;
  if (fields.text({"attn_config.attn_type"}) == "multiquery_attention") return 1;
  if (fields.flag_or({"multi_query_attention"}, false)) {
    return fields.whole_or({"multi_query_group_num"}, kHeadRange, 1);
  }
  const int kv_heads = fields.whole_or(names, kHeadRange, heads);
  const auto value = fields.find(names);
  if (value && (kv_heads > heads || heads % kv_heads != 0)) {
    fields.fault(*value, std::to_string(kv_heads) + " key and value heads for " + std::to_string(heads) +
                             " heads of queries: the one must divide the other");
    return heads;
  }
  return kv_heads;
}

/// The family's habit first, then what the file says.
void read_biases(ModelDraft& draft, AttentionShape& shape) {
  auto& fields = draft.fields;
  const auto& family = draft.family;
  shape.qkv_bias = family.qkv_bias, shape.output_bias = family.output_bias;
  const bool fixed = family.name == "recurrentgemma";  // whose output has a bias whatever the file says
  if (const auto bias = fixed ? std::nullopt : fields.flag({"attention_bias", "bias", "use_bias", "add_bias_linear"})) {
    shape.qkv_bias = *bias || (family.qkv_bias && family.name == "phi3small");
    shape.output_bias = (*bias && !family.plain_output) || family.name == "phi3small";
  }
  if (family.name == "mpt") shape.qkv_bias = shape.output_bias = !fields.flag_or({"no_bias"}, true);
  if (const auto bias = fields.flag({"qkv_bias", "add_qkv_bias", "use_qkv_bias"})) shape.qkv_bias = *bias;
  if (const auto bias = fields.flag({"attention_out_bias"})) shape.output_bias = *bias;
}

/// Llama-4's norm of queries and keys has no weights, so its flag says nothing of parameters.
void read_query_key_norm(ModelDraft& draft, AttentionShape& shape) {
  auto& fields = draft.fields;
  auto norm = draft.family.qk_norm;
  if (const auto use = fields.flag({"use_qk_norm", "qk_norm", "qk_layernorm"}); use && !draft.family.chunked) {
    norm = !*use ? QueryKeyNorm::none : norm == QueryKeyNorm::none ? QueryKeyNorm::head : norm;
  }
  if (fields.text({"qk_norm_type"}) == "per_head") norm = QueryKeyNorm::head;
  shape.qk_norm = norm != QueryKeyNorm::none;
  shape.wide_qk_norm = norm == QueryKeyNorm::whole;
}

/// DeepSeek's multi-head latent attention, with the sparse index of V3.2 when there is one.
AttentionShape read_latent(ModelDraft& draft) {
  auto& fields = draft.fields;
  AttentionShape shape;
  shape.kind = AttentionKind::latent;
  shape.heads = shape.kv_heads =
      fields.required({"num_attention_heads", "n_head", "n_heads"}, kHeadRange, "how many heads a layer has");
  shape.kv_lora_rank = fields.required({"kv_lora_rank"}, kWidthRange, "width of the cached latent vector");
  shape.q_lora_rank = fields.whole_or({"q_lora_rank"}, kOptionalWidthRange, 0);
  shape.nope_dim = fields.required({"qk_nope_head_dim"}, kOptionalWidthRange, "width of a head without rotation");
  shape.rope_dim = fields.required({"qk_rope_head_dim"}, kOptionalWidthRange, "width of the rotated part of a head");
  shape.head_dim = shape.nope_dim + shape.rope_dim;
  shape.value_dim = fields.whole_or({"v_head_dim"}, kWidthRange, std::max(1, draft.hidden / shape.heads));
  shape.index_heads = fields.whole_or({"index_n_heads"}, {0, kHeadRange.high}, 0);
  if (shape.index_heads > 0) {
    shape.index_dim = fields.required({"index_head_dim"}, kWidthRange, "width of a head of the sparse index");
    shape.index_topk = fields.required({"index_topk"}, kWidthRange, "how many tokens the sparse index selects");
  }
  shape.output_gate = fields.flag_or({"mla_use_output_gate"}, false) || draft.family.name == "hyv4";
  shape.sinks = draft.family.name == "hyv4";
  if (draft.family.name == "axk2") shape.output_gate = true, shape.input_width = 2 * shape.q_lora_rank;
  read_biases(draft, shape);
  return shape;
}

/// A number a layer, or the words of transformers 5 with a rate for each.
std::vector<int> read_ratios(ModelDraft& draft, const ModelFields::Value& list) {
  auto& fields = draft.fields;
  if (!list.path.ends_with("layer_types")) return fields.whole_list(list, {0, 1'000'000});
  const int sparse = fields.whole_or({"compress_rates.compressed_sparse_attention"}, kWidthRange, 4);
  const int heavy = fields.whole_or({"compress_rates.heavily_compressed_attention"}, kWidthRange, 128);
  std::vector<int> ratios;
  for (const auto& item : fields.items(list)) {
    const auto& word = item.node->text;
    const auto known = {"sliding_attention", "compressed_sparse_attention", "heavily_compressed_attention"};
    if (std::find(known.begin(), known.end(), word) == known.end()) {
      fields.fault(item, describe_node(*item.node) + " is no known kind of layer",
                   "sliding_attention, compressed_sparse_attention or heavily_compressed_attention");
    }
    ratios.push_back(word == "compressed_sparse_attention" ? sparse : word == "sliding_attention" ? 0 : heavy);
  }
  return ratios;
}

/// A window over latent vectors (dots.3), without an index.
AttentionShape read_latent_window(ModelDraft& draft, AttentionShape shape) {
  shape.index_heads = shape.index_dim = shape.index_topk = 0;
  shape.window =
      draft.fields.required({"sliding_window"}, {1, kTokenRange.high}, "how many tokens a sliding layer sees");
  return shape;
}

/// DeepSeek-V4: one shared key-value vector, a local window, and older tokens compressed. Ratio 0: window only; 4:
/// compressed and selected by a sparse index; 128: compressed, all of them attended to.
std::vector<AttentionShape> read_compressed(ModelDraft& draft, const ModelFields::Value& ratios) {
  auto& fields = draft.fields;
  AttentionShape shape;
  shape.kind = AttentionKind::latent;
  shape.shared_vector = true, shape.sinks = true;
  shape.heads = fields.required({"num_attention_heads"}, kHeadRange, "how many heads a layer has");
  shape.kv_heads = 1;
  shape.head_dim = shape.value_dim = fields.required({"head_dim"}, kWidthRange, "width of a head");
  shape.rope_dim = fields.required({"qk_rope_head_dim"}, kOptionalWidthRange, "width of the rotated part of a head");
  if (const auto rope = fields.find({"qk_rope_head_dim"}); rope && shape.rope_dim > shape.head_dim) {
    fields.fault(*rope, "is wider than the head of " + std::to_string(shape.head_dim));
  }
  shape.kv_lora_rank = shape.nope_dim = std::max(0, shape.head_dim - shape.rope_dim);
  shape.q_lora_rank = fields.required({"q_lora_rank"}, kWidthRange, "rank of the queries");
  shape.output_lora_rank = fields.required({"o_lora_rank"}, kWidthRange, "rank of the output projection");
  shape.output_groups = fields.required({"o_groups"}, kHeadRange, "groups of the output projection");
  shape.window = fields.required({"sliding_window"}, kWidthRange, "tokens kept uncompressed");
  std::vector<AttentionShape> out;
  for (const int ratio : fit_to_layers(draft, ratios, read_ratios(draft, ratios))) {
    out.push_back(shape);
    out.back().compress_ratio = ratio;
    if (ratio != 4) continue;
    out.back().index_heads = fields.required({"index_n_heads"}, kHeadRange, "heads of the sparse index");
    out.back().index_dim = fields.required({"index_head_dim"}, kWidthRange, "width of a head of the sparse index");
    out.back().index_topk = fields.required({"index_topk"}, kWidthRange, "vectors the sparse index selects");
  }
  return out;
}

Mixer mixer_of(ModelDraft& draft, const ModelFields::Value& value) {
  const auto& name = value.node->text;
  const auto full = {"full_attention", "attention", "global", "indexed_attention", "deepseek_sparse_attention"};
  if (std::find(full.begin(), full.end(), name) != full.end()) return Mixer::full;
  if (name == "sliding_attention" || name == "chunked_attention" || name == "local") return Mixer::sliding;
  if (name == "linear_attention") return draft.family.state_space ? Mixer::state_space : Mixer::linear;
  if (name == "mamba" || name == "conv" || name == "recurrent") return Mixer::state_space;
  draft.fields.fault(
      value, describe_node(*value.node) + " is no known kind of layer",
      suggest_name(name, {"full_attention", "sliding_attention", "chunked_attention", "linear_attention", "mamba"}));
  return Mixer::full;
}

/// linear_attn_config counts layers from 1.
std::vector<Mixer> read_kimi_mixers(ModelDraft& draft, const ModelFields::Value& full) {
  std::vector<Mixer> mixers(static_cast<std::size_t>(draft.layers), Mixer::linear);
  for (const auto& item : draft.fields.items(full)) {
    const auto layer = draft.fields.to_whole(item, {1, draft.layers});
    if (layer) mixers[static_cast<std::size_t>(*layer - 1)] = Mixer::full;
  }
  return mixers;
}

/// Each `interval`-th layer attends fully.
std::vector<Mixer> every(ModelDraft& draft, int interval, Mixer others) {
  std::vector<Mixer> mixers;
  for (int i = 1; i <= draft.layers; ++i) mixers.push_back(i % interval == 0 ? Mixer::full : others);
  return mixers;
}

/// Llama-4: chunks, but full attention without rotation on each fourth layer.
std::vector<Mixer> read_chunked_mixers(ModelDraft& draft) {
  auto& fields = draft.fields;
  if (const auto rotated = fields.find({"no_rope_layers"}); rotated && !rotated->node->items.empty()) {
    std::vector<Mixer> mixers;
    for (const int rope : fields.whole_list(*rotated, {0, 1})) mixers.push_back(rope ? Mixer::sliding : Mixer::full);
    return fit_to_layers(draft, *rotated, std::move(mixers));
  }
  return every(draft, fields.whole_or({"no_rope_layer_interval"}, kLayerRange, 4), Mixer::sliding);
}

/// sliding_window_pattern: a number (each n-th layer is full) or letters ("LLLG").
std::vector<Mixer> read_window_mixers(ModelDraft& draft) {
  auto& fields = draft.fields;
  const auto layers = static_cast<std::size_t>(draft.layers);
  if (draft.family.chunked) return read_chunked_mixers(draft);
  const bool window = fields.whole_or({"sliding_window", "sliding_window_size"}, kTokenRange, 0) > 0;
  if (!window || !fields.flag_or({"use_sliding_window"}, !draft.family.window_opt_in)) return {};
  const auto pattern = fields.find({"sliding_window_pattern", "_sliding_window_pattern"});
  if (pattern && pattern->node->is_scalar() && pattern->node->quoted) {
    const auto& letters = pattern->node->text;
    if (letters.empty() || letters.find_first_not_of("LG") != std::string::npos) {
      fields.fault(*pattern, describe_node(*pattern->node) + " is not made of L (sliding) and G (full)");
      return {};
    }
    std::vector<Mixer> mixers;
    for (std::size_t i = 0; i < layers; ++i) {
      mixers.push_back(letters[i % letters.size()] == 'L' ? Mixer::sliding : Mixer::full);
    }
    return mixers;
  }
  const int interval = pattern ? fields.to_whole(*pattern, kLayerRange).value_or(1) : draft.family.full_every;
  if (interval > 0) return every(draft, interval, Mixer::sliding);
  std::vector<Mixer> mixers(layers, Mixer::sliding);
  if (draft.family.window_opt_in) {
    const int from = fields.whole_or({"max_window_layers"}, {0, kLayerRange.high}, 0);
    std::fill_n(mixers.begin(), std::min(from, draft.layers), Mixer::full);
  }
  return mixers;
}

/// Layers of state spaces with attention among them, where the file does not list them all.
std::vector<Mixer> read_hybrid_mixers(ModelDraft& draft) {
  auto& fields = draft.fields;
  const auto family = draft.family.name;
  std::vector<Mixer> mixers(static_cast<std::size_t>(draft.layers), Mixer::state_space);
  if (const auto listed = fields.find({"attn_layer_indices", "full_attn_idxs"})) {  // Bamba, LFM2
    for (const int layer : fields.whole_list(*listed, {0, kLayerRange.high})) {
      if (layer < draft.layers) mixers[static_cast<std::size_t>(layer)] = Mixer::full;
    }
  } else if (family == "jamba") {
    const int period = fields.whole_or({"attn_layer_period"}, kLayerRange, 8);
    const int offset = fields.whole_or({"attn_layer_offset"}, {0, kLayerRange.high}, 4);
    for (int i = 0; i < draft.layers; ++i) {
      if (i % period == offset) mixers[static_cast<std::size_t>(i)] = Mixer::full;
    }
  } else if (family == "recurrentgemma") {
    std::vector<Mixer> cycle = {Mixer::state_space, Mixer::state_space, Mixer::sliding};
    if (const auto types = fields.find({"block_types"}); types && !types->node->items.empty()) {
      cycle.clear();
      for (const auto& item : fields.items(*types)) {
        cycle.push_back(item.node->text == "attention" ? Mixer::sliding : Mixer::state_space);
      }
    }
    for (std::size_t i = 0; i < mixers.size(); ++i) mixers[i] = cycle[i % cycle.size()];
  } else if (family == "plamo2") {
    const int step = fields.whole_or({"mamba_step"}, kLayerRange, 2);
    const auto whole = fields.find({"full_attention_idx"});
    const auto wholes = whole ? fields.whole_list(*whole, {0, kLayerRange.high}) : std::vector<int>{};
    for (int i = 0; i < draft.layers; ++i) {
      const bool last = draft.layers <= step / 2 && i == draft.layers - 1;
      if (i % step != step / 2 && !last && fields.flag_or({"mamba_enabled"}, true)) continue;
      const bool full = std::find(wholes.begin(), wholes.end(), i) != wholes.end();
      mixers[static_cast<std::size_t>(i)] = full ? Mixer::full : Mixer::sliding;
    }
  } else if (family == "granitemoehybrid") {
    draft.notes.push_back("no layer is listed as attention: all are Mamba-2, as its class reads it");
  }
  return mixers;
}

/// Empty when all layers are full. In the order at the head of this file: the first field that is there decides.
std::vector<Mixer> read_mixers(ModelDraft& draft) {
  auto& fields = draft.fields;
  if (const auto full = fields.find({"linear_attn_config.full_attn_layers"})) return read_kimi_mixers(draft, *full);
  std::vector<Mixer> mixers;
  if (const auto types = fields.find({"layer_types", "layers_block_type"})) {
    for (const auto& item : fields.items(*types)) mixers.push_back(mixer_of(draft, item));
    return fit_to_layers(draft, *types, std::move(mixers));
  }
  if (const auto pattern = fields.find({"hybrid_layer_pattern"})) {
    for (const int kind : fields.whole_list(*pattern, {0, 1})) mixers.push_back(kind ? Mixer::sliding : Mixer::full);
    return fit_to_layers(draft, *pattern, std::move(mixers));
  }
  if (const auto types = fields.find({"attn_type_list"})) {
    for (const int kind : fields.whole_list(*types, {0, 1})) mixers.push_back(kind ? Mixer::full : Mixer::linear);
    return fit_to_layers(draft, *types, std::move(mixers));
  }
  if (const auto interval = fields.whole({"full_attention_interval"}, kLayerRange)) {
    return every(draft, *interval, Mixer::linear);
  }
  if (draft.family.state_space) return read_hybrid_mixers(draft);
  return read_window_mixers(draft);
}

/// Sliding layers may have heads of their own (MiMo), and full ones too (Gemma-4).
AttentionShape read_sliding(ModelDraft& draft, AttentionShape shape) {
  auto& fields = draft.fields;
  shape.kind = AttentionKind::sliding;
  shape.heads = fields.whole_or({"swa_num_attention_heads"}, kHeadRange, shape.heads);
  shape.kv_heads = fields.whole_or({"swa_num_key_value_heads"}, kHeadRange, shape.kv_heads);
  shape.head_dim = fields.whole_or({"swa_head_dim"}, kWidthRange, shape.head_dim);
  shape.value_dim = fields.whole_or({"swa_v_head_dim"}, kWidthRange, shape.value_dim);
  shape.sinks =
      fields.flag_or({"add_swa_attention_sink_bias"}, shape.sinks || draft.family.name == "mimov2flash");
  const ModelFields::Names names = {"sliding_window", "sliding_window_size", "attention_chunk_size",
                                    "attention_window_size"};
  const ModelFields::Names chunk_first = {"attention_chunk_size", "sliding_window", "sliding_window_size"};
  shape.window = fields.required(draft.family.chunked ? chunk_first : names, {1, kTokenRange.high},
                                 "how many tokens a sliding layer sees");
  return shape;
}

/// What Gemma-4 and MiMo say of layers that see everything.
AttentionShape read_global(ModelDraft& draft, AttentionShape shape) {
  auto& fields = draft.fields;
  shape.head_dim = fields.whole_or({"global_head_dim"}, kWidthRange, shape.head_dim);
  if (fields.has({"global_head_dim"})) shape.value_dim = shape.head_dim;
  shape.kv_heads = fields.whole_or({"num_global_key_value_heads"}, kHeadRange, shape.kv_heads);
  shape.keys_are_values = fields.flag_or({"attention_k_eq_v"}, false);
  shape.sinks = fields.flag_or({"add_full_attention_sink_bias"}, shape.sinks);
  return shape;
}

bool is_latent(ModelDraft& draft) {
  return draft.fields.has({"kv_lora_rank"}) && draft.fields.flag_or({"use_mla"}, true);
}

/// GLM-5.2 computes the sparse index on some layers ("full") and reuses it on others ("shared").
void share_index(ModelDraft& draft, std::vector<AttentionShape>& layers) {
  const auto types = draft.fields.find({"indexer_types"});
  if (!types) return;
  std::vector<bool> shared;
  for (const auto& item : draft.fields.items(*types)) shared.push_back(item.node->text == "shared");
  shared = fit_to_layers(draft, *types, std::move(shared));
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (shared[i]) layers[i].index_heads = 0;
  }
}

/// MiniMax-M3: an index selects blocks of keys and values on the layers that sparse_attention_freq marks.
void select_blocks(ModelDraft& draft, std::vector<AttentionShape>& layers) {
  auto& fields = draft.fields;
  const auto marks = fields.find({"sparse_attention_config.sparse_attention_freq"});
  if (!marks || !fields.flag_or({"sparse_attention_config.use_sparse_attention"}, true)) return;
  const int heads = fields.required({"sparse_attention_config.sparse_num_index_heads"}, kHeadRange, "index heads");
  const int width = fields.required({"sparse_attention_config.sparse_index_dim"}, kWidthRange, "width of its heads");
  const int block = fields.required({"sparse_attention_config.sparse_block_size"}, kWidthRange, "tokens in a block");
  const int blocks = fields.required({"sparse_attention_config.sparse_topk_blocks"}, kWidthRange, "blocks selected");
  const auto sparse = fit_to_layers(draft, *marks, fields.whole_list(*marks, {0, 1}));
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (sparse[i] == 0 || layers[i].kind != AttentionKind::full) continue;
    layers[i].index_heads = heads, layers[i].index_dim = width, layers[i].index_topk = block * blocks;
  }
}

/// Mistral Large 4: latent layers without rotation have all of a head's width outside it.
void drop_rotation(ModelDraft& draft, std::vector<AttentionShape>& layers) {
  const auto rotated = draft.fields.find({"no_rope_layers"});
  if (!rotated || draft.family.name != "mistrallarge4") return;
  const auto flags = fit_to_layers(draft, *rotated, draft.fields.whole_list(*rotated, {0, 1}));
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (flags[i] == 0) layers[i].nope_dim += layers[i].rope_dim, layers[i].rope_dim = 0;
  }
}

/// Gemma-3n and Gemma-4: the last layers read what the last layer of their kind before them has cached.
void share_cache(ModelDraft& draft, std::vector<AttentionShape>& layers) {
  const int shared = draft.fields.whole_or({"num_kv_shared_layers"}, {0, kLayerRange.high}, 0);
  for (int i = std::max(1, draft.layers - shared); i < draft.layers; ++i) {
    layers[static_cast<std::size_t>(i)].shared_cache = true;
  }
}

}  // namespace

const Node* layer_fields(const ModelDraft& draft, int layer) {
  const auto listed = draft.fields.find({"per_layer_config"});
  if (!listed || !listed->node->is_mapping()) return nullptr;
  for (const auto& member : listed->node->members) {
    int number = -1;
    const char* end = member.key.data() + member.key.size();
    const auto [stop, error] = std::from_chars(member.key.data(), end, number);
    if (error == std::errc{} && stop == end && number == layer && member.value.is_mapping()) return &member.value;
  }
  return nullptr;
}

AttentionShape read_grouped_query(ModelDraft& draft) {
  auto& fields = draft.fields;
  AttentionShape shape;
  const ModelFields::Names names = {"num_attention_heads", "n_head", "n_heads", "num_heads"};
  shape.heads = fields.required(names, kHeadRange, "how many heads a layer has");
  shape.kv_heads = read_kv_heads(draft, shape.heads);
  const ModelFields::Names widths = {"head_dim", "attention_head_dim", "kv_channels", "hidden_size_per_head"};
  const auto width = fields.whole(widths, kWidthRange);
  if (!width && draft.hidden % shape.heads != 0) {
    if (const auto heads = fields.find(names)) {
      fields.fault(
          *heads,
          std::to_string(shape.heads) + " heads do not divide the hidden width of " + std::to_string(draft.hidden),
          "give head_dim if heads are not hidden / heads wide");
    }
  }
  shape.head_dim = width.value_or(std::max(1, draft.hidden / shape.heads));
  shape.value_dim = fields.whole_or({"v_head_dim"}, kWidthRange, shape.head_dim);
  shape.q_lora_rank = fields.whole_or({"share_q_dim"}, kOptionalWidthRange, 0);  // Step-3
  shape.output_gate = fields.flag_or({"attn_output_gate"}, draft.family.output_gate);
  shape.sinks = draft.family.name == "gptoss";
  read_biases(draft, shape);
  read_query_key_norm(draft, shape);
  return shape;
}

std::vector<AttentionShape> read_attention(ModelDraft& draft) {
  const auto layers = static_cast<std::size_t>(draft.layers);
  if (const auto ratios = draft.fields.find({"compress_ratios"})) return read_compressed(draft, *ratios);
  if (draft.family.name == "deepseekv4") {
    if (const auto types = draft.fields.find({"layer_types"})) return read_compressed(draft, *types);
  }
  auto mixers = read_mixers(draft);
  mixers.resize(layers, mixers.empty() ? Mixer::full : mixers.back());
  const auto any = [&](Mixer kind) { return std::find(mixers.begin(), mixers.end(), kind) != mixers.end(); };
  AttentionShape full, sliding, linear, state_space;
  if (is_latent(draft)) {
    full = sliding = read_latent(draft);
    if (any(Mixer::sliding)) sliding = read_latent_window(draft, sliding);
  } else if (any(Mixer::full) || any(Mixer::sliding)) {
    const auto base = read_grouped_query(draft);
    full = read_global(draft, base);
    if (any(Mixer::sliding)) sliding = read_sliding(draft, base);
    if (draft.max_position > 0 && sliding.window >= draft.max_position) {
      sliding.kind = AttentionKind::full, sliding.window = 0;
    }
  }
  if (any(Mixer::linear)) linear = read_linear(draft);
  if (any(Mixer::state_space)) state_space = read_state_space(draft);
  std::vector<AttentionShape> out;
  out.reserve(layers);
  for (std::size_t i = 0; i < layers; ++i) {
    const auto mixer = mixers[i];
    out.push_back(mixer == Mixer::full      ? full
                  : mixer == Mixer::sliding ? sliding
                  : mixer == Mixer::linear  ? linear
                                            : state_space);
    const Node* own = layer_fields(draft, static_cast<int>(i));
    if (own == nullptr || (mixer != Mixer::full && mixer != Mixer::sliding)) continue;
    draft.fields.set_layer(own);
    out.back() = is_latent(draft) ? read_latent(draft) : read_grouped_query(draft);
    if (mixer == Mixer::full && !is_latent(draft)) out.back() = read_global(draft, out.back());
    if (mixer == Mixer::sliding) {
      out.back() = is_latent(draft) ? read_latent_window(draft, out.back()) : read_sliding(draft, out.back());
    }
    draft.fields.set_layer(nullptr);
  }
  share_cache(draft, out);
  drop_rotation(draft, out);
  share_index(draft, out);
  select_blocks(draft, out);
  if (draft.fields.has({"cross_attention_layers"})) {
    draft.notes.push_back("layers that attend to an image are counted as layers that attend to the text");
  }
  return out;
}

}  // namespace stargate
