// Pipeline stages of a model: consecutive layers, as even as their number allows, counted by shape; and what the layers
// without a growing cache keep.
#pragma once

#include <vector>

#include "stargate/catalogue/model.hpp"

namespace stargate {

struct ServingStage {
  std::vector<int> of_shape;  ///< layers of each of the model's shapes
  bool first = false, last = false;
};
std::vector<ServingStage> serving_stages(const Model& model, int pp);

/// What one sequence of `length` tokens keeps in a layer on one rank: its cache, or of a recurrent layer the state and
/// the convolution's tail.
Bytes layer_sequence_bytes(const LayerShape& layer, int tp, Precision kv, double length);

}  // namespace stargate
