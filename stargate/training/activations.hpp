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
  latent,        ///< compressed queries, keys and values (MLA)
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
const char* tensor_name(Tensor tensor);

using TensorVisitor = std::function<void(Tensor, Bytes)>;

/// `tokens` of one micro-batch on a tensor-parallel group (sequence / cp * micro_batch_size).
void visit_kept_tensors(const TrainingJob& job, const LayerShape& layer, const TrainingLayout& layout,
                        const TensorVisitor& visit);

/// What stays for the backward pass under the layout's recomputation.
Bytes activation_bytes(const TrainingJob& job, const LayerShape& layer, const TrainingLayout& layout);

}  // namespace stargate
