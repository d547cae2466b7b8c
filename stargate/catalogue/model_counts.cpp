// Parameters, bytes and operations of a model from its shapes. Symbols: h hidden, n heads, k KV heads, d head width, v
// value width, q and c the ranks of MLA's queries and cache, r its rotary width, I feed-forward width, E experts of
// which a token visits t.
//   grouped query  h n d + h k (d + v) + n v h            (Ainslie et al., arXiv 2305.13245)
//   latent         h q + q n d + h (c + r) + c n (d - r + v) + n v h      (DeepSeek-V2, arXiv 2405.04434)
//   sparse index   q n_i d_i + h d_i + h n_i              (DeepSeek-V3.2 technical report)
//   delta rule     h (2K + 2V) + 2 h n_v + (2K + V) w + V h, K = n d, V = n_v v, w kernel  (arXiv 2412.06464)
//   Mamba-2        h (2D + 2 G N + H) + (D + 2 G N) w + D h, D = H P      (arXiv 2405.21060)
//   feed-forward   3 h I gated, 2 h I plain; experts: h E + E times that
// Formulas are written once for any number type: int64 counts, double judges whether the count fits.
#include <algorithm>
#include <cmath>

#include "stargate/catalogue/model.hpp"

namespace stargate {
namespace {

/// Matrices a token multiplies with, and vectors (biases, norms, sinks) it does not.
template <class N>
struct Weights {
  N matrices = 0, vectors = 0;
  N total() const { return matrices + vectors; }
};

/// Queries may be compressed to a rank first (two products with a norm between); an output gate is as wide as the
/// queries and reads the same input.
template <class N>
Weights<N> grouped_query_weights(N h, const AttentionShape& a) {
  const N from = a.input_width > 0 ? N(a.input_width) : h;
  const N queries = N(a.heads) * N(a.head_dim), outputs = N(a.heads) * N(a.value_dim);
  const N keys = a.shared_cache ? N(0) : N(a.kv_heads) * N(a.head_dim);
  const N values = a.keys_are_values || a.shared_cache ? N(0) : N(a.kv_heads) * N(a.value_dim);
  const N rank = N(a.q_lora_rank);
  Weights<N> w;
  w.matrices = (rank > 0 ? from * rank + rank * queries : from * queries) + from * (keys + values) + outputs * h;
  w.vectors = rank;  // the norm of the compressed query
  if (a.output_gate) w.matrices += h * queries;
  if (a.qkv_bias) w.vectors += (a.output_gate ? 2 : 1) * queries + keys + values;
  if (a.output_bias) w.vectors += h;
  if (a.qk_norm) w.vectors += a.wide_qk_norm ? queries + keys : (a.shared_cache ? 1 : 2) * N(a.head_dim);
  if (a.sinks) w.vectors += N(a.heads);
  // MiniMax-M3's index: queries of its heads and one key, each with a norm.
  if (a.index_heads > 0) w.matrices += h * N(a.index_heads + 1) * N(a.index_dim), w.vectors += 2 * N(a.index_dim);
  return w;
}

/// What compresses `ratio` tokens into one vector of `width`: keys, gates, a position bias and a norm. At ratio 4 the
/// windows overlap, which doubles the projections (DeepSeek-V4 inference code).
template <class N>
Weights<N> compressor_weights(N h, N width, int ratio) {
  const N projected = ratio == 4 ? 2 * width : width;
  return {2 * h * projected, N(ratio) * projected + width};
}

/// DeepSeek-V4: query of low rank, one shared key-value vector, grouped low-rank output, compressor and index.
template <class N>
Weights<N> shared_vector_weights(N h, const AttentionShape& a) {
  const N queries = N(a.heads) * N(a.head_dim), rank = N(a.q_lora_rank), width = N(a.head_dim);
  Weights<N> w;
  w.matrices = h * rank + rank * queries + h * width;
  w.matrices += queries * N(a.output_lora_rank) + N(a.output_groups) * N(a.output_lora_rank) * h;
  w.vectors = rank + width + (a.sinks ? N(a.heads) : N(0));
  if (a.compress_ratio == 0) return w;
  const auto compressor = compressor_weights<N>(h, width, a.compress_ratio);
  w.matrices += compressor.matrices, w.vectors += compressor.vectors;
  if (a.index_heads == 0) return w;
  const auto index = compressor_weights<N>(h, N(a.index_dim), a.compress_ratio);
  w.matrices += rank * N(a.index_heads) * N(a.index_dim) + h * N(a.index_heads) + index.matrices;
  w.vectors += index.vectors;
  return w;
}

/// Down-projections of queries and of the cached latent, rotary part included; up-projections of both by head; the
/// index reads the query's latent where there is one.
template <class N>
Weights<N> latent_weights(N h, const AttentionShape& a) {
  if (a.shared_vector) return shared_vector_weights<N>(h, a);
  const N heads = N(a.heads), rank = N(a.q_lora_rank), latent = N(a.kv_lora_rank), rope = N(a.rope_dim);
  const N queries = heads * (N(a.nope_dim) + rope), outputs = heads * N(a.value_dim);
  Weights<N> w;
  const N wide = a.input_width > 0 ? N(a.input_width) : rank;  // A.X-K2: the rank's input beside its output
  w.matrices = rank > 0 ? h * rank + wide * queries : h * queries;
  w.matrices += h * (latent + rope) + latent * heads * (N(a.nope_dim) + N(a.value_dim)) + outputs * h;
  w.vectors = rank + latent;
  if (a.output_gate) w.matrices += (a.input_width > 0 ? wide : h) * outputs;
  if (a.sinks) w.vectors += heads;
  if (a.qkv_bias) w.vectors += (rank > 0 ? rank : queries) + latent + rope;
  if (a.output_bias) w.vectors += h;
  if (a.index_heads > 0) {
    const N from = rank > 0 ? rank : h, width = N(a.index_dim);
    w.matrices += from * N(a.index_heads) * width + h * width + h * N(a.index_heads);
    w.vectors += 2 * width;
  }
  return w;
}

/// Gated delta rule; with `decay_rank` Kimi's, whose decay is by channel; without a convolution lightning attention
/// (MiniMax-01, arXiv 2501.08313), whose decay is fixed.
template <class N>
Weights<N> linear_weights(N h, const AttentionShape& a) {
  const N keys = N(a.heads) * N(a.head_dim), values = N(a.kv_heads) * N(a.value_dim), gates = N(a.kv_heads);
  const N rank = N(a.gate_rank), decay = N(a.decay_rank), mixed = 2 * keys + values;
  Weights<N> w;
  w.matrices = h * mixed + (rank > 0 ? h * rank + rank * values : h * values) + values * h;
  if (a.conv_kernel == 0) {
    w.vectors = values;
    return w;
  }
  w.matrices += mixed * N(a.conv_kernel) + h * gates;
  w.matrices += decay > 0 ? h * decay + decay * keys : h * gates;
  w.vectors = gates + (decay > 0 ? keys : gates) + N(a.value_dim);
  return w;
}

/// Mamba-1: step, B and C of each token from its own vector; the decay is a matrix, inner x state. Where the steps are
/// by head (PLaMo-2), so is the decay.
template <class N>
Weights<N> selective_scan_weights(N h, const AttentionShape& a) {
  const N inner = N(a.heads) * N(a.head_dim), rank = N(a.step_rank), state = N(a.state_dim), heads = N(a.heads);
  Weights<N> w;
  w.matrices = 2 * h * inner + inner * N(a.conv_kernel) + inner * (rank + 2 * state) + rank * heads + inner * h;
  w.vectors = heads + (a.head_dim == 1 ? inner * state : heads) + heads;  // step bias, A, D
  if (a.state_norm) w.vectors += rank + 2 * state;
  if (a.conv_bias) w.vectors += inner;
  return w;
}

/// Three vectors in (two gates and what is convolved), one out.
template <class N>
Weights<N> short_convolution_weights(N h, const AttentionShape& a) {
  const N inner = N(a.heads) * N(a.head_dim);
  return {4 * h * inner + inner * N(a.conv_kernel), a.conv_bias ? 4 * inner + h : N(0)};
}

/// Two branches in, one gated by block-diagonal matrices of each head (input and recurrence), all with biases.
template <class N>
Weights<N> gated_recurrence_weights(N h, const AttentionShape& a) {
  const N inner = N(a.heads) * N(a.head_dim);
  return {3 * h * inner + inner * N(a.conv_kernel) + 2 * inner * N(a.head_dim), 6 * inner + h};
}

/// The convolution counts among the matrices: its taps multiply every token.
template <class N>
Weights<N> state_space_weights(N h, const AttentionShape& a) {
  const N heads = N(a.heads), inner = heads * N(a.head_dim), groups = 2 * N(a.groups) * N(a.state_dim);
  Weights<N> w;
  switch (a.form) {
    case StateSpaceForm::short_convolution:
      return short_convolution_weights<N>(h, a);
    case StateSpaceForm::rg_lru:
      return gated_recurrence_weights<N>(h, a);
    case StateSpaceForm::mamba1:
      w = selective_scan_weights<N>(h, a);
      if (a.qkv_bias) w.vectors += 2 * inner;
      break;
    case StateSpaceForm::mamba2:
      w.matrices = h * (2 * inner + groups + heads) + (inner + groups) * N(a.conv_kernel) + inner * h;
      w.vectors = 3 * heads;  // A, D and step bias
      if (a.conv_bias) w.vectors += inner + groups;
      if (a.state_norm) w.vectors += inner;
      if (a.qkv_bias) w.vectors += 2 * inner + groups + heads;
      break;
  }
  if (a.output_bias) w.vectors += h;
  return w;
}

template <class N>
Weights<N> attention_weights(N h, const AttentionShape& a) {
  switch (a.kind) {
    case AttentionKind::full:
    case AttentionKind::sliding:
      return grouped_query_weights<N>(h, a);
    case AttentionKind::latent:
      return latent_weights<N>(h, a);
    case AttentionKind::linear:
      return linear_weights<N>(h, a);
    case AttentionKind::state_space:
      return state_space_weights<N>(h, a);
    case AttentionKind::none:
      return {h * N(a.value_dim), 0};
  }
  return {};
}

/// Up (and gate) from h to width, down from width to h; biases of both where the model has any.
template <class N>
Weights<N> feed_forward_weights(N h, N width, const FeedForwardShape& f) {
  const N up = f.gated ? 2 : 1;
  return {(up + 1) * h * width, f.bias ? up * width + h : N(0)};
}

template <class N>
struct LayerWeights {
  Weights<N> attention, dense, router, expert, shared;  ///< `expert`: one of them
};

template <class N>
LayerWeights<N> layer_weights(const Model& model, const LayerShape& layer) {
  const N h = N(model.hidden);
  const auto& f = layer.feed_forward;
  LayerWeights<N> w;
  w.attention = attention_weights<N>(h, layer.attention);
  if (f.kind == FeedForwardKind::dense) w.dense = feed_forward_weights<N>(h, N(f.width), f);
  w.dense.matrices += 2 * h * N(f.low_rank) + (h + (f.gated ? 2 : 1) * N(f.width)) * N(f.adapter_rank);
  if (f.kind != FeedForwardKind::experts) return w;
  const N inside = f.expert_hidden > 0 ? N(f.expert_hidden) : h;
  w.router = {h * N(f.experts), f.router_bias ? N(f.experts) : N(0)};
  w.expert = feed_forward_weights<N>(inside, N(f.width), f);
  if (f.shared_width > 0) w.shared = feed_forward_weights<N>(h, N(f.shared_width), f);
  if (f.shared_gate) w.shared.matrices += h;
  // Experts in a width of their own: every token goes down to it and back up, whatever its experts.
  if (f.expert_hidden > 0) w.shared.matrices += 2 * h * inside;
  return w;
}

/// Calls visit(shape, how many layers have it); the counts of a model are sums over its few distinct shapes.
template <class Visit>
void visit_shapes(const Model& model, const Visit& visit) {
  std::vector<int> repeats(model.shapes.size());
  for (const int index : model.layers) ++repeats[static_cast<std::size_t>(index)];
  for (std::size_t i = 0; i < repeats.size(); ++i) {
    if (repeats[i] > 0) visit(model.shapes[i], repeats[i]);
  }
}

/// A tied table is counted once; learned positions have a row each.
template <class N>
N embedding_weights(const Model& model) {
  const N h = N(model.hidden);
  return N(model.vocab) * h * (model.tied_embedding ? 1 : 2) + N(model.position_embedding_rows) * h;
}

/// Bytes of a weight: 4-bit floats have a scale of one byte for each group of elements, integers one of two bytes where
/// their group is stated (32 and more; zero points, half a byte, are left out).
double stored_bytes(Precision precision, int scale_group) {
  if (precision == Precision::int4 && scale_group >= 32) return 0.5 + 2.0 / scale_group;
  return precision == Precision::fp4 ? 0.5 + 1.0 / scale_group : bytes_per_element(precision);
}

/// Mean of min(i, window) over i = 1 .. length: what a causal query attends to on average.
double mean_attended_tokens(double length, double window) {
  if (length <= window) return (length + 1) / 2;
  // The first `window` tokens see 1, 2, ..., window; all later ones see the whole window.
  return (window * (window + 1) / 2 + (length - window) * window) / length;
}

/// Of one query with one key, all heads: 2 flop for each element of score and value.
double score_flops(const AttentionShape& a) {
  return 2.0 * a.heads * (static_cast<double>(a.head_dim) + static_cast<double>(a.value_dim));
}
/// Of one token against the index keys of all before it; compressed keys are fewer.
double index_flops(const AttentionShape& a, double context) {
  const double entries = a.compress_ratio > 0 ? context / a.compress_ratio : context;
  return 2.0 * a.index_heads * static_cast<double>(a.index_dim) * entries;
}

/// Attention of one token averaged over the positions of a sequence.
double mean_attention_flops(const AttentionShape& a, double length) {
  // Causal: token i sees i tokens, the mean over the sequence is this.
  const double middle = (length + 1) / 2;
  switch (a.kind) {
    case AttentionKind::full:
      if (a.index_topk > 0) {
        return score_flops(a) * mean_attended_tokens(length, a.index_topk) + index_flops(a, middle);
      }
      return score_flops(a) * middle;
    case AttentionKind::sliding:
      return score_flops(a) * mean_attended_tokens(length, a.window);
    case AttentionKind::latent: {
      if (!a.shared_vector && a.window > 0) return score_flops(a) * mean_attended_tokens(length, a.window);
      double seen = a.index_topk > 0 ? mean_attended_tokens(length, a.index_topk) : middle;
      if (a.shared_vector) {
        const double ratio = a.compress_ratio, topk = a.index_topk;
        seen = mean_attended_tokens(length, a.window);
        if (ratio > 0) seen += (topk > 0 ? mean_attended_tokens(length, topk * ratio) : middle) / ratio;
      }
      return score_flops(a) * seen + index_flops(a, middle);
    }
    case AttentionKind::linear:
    case AttentionKind::state_space:
    case AttentionKind::none:
      break;
  }
  return attention_core_flops(a, length).base();
}

template <class Attention>
Flops token_flops(const Model& model, const Attention& attention_flops) {
  // The output projection; looking up an embedding multiplies nothing.
  double multiplied = static_cast<double>(model.vocab) * model.hidden, core = 0;
  visit_shapes(model, [&](const LayerShape& layer, int repeats) {
    const auto w = layer_weights<double>(model, layer);
    multiplied += repeats * (w.attention.matrices + w.dense.matrices + w.router.matrices + w.shared.matrices +
                             layer.feed_forward.top_k * w.expert.matrices);
    core += repeats * attention_flops(layer.attention);
  });
  return Flops::from_base(2 * multiplied + core);
}

}  // namespace

LayerParameters layer_parameters(const Model& model, const LayerShape& layer) {
  const auto w = layer_weights<std::int64_t>(model, layer);
  LayerParameters p;
  p.attention = w.attention.total();
  p.dense = w.dense.total();
  p.router = w.router.total();
  p.experts = layer.feed_forward.experts * w.expert.total();
  p.active_experts = layer.feed_forward.top_k * w.expert.total();
  p.shared = w.shared.total();
  p.norms = layer.norm_parameters;
  return p;
}

std::int64_t embedding_parameters(const Model& model) { return embedding_weights<std::int64_t>(model); }

std::int64_t parameter_count(const Model& model) {
  std::int64_t total = embedding_parameters(model) + model.other_parameters - model.repeated_parameters;
  visit_shapes(
      model, [&](const LayerShape& layer, int repeats) { total += repeats * layer_parameters(model, layer).total(); });
  return total;
}

/// The same sum in doubles: it says whether the exact count would pass 64 bits, before that is made.
double parameter_estimate(const Model& model) {
  double total = embedding_weights<double>(model) + static_cast<double>(model.other_parameters);
  visit_shapes(model, [&](const LayerShape& layer, int repeats) {
    const auto w = layer_weights<double>(model, layer);
    total += repeats * (w.attention.total() + w.dense.total() + w.router.total() + w.shared.total() +
                        layer.feed_forward.experts * w.expert.total() + layer.norm_parameters);
  });
  return total;
}

std::int64_t active_parameter_count(const Model& model) {
  std::int64_t total = embedding_parameters(model) + model.other_parameters - model.repeated_parameters;
  visit_shapes(
      model, [&](const LayerShape& layer, int repeats) { total += repeats * layer_parameters(model, layer).active(); });
  return total;
}

Bytes weight_bytes(const Model& model) {
  // Vectors, embeddings and the router stay in 16 bits when matrices are stored in fewer; all are wide in a model of
  // fp32.
  const bool single = model.weight_precision == Precision::fp32;
  const double plain = bytes_per_element(single ? Precision::fp32 : Precision::bf16);
  const double large = stored_bytes(model.weight_precision, model.scale_group);
  const double expert = stored_bytes(model.expert_precision, model.scale_group);
  double bytes = plain * static_cast<double>(embedding_parameters(model) + model.other_parameters);
  bytes += model.wide_parameters * (plain - large) - large * static_cast<double>(model.repeated_parameters);
  visit_shapes(model, [&](const LayerShape& layer, int repeats) {
    const auto w = layer_weights<double>(model, layer);
    const auto& f = layer.feed_forward;
    const double matrices = w.attention.matrices + w.dense.matrices + w.shared.matrices;
    const double vectors = w.attention.vectors + w.dense.vectors + w.shared.vectors + f.experts * w.expert.vectors;
    bytes += repeats * (large * matrices + expert * f.experts * w.expert.matrices +
                        plain * (vectors + w.router.total() + layer.norm_parameters));
  });
  return Bytes::from_base(bytes);
}

/// What grows with the length: windows and states do not, and a compressed cache by a fraction of a vector.
double cached_elements_per_token(const AttentionShape& a) {
  if (a.shared_cache) return 0;
  if (a.kind == AttentionKind::full) {
    return a.kv_heads * (static_cast<double>(a.head_dim) + a.value_dim) + (a.index_heads > 0 ? a.index_dim : 0);
  }
  if (a.kind != AttentionKind::latent) return 0;
  // One latent vector for all heads, and the index's own key beside it.
  const double elements = static_cast<double>(a.kv_lora_rank) + a.rope_dim + (a.index_heads > 0 ? a.index_dim : 0);
  if (!a.shared_vector) return a.window > 0 ? 0 : elements;
  return a.compress_ratio > 0 ? elements / a.compress_ratio : 0;
}

double fixed_elements(const AttentionShape& a) {
  const double keys = static_cast<double>(a.heads) * a.head_dim, values = static_cast<double>(a.kv_heads) * a.value_dim;
  switch (a.kind) {
    case AttentionKind::sliding:
      if (a.shared_cache) return 0;
      return static_cast<double>(a.window) * a.kv_heads * (static_cast<double>(a.head_dim) + a.value_dim);
    case AttentionKind::latent:
      if (!a.shared_vector) return a.window * (static_cast<double>(a.kv_lora_rank) + a.rope_dim);
      return static_cast<double>(a.window) * a.head_dim;
    case AttentionKind::linear:
      // The state of each value head is key width x value width; the convolution keeps its last inputs.
      return values * a.head_dim + (2 * keys + values) * a.conv_kernel;
    case AttentionKind::state_space:
      if (a.form != StateSpaceForm::mamba2) return keys * (static_cast<double>(a.state_dim) + a.conv_kernel);
      return keys * a.state_dim + (keys + 2.0 * a.groups * a.state_dim) * a.conv_kernel;
    case AttentionKind::full:
    case AttentionKind::none:
      break;
  }
  return 0;
}

bool is_sparse(const AttentionShape& a) {
  return a.index_topk > 0 || (a.kind == AttentionKind::latent && a.shared_vector);
}

double sparse_vector_bytes(const AttentionShape& a, Precision precision) {
  if (a.kind == AttentionKind::full) {
    return a.kv_heads * (static_cast<double>(a.head_dim) + a.value_dim) * bytes_per_element(precision);
  }
  const double plain = a.kv_lora_rank, rotated = a.rope_dim;
  if (bytes_per_element(precision) >= 2) return (plain + rotated) * bytes_per_element(precision);
  // Scales of 4 bytes a 128 elements (DeepSeek-V3.2), of a byte a 64 and one more (V4); rotated elements in 16 bits.
  const double scales = a.shared_vector ? plain / 64 + 1 : 4 * plain / 128;
  return plain + scales + 2 * rotated;
}

double index_key_bytes(const AttentionShape& a, Precision precision) {
  if (a.index_heads <= 0) return 0;
  if (a.kind == AttentionKind::full) return a.index_dim * bytes_per_element(precision);
  return bytes_per_element(precision) >= 2 ? a.index_dim * bytes_per_element(precision) : a.index_dim + 4;
}

double cached_bytes_per_token(const AttentionShape& a, Precision precision) {
  if (!is_sparse(a)) return cached_elements_per_token(a) * bytes_per_element(precision);
  const double bytes = sparse_vector_bytes(a, precision) + index_key_bytes(a, precision);
  if (!a.shared_vector) return bytes;
  return a.compress_ratio > 0 ? bytes / a.compress_ratio : 0;
}

double fixed_bytes(const AttentionShape& a, Precision precision) {
  if (a.kind == AttentionKind::latent && a.shared_vector) return a.window * sparse_vector_bytes(a, precision);
  const bool recurrent = a.kind == AttentionKind::linear || a.kind == AttentionKind::state_space;
  if (!recurrent) return fixed_elements(a) * bytes_per_element(precision);
  const double depth = a.kind == AttentionKind::linear ? a.head_dim : a.state_dim;
  const double width = a.kind == AttentionKind::linear ? static_cast<double>(a.kv_heads) * a.value_dim
                                                       : static_cast<double>(a.heads) * a.head_dim;
  // The state has a precision of its own, often wider than the activations; the convolution's window is in 16 bits.
  const double state = depth * width;
  return state * bytes_per_element(a.state_precision) +
         (fixed_elements(a) - state) * bytes_per_element(Precision::bf16);
}

Bytes kv_bytes_per_token(const Model& model, Precision precision) {
  double bytes = 0;
  visit_shapes(model, [&](const LayerShape& layer, int repeats) {
    bytes += repeats * cached_bytes_per_token(layer.attention, precision);
  });
  return Bytes::from_base(bytes);
}

Bytes stored_state_bytes(const Model& model, Precision precision) {
  double bytes = 0;
  visit_shapes(model, [&](const LayerShape& layer, int repeats) {
    bytes += repeats * fixed_bytes(layer.attention, precision);
  });
  return Bytes::from_base(bytes);
}

Bytes fixed_state_bytes(const Model& model, Precision precision) {
  double elements = 0;
  visit_shapes(model,
               [&](const LayerShape& layer, int repeats) { elements += repeats * fixed_elements(layer.attention); });
  return Bytes::from_base(elements * bytes_per_element(precision));
}

Bytes kv_bytes(const Model& model, std::int64_t length, Precision precision) {
  const double tokens = static_cast<double>(std::max<std::int64_t>(length, 0));
  double bytes = 0;
  visit_shapes(model, [&](const LayerShape& layer, int repeats) {
    const auto& a = layer.attention;
    double fixed = fixed_bytes(a, precision);
    if (a.window > 0) fixed *= std::min(tokens, static_cast<double>(a.window)) / a.window;
    bytes += repeats * (cached_bytes_per_token(a, precision) * tokens + fixed);
  });
  return Bytes::from_base(bytes);
}

double attended_tokens(const AttentionShape& a, double context) {
  switch (a.kind) {
    case AttentionKind::full:
      return a.index_topk > 0 ? std::min<double>(context, a.index_topk) : context;
    case AttentionKind::sliding:
      return std::min<double>(context, a.window);
    case AttentionKind::latent: {
      if (!a.shared_vector) {
        const double seen = a.window > 0 ? std::min<double>(context, a.window) : context;
        return a.index_topk > 0 ? std::min<double>(seen, a.index_topk) : seen;
      }
      // A window seen whole, and of the compressed vectors those the index selects (all without one).
      const double compressed = a.compress_ratio > 0 ? context / a.compress_ratio : 0;
      const double selected = a.index_topk > 0 ? std::min<double>(compressed, a.index_topk) : compressed;
      return std::min<double>(context, a.window) + selected;
    }
    case AttentionKind::linear:
    case AttentionKind::state_space:
    case AttentionKind::none:
      break;
  }
  return 0;
}

Flops attention_core_flops(const AttentionShape& a, double context) {
  // The state is decayed and updated with an outer product, then read: two multiply-adds an element. The delta rule
  // reads it once more, to subtract what it already holds for the key.
  if (a.kind == AttentionKind::linear) {
    const double state = static_cast<double>(a.kv_heads) * a.value_dim * a.head_dim;
    return Flops::from_base((a.conv_kernel > 0 ? 6 : 4) * state);
  }
  if (a.kind == AttentionKind::state_space) {
    return Flops::from_base(4.0 * a.heads * static_cast<double>(a.head_dim) * a.state_dim);
  }
  if (a.kind == AttentionKind::none) return {};
  return Flops::from_base(score_flops(a) * attended_tokens(a, context) + index_flops(a, context));
}

Flops forward_flops_per_token(const Model& model, double context) {
  return token_flops(model, [&](const AttentionShape& a) { return attention_core_flops(a, context).base(); });
}

Flops training_flops_per_token(const Model& model, std::int64_t length) {
  const double tokens = static_cast<double>(std::max<std::int64_t>(length, 1));
  return 3.0 * token_flops(model, [&](const AttentionShape& a) { return mean_attention_flops(a, tokens); });
}

}  // namespace stargate
