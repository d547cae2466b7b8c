// Tensors a layer keeps from its forward to its backward pass, named and sized one by one, on one rank. For a GPT-3
// layer with selective recomputation they add up to 34 s b h / t (Korthikanti et al. 2022, arXiv 2205.05198, eq. 5);
// written as a list they hold for grouped-query, latent and recurrent attention, gated feed-forwards and experts too.
#pragma once

#include <functional>

#include "stargate/training/job.hpp"

namespace stargate {

enum class Tensor {
  norm_input,
  linear_input,  ///< normed stream that projections, router and feed-forwards read
  latent,        ///< compressed queries, keys and values (MLA), and their normed copies
  query_key_value,
  attention_scores,  ///< softmax, its dropped-out copy and mask; none when fused
  attention_sums,    ///< one fp32 a query and head (FlashAttention's log-sum-exp)
  attention_output,
  recurrent_input,
  feed_forward_input,   ///< of the activation function
  feed_forward_output,  ///< of the activation function
  routed_tokens,
  routing,
  dropout_mask,
};
/// As tables print it.
const char* tensor_name(Tensor tensor);

/// What of a layer keeps a tensor.
enum class LayerPart { attention, feed_forward, experts, shared_experts };
inline constexpr int kLayerParts = 4;
/// As tables print it.
const char* layer_part_name(LayerPart part);

/// Of one layer and one micro-batch on one rank.
struct KeptTensor {
  LayerPart part;  ///< of the layer
  Tensor tensor;   ///< its kind; several of one kind are counted apart
  Bytes size;      ///< on this rank, in the format it is kept in
};
/// Called for attention first, then for the feed-forward part; a kind of tensor may come more than once.
using TensorVisitor = std::function<void(const KeptTensor&)>;

/// A layer, and how it is run. A view: job and layout outlive it. `variant.shape` indexes the model's shapes; the
/// variant also says which recomputation and precision it runs with.
struct KeptLayer {
  const TrainingJob& job;
  const TrainingLayout& layout;
  LayerVariant variant;  ///< its shape, and how it is treated

  const LayerShape& shape() const { return job.model->shapes[static_cast<std::size_t>(variant.shape)]; }
};

/// Everything one micro-batch leaves, were nothing recomputed. What only a multiply in a format below bf16 reads is
/// kept in that format (Transformer Engine's and DeepSeek-V3's way, arXiv 2412.19437, section 3.3.2).
void visit_kept_tensors(const KeptLayer& layer, const TensorVisitor& visit);

/// The share of it that the recomputation of the variant does without until the backward pass. Decided a tensor at a
/// time, so that what a set of modules saves is the sum over the tensors it drops.
double dropped_share(const KeptLayer& layer, const KeptTensor& kept);

/// What stays for the backward pass under the variant's recomputation. On one rank, of one micro-batch in one layer:
/// visit_kept_tensors less what dropped_share says.
Bytes activation_bytes(const KeptLayer& layer);

/// Precision of the multiplies of the variant: of attention's projections, other dense layers, and experts.
struct VariantPrecision {
  Precision attention = Precision::bf16, linear = Precision::bf16, expert = Precision::bf16;
};
/// All bf16 for a variant the recipe leaves in bf16; else the recipe's formats, attention's projections as it says.
VariantPrecision variant_precision(const TrainingRecipe& recipe, const LayerVariant& variant);

}  // namespace stargate
