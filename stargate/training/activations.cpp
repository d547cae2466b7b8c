// Sizes of kept tensors. Activations are bf16, dropout masks a byte, FlashAttention's sums fp32. With sequence
// parallelism what lies between the tensor-parallel regions is split by tp as well; a linear layer's input is then kept
// split and gathered again in the backward pass (arXiv 2205.05198, section 4.2.2).
#include "stargate/training/activations.hpp"

#include <algorithm>
#include <cmath>

namespace stargate {
namespace {

constexpr double kElement = 2;  // bf16

/// Of a tensor that only multiplies of this precision read. A product keeps its input for the weight gradient in the
/// format it multiplies in, and no wider than bf16.
double operand_bytes(Precision precision) { return std::min(kElement, bytes_per_element(precision)); }

/// One layer's tensors as they are kept, with the sizes they share.
struct Keep {
  const KeptLayer& layer;
  const TensorVisitor& visit;
  VariantPrecision precision;
  double tokens, stream_tokens;  ///< in tensor-parallel regions, and between them
  LayerPart part = LayerPart::attention;

  const TrainingLayout& layout() const { return layer.layout; }
  const TrainingRecipe& recipe() const { return layer.job.recipe; }
  void operator()(Tensor tensor, double elements, double bytes = kElement) const {
    if (elements > 0) visit({part, tensor, Bytes::from_base(elements * bytes)});
  }
  /// Input of the activation function (twice the width when gated: gate and up), and its output, which only the next
  /// product reads.
  void activation_function(double tokens_of_rank, double gate, double width, Precision reader) const {
    (*this)(Tensor::feed_forward_input, tokens_of_rank * gate * width,
            recipe().narrow_activation_input ? bytes_per_element(Precision::fp8) : kElement);
    (*this)(Tensor::feed_forward_output, tokens_of_rank * width, operand_bytes(reader));
  }
};

/// Of full, sliding and latent attention. Scores are kept only by unfused kernels: s^2 elements a head.
void keep_cached_attention(const Keep& keep, const AttentionShape& a) {
  const double tp = keep.layout().tp, heads = a.heads / tp, narrow = operand_bytes(keep.precision.attention);
  const bool latent = a.kind == AttentionKind::latent;
  // Latent attention trains on expanded heads: each query head has keys and values of its own. Grouped heads are copied
  // where the tensor group is larger than their number.
  const double kv_heads = latent ? heads : std::ceil(a.kv_heads / tp);
  if (latent) {
    keep(Tensor::latent, keep.tokens * (a.q_lora_rank + a.kv_lora_rank + a.rope_dim));
    keep(Tensor::latent, keep.tokens * (a.q_lora_rank + a.kv_lora_rank), narrow);
  }
  const double kv_width = a.keys_are_values ? a.head_dim : a.head_dim + a.value_dim;
  const double query_width = heads * a.head_dim * (a.output_gate ? 2 : 1);
  keep(Tensor::query_key_value, keep.tokens * (query_width + kv_heads * kv_width));
  const double output = keep.tokens * heads * a.value_dim;
  if (keep.recipe().fused_attention) {
    keep(Tensor::attention_sums, keep.tokens * heads, 4);
    keep(Tensor::attention_output, output, kElement + (narrow < kElement ? narrow : 0));  // the kernel reads it too
    return;
  }
  // Unfused, every query keeps a row of scores as long as the whole sequence: the s^2 term of the paper's equation.
  const double scores = keep.tokens * heads * static_cast<double>(keep.layer.job.seq_length);
  keep(Tensor::attention_scores, scores, keep.recipe().dropout ? 5 : 2);  // with dropout its result and mask too
  keep(Tensor::attention_output, output, narrow);
}

/// Of the gated delta rule and Mamba-2: inputs around the convolution and the result; states are found again by chunks.
void keep_recurrent(const Keep& keep, const AttentionShape& a) {
  const double tp = keep.layout().tp;
  double in = 0, inner = 0;
  if (a.kind == AttentionKind::linear) {
    inner = static_cast<double>(a.kv_heads) * a.value_dim;
    in = 2.0 * a.heads * a.head_dim + 2 * inner + 2.0 * a.kv_heads;
  } else {
    inner = static_cast<double>(a.heads) * a.head_dim;
    in = 2 * inner + 2.0 * a.groups * a.state_dim + a.heads;
  }
  keep(Tensor::recurrent_input, 2 * keep.tokens * in / tp);  // before and after the convolution
  keep(Tensor::attention_output, keep.tokens * inner / tp, operand_bytes(keep.precision.attention));
}

void keep_feed_forward(Keep& keep, const FeedForwardShape& f) {
  const auto& l = keep.layout();
  const double h = keep.layer.job.model->hidden, gate = f.gated ? 2 : 1;
  if (f.kind == FeedForwardKind::dense) {
    keep(Tensor::linear_input, keep.stream_tokens * h, operand_bytes(keep.precision.linear));
    keep.activation_function(keep.tokens, gate, static_cast<double>(f.width) / l.tp, keep.precision.linear);
    return;
  }
  keep.part = LayerPart::experts;
  keep(Tensor::linear_input, keep.stream_tokens * h);  // the router reads bf16
  // Rows of the busiest expert rank, since the fullest accelerator is what must fit: the tensor group's tokens, each
  // sent to top_k experts, shared by its ranks.
  const double rows = keep.tokens * f.top_k * l.etp / l.tp * keep.recipe().routing.busiest(l.ep);
  keep(Tensor::routing, keep.stream_tokens * f.experts, 4);
  // The gates weigh the activation function's output (Megatron-Core since 0.12), so experts' outputs are not kept.
  keep(Tensor::routed_tokens, rows * h, operand_bytes(keep.precision.expert));
  keep.activation_function(rows, gate, static_cast<double>(f.width) / l.etp, keep.precision.expert);
  keep.part = LayerPart::shared_experts;
  keep.activation_function(keep.tokens, gate, static_cast<double>(f.shared_width) / l.tp, keep.precision.linear);
}

}  // namespace

VariantPrecision variant_precision(const TrainingRecipe& recipe, const LayerVariant& variant) {
  if (variant.bf16) return {};
  const auto [linear, expert] = recipe.precision;
  return {recipe.bf16_attention ? Precision::bf16 : linear, linear, expert};
}

const char* layer_part_name(LayerPart part) {
  switch (part) {
    case LayerPart::attention:
      return "attention";
    case LayerPart::feed_forward:
      return "feed-forward";
    case LayerPart::experts:
      return "experts";
    case LayerPart::shared_experts:
      return "shared experts";
  }
  return "?";
}

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

void visit_kept_tensors(const KeptLayer& layer, const TensorVisitor& visit) {
  const TrainingLayout& l = layer.layout;
  const LayerShape& shape = layer.shape();
  // Context parallelism cuts the sequence, tensor parallelism the widths; with sequence parallelism the stream between
  // the regions is cut by tp as well.
  const double tokens = static_cast<double>(l.micro_batch_size) * static_cast<double>(layer.job.seq_length) / l.cp;
  Keep keep{layer, visit, variant_precision(layer.job.recipe, layer.variant), tokens,
            l.sequence_parallel ? tokens / l.tp : tokens};
  const double stream = keep.stream_tokens * layer.job.model->hidden;
  if (shape.attention.kind != AttentionKind::none) {
    keep(Tensor::norm_input, stream);
    keep(Tensor::linear_input, stream, operand_bytes(keep.precision.attention));
    if (shape.attention.kind == AttentionKind::linear || shape.attention.kind == AttentionKind::state_space) {
      keep_recurrent(keep, shape.attention);
    } else {
      keep_cached_attention(keep, shape.attention);
    }
    if (layer.job.recipe.dropout) keep(Tensor::dropout_mask, stream, 1);
  }
  if (shape.feed_forward.kind != FeedForwardKind::none) {
    keep.part = LayerPart::feed_forward;
    keep(Tensor::norm_input, stream);
    keep_feed_forward(keep, shape.feed_forward);
    keep.part = LayerPart::feed_forward;
    if (layer.job.recipe.dropout) keep(Tensor::dropout_mask, stream, 1);
  }
}

namespace {

/// Of a tensor where attention's result and every second product's are kept, results only: what normed streams and
/// activation functions give is found again, and all of experts. Of the two products that end in the stream,
/// attention's and a dense feed-forward's, one is kept: the second norm's input stands for it.
double alternate_dropped_share(const KeptTensor& kept) {
  const bool experts = kept.part == LayerPart::experts;
  switch (kept.tensor) {
    case Tensor::norm_input:
    case Tensor::attention_sums:
    case Tensor::attention_output:
      return 0;
    case Tensor::latent:
    case Tensor::query_key_value:
    case Tensor::recurrent_input:
    case Tensor::feed_forward_input:
      return experts ? 1 : 0.5;
    default:
      return 1;
  }
}

/// By modules that are kept or found again as a whole. Full recomputation keeps the layer's input alone; selective
/// drops what its modules can find again from what is kept.
bool is_dropped(const KeptLayer& layer, const KeptTensor& kept) {
  const Recompute recompute = layer.variant.recompute;
  if (recompute == Recompute::none) return false;
  const bool attention = kept.part == LayerPart::attention;
  if (recompute == Recompute::full) {  // but for the layer's input, which is its first norm's
    const bool first = attention || layer.shape().attention.kind == AttentionKind::none;
    return kept.tensor != Tensor::norm_input || !first;
  }
  // Selective: a tensor goes if its module runs again in the backward pass and finds it from something that is kept.
  const RecomputeModules modules = layer.layout.recompute_modules;
  const bool whole_moe = modules.has(RecomputeModule::moe);
  switch (kept.tensor) {
    case Tensor::attention_scores:
    case Tensor::attention_sums:
      return modules.has(RecomputeModule::core_attn);
    case Tensor::query_key_value:
      return modules.has(RecomputeModule::mla_up_proj) && layer.shape().attention.kind == AttentionKind::latent;
    case Tensor::linear_input:
      return modules.has(RecomputeModule::layernorm);
    case Tensor::routing:
    case Tensor::routed_tokens:
      return whole_moe;
    case Tensor::feed_forward_input:
    case Tensor::feed_forward_output:
      if (kept.part == LayerPart::feed_forward) return modules.has(RecomputeModule::mlp);
      if (kept.part == LayerPart::shared_experts) return whole_moe || modules.has(RecomputeModule::shared_experts);
      return whole_moe || (modules.has(RecomputeModule::moe_act) && kept.tensor == Tensor::feed_forward_output);
    default:
      return false;
  }
}

}  // namespace

double dropped_share(const KeptLayer& layer, const KeptTensor& kept) {
  if (is_dropped(layer, kept)) return 1;
  const bool alternate = layer.variant.recompute == Recompute::selective &&
                         layer.layout.recompute_modules.has(RecomputeModule::alternate_products);
  return alternate ? alternate_dropped_share(kept) : 0;
}

Bytes activation_bytes(const KeptLayer& layer) {
  Bytes sum;
  visit_kept_tensors(layer, [&](const KeptTensor& kept) {
    sum += (1 - dropped_share(layer, kept)) * kept.size;
  });
  return sum;
}

}  // namespace stargate
