// One operation of a model step on one accelerator, as the device law needs it: shapes, not time. Plain data, no
// strings, so that millions can be counted a second while layouts are searched.
#pragma once

#include "stargate/catalogue/precision.hpp"

namespace stargate {

enum class OperatorKind {
  gemm,          ///< out[m,n] = a[m,k] * w[k,n], `groups` of them side by side (experts, heads)
  attention,     ///< scores and values over a cache or the sequence itself
  sparse,        ///< attention to a window and to vectors that an index selects, with index and selection
  recurrent,     ///< convolution, scan or step of a layer with a state of fixed size
  mixing,        ///< residual streams of hyper-connections into a branch's input, or its output into them
  element_wise,  ///< norms, activations, residuals, rotary: memory traffic only
};

/// Where in a layer an operator stands: what reports group by, and what selective recompute leaves out.
enum class OperatorPart {
  attention_projection,
  attention_core,
  feed_forward,
  experts,
  router,
  norm,
  output,
  optimizer
};

/// Of one rank: heads are those it holds. Widths in elements.
struct AttentionCall {
  double sequences = 0;  ///< sequences in this call on this rank
  double query = 0;      ///< query tokens of each
  double context = 0;    ///< tokens each query may see at the end of the call, itself included
  double heads = 0, kv_heads = 0, score_dim = 0, value_dim = 0;  ///< of this rank; elements a head
  double window = 0;                                             ///< 0: everything
  bool shared_kv = false;                                        ///< keys and values are one stored vector (MLA decode)
  bool causal = true;                                            ///< false: every query sees all of its context (encoders)
  Precision kv_precision = Precision::bf16;

  /// Query-key pairs of one sequence and head: no further back than the window where causal.
  constexpr double pairs() const {
    if (!causal) return query * context;
    const double first = context - query;  // tokens already cached
    const double all = query * first + query * (query + 1) / 2;
    if (window <= 0 || context <= window) return all;
    if (first >= window) return query * window;
    const double growing = window - first;  // queries whose view still grows
    return growing * first + growing * (growing + 1) / 2 + (query - growing) * window;
  }
  /// A multiplication and an addition for each element of both products; softmax is not counted, by convention.
  constexpr double flops() const { return 2 * sequences * heads * pairs() * (score_dim + value_dim); }
  /// Bytes of keys and values read once for every sequence.
  constexpr double cache_bytes() const {
    // With a window the first of the new tokens sees `window` back, the last one itself: window + query - 1 tokens
    // together.
    const double seen = window > 0 && window < context ? (query < window ? window + query - 1 : context) : context;
    const double width = kv_heads * (shared_kv ? score_dim : score_dim + value_dim);
    return sequences * (seen < context ? seen : context) * width * bytes_per_element(kv_precision);
  }
};

/// The experts of a layer as one fused kernel sees them; tokens 0: no part of one.
struct ExpertCall {
  double tokens = 0;                                     ///< that all expert ranks share
  double hidden = 0, width = 0, experts = 0, top_k = 0;  ///< `width` is what one rank keeps of an expert
  double ranks = 1;                                      ///< over which experts are spread
  double share = 0;                                      ///< of the fused kernel's time that is this operator's
  bool gated = true;
  double skew = 0;  ///< of the experts' popularity; 0: balanced
};

/// Attention of one layer on one rank that sees a window and, of what was cached for `ratio` tokens at a time, the
/// vectors an index selects (all of them without one): DeepSeek-V3.2, GLM-5 (ratio 1, no window), DeepSeek-V4; or of
/// keys and values of several heads the blocks that an index selects: MiniMax-M3.
struct SparseCall {
  double sequences = 0, query = 0, context = 0;  ///< as in AttentionCall
  double heads = 0, score_dim = 0, value_dim = 0;
  double kv_heads = 0;                       ///< with keys and values of their own; 0: all heads read one vector
  double window = 0;                         ///< tokens seen whatever the index says; 0: none
  double ratio = 1;                          ///< tokens behind one cached vector; 0: only the window is seen
  double selected = 0;                       ///< vectors seen; 0: all
  double index_heads = 0, index_dim = 0;     ///< 0: nothing is selected
  double vector_bytes = 0, index_bytes = 0;  ///< of a cached vector (all heads' of the rank), and of its index key
  bool decode = false;                       ///< a few new tokens behind a cache
  Precision precision = Precision::bf16;

  /// Sum over a sequence's new tokens of min(tokens before and with it / every, most).
  constexpr double seen(double every, double most) const {
    // Up to `limit` tokens the view still grows, by one vector for `every` tokens; beyond it stays at `most`.
    const double first = context - query, limit = most > 0 ? most * every : context;
    if (context <= limit) return (query * first + query * (query + 1) / 2) / every;
    if (first >= limit) return query * most;
    const double growing = limit - first;
    return (growing * first + growing * (growing + 1) / 2) / every + (query - growing) * most;
  }
  /// Pairs of a token and a cached index key, and below of a token and a vector it attends to, over all sequences.
  constexpr double scored() const { return index_heads > 0 ? sequences * seen(ratio, 0) : 0; }
  constexpr double attended() const {
    const double near = window > 0 ? seen(1, window) : 0, far = ratio > 0 ? seen(ratio, selected) : 0;
    return sequences * (near + far);
  }
  constexpr double index_flops() const { return 2 * index_heads * index_dim * scored(); }
  constexpr double attention_flops() const { return 2 * heads * (score_dim + value_dim) * attended(); }
  constexpr double flops() const { return index_flops() + attention_flops(); }
  /// Vectors gathered for each token, and index keys read once for each sequence.
  constexpr double index_key_bytes() const {
    return index_heads > 0 ? sequences * context / ratio * index_bytes : 0;
  }
  constexpr double gathered_bytes() const { return attended() * vector_bytes; }
  /// Queries and outputs of all heads in 16 bits.
  constexpr double head_bytes() const { return 2 * sequences * query * heads * (score_dim + value_dim); }
};

/// Hyper-connections of one site (before and behind a branch) on one rank: `before`, streams are mixed into the branch's
/// input; else its output is mixed back into each of them (arXiv 2512.24880, section 4).
struct MixingCall {
  double tokens = 0, hidden = 0, streams = 1;
  bool before = true;

  /// Rows of `hidden` in 16 bits: all streams read and one written, or all and one read and all written.
  constexpr double bytes() const { return 2 * tokens * hidden * (before ? streams + 1 : 2 * streams + 1); }
  /// Gates from all streams for each of them and between each two, and the sums.
  constexpr double flops() const {
    const double gates = before ? streams * (streams * streams + 2 * streams) + streams : streams * (streams + 1);
    return 2 * tokens * hidden * gates;
  }
};

/// `delta`: gated delta rule; `channel_delta`: the same with a decay for each channel (Kimi); `state_space`: Mamba-2.
enum class RecurrentRule { delta, channel_delta, state_space };
inline constexpr int kRecurrentRuleCount = 3;
/// `convolution` and `scan` work on prompts, the others on one new token (or a few drafted) of each sequence;
/// `fused_step` is step and convolution in one.
enum class RecurrentKernel { convolution, convolution_step, scan, step, fused_step };
/// As many as the enum has; arrays of laws are indexed by its values.
inline constexpr int kRecurrentKernelCount = 5;

/// One kernel of a recurrent layer. Of Mamba-2 keys are the groups' B and C, `key_dim` the width of the state, and
/// values the heads.
struct RecurrentCall {
  static constexpr double kChunk = 64;  ///< tokens that a scan takes at a time
  RecurrentRule rule = RecurrentRule::delta;
  RecurrentKernel kernel = RecurrentKernel::scan;
  double sequences = 0, query = 0;                                    ///< new tokens of each sequence
  double key_heads = 0, key_dim = 0, value_heads = 0, value_dim = 0;  ///< of this rank; elements a head
  double conv_kernel = 4;                                             ///< taps of the short convolution
  double state_bytes = 4;                                             ///< of an element of the state

  constexpr double tokens() const { return sequences * query; }
  /// Channels the convolution runs over: queries and keys, and values; state_elements are those of one sequence.
  constexpr double channels() const { return 2 * key_heads * key_dim + value_heads * value_dim; }
  constexpr double state_elements() const { return value_heads * key_dim * value_dim; }
  constexpr bool convolves() const {
    return kernel == RecurrentKernel::convolution || kernel == RecurrentKernel::convolution_step ||
           kernel == RecurrentKernel::fused_step;
  }
  constexpr bool updates() const {
    return kernel != RecurrentKernel::convolution && kernel != RecurrentKernel::convolution_step;
  }

  /// Products inside a chunk and with the state; token by token the state is decayed, updated and read.
  constexpr double flops() const {
    // A multiplication and an addition for each tap and channel.
    double a_token = convolves() ? 2 * conv_kernel * channels() : 0;
    if (updates() && kernel != RecurrentKernel::scan) {
      a_token += (rule == RecurrentRule::state_space ? 4 : 6) * state_elements();
    } else if (updates() && rule == RecurrentRule::state_space) {
      a_token += 4 * state_elements() + 2 * kChunk * (value_heads * value_dim + key_heads * key_dim);
    } else if (updates()) {
      const double inside = (rule == RecurrentRule::channel_delta ? 7 : 6) * key_dim + 4 * value_dim + kChunk * 2 / 3;
      a_token += 6 * state_elements() + value_heads * kChunk * inside;
    }
    return a_token * tokens();
  }
  /// 16-bit activations in and out, the window of the convolution, the states read and written; a step that verifies
  /// drafted tokens writes a state for each.
  constexpr double bytes() const {
    // 2 bytes in and 2 out; each sequence also reads the taps before its first new token.
    double out = convolves() ? 4 * channels() * (tokens() + sequences * (conv_kernel - 1)) : 0;
    if (!updates()) return out;
    const double values = value_heads * value_dim, keys = key_heads * key_dim;
    const double decays = rule == RecurrentRule::channel_delta ? keys : 0;
    if (kernel != RecurrentKernel::fused_step) out += 2 * tokens() * (2 * keys + 2 * values + decays);
    // A scan leaves one state a sequence; a step leaves one after each of its tokens.
    const double written = kernel == RecurrentKernel::scan ? 1 : query;
    return out + sequences * state_elements() * state_bytes * (1 + written);
  }
  /// States at the start of each chunk, written and read where the kernels of a scan are apart: 16 bits each way, of
  /// Kimi's 32.
  constexpr double chunk_state_bytes() const {
    const double element = rule == RecurrentRule::channel_delta ? 8 : 4;
    return element * state_elements() * tokens() / kChunk;
  }
};

/// Which members mean something follows from `kind`. Per rank, for one micro-batch or step.
struct Operator {
  OperatorKind kind = OperatorKind::gemm;          ///< which members mean something
  OperatorPart part = OperatorPart::feed_forward;  ///< for reports and recomputation
  Precision precision = Precision::bf16;           ///< of the multiplication
  /// out[m, n] = a[m, k] w[k, n], `groups` times with other operands. Fractions are means (rows an expert gets).
  double m = 0, n = 0, k = 0, groups = 1;
  bool has_weights = true;  ///< gemm: `w` is a parameter, so a weight gradient exists
  AttentionCall attention;  ///< of kind attention
  SparseCall sparse;        ///< of kind sparse
  RecurrentCall recurrent;  ///< of kind recurrent
  MixingCall mixing;        ///< of kind mixing
  Bytes traffic;            ///< element_wise
  ExpertCall experts;       ///< whose multiplications or traffic this is

  constexpr Flops flops() const {
    if (kind == OperatorKind::gemm) return Flops::from_base(2 * m * n * k * groups);
    if (kind == OperatorKind::attention) return Flops::from_base(attention.flops());
    if (kind == OperatorKind::sparse) return Flops::from_base(sparse.flops());
    if (kind == OperatorKind::recurrent) return Flops::from_base(recurrent.flops());
    if (kind == OperatorKind::mixing) return Flops::from_base(mixing.flops());
    return Flops{};
  }
};

}  // namespace stargate
