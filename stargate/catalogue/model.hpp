// A language model as its shapes: what each layer multiplies and what each token leaves in the cache. Made from a
// Hugging Face config.json as it is (model_config.hpp); everything that costs time or memory follows from here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stargate/catalogue/precision.hpp"

namespace stargate {

/// `full`: every past token; `sliding`: the last `window` ones (also chunked attention); `latent`: MLA, one compressed
/// vector a token; `linear`: gated delta rule and `state_space`: Mamba-2, both with a state of fixed size; `none`: no
/// mixer (value_dim > 0: a plain linear map hidden x value_dim in its place, Nemotron-NAS).
enum class AttentionKind { full, sliding, latent, linear, state_space, none };

/// What a state-space layer is: Mamba-2; Mamba-1 (arXiv 2312.00752), whose step comes from a vector of `step_rank`; a
/// short gated convolution (LFM2), whose state is its window alone; RG-LRU (Griffin, arXiv 2402.19427).
enum class StateSpaceForm { mamba2, mamba1, short_convolution, rg_lru };

/// Widths and ranks in elements. Which members mean something follows from `kind`; the others are 0.
struct AttentionShape {
  AttentionKind kind = AttentionKind::full;  ///< which of the fields below mean something
  /// Of the whole model, before any split. Linear attention: of keys and of values.
  int heads = 0, kv_heads = 0;
  int head_dim = 0;   ///< of queries and keys (latent: nope + rope)
  int value_dim = 0;  ///< of values
  int window = 0;     ///< sliding, and DeepSeek-V4's latent; else 0
  /// What the layer has beside its matrices; they count as parameters.
  bool qkv_bias = false, output_bias = false, qk_norm = false, output_gate = false, sinks = false;
  bool keys_are_values = false;  ///< no V projection (Gemma-4 global layers)
  // latent
  int q_lora_rank = 0;  ///< 0: queries are projected directly
  /// Latent attention: width of the cached vector, of a head without rotation, and of the rotated part that all heads
  /// share.
  int kv_lora_rank = 0, nope_dim = 0, rope_dim = 0;
  int index_heads = 0, index_dim = 0, index_topk = 0;  ///< sparse index (DSA); 0 heads: none
  // linear: heads = key heads, kv_heads = value heads; state_space: heads, head_dim, groups
  int state_dim = 0, groups = 0, conv_kernel = 0;
  bool wide_qk_norm = false;  ///< norms of queries and keys over all heads at once (MiniMax-M2, OLMo-2), not per head
  // linear with a decay for each channel (Kimi delta attention): ranks of its projection and of the output gate's
  int decay_rank = 0, gate_rank = 0;
  Precision state_precision = Precision::bf16;  ///< of a recurrent state, its convolution's window apart (16 bits)
  // latent of DeepSeek-V4: the cached vector is key and value of every head (no up-projection); the last `window`
  // tokens are kept whole and older ones as one vector for `compress_ratio` tokens (0: not at all); output of low rank
  bool shared_vector = false;
  /// DeepSeek-V4: tokens in one compressed vector (0: window only); rank and groups of the output projection.
  int compress_ratio = 0, output_lora_rank = 0, output_groups = 0;
  StateSpaceForm form = StateSpaceForm::mamba2;  ///< state_space only
  int step_rank = 0;                             ///< Mamba-1; of PLaMo-2 too, whose steps are by head
  bool conv_bias = true, state_norm = true;      ///< state_space: of the convolution; a norm before the output
  int input_width = 0;                           ///< what queries, keys and values read, if not hidden (Zamba2)
  bool shared_cache = false;                     ///< reads keys and values that an earlier layer has cached (Gemma-3n)

  friend bool operator==(const AttentionShape&, const AttentionShape&) = default;
};

enum class FeedForwardKind { none, dense, experts };

/// Widths in elements; `top_k` experts are visited by each token.
struct FeedForwardShape {
  FeedForwardKind kind = FeedForwardKind::none;  ///< likewise
  int width = 0;                                 ///< dense: its width; experts: the width of one
  bool gated = true, bias = false;               ///< three matrices instead of two; with bias vectors
  /// All of the layer; those a token visits.
  int experts = 0, top_k = 0;
  int shared_width = 0;      ///< total width of the experts every token visits; 0: none
  bool shared_gate = false;  ///< a hidden-wide gate on the shared expert
  bool router_bias = false;  ///< counts as parameters
  int expert_hidden = 0;     ///< width the routed experts work in, behind a projection each way (Kimi-K3); 0: hidden
  /// Beside it: a pair of matrices down to this rank and back up (LAUREL and per-layer inputs of Gemma-3n); an adapter
  /// of this rank on what goes up (Zamba2).
  int low_rank = 0, adapter_rank = 0;

  friend bool operator==(const FeedForwardShape&, const FeedForwardShape&) = default;
};

struct LayerShape {
  AttentionShape attention;       ///< kind none: the layer has none
  FeedForwardShape feed_forward;  ///< likewise
  int norm_parameters = 0;        ///< norms of the layer, and other vectors and scalars that multiply elementwise

  friend bool operator==(const LayerShape&, const LayerShape&) = default;
};

/// Layers are indices into few shapes, so that whoever costs a model costs each shape once.
struct Model {
  std::string id, name, family;  ///< file name; in words; "llama"
  /// Width of the residual stream, tokens of the vocabulary, longest sequence (0: not stated).
  int hidden = 0, vocab = 0, max_position = 0;
  bool tied_embedding = false;                   ///< input and output share one table
  int position_embedding_rows = 0;               ///< learned positions (GPT-2)
  std::int64_t other_parameters = 0;             ///< final norm, output bias and the like
  std::vector<LayerShape> shapes;                ///< the distinct ones
  std::vector<int> layers;                       ///< index into `shapes`, from the first layer to the last
  int mtp_layers = 0;                            ///< multi-token-prediction layers behind them, not in the counts
  Precision weight_precision = Precision::bf16;  ///< of the large matrices as stored
  Precision expert_precision = Precision::bf16;  ///< of the experts (mxfp4 files keep the rest in bf16)
  /// Of the layers, outside experts: parameters that a file quantised to weight_precision leaves in 16 bits.
  double wide_parameters = 0;
  Precision kv_precision = Precision::bf16;      ///< of the cache, as the model's configuration asks
  std::int64_t repeated_parameters = 0;          ///< of layers that share their weights, what is stored only once
  std::int64_t vision_parameters = 0, audio_parameters = 0;  ///< of towers beside the text model, in no other count
  std::string assumed;                           ///< family it was read as, its own type being unknown; else empty
  int residual_streams = 1;                      ///< hyper-connections keep several (DeepSeek-V4, arXiv 2512.24880)
  bool block_scaled = false;       ///< stored fp8 has a scale for each block of weights (DeepSeek), not one a tensor
  int scale_group = 16;            ///< elements of stored fp4 that share a one-byte scale: NVFP4 16, MXFP4 32
  std::vector<std::string> notes;  ///< what the reader had to assume

  int layer_count() const { return static_cast<int>(layers.size()); }
  const LayerShape& layer(int index) const {
    return shapes[static_cast<std::size_t>(layers[static_cast<std::size_t>(index)])];
  }
};

/// Parameters of one layer by part; `active` counts what one token multiplies with. `shared` includes the projections
/// around experts of their own width.
struct LayerParameters {
  std::int64_t attention = 0, dense = 0, router = 0, experts = 0, shared = 0, norms = 0;  ///< parameters
  std::int64_t active_experts = 0;  ///< of `experts`, those a token goes through
  std::int64_t total() const { return attention + dense + router + experts + shared + norms; }
  std::int64_t active() const { return attention + dense + router + active_experts + shared + norms; }
};
/// Exact, biases and norms included.
LayerParameters layer_parameters(const Model& model, const LayerShape& layer);

std::int64_t embedding_parameters(const Model& model);  ///< input, learned positions and, when untied, output embedding
/// Without layers of multi-token prediction, as on model cards.
std::int64_t parameter_count(const Model& model);
double parameter_estimate(const Model& model);  ///< the same in floating point: no shapes overflow it
/// Parameters that one token is multiplied with: of experts only those it is routed to.
std::int64_t active_parameter_count(const Model& model);
Bytes weight_bytes(const Model& model);  ///< as stored, by precision

/// Cache that grows with each token, over all layers, at `precision`. Layers whose cache is bounded by a window are not
/// in it: fixed_state_bytes has them.
Bytes kv_bytes_per_token(const Model& model, Precision precision);
/// Cache of a sequence that does not grow: full windows and recurrent states, all of it at `precision`.
Bytes fixed_state_bytes(const Model& model, Precision precision);
/// The same with recurrent states as the configuration has them stored and `precision` for the rest.
Bytes stored_state_bytes(const Model& model, Precision precision);
/// Cache of one sequence of `length` tokens: windows filled only as far as the sequence goes.
Bytes kv_bytes(const Model& model, std::int64_t length, Precision precision);

/// Of one layer in bytes: growing with each token, and of fixed size; recurrent states in their own precision. What a
/// sparse index selects from is cached in 8 bits with its scales and its rotated part in 16: 656 bytes for 576
/// elements, and index keys with a scale each.
double cached_bytes_per_token(const AttentionShape& attention, Precision precision);
double fixed_bytes(const AttentionShape& attention, Precision precision);
/// Of one vector that sparse attention gathers, and of its index key.
double sparse_vector_bytes(const AttentionShape& attention, Precision precision);
double index_key_bytes(const AttentionShape& attention, Precision precision);
/// Whether a query attends to what an index selects, or to compressed vectors.
bool is_sparse(const AttentionShape& attention);
/// Of one layer, in elements: growing with each token, and of fixed size.
double cached_elements_per_token(const AttentionShape& attention);
double fixed_elements(const AttentionShape& attention);
/// Tokens (or cached vectors, where several tokens share one) that a query attends to when `context` lie behind it.
/// Windows, sparse indices and compression taken into account.
double attended_tokens(const AttentionShape& attention, double context);
/// Operations of scores, values, sparse index and state of one token in one layer, without the projections.
Flops attention_core_flops(const AttentionShape& attention, double context);

/// Forward operations of one token whose attention sees `context` tokens: 2 a multiplied weight, plus attention scores
/// and values (2 * 2 * heads * dim * context for full attention). The embedding look-up is free, the output projection
/// is not.
Flops forward_flops_per_token(const Model& model, double context);
/// Of a training token in sequences of `length` (mean context (length+1)/2, causal): three times the forward pass.
Flops training_flops_per_token(const Model& model, std::int64_t length);

}  // namespace stargate
