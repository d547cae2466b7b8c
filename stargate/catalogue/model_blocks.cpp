// All layers, and the two formats in which a layer is described as a block of its own:
//   a pattern string (Nemotron-H): M Mamba-2, * attention, - feed-forward, E experts; one of them a layer;
//   a block list (Nemotron-NAS, arXiv 2411.19146): attention and feed-forward each kept, replaced or dropped.
#include <cmath>
#include <optional>
#include <string>

#include "stargate/catalogue/model_layers.hpp"

namespace stargate {
namespace {

/// The class rounds 2/3 of ffn_mult x hidden up to a multiple of 256 (DeciLM's configuration code).
FeedForwardShape read_block_feed_forward(ModelDraft& draft, const ModelFields::Value& block) {
  auto& fields = draft.fields;
  FeedForwardShape shape;
  const auto truth = [](const Node* node) { return node != nullptr && node->is_scalar() && node->text == "true"; };
  const Node* part = block.node->find("ffn");
  if (part == nullptr || truth(part->find("no_op"))) return shape;
  shape.kind = FeedForwardKind::dense;
  if (truth(part->find("replace_with_linear"))) {  // hidden x hidden, as two halves
    shape.gated = false;
    shape.width = std::max(1, draft.hidden / 2);
    return shape;
  }
  if (const Node* width = part->find("intermediate_size"); width != nullptr && !width->is_null()) {
    shape.width = fields.to_whole({width, block.path + ".ffn.intermediate_size"}, kWidthRange).value_or(1);
    return shape;
  }
  const Node* multiple = part->find("ffn_mult");
  const ModelFields::Value value{multiple == nullptr ? part : multiple, block.path + ".ffn.ffn_mult"};
  const auto number = fields.to_number(value, 1e-3, 1e3);
  const double width = std::floor(2 * number.value_or(1) * draft.hidden / 3);
  shape.width = static_cast<int>(std::clamp(std::ceil(width / 256) * 256, 1.0, 1.0 * kWidthRange.high));
  return shape;
}

AttentionShape read_block_attention(ModelDraft& draft, const ModelFields::Value& block, const AttentionShape& base) {
  auto& fields = draft.fields;
  AttentionShape shape;
  shape.kind = AttentionKind::none;
  const auto truth = [](const Node* node) { return node != nullptr && node->is_scalar() && node->text == "true"; };
  const Node* part = block.node->find("attention");
  if (part == nullptr || truth(part->find("no_op"))) return shape;
  // One matrix hidden x hidden stands for attention: no heads, no cache (kind none with a value width).
  if (truth(part->find("replace_with_linear"))) {
    shape.value_dim = draft.hidden;
    return shape;
  }
  shape = base;
  if (const Node* group = part->find("n_heads_in_group"); group != nullptr && !group->is_null()) {
    const ModelFields::Value value{group, block.path + ".attention.n_heads_in_group"};
    const int heads = fields.to_whole(value, kHeadRange).value_or(1);
    if (shape.heads % heads != 0) {
      fields.fault(value, std::to_string(heads) + " does not divide the " + std::to_string(shape.heads) + " heads");
    }
    shape.kv_heads = std::max(1, shape.heads / heads);
  }
  if (const Node* window = part->find("window_length"); window != nullptr && !window->is_null()) {
    shape.kind = AttentionKind::sliding;
    shape.window =
        fields.to_whole({window, block.path + ".attention.window_length"}, {1, kTokenRange.high}).value_or(1);
  }
  return shape;
}

/// Letters as they are, or a word a layer: "mamba", "moe", "attention", "mlp", as transformers 5 writes them too.
std::optional<std::string> read_letters(ModelDraft& draft, const ModelFields::Value& pattern) {
  if (!pattern.node->is_sequence()) {
    if (pattern.node->is_scalar() && pattern.node->text.find_first_not_of("M*-E") == std::string::npos) {
      return pattern.node->text;
    }
    draft.fields.fault(pattern, describe_node(*pattern.node) + " is not made of M, *, - and E",
                       "M: Mamba-2, *: attention, -: feed-forward, E: experts");
    return std::nullopt;
  }
  std::string letters;
  for (const auto& item : draft.fields.items(pattern)) {
    const auto& word = item.node->text;
    const bool attention = word == "attention" || word == "full_attention";
    const char letter = word == "mamba" || word == "linear_attention" ? 'M'
                        : attention                                   ? '*'
                        : word == "mlp"                               ? '-'
                        : word == "moe"                               ? 'E'
                                                                      : '?';
    if (letter == '?') {
      draft.fields.fault(item, describe_node(*item.node) + " is no known kind of layer",
                         "mamba, attention, mlp or moe");
      return std::nullopt;
    }
    letters += letter;
  }
  return letters;
}

}  // namespace

int layer_norm_parameters(const ModelDraft& draft, int norms) {
  return norms * draft.hidden * (draft.family.norm_bias ? 2 : 1);
}

std::vector<LayerShape> read_pattern_layers(ModelDraft& draft, const ModelFields::Value& pattern) {
  const auto read = read_letters(draft, pattern);
  if (!read) return {};
  const std::string& letters = *read;
  const auto has = [&](char letter) { return letters.find(letter) != std::string::npos; };
  LayerShape none, mamba, attention, dense, experts;
  none.attention.kind = AttentionKind::none;
  none.norm_parameters = layer_norm_parameters(draft, 1);
  mamba = attention = dense = experts = none;
  if (has('M')) mamba.attention = read_state_space(draft);
  if (has('*')) attention.attention = read_grouped_query(draft);
  if (has('-')) dense.feed_forward = read_dense(draft);
  if (has('E')) experts.feed_forward = read_experts(draft);
  std::vector<LayerShape> layers;
  for (const char letter : letters) {
    layers.push_back(letter == 'M' ? mamba : letter == '*' ? attention : letter == '-' ? dense : experts);
  }
  return fit_to_layers(draft, pattern, std::move(layers));
}

std::vector<LayerShape> read_block_layers(ModelDraft& draft, const ModelFields::Value& blocks) {
  const auto base = read_grouped_query(draft);
  std::vector<LayerShape> layers;
  for (const auto& block : draft.fields.items(blocks)) {
    if (static_cast<int>(layers.size()) == draft.layers) break;
    LayerShape layer;
    layer.attention = read_block_attention(draft, block, base);
    layer.feed_forward = read_block_feed_forward(draft, block);
    const int norms = (layer.attention.kind != AttentionKind::none || layer.attention.value_dim > 0 ? 1 : 0) +
                      (layer.feed_forward.kind != FeedForwardKind::none ? 1 : 0);
    layer.norm_parameters = layer_norm_parameters(draft, norms);
    layers.push_back(layer);
  }
  return fit_to_layers(draft, blocks, std::move(layers));
}

std::vector<LayerShape> read_layers(ModelDraft& draft) {
  if (const auto pattern = draft.fields.find({"hybrid_override_pattern"})) return read_pattern_layers(draft, *pattern);
  if (draft.family.name == "nemotronh") {
    const auto words = draft.fields.find({"layers_block_type", "layer_types"});
    if (words) return read_pattern_layers(draft, *words);
  }
  if (draft.family.name == "zamba2") return read_shared_layers(draft);
  if (draft.family.name == "falconh1") return read_parallel_layers(draft);
  if (const auto blocks = draft.fields.find({"block_configs"})) return read_block_layers(draft, *blocks);
  const auto attention = read_attention(draft);
  const auto feed_forward = read_feed_forward(draft);
  std::vector<LayerShape> layers(attention.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    layers[i].attention = attention[i];
    layers[i].feed_forward = feed_forward[i];
    layers[i].norm_parameters = layer_vectors(draft, attention[i], feed_forward[i]);
  }
  return layers;
}

}  // namespace stargate
