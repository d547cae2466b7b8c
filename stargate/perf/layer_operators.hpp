// What a layer of a model does for a batch of tokens on one rank of a parallel group: the one place that turns shapes
// into operators. training and serving walk the same list, so a model is described once.
//   Tensor parallelism splits heads and widths by `tp`; KV heads replicate when tp exceeds them.
//   Expert parallelism puts experts/ep on a rank, each split by `etp`. A tensor group of `tp` ranks holds `tokens`, so
//   a rank's experts see tokens * top_k * etp / tp rows when routing is balanced (on the busiest rank times
//   `imbalance`).
#pragma once

#include <functional>

#include "stargate/catalogue/model.hpp"
#include "stargate/perf/operator.hpp"

namespace stargate {

/// Sizes of the rank's groups; each divides what it splits (layouts are checked before).
struct Shard {
  /// Ranks that split attention and dense layers, that hold other experts, and that split an expert.
  int tp = 1, ep = 1, etp = 1;
  bool sequence_parallel = false;  ///< norms and residuals are split by tp too
  double imbalance = 1;            ///< rows of the busiest expert rank over the mean
  double skew = 0;                 ///< of experts' popularity (moe_law.hpp); 0: routing is balanced
};

/// Slots for experts on one rank. Where experts do not divide, some are held twice (redundant experts: 256 on 48 ranks
/// are six each) and share their tokens. The ceiling of experts / ep; a whole number kept as double, since it is
/// multiplied.
double rank_experts(const FeedForwardShape& feed, int ep);

/// Precision of the multiplications: `linear` for projections and dense layers, `expert` for experts, the rest bf16.
struct ComputePrecision {
  Precision linear = Precision::bf16, expert = Precision::bf16;
};

/// Queries against caches, in groups of equal sequences.
struct AttentionBatch {
  double sequences = 0, query = 0, context = 0;  ///< each sequence: new tokens; tokens seen, the new ones included
  bool decode = false;                           ///< MLA multiplies in the latent space when decoding
  Precision kv_precision = Precision::bf16;      ///< of the cache read
};

/// Called in the order of the layer; the operator is only good during the call.
using OperatorVisitor = std::function<void(const Operator&)>;

/// Everything of the layer that works token by token: projections, feed-forward or experts, norms.
/// `latent_decode` chooses MLA's absorbed form of the projections.
void visit_token_operators(const Model& model, const LayerShape& layer, const Shard& shard,
                           const ComputePrecision& precision, double tokens, bool latent_decode,
                           const OperatorVisitor& visit);
/// Scores and values. Of a recurrent layer: its convolution and scan, or step.
void visit_attention_operators(const Model& model, const LayerShape& layer, const Shard& shard,
                               const AttentionBatch& batch, const OperatorVisitor& visit);
/// The output projection onto the vocabulary for `tokens` positions. Split over the tensor group by vocabulary.
Operator output_operator(const Model& model, const Shard& shard, double tokens);

/// Parameters of a layer that one rank holds: dense part (attention, dense feed-forward, router, shared experts, norms)
/// and experts; the two have different data-parallel groups.
struct RankParameters {
  double dense = 0, experts = 0;  ///< numbers of parameters, not bytes
  double total() const { return dense + experts; }
};
/// Parameters of one layer on one rank; fractions where an even split has some.
RankParameters rank_parameters(const Model& model, const LayerShape& layer, const Shard& shard);

/// Cache bytes of one token in one layer on one rank (ceil(kv_heads / tp) heads; the latent vector is not split),
/// without regard to windows; 0 for layers whose state does not grow.
double rank_kv_bytes_per_token(const LayerShape& layer, int tp, Precision precision);

}  // namespace stargate
