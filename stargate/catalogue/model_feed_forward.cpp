// Which feed-forward each layer has: dense, or experts. Files that name their expert layers do so by a list
// (moe_layer_freq, mlp_layer_types, moe_layers, moe_layers_enum), by a first layer and an interval (DeepSeek), by an
// interval (Qwen, Llama-4), or not at all: then every layer has experts.
#include <charconv>

#include "stargate/catalogue/model_layers.hpp"

namespace stargate {
namespace {

constexpr std::int64_t kWidest = kWidthRange.high;

const ModelFields::Names kExpertCount = {"num_local_experts", "n_routed_experts", "num_experts", "moe_num_experts",
                                         "ffn_config.moe_num_experts"};

/// LFM2: two thirds of the stated width, rounded up, unless the file says that it is final.
int read_adjusted_width(ModelDraft& draft) {
  auto& fields = draft.fields;
  const std::int64_t stated = fields.required({"block_ff_dim", "intermediate_size"}, kWidthRange, "feed-forward width");
  if (!fields.flag_or({"block_auto_adjust_ff_dim"}, true)) return static_cast<int>(stated);
  const double factor = fields.number({"block_ffn_dim_multiplier"}, 1e-3, 1e3).value_or(1);
  const std::int64_t multiple = fields.whole_or({"block_multiple_of"}, kWidthRange, 256);
  const auto width = static_cast<std::int64_t>(factor * static_cast<double>(2 * stated / 3));
  return static_cast<int>(std::clamp<std::int64_t>((width + multiple - 1) / multiple * multiple, 1, kWidest));
}

int read_dense_width(ModelDraft& draft) {
  auto& fields = draft.fields;
  const ModelFields::Names names = {
      "intermediate_size_mlp", "dense_intermediate_size", "intermediate_size",          "n_inner",
      "ffn_hidden_size",       "ff_intermediate_size",    "ffn_config.ffn_hidden_size", "ffn_dim"};
  if (draft.family.name == "lfm2") return read_adjusted_width(draft);
  if (draft.family.name == "granitemoehybrid") {  // without experts, what is shared is all there is
    if (const auto width = fields.whole({"shared_intermediate_size"}, kWidthRange)) return *width;
  }
  if (const auto value = fields.find(names)) {
    if (value->node->is_sequence()) {  // Gemma-3n: one a layer, read there
      const auto widths = fields.whole_list(*value, kWidthRange);
      return widths.empty() ? 1 : widths.front();
    }
    const int width = fields.to_whole(*value, kWidthRange).value_or(1);
    return draft.family.half_width ? std::max(1, width / 2) : width;
  }
  if (const auto ratio = fields.number({"expansion_ratio"}, 0.01, 100)) {
    return static_cast<int>(std::clamp(*ratio * draft.hidden, 1.0, static_cast<double>(kWidest)));
  }
  if (draft.family.quadruple_width || draft.family.name == "mpt") {
    return static_cast<int>(std::min<std::int64_t>(std::int64_t{4} * draft.hidden, kWidest));
  }
  return fields.required({"intermediate_size", "n_inner", "ffn_hidden_size", "ffn_dim"}, kWidthRange,
                         "width of the feed-forward");
}

/// ERNIE-VL has a list, text experts before those of images; text tokens visit the first kind.
std::optional<int> first_of_list(ModelDraft& draft, ModelFields::Names names, WholeRange range) {
  const auto value = draft.fields.find(names);
  if (!value || !value->node->is_sequence() || value->node->items.empty()) return std::nullopt;
  return draft.fields.whole_list(*value, range).front();
}

int read_expert_count(ModelDraft& draft) {
  if (const auto first = first_of_list(draft, kExpertCount, kExpertRange)) return *first;
  return draft.fields.whole_or(kExpertCount, kExpertRange, 0);
}

int read_expert_width(ModelDraft& draft) {
  auto& fields = draft.fields;
  if (const auto first = first_of_list(draft, {"moe_intermediate_size"}, kWidthRange)) return *first;
  if (const auto width = fields.whole({"moe_intermediate_size"}, kWidthRange)) return *width;
  return fields.required({"intermediate_size", "ffn_config.ffn_hidden_size"}, kWidthRange,
                         "width of an expert (moe_intermediate_size)");
}

bool read_bias(ModelDraft& draft, bool otherwise) {
  if (draft.family.name == "mpt") return !draft.fields.flag_or({"no_bias"}, true);
  if (draft.family.name == "falcon") return draft.fields.flag_or({"bias"}, false);
  if (draft.family.name == "starcoder2") return draft.fields.flag_or({"use_bias"}, otherwise);
  return draft.fields.flag_or({"mlp_bias", "add_bias_linear"}, otherwise);
}

/// Total width of what every token visits beside its experts.
void read_shared(ModelDraft& draft, FeedForwardShape& shape) {
  auto& fields = draft.fields;
  const ModelFields::Names counts = {"n_shared_experts", "num_shared_experts", "moe_num_shared_experts"};
  const ModelFields::Names widths = {"shared_expert_intermediate_size", "moe_shared_expert_intermediate_size",
                                     "share_expert_dim", "shared_intermediate_size"};
  if (const auto width = fields.whole(widths, kOptionalWidthRange)) {
    shape.shared_width = *width;
    shape.shared_gate = draft.family.shared_gate && *width > 0;
    return;
  }
  if (draft.family.chunked) {
    shape.shared_width = shape.width;  // Llama-4: one shared expert
    return;
  }
  if (fields.flag_or({"enable_moe_block"}, false)) {
    shape.shared_width = read_dense_width(draft);  // Gemma-4: the dense feed-forward runs beside the experts
    return;
  }
  const std::int64_t shared = fields.whole_or(counts, {0, kHeadRange.high}, 0);
  const auto value = fields.find(counts);
  if (value && shared * shape.width > kWidest) {
    fields.fault(*value, "makes the shared experts " + std::to_string(shared * shape.width) + " wide");
    return;
  }
  shape.shared_width = static_cast<int>(shared * shape.width);
}

using Sparse = std::vector<bool>;

/// Step-3: "4,5,6,7".
Sparse read_layer_numbers(ModelDraft& draft, const ModelFields::Value& value) {
  Sparse sparse(static_cast<std::size_t>(draft.layers));
  std::string_view left = value.node->text;
  while (!left.empty()) {
    const auto number = left.substr(0, left.find(','));
    left.remove_prefix(std::min(left.size(), number.size() + 1));
    int layer = -1;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), layer);
    if (error != std::errc{} || end != number.data() + number.size() || layer < 0) {
      draft.fields.fault(value, "'" + std::string(number.substr(0, 40)) + "' is not the number of a layer",
                         "numbers from 0, with commas between them");
      return sparse;
    }
    if (layer < draft.layers) sparse[static_cast<std::size_t>(layer)] = true;
  }
  return sparse;
}

/// Layers listed by their index from 0; MTP layers may be among them.
Sparse read_layer_list(ModelDraft& draft, const ModelFields::Value& value, bool listed) {
  Sparse sparse(static_cast<std::size_t>(draft.layers), !listed);
  for (const int layer : draft.fields.whole_list(value, {0, kLayerRange.high})) {
    if (layer < draft.layers) sparse[static_cast<std::size_t>(layer)] = listed;
  }
  return sparse;
}

/// Layers are sparse from `first` on, where (index + shift) is a multiple of `interval`.
Sparse every(ModelDraft& draft, int first, int interval, int shift) {
  Sparse sparse;
  for (int i = 0; i < draft.layers; ++i) sparse.push_back(i >= first && (i + shift) % interval == 0);
  return sparse;
}

Sparse read_typed(ModelDraft& draft, const ModelFields::Value& types) {
  Sparse sparse;
  for (const auto& item : draft.fields.items(types)) {
    const auto& text = item.node->text;
    const bool experts = text == "sparse" || text == "moe" || text == "hash_moe";
    if (!experts && text != "dense") {
      draft.fields.fault(item, describe_node(*item.node) + " is neither 'dense' nor 'sparse'");
    }
    sparse.push_back(experts);
  }
  return fit_to_layers(draft, types, std::move(sparse));
}

Sparse read_sparse_layers(ModelDraft& draft) {
  auto& fields = draft.fields;
  if (const auto types = fields.find({"mlp_layer_types"})) return read_typed(draft, *types);
  const auto frequency = fields.find({"moe_layer_freq"});
  if (frequency && frequency->node->is_sequence()) {
    Sparse sparse;
    for (const int flag : fields.whole_list(*frequency, {0, 1})) sparse.push_back(flag != 0);
    return fit_to_layers(draft, *frequency, std::move(sparse));
  }
  if (const auto listed = fields.find({"moe_layers_enum"}); listed && listed->node->is_scalar()) {
    return read_layer_numbers(draft, *listed);
  }
  if (const auto listed = fields.find({"moe_layers"}); listed && listed->node->is_sequence()) {
    return read_layer_list(draft, *listed, true);
  }
  if (const auto interval = fields.whole({"interleave_moe_layer_step"}, kLayerRange)) {
    return every(draft, 0, *interval, 1);
  }
  if (draft.family.name == "jamba") {
    const int offset = fields.whole_or({"expert_layer_offset"}, {0, kLayerRange.high}, 1);
    const int period = fields.whole_or({"expert_layer_period"}, kLayerRange, 2);
    Sparse sparse;
    for (int i = 0; i < draft.layers; ++i) sparse.push_back(i % period == offset);
    return sparse;
  }
  const ModelFields::Names first_names = {"first_k_dense_replace", "num_dense_layers", "moe_layer_start_index"};
  const auto listed = first_of_list(draft, first_names, {0, kLayerRange.high});
  const int first = listed ? *listed : fields.whole_or(first_names, {0, kLayerRange.high}, 0);
  const int step = fields.whole_or({"decoder_sparse_step"}, kLayerRange, 1);
  auto sparse =
      step > 1 ? every(draft, 0, step, 1) : every(draft, first, fields.whole_or({"moe_layer_freq"}, kLayerRange, 1), 0);
  if (const auto dense = fields.find({"mlp_only_layers"})) {
    const auto kept = read_layer_list(draft, *dense, false);
    for (std::size_t i = 0; i < sparse.size(); ++i) sparse[i] = sparse[i] && kept[i];
  }
  return sparse;
}

}  // namespace

FeedForwardShape read_dense(ModelDraft& draft) {
  FeedForwardShape shape;
  shape.kind = FeedForwardKind::dense;
  shape.width = read_dense_width(draft);
  shape.gated = draft.family.gated;
  shape.bias = read_bias(draft, draft.family.mlp_bias);
  shape.low_rank = draft.fields.whole_or({"hidden_size_per_layer_input"}, kOptionalWidthRange, 0);
  if (draft.family.name == "gemma3n") shape.low_rank += draft.fields.whole_or({"laurel_rank"}, kWidthRange, 64);
  return shape;
}

/// Widths that differ by layer: a list (Gemma-3n), a layer's own (per_layer_config), doubled where keys and values are
/// shared (Gemma-4).
void widen_layers(ModelDraft& draft, std::vector<FeedForwardShape>& layers) {
  auto& fields = draft.fields;
  const int shared = fields.whole_or({"num_kv_shared_layers"}, {0, kLayerRange.high}, 0);
  const bool wide = shared > 0 && fields.flag_or({"use_double_wide_mlp"}, false);
  const auto list = fields.find({"intermediate_size"});
  std::vector<int> widths;
  if (list && list->node->is_sequence()) widths = fit_to_layers(draft, *list, fields.whole_list(*list, kWidthRange));
  for (int i = 0; i < draft.layers; ++i) {
    auto& layer = layers[static_cast<std::size_t>(i)];
    if (const Node* own = layer_fields(draft, i)) {
      fields.set_layer(own);
      if (layer.kind == FeedForwardKind::dense) layer = read_dense(draft);
      if (layer.kind == FeedForwardKind::experts) layer = read_experts(draft);
      fields.set_layer(nullptr);
    }
    if (!widths.empty()) layer.width = widths[static_cast<std::size_t>(i)];
    if (wide && i >= draft.layers - shared && layer.width <= kWidest / 2) layer.width *= 2;
  }
}

FeedForwardShape read_experts(ModelDraft& draft) {
  auto& fields = draft.fields;
  FeedForwardShape shape;
  shape.kind = FeedForwardKind::experts;
  const auto listed = first_of_list(draft, kExpertCount, {1, kExpertRange.high});
  shape.experts =
      listed ? *listed : fields.required(kExpertCount, {1, kExpertRange.high}, "how many experts a layer has");
  shape.width = read_expert_width(draft);
  shape.gated = draft.family.gated;
  shape.bias = shape.router_bias = draft.family.expert_bias;
  const ModelFields::Names names = {
      "num_experts_per_tok", "num_experts_per_token", "experts_per_token", "top_k_experts", "moe_top_k", "moe_k",
      "ffn_config.moe_top_k"};
  shape.top_k = fields.required(names, {1, kExpertRange.high}, "how many experts a token visits");
  const auto top_k = fields.find(names);
  const bool known = read_expert_count(draft) > 0;
  if (top_k && known && shape.top_k > shape.experts) {
    fields.fault(*top_k, "a token cannot visit " + std::to_string(shape.top_k) + " of " +
                             std::to_string(shape.experts) + " experts");
    shape.top_k = shape.experts;
  }
  shape.expert_hidden = fields.whole_or({"routed_expert_hidden_size", "moe_latent_size"}, kOptionalWidthRange, 0);
  read_shared(draft, shape);
  return shape;
}

std::vector<FeedForwardShape> read_feed_forward(ModelDraft& draft) {
  const auto layers = static_cast<std::size_t>(draft.layers);
  if (draft.family.no_feed_forward) return std::vector<FeedForwardShape>(layers);
  const int all = read_expert_count(draft);
  if (all == 0 || (all == 1 && draft.family.name == "jamba")) {
    std::vector<FeedForwardShape> out(layers, read_dense(draft));
    widen_layers(draft, out);
    return out;
  }
  const auto sparse = read_sparse_layers(draft);
  const bool any_dense = std::find(sparse.begin(), sparse.end(), false) != sparse.end();
  const auto experts = read_experts(draft);
  const auto dense = any_dense ? read_dense(draft) : FeedForwardShape{};
  std::vector<FeedForwardShape> out;
  for (const bool is_sparse : sparse) out.push_back(is_sparse ? experts : dense);
  widen_layers(draft, out);
  return out;
}

}  // namespace stargate
