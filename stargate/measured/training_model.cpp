// The model of a measured row, by shape.
#include <algorithm>
#include <cmath>

#include "stargate/measured/names.hpp"
#include "stargate/measured/training_run.hpp"

namespace stargate {
namespace {

constexpr int kUnstatedVocabulary = 51'200;  // GPT-2's 50,257, padded for tensor parallelism

/// Whether a layer has the row's heads and its feed-forward; latent attention has no key-value heads to compare.
bool same_layer(const LayerShape& layer, const MeasuredRow& row) {
  const auto& a = layer.attention;
  const auto& f = layer.feed_forward;
  const bool heads =
      a.heads == row.heads && (a.kind == AttentionKind::latent || row.kv_heads == 0 || a.kv_heads == row.kv_heads);
  return heads && f.width == row.ffn_hidden && f.gated == row.gated_ffn && f.experts == row.moe_experts &&
         f.top_k == row.moe_topk;
}

bool same_shape(const Model& model, const MeasuredRow& row) {
  return model.hidden == row.hidden && model.layer_count() == row.layers &&
         std::any_of(model.shapes.begin(), model.shapes.end(),
                     [&](const LayerShape& layer) { return same_layer(layer, row); });
}

/// Every layer alike: what the columns say, nothing more.
Model plain_model(const MeasuredRow& row, int head_dim, bool tied) {
  LayerShape layer;
  auto& a = layer.attention;
  a.heads = row.heads;
  a.kv_heads = row.kv_heads > 0 ? row.kv_heads : row.heads;
  a.head_dim = a.value_dim = head_dim;
  auto& f = layer.feed_forward;
  f.kind = row.moe_experts > 0 ? FeedForwardKind::experts : FeedForwardKind::dense;
  f.width = row.ffn_hidden;
  f.gated = row.gated_ffn;
  f.experts = row.moe_experts, f.top_k = row.moe_topk;
  layer.norm_parameters = 2 * row.hidden;
  Model model;
  model.name = row.model;
  model.hidden = row.hidden;
  model.vocab = row.vocab > 0 ? row.vocab : kUnstatedVocabulary;
  model.tied_embedding = tied;
  model.shapes = {layer};
  model.layers.assign(static_cast<std::size_t>(row.layers), 0);
  return model;
}

/// Width / heads, unless the stated parameters are nearer to those of another usual head size.
Model nearest_plain_model(const MeasuredRow& row) {
  constexpr double near_enough = 0.02;
  const double wanted = row.params_b * 1e9;
  std::vector<int> sizes;
  if (row.hidden % row.heads == 0) sizes.push_back(row.hidden / row.heads);
  sizes.insert(sizes.end(), {64, 128, 256});
  std::optional<Model> best;
  double best_miss = 0;
  for (const int size : sizes) {
    for (const bool tied : {true, false}) {
      Model model = plain_model(row, size, tied);
      const double miss = wanted > 0 ? std::abs(parameter_estimate(model) / wanted - 1) : 0;
      if (!best || miss < best_miss) best = std::move(model), best_miss = miss;
    }
    if (best_miss < near_enough) break;  // the usual size explains the count
  }
  return *best;
}

}  // namespace

std::variant<Model, SkippedRow> measured_model(const MeasuredRow& row, const Catalogue& catalogue) {
  if (row.hidden == 0 || row.layers == 0 || row.heads == 0 || row.ffn_hidden == 0) {
    const auto found = find_model_by_name(catalogue, row.model);
    if (!found) return SkippedRow{"the model's shape is not stated, and " + found.unknown};
    return *found.value;
  }
  if ((row.moe_experts > 0) != (row.moe_topk > 0)) return SkippedRow{"experts without the number a token visits"};
  for (const auto& [id, model] : catalogue.models) {
    if (!same_shape(model, row)) continue;
    Model copy = model;
    if (row.vocab > 0) copy.vocab = row.vocab;
    return copy;
  }
  return nearest_plain_model(row);
}

}  // namespace stargate
