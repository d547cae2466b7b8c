// Layers with two mixers, which stand as two in the model: Falcon-H1 runs attention and Mamba-2 side by side on one
// input; Zamba2 puts a transformer block that several layers share before Mamba-2, with an adapter of its own on each
// use (arXiv 2411.15242).
#include "stargate/catalogue/model_layers.hpp"

namespace stargate {

std::vector<LayerShape> read_parallel_layers(ModelDraft& draft) {
  LayerShape attention, mamba;
  attention.attention = read_grouped_query(draft);
  mamba.attention = read_state_space(draft);
  mamba.feed_forward = read_dense(draft);
  mamba.norm_parameters = layer_norm_parameters(draft, 2);  // one before both mixers
  std::vector<LayerShape> layers;
  for (int i = 0; i < draft.layers; ++i) layers.push_back(attention), layers.push_back(mamba);
  draft.notes.push_back("attention and Mamba-2 of a layer stand as two layers, one after the other");
  return layers;
}

namespace {

/// Which layers a shared block comes before.
std::vector<bool> read_hybrid_layers(ModelDraft& draft) {
  auto& fields = draft.fields;
  std::vector<bool> hybrid(static_cast<std::size_t>(draft.layers));
  if (const auto words = fields.find({"layers_block_type", "layer_types"})) {
    std::vector<bool> listed;
    for (const auto& item : fields.items(*words)) {
      const auto& word = item.node->text;
      if (word != "hybrid" && word != "hybrid_attention" && word != "mamba" && word != "linear_attention") {
        fields.fault(item, describe_node(*item.node) + " is no known kind of layer", "mamba or hybrid");
      }
      listed.push_back(word.starts_with("hybrid"));
    }
    return fit_to_layers(draft, *words, std::move(listed));
  }
  if (const auto numbers = fields.find({"hybrid_layer_ids"})) {
    for (const int layer : fields.whole_list(*numbers, {0, kLayerRange.high})) {
      if (layer < draft.layers) hybrid[static_cast<std::size_t>(layer)] = true;
    }
  }
  return hybrid;
}

/// Reads the layer's input beside the embedding: twice as wide. A linear map takes it back into the stream.
LayerShape read_shared_block(ModelDraft& draft) {
  auto& fields = draft.fields;
  LayerShape block;
  block.attention = read_grouped_query(draft);
  block.attention.input_width = 2 * draft.hidden;
  block.attention.head_dim = block.attention.value_dim = fields.whole_or(
      {"attention_head_dim"}, kWidthRange, std::max(1, 2 * draft.hidden / std::max(1, block.attention.heads)));
  block.feed_forward = read_dense(draft);
  block.feed_forward.adapter_rank = fields.whole_or({"adapter_rank"}, kOptionalWidthRange, 128);
  block.feed_forward.low_rank = draft.hidden / 2;  // hidden x hidden
  block.norm_parameters = layer_norm_parameters(draft, 3);
  return block;
}

}  // namespace

std::vector<LayerShape> read_shared_layers(ModelDraft& draft) {
  if (draft.fields.flag_or({"use_shared_attention_adapter"}, false)) {
    draft.notes.push_back("adapters of the shared attention are not counted");
  }
  LayerShape mamba;
  mamba.attention = read_state_space(draft);
  mamba.norm_parameters = layer_norm_parameters(draft, 1);
  const auto block = read_shared_block(draft);
  std::vector<LayerShape> layers;
  int uses = 0;
  for (const bool hybrid : read_hybrid_layers(draft)) {
    if (hybrid) layers.push_back(block), ++uses;
    layers.push_back(mamba);
  }
  // Stored once a block: all of it but the adapter and the map behind it, which each use has for itself.
  Model alone;
  alone.hidden = draft.hidden;
  LayerShape shared = block;
  shared.feed_forward.adapter_rank = shared.feed_forward.low_rank = 0;
  const int blocks = draft.fields.whole_or({"num_mem_blocks"}, kLayerRange, 1);
  draft.repeated_parameters = std::max(0, uses - blocks) * layer_parameters(alone, shared).total();
  if (uses > 0) draft.notes.push_back("shared blocks stand as layers; each device is taken to hold its own");
  return layers;
}

}  // namespace stargate
