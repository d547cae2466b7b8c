// What the operators of a layer take on the device, forward and backward, for one micro-batch on one rank: the part of
// a layer's cost that asks the device laws, and by far the most expensive one. It is the same whatever is recomputed
// and however weights are sharded, so a search finds it once for all of these.
#pragma once

#include "stargate/perf/product_times.hpp"
#include "stargate/training/job.hpp"

namespace stargate {

inline constexpr double kActivationBytes = 2;  ///< bytes of bf16 activations and their gradients

/// There and back, of one product.
struct ProductTime {
  Duration forward, backward;
};

/// What one rank has of the job: sizes after tensor, context and expert parallelism.
struct Slice {
  const TrainingJob& job;
  const TrainingLayout& layout;
  LayerVariant variant;
  Shard shard;
  double sequence;       ///< tokens of one sequence on a context-parallel rank
  double tokens;         ///< of a micro-batch in a tensor-parallel region
  double stream_tokens;  ///< of a micro-batch between those regions

  double hidden() const { return job.model->hidden; }
  Group tensor_group() const { return place_group(job.fabric, layout.tp, 1); }
  /// The stream of one micro-batch in a tensor-parallel region.
  Bytes stream() const { return Bytes::from_base(tokens * hidden() * kActivationBytes); }
};
/// Job and layout outlive it; the variant is the first shape's, not recomputed.
Slice make_slice(const TrainingJob& job, const TrainingLayout& layout);

/// Operators that work token by token, in the order of the layer.
struct TokenWork {
  Duration forward, backward;  ///< once each, casts to narrow formats among them
  Flops flops;                 ///< of one forward pass
  Duration matrix_backward;    ///< of `backward`, products
  Duration redone;             ///< of `forward`, what the layout's recompute_modules run again
  Flops redone_flops;
  int operators = 0;
  /// The product a dense layer ends with. Its result goes into the stream alone, which is kept, so that a compiler
  /// leaves it out of what runs again, and checkpoints of PyTorch stop before it.
  Duration last;
  Flops last_flops;
};

/// Scores, values, states and selected tokens.
struct AttentionWork {
  Duration forward, backward;
  Flops flops;
  Bytes keys_values;  ///< of this rank's part of the sequence
};

struct LayerWork {
  TokenWork tokens;
  AttentionWork attention;
};

/// Of all that a rank may hold; without the collectives between ranks.
struct ShardWork {
  std::vector<LayerWork> layers;  ///< by Model::shapes, then the same in bf16 where the recipe keeps some so
  ProductTime output;             ///< the projection onto the vocabulary
  ProductTime prediction;         ///< of multi-token prediction: onto the stream, 2 h x h

  const LayerWork& of(const LayerVariant& variant, std::size_t shapes) const {
    return layers[static_cast<std::size_t>(variant.shape) + (variant.bf16 ? shapes : 0)];
  }
};

/// The layout's tp, cp, ep, etp, sequence parallelism, micro-batch and recompute_modules count, nothing else of it.
/// `products`: of this job, asked first and added to; null: each product is found anew.
ShardWork shard_work(const TrainingJob& job, const TrainingLayout& layout, ProductTimes<ProductTime>* products = nullptr);

/// Whether work found with the one is what the other would give: they differ in coefficients of communication, of the
/// host and of recomputation alone.
bool give_same_work(const TrainingCoefficients& a, const TrainingCoefficients& b);

/// The product that multi-token prediction begins with.
Operator prediction_operator(const Slice& slice);

}  // namespace stargate
