// Pipeline stages of a model: consecutive layers, as even as their number allows, counted by shape; and what the layers
// without a growing cache keep.
#pragma once

#include <numeric>
#include <vector>

#include "stargate/catalogue/model.hpp"

namespace stargate {

struct ServingStage {
  std::vector<int> of_shape;         ///< layers of each of the model's shapes
  bool first = false, last = false;  ///< holds the embedding; holds the output projection

  int layers() const { return std::accumulate(of_shape.begin(), of_shape.end(), 0); }
};
/// Stages that hold one layer more are spread evenly. `pp` is at most the number of layers.
std::vector<ServingStage> serving_stages(const Model& model, int pp);

/// What one sequence of `length` tokens keeps in a layer on one rank: its cache, or of a recurrent layer the state and
/// the convolution's tail. Zero for a layer without attention. `length` in tokens.
Bytes layer_sequence_bytes(const LayerShape& layer, int tp, Precision kv, double length);

}  // namespace stargate
