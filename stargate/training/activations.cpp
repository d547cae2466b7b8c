// Sizes of kept tensors. Activations are bf16, dropout masks a byte, FlashAttention's sums fp32. With sequence
// parallelism what lies between the tensor-parallel regions is split by tp as well; a linear layer's input is then kept
// split and gathered again in the backward pass (arXiv 2205.05198, section 4.2.2).
#include "stargate/training/activations.hpp"

#include <cmath>

namespace stargate {
namespace {

constexpr double kElement = 2;  // bf16

struct Keep {
  const TrainingJob& job;
  const TrainingLayout& layout;
  const TensorVisitor& visit;
  double tokens, stream_tokens;  ///< in tensor-parallel regions, and between them

  void operator()(Tensor tensor, double elements, double bytes = kElement) const {
    if (elements > 0) visit(tensor, Bytes::from_base(elements * bytes));
  }
};

void keep_cached_attention(const Keep& keep, const AttentionShape& a) {
  const auto& l = keep.layout;
  const double heads = static_cast<double>(a.heads) / l.tp;
  const bool latent = a.kind == AttentionKind::latent;
  const double kv_heads = latent ? heads : std::ceil(static_cast<double>(a.kv_heads) / l.tp);
  if (latent) keep(Tensor::latent, keep.tokens * (a.q_lora_rank + a.kv_lora_rank + a.rope_dim));
  const double kv_width = a.keys_are_values ? a.head_dim : a.head_dim + a.value_dim;
  const double query_width = heads * a.head_dim * (a.output_gate ? 2 : 1);
  keep(Tensor::query_key_value, keep.tokens * (query_width + kv_heads * kv_width));
  if (keep.job.recipe.fused_attention) {
    keep(Tensor::attention_sums, keep.tokens * heads, 4);
  } else {  // softmax; with dropout its result and mask too
    const double scores = keep.tokens * heads * static_cast<double>(keep.job.seq_length);
    keep(Tensor::attention_scores, scores, keep.job.recipe.dropout ? 5 : 2);
  }
  keep(Tensor::attention_output, keep.tokens * heads * a.value_dim);
}

void keep_recurrent(const Keep& keep, const AttentionShape& a) {
  const double tp = keep.layout.tp;
  double in = 0, inner = 0;
  if (a.kind == AttentionKind::linear) {
    inner = static_cast<double>(a.kv_heads) * a.value_dim;
    in = 2.0 * a.heads * a.head_dim + 2 * inner + 2.0 * a.kv_heads;
  } else {
    inner = static_cast<double>(a.heads) * a.head_dim;
    in = 2 * inner + 2.0 * a.groups * a.state_dim + a.heads;
  }
  keep(Tensor::recurrent_input, 2 * keep.tokens * in / tp);  // before and after the convolution
  keep(Tensor::attention_output, keep.tokens * inner / tp);
}

void keep_feed_forward(const Keep& keep, const FeedForwardShape& f) {
  const auto& l = keep.layout;
  const double h = keep.job.model->hidden, gate = f.gated ? 2 : 1;
  keep(Tensor::linear_input, keep.stream_tokens * h);
  if (f.kind == FeedForwardKind::dense) {
    keep(Tensor::feed_forward_input, keep.tokens * gate * f.width / l.tp);
    keep(Tensor::feed_forward_output, keep.tokens * f.width / l.tp);
    return;
  }
  const double rows = keep.tokens * f.top_k * l.etp / l.tp;  // on this rank's experts, balanced routing
  keep(Tensor::routing, keep.stream_tokens * f.experts, 4);
  keep(Tensor::routed_tokens, 2 * rows * h);  // experts' inputs, and outputs for the weighted sum
  keep(Tensor::feed_forward_input, rows * gate * f.width / l.etp);
  keep(Tensor::feed_forward_output, rows * f.width / l.etp);
  keep(Tensor::feed_forward_input, keep.tokens * gate * f.shared_width / l.tp);
  keep(Tensor::feed_forward_output, keep.tokens * f.shared_width / l.tp);
}

}  // namespace

const char* tensor_name(Tensor tensor) {
  switch (tensor) {
    case Tensor::norm_input:
      return "norm input";
    case Tensor::linear_input:
      return "linear input";
    case Tensor::latent:
      return "latent";
    case Tensor::query_key_value:
      return "query, key, value";
    case Tensor::attention_scores:
      return "attention scores";
    case Tensor::attention_sums:
      return "attention sums";
    case Tensor::attention_output:
      return "attention output";
    case Tensor::recurrent_input:
      return "recurrent input";
    case Tensor::feed_forward_input:
      return "feed-forward input";
    case Tensor::feed_forward_output:
      return "feed-forward output";
    case Tensor::routed_tokens:
      return "routed tokens";
    case Tensor::routing:
      return "routing";
    case Tensor::dropout_mask:
      return "dropout mask";
  }
  return "?";
}

void visit_kept_tensors(const TrainingJob& job, const LayerShape& layer, const TrainingLayout& layout,
                        const TensorVisitor& visit) {
  const double tokens = static_cast<double>(layout.micro_batch_size) * static_cast<double>(job.seq_length) / layout.cp;
  const Keep keep{job, layout, visit, tokens, layout.sequence_parallel ? tokens / layout.tp : tokens};
  const double stream = keep.stream_tokens * job.model->hidden;
  if (layer.attention.kind != AttentionKind::none) {
    keep(Tensor::norm_input, stream);
    keep(Tensor::linear_input, stream);
    if (layer.attention.kind == AttentionKind::linear || layer.attention.kind == AttentionKind::state_space) {
      keep_recurrent(keep, layer.attention);
    } else {
      keep_cached_attention(keep, layer.attention);
    }
    if (job.recipe.dropout) keep(Tensor::dropout_mask, stream, 1);
  }
  if (layer.feed_forward.kind != FeedForwardKind::none) {
    keep(Tensor::norm_input, stream);
    keep_feed_forward(keep, layer.feed_forward);
    if (job.recipe.dropout) keep(Tensor::dropout_mask, stream, 1);
  }
}

Bytes activation_bytes(const TrainingJob& job, const LayerShape& layer, const TrainingLayout& layout) {
  Bytes sum;
  if (layout.recompute == Recompute::full) {  // the layer's input, which is its first norm's
    visit_kept_tensors(job, layer, layout, [&](Tensor tensor, Bytes size) {
      if (tensor == Tensor::norm_input) sum = size;
    });
    return sum;
  }
  visit_kept_tensors(job, layer, layout, [&](Tensor tensor, Bytes size) {
    const bool redone = tensor == Tensor::attention_scores || tensor == Tensor::attention_sums;
    if (!redone || layout.recompute == Recompute::none) sum += size;
  });
  return sum;
}

}  // namespace stargate
