// Whether a model has routed experts, in any of its layers.
#pragma once

#include <algorithm>

#include "stargate/catalogue/model.hpp"

namespace stargate {

inline bool has_experts(const Model& model) {
  return std::any_of(model.shapes.begin(), model.shapes.end(),
                     [](const LayerShape& shape) { return shape.feed_forward.kind == FeedForwardKind::experts; });
}

}  // namespace stargate
