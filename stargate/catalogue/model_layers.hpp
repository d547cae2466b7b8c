// The layers of a model from its configuration: which mixer and which feed-forward each has, and their shapes. The
// steps of parse_model_config, split by subject.
#pragma once

#include <algorithm>

#include "stargate/catalogue/model.hpp"
#include "stargate/catalogue/model_family.hpp"
#include "stargate/catalogue/model_fields.hpp"

namespace stargate {

/// What the steps share: the fields, the family, the sizes read first, and notes on what had to be assumed.
struct ModelDraft {
  ModelFields fields;                            ///< where values are read and faults noted
  ModelFamily family;                            ///< what the architecture leaves unsaid
  int hidden = 1, layers = 1, max_position = 0;  ///< read first: shapes are checked against them
  std::vector<std::string> notes;                ///< what was assumed, for the user
  std::int64_t repeated_parameters = 0;          ///< of layers that share their weights, what is stored only once
  std::string assumed;                           ///< family the file was read as, its own type being unknown
};

/// One attention shape a layer (model_attention.cpp): grouped query, latent, recurrent, and which of them where.
std::vector<AttentionShape> read_attention(ModelDraft& draft);
/// Each reader notes faults in the draft and still returns a shape, so that all faults of a file are told at once.
AttentionShape read_grouped_query(ModelDraft& draft);
/// Recurrent layers (model_recurrent.cpp): gated delta rule, Kimi delta attention, lightning attention; Mamba-2.
AttentionShape read_linear(ModelDraft& draft);
AttentionShape read_state_space(ModelDraft& draft);

/// What per_layer_config says of a layer, or null.
const Node* layer_fields(const ModelDraft& draft, int layer);
/// Norms of a layer and the other vectors and scalars that its class has (model_vectors.cpp), outside layers likewise.
int layer_vectors(ModelDraft& draft, const AttentionShape& attention, const FeedForwardShape& feed_forward);
std::int64_t outside_parameters(ModelDraft& draft);
/// Counts towers of images and sound beside the text model where their shape is known; says where not.
void read_towers(ModelDraft& draft, Model& model);

/// One feed-forward shape a layer (model_feed_forward.cpp): dense, experts, and which where.
std::vector<FeedForwardShape> read_feed_forward(ModelDraft& draft);
FeedForwardShape read_dense(ModelDraft& draft);
FeedForwardShape read_experts(ModelDraft& draft);

/// All layers with their norms. Pattern strings (Nemotron-H) and block lists (Nemotron-NAS) are in model_blocks.cpp.
std::vector<LayerShape> read_layers(ModelDraft& draft);
std::vector<LayerShape> read_pattern_layers(ModelDraft& draft, const ModelFields::Value& pattern);
/// Attention and Mamba-2 side by side (Falcon-H1), or attention shared by several layers (Zamba2): two a layer
/// (model_hybrid.cpp). `repeated` takes the parameters of what is stored once.
std::vector<LayerShape> read_parallel_layers(ModelDraft& draft);
std::vector<LayerShape> read_shared_layers(ModelDraft& draft);
std::vector<LayerShape> read_block_layers(ModelDraft& draft, const ModelFields::Value& blocks);
int layer_norm_parameters(const ModelDraft& draft, int norms);

/// Precision of weights and cache as stored (model_precision.cpp); `side` is ModelOpt's hf_quant_config.json or null.
void read_precision(ModelDraft& draft, ModelFields* side, Model& model);

/// Outside experts, what the lists of modules in a tool's configuration leave as it was (model_unquantised.cpp).
double unquantised_parameters(const Model& model, const Node& config);

/// The items of a list with one entry a layer; longer lists hold entries of multi-token-prediction layers too and are
/// cut, shorter ones are a fault and are filled with the last.
template <class T>
std::vector<T> fit_to_layers(ModelDraft& draft, const ModelFields::Value& value, std::vector<T> items) {
  const auto layers = static_cast<std::size_t>(draft.layers);
  if (items.size() < layers) {
    draft.fields.fault(value,
                       "has " + std::to_string(items.size()) + " entries for " + std::to_string(layers) + " layers");
  }
  items.resize(layers, items.empty() ? T{} : items.back());
  return items;
}

}  // namespace stargate
