// Counts of layers and caches, from the shapes.
#include "stargate/serving/stage.hpp"

#include <algorithm>
#include <cmath>

namespace stargate {
std::vector<ServingStage> serving_stages(const Model& model, int pp) {
  std::vector<ServingStage> stages;
  const int layers = model.layer_count();
  for (int stage = 0; stage < pp; ++stage) {
    ServingStage out{std::vector<int>(model.shapes.size(), 0), stage == 0, stage == pp - 1};
    // Whole-number arithmetic spreads the remainder evenly over the stages.
    for (int i = stage * layers / pp; i < (stage + 1) * layers / pp; ++i) {
      ++out.of_shape[static_cast<std::size_t>(model.layers[static_cast<std::size_t>(i)])];
    }
    stages.push_back(std::move(out));
  }
  return stages;
}

Bytes layer_sequence_bytes(const LayerShape& layer, int tp, Precision kv, double length) {
  const auto& a = layer.attention;
  if (a.kind == AttentionKind::linear || a.kind == AttentionKind::state_space) {
    return Bytes::from_base(fixed_bytes(a, kv) / tp);
  }
  double fixed = fixed_bytes(a, kv);
  if (a.window > 0) fixed *= std::min(length, static_cast<double>(a.window)) / a.window;
  // Key-value heads are split and never below one; a latent vector is on every rank.
  const bool heads = a.kind != AttentionKind::latent && a.kv_heads > 0;
  const double share = heads ? std::ceil(static_cast<double>(a.kv_heads) / tp) / a.kv_heads : 1;
  return Bytes::from_base((cached_bytes_per_token(a, kv) * length + fixed) * share);
}

}  // namespace stargate
