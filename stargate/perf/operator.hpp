// One operation of a model step on one accelerator, as the device law needs it: shapes, not time. Plain data, no
// strings, so that millions can be counted a second while layouts are searched.
#pragma once

#include "stargate/catalogue/precision.hpp"

namespace stargate {

enum class OperatorKind {
  gemm,          ///< out[m,n] = a[m,k] * w[k,n], `groups` of them side by side (experts, heads)
  attention,     ///< scores and values over a cache or the sequence itself
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
  double heads = 0, kv_heads = 0, score_dim = 0, value_dim = 0;
  double window = 0;       ///< 0: everything
  bool shared_kv = false;  ///< keys and values are one stored vector (MLA decode)
  Precision kv_precision = Precision::bf16;

  /// Query-key pairs of one sequence and head: causal, and no further back than the window.
  constexpr double pairs() const {
    const double first = context - query;  // tokens already cached
    const double all = query * first + query * (query + 1) / 2;
    if (window <= 0 || context <= window) return all;
    if (first >= window) return query * window;
    const double growing = window - first;  // queries whose view still grows
    return growing * first + growing * (growing + 1) / 2 + (query - growing) * window;
  }
  constexpr double flops() const { return 2 * sequences * heads * pairs() * (score_dim + value_dim); }
  /// Bytes of keys and values read once for every sequence.
  constexpr double cache_bytes() const {
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

/// Which members mean something follows from `kind`. Per rank, for one micro-batch or step.
struct Operator {
  OperatorKind kind = OperatorKind::gemm;
  OperatorPart part = OperatorPart::feed_forward;
  Precision precision = Precision::bf16;  ///< of the multiplication
  /// out[m, n] = a[m, k] w[k, n], `groups` times with other operands. Fractions are means (rows an expert gets).
  double m = 0, n = 0, k = 0, groups = 1;
  bool has_weights = true;  ///< gemm: `w` is a parameter, so a weight gradient exists
  AttentionCall attention;
  Bytes traffic;       ///< element_wise
  ExpertCall experts;  ///< whose multiplications or traffic this is

  constexpr Flops flops() const {
    if (kind == OperatorKind::gemm) return Flops::from_base(2 * m * n * k * groups);
    if (kind == OperatorKind::attention) return Flops::from_base(attention.flops());
    return Flops{};
  }
};

}  // namespace stargate
