// Counts of layers and caches, from the shapes.
#include "stargate/serving/stage.hpp"

#include <algorithm>
#include <cmath>

namespace stargate {
namespace {

constexpr double kStateBytes = 2;  // bf16

}  // namespace

std::vector<ServingStage> serving_stages(const Model& model, int pp) {
  std::vector<ServingStage> stages;
  const int layers = model.layer_count();
  for (int stage = 0; stage < pp; ++stage) {
    ServingStage out{std::vector<int>(model.shapes.size(), 0), stage == 0, stage == pp - 1};
    for (int i = stage * layers / pp; i < (stage + 1) * layers / pp; ++i) {
      ++out.of_shape[static_cast<std::size_t>(model.layers[static_cast<std::size_t>(i)])];
    }
    stages.push_back(std::move(out));
  }
  return stages;
}

bool is_recurrent(const AttentionShape& attention) {
  return attention.kind == AttentionKind::linear || attention.kind == AttentionKind::state_space;
}

Bytes recurrent_state_bytes(const LayerShape& layer, int tp) {
  if (!is_recurrent(layer.attention)) return {};
  return Bytes::from_base(fixed_elements(layer.attention) * kStateBytes / tp);
}

Bytes layer_sequence_bytes(const LayerShape& layer, int tp, Precision kv, double length) {
  const auto& a = layer.attention;
  if (is_recurrent(a)) return recurrent_state_bytes(layer, tp);
  double fixed = fixed_elements(a);
  if (a.window > 0) fixed *= std::min(length, static_cast<double>(a.window)) / a.window;
  // Key-value heads are split and never below one; a latent vector is on every rank.
  const bool heads = a.kind != AttentionKind::latent && a.kv_heads > 0;
  const double share = heads ? std::ceil(static_cast<double>(a.kv_heads) / tp) / a.kv_heads : 1;
  return Bytes::from_base((cached_elements_per_token(a) * length + fixed) * share * bytes_per_element(kv));
}

}  // namespace stargate
