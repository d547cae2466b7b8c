// Walks the operators of a layer once for device time. Attention runs in its own kernels; experts as grouped products.
#include "stargate/training/layer_work.hpp"

#include "stargate/training/activations.hpp"

namespace stargate {
namespace {

/// Traffic of element-wise work with a kernel an operation over that of fused kernels, of layers with a gate: a
/// residual and a root-mean-square norm that casts to fp32 read and write 10 to 18 elements instead of 4, rotary as
/// complex numbers 10 instead of 2, a gated activation 5 instead of 3. LayerNorm and GELU, of layers without, are one
/// kernel each everywhere.
constexpr double kEagerTraffic = 2.5;

/// Casting to a format below bf16: read the bf16 tensor, write it and its transpose (both are multiplied with; Hopper's
/// fp8 units take one order only, and scales of blocks run along the depth). Where measured products contain a cast,
/// the first order is in them: forward the transpose is left to write, backward the two products hold both.
Duration cast_time(const DeviceLaw& law, const Operator& op, bool forward) {
  const double narrow = bytes_per_element(op.precision);
  if (op.kind != OperatorKind::gemm || narrow >= kActivationBytes) return {};
  const double elements = (forward ? op.m * op.k : op.m * op.n) * op.groups;
  const double bytes = !law.casts(op.precision) ? kActivationBytes + 2 * narrow : forward ? narrow : 0;
  return Bytes::from_base(elements * bytes) / law.stream_bandwidth();
}

/// Attention's projections may stay in bf16. Training multiplies experts as grouped products, forward as backward; the
/// fused kernels of serving are not used.
Operator as_it_runs(const VariantPrecision& precision, Operator op) {
  if (op.kind == OperatorKind::gemm && op.part == OperatorPart::attention_projection &&
      op.precision != Precision::bf16) {
    op.precision = precision.attention;
  }
  op.experts = {};
  return op;
}

/// Both gradients, or the input's alone where weights are frozen.
Duration gradient_time(const Slice& slice, const Operator& op) {
  const DeviceLaw& law = slice.job.law;
  const bool input_only = slice.job.recipe.frozen_weights && op.kind == OperatorKind::gemm && op.has_weights;
  return input_only ? law.gemm_time(op.precision, op.m, op.k, op.n, op.groups) : law.backward_time(op);
}

/// An expert's products where no kernels were measured: many small products reach less than one large.
bool is_small_product(const DeviceLaw& law, const Operator& op) {
  return op.kind == OperatorKind::gemm && op.experts.tokens > 0 && !law.measured(op.precision);
}

/// Once there and once back, without casts, of `op` as it is counted: with the experts it belongs to.
ProductTime small_product_times(const Slice& slice, const Operator& op) {
  const auto time = [&](double m, double n, double k) {
    Operator product = op;
    product.m = m, product.n = n, product.k = k;
    return slice.job.law.operator_time(product);
  };
  const Duration input = time(op.m, op.k, op.n);
  const bool input_only = slice.job.recipe.frozen_weights && op.has_weights;
  return {time(op.m, op.n, op.k), input_only ? input : input + time(op.k, op.n, op.m)};
}

/// The same of `op` as it runs; it is no part of a fused kernel.
ProductTime operator_times(const Slice& slice, const Operator& op, ProductTimes<ProductTime>* products) {
  const auto find = [&] { return ProductTime{slice.job.law.operator_time(op), gradient_time(slice, op)}; };
  return products != nullptr && op.kind == OperatorKind::gemm ? products->at(op, find) : find();
}

/// Experts with bias vectors: grouped products have no room for them, so each expert's rows are cut out, its bias times
/// the routing's weights is made and added, and the rows are put together again: six passes over the products' results
/// forward and ten backward (Megatron-Core's TEGroupedMLP). A compiler fuses them into the products.
constexpr double kBiasForward = 6, kBiasBackward = 10;

ProductTime expert_bias_times(const Slice& slice, const LayerShape& layer, const Operator& op) {
  const bool biased = op.part == OperatorPart::experts && op.kind == OperatorKind::gemm && layer.feed_forward.bias;
  if (!biased || slice.job.recipe.kernels == KernelFusion::compiled) return {};
  const Bytes result = Bytes::from_base(op.m * op.n * op.groups * kActivationBytes);
  return {slice.job.law.stream_time(kBiasForward * result), slice.job.law.stream_time(kBiasBackward * result)};
}

/// Operators that work token by token, forward and backward, and what of them the layout's modules run again.
TokenWork token_work(const Slice& slice, const LayerShape& layer, ProductTimes<ProductTime>* products) {
  const DeviceLaw& law = slice.job.law;
  const VariantPrecision precision = variant_precision(slice.job.recipe, slice.variant);
  const bool eager = slice.job.recipe.kernels == KernelFusion::eager && layer.feed_forward.gated;
  const double traffic = eager ? kEagerTraffic : 1;
  const bool dense = layer.feed_forward.kind == FeedForwardKind::dense;
  const RecomputeModules modules = slice.layout.recompute_modules;
  TokenWork work;
  visit_token_operators(*slice.job.model, layer, slice.shard, {precision.linear, precision.expert}, slice.tokens, false,
                        [&](const Operator& counted) {
                          Operator op = as_it_runs(precision, counted);
                          op.traffic = traffic * op.traffic;
                          // A narrow product issues the cast of its input too.
                          const bool narrow = op.kind == OperatorKind::gemm &&
                                              bytes_per_element(op.precision) < kActivationBytes;
                          work.operators += narrow ? 2 : 1;
                          const ProductTime time = is_small_product(law, counted)
                                                       ? small_product_times(slice, counted)
                                                       : operator_times(slice, op, products);
                          const ProductTime bias = expert_bias_times(slice, layer, op);
                          const Duration ahead = time.forward + bias.forward + cast_time(law, op, true);
                          const Duration back = time.backward + bias.backward + cast_time(law, op, false);
                          work.forward += ahead, work.backward += back, work.flops += op.flops();
                          if (dense && op.kind == OperatorKind::gemm && op.part == OperatorPart::feed_forward) {
                            work.last = ahead, work.last_flops = op.flops();
                          }
                          if (op.kind == OperatorKind::gemm) work.matrix_backward += back - bias.backward;
                          const double again = redone_share(layer, op, modules);
                          work.redone += again * ahead, work.redone_flops += again * op.flops();
                        });
  return work;
}

/// Scores and values as separate kernels over the whole square: two batched products, softmax and dropout in memory.
AttentionWork split_attention(const Slice& slice, const AttentionCall& call) {
  const DeviceLaw& law = slice.job.law;
  const double groups = call.sequences * call.heads, query = call.query,
               context = static_cast<double>(slice.job.seq_length);
  const auto product = [&](double m, double n, double k) { return law.gemm_time(Precision::bf16, m, n, k, groups); };
  const double scores = groups * query * context;
  const bool dropout = slice.job.recipe.dropout;
  const auto pass = [&](double bytes) { return law.stream_time(Bytes::from_base(scores * bytes)); };
  AttentionWork out;
  out.forward = product(query, context, call.score_dim) + product(query, call.value_dim, context) + pass(4);
  out.backward = product(query, call.score_dim, context) + product(context, call.score_dim, query) +
                 product(query, context, call.value_dim) + product(context, call.value_dim, query) + pass(6);
  if (dropout) {  // reads and writes the scores, with a mask of one byte
    out.forward += pass(5);
    out.backward += pass(5);
  }
  return out;
}

/// Attention time over that of kernels written for the device. The first two versions of FlashAttention know no
/// asynchronous tensor cores (Hopper and later, those with fp8).
double attention_slowdown(const TrainingJob& job) {
  const auto& c = job.coefficients;
  if (job.recipe.attention == AttentionGeneration::native) return 1;
  const bool asynchronous = job.accelerator != nullptr && job.accelerator->peak.count(Precision::fp8) > 0;
  return (job.recipe.attention == AttentionGeneration::flash1 ? c.flash1_slowdown : 1) *
         (asynchronous ? c.flash2_slowdown : 1);
}

/// Scores and values of one micro-batch, fused or as separate kernels.
AttentionWork attention_work(const Slice& slice, const LayerShape& layer) {
  const TrainingJob& job = slice.job;
  AttentionBatch batch;
  batch.sequences = slice.layout.micro_batch_size;
  batch.query = slice.sequence;
  // A piece from the front and one from the back see the mean: (s + s / cp) / 2 tokens at the end gives
  // s (s + 1) / 2 / cp pairs in all. Of one piece each, the last sees everything.
  batch.context = static_cast<double>(job.seq_length);
  if (job.recipe.context_balanced) batch.context = (batch.context + slice.sequence) / 2;
  const double slowdown = attention_slowdown(job);
  AttentionWork out;
  visit_attention_operators(*job.model, layer, slice.shard, batch, [&](const Operator& op) {
    if (op.kind != OperatorKind::attention) {  // states and selected tokens: kernels of their own, whatever the recipe
      out.forward += job.law.operator_time(op), out.backward += job.law.backward_time(op);
      out.flops += op.flops();
      out.keys_values += Bytes::from_base(op.sparse.sequences * op.sparse.query * op.sparse.vector_bytes);
      return;
    }
    AttentionWork work = job.recipe.fused_attention
                             ? AttentionWork{slowdown * job.law.operator_time(op),
                                             slowdown * job.law.backward_attention_time(
                                                            op.attention, job.coefficients.attention_backward),
                                             {},
                                             {}}
                             : split_attention(slice, op.attention);
    out.forward += work.forward, out.backward += work.backward;
    out.flops += op.flops();
    const auto& call = op.attention;
    const double vectors = call.kv_heads * (call.score_dim + call.value_dim);
    out.keys_values += Bytes::from_base(call.sequences * call.query * vectors * kActivationBytes);
  });
  return out;
}

}  // namespace

Slice make_slice(const TrainingJob& job, const TrainingLayout& l) {
  const double sequence = static_cast<double>(job.seq_length) / l.cp, tokens = sequence * l.micro_batch_size;
  const Shard shard{l.tp, l.ep, l.etp, l.sequence_parallel, job.recipe.routing.busiest(l.ep)};
  return {job, l, {}, shard, sequence, tokens, l.sequence_parallel ? tokens / l.tp : tokens};
}

bool give_same_work(const TrainingCoefficients& a, const TrainingCoefficients& b) {
  return a.activity == b.activity && a.attention_backward == b.attention_backward &&
         a.flash1_slowdown == b.flash1_slowdown && a.flash2_slowdown == b.flash2_slowdown;
}

Operator prediction_operator(const Slice& slice) {
  Operator projection;
  projection.precision = slice.job.recipe.precision.linear;
  projection.m = slice.tokens, projection.n = slice.hidden() / slice.layout.tp, projection.k = 2 * slice.hidden();
  return projection;
}

ShardWork shard_work(const TrainingJob& job, const TrainingLayout& layout, ProductTimes<ProductTime>* products) {
  Slice slice = make_slice(job, layout);
  const auto both_ways = [&](const Operator& op) {
    return ProductTime{job.law.operator_time(op), job.law.backward_time(op)};
  };
  ShardWork out;
  const std::size_t shapes = job.model->shapes.size();
  out.layers.reserve(2 * shapes);
  for (const bool bf16 : {false, true}) {
    if (bf16 && !has_bf16_layers(job)) continue;
    for (std::size_t i = 0; i < shapes; ++i) {
      const LayerShape& shape = job.model->shapes[i];
      slice.variant = {static_cast<int>(i), Recompute::none, bf16, false};
      out.layers.push_back({token_work(slice, shape, products), attention_work(slice, shape)});
    }
  }
  out.output = both_ways(output_operator(*job.model, slice.shard, slice.tokens));
  if (job.recipe.mtp_layers > 0) out.prediction = both_ways(prediction_operator(slice));
  return out;
}

}  // namespace stargate
