// Walks the operators of a layer once for device time and adds the collectives of its parallel groups. Communication of
// tensor and expert parallelism stands on the critical path (no overlap); the ring of context parallelism runs under
// attention, and only its excess waits; so does the repeated gather of a linear layer's input in the backward pass,
// which runs under the input gradient (arXiv 2205.05198, section 4.2.2).
#include "stargate/training/layer_cost.hpp"

#include <cmath>

#include "stargate/training/activations.hpp"

namespace stargate {
namespace {

constexpr double kElement = 2;  // bf16 activations and their gradients
/// Traffic of element-wise work with a kernel an operation over that of fused kernels, of layers with a gate: a
/// residual and a root-mean-square norm that casts to fp32 read and write 10 to 18 elements instead of 4, rotary as
/// complex numbers 10 instead of 2, a gated activation 5 instead of 3. LayerNorm and GELU, of layers without, are one
/// kernel each everywhere.
constexpr double kEagerTraffic = 2.5;

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
  Bytes stream() const { return Bytes::from_base(tokens * hidden() * kElement); }
};

/// Tensor groups lie side by side in a scale-up domain (stride 1), so `tensor_group` is placed so.
Slice make_slice(const TrainingJob& job, const TrainingLayout& l) {
  const double sequence = static_cast<double>(job.seq_length) / l.cp, tokens = sequence * l.micro_batch_size;
  const Shard shard{l.tp, l.ep, l.etp, l.sequence_parallel, job.recipe.routing.busiest(l.ep)};
  return {job, l, {}, shard, sequence, tokens, l.sequence_parallel ? tokens / l.tp : tokens};
}

/// Casting to a format below bf16: read the bf16 tensor, write it and its transpose (both are multiplied with; Hopper's
/// fp8 units take one order only, and scales of blocks run along the depth). Where measured products contain a cast,
/// the first order is in them: forward the transpose is left to write, backward the two products hold both.
Duration cast_time(const DeviceLaw& law, const Operator& op, bool forward) {
  const double narrow = bytes_per_element(op.precision);
  if (op.kind != OperatorKind::gemm || narrow >= kElement) return {};
  const double elements = (forward ? op.m * op.k : op.m * op.n) * op.groups;
  // Without a measured cast: read 2 bytes, write the format twice. With one: forward only the transpose is left.
  const double bytes = !law.casts(op.precision) ? kElement + 2 * narrow : forward ? narrow : 0;
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

/// Of an expert's products where no kernels were measured: many small products reach less than one large.
double expert_slowdown(const DeviceLaw& law, const Operator& op) {
  if (op.kind != OperatorKind::gemm || !(op.experts.tokens > 0) || law.measured(op.precision)) return 1;
  Operator plain = op;
  plain.experts = {};
  return law.operator_time(op) / law.operator_time(plain);
}

/// Both gradients, or the input's alone where weights are frozen.
Duration gradient_time(const Slice& slice, const Operator& op) {
  const DeviceLaw& law = slice.job.law;
  // LoRA: no product for a frozen weight's gradient, so the backward pass has one product instead of two.
  const bool input_only = slice.job.recipe.frozen_weights && op.kind == OperatorKind::gemm && op.has_weights;
  return input_only ? law.gemm_time(op.precision, op.m, op.k, op.n, op.groups) : law.backward_time(op);
}

struct TokenWork {
  Duration matrix_backward;
  int operators = 0;
  /// The product a dense layer ends with. Its result goes into the stream alone, which is kept, so that a compiler
  /// leaves it out of what runs again.
  Duration last;
  Flops last_flops;
};

/// Whether the variant runs the operator once more before its backward pass.
bool is_redone(const Slice& slice, const LayerShape& layer, const Operator& op) {
  switch (slice.variant.recompute) {
    case Recompute::none:
      return false;
    case Recompute::selective:
      return is_redone(layer, op, slice.layout.recompute_modules);
    case Recompute::full:
      return true;
  }
  return false;
}

/// Operators that work token by token, forward and backward, and again where recomputation runs them.
TokenWork add_token_work(const Slice& slice, const LayerShape& layer, LayerCost& cost) {
  const DeviceLaw& law = slice.job.law;
  const VariantPrecision precision = variant_precision(slice.job.recipe, slice.variant);
  const bool eager = slice.job.recipe.kernels == KernelFusion::eager && layer.feed_forward.gated;
  const double traffic = eager ? kEagerTraffic : 1;
  const bool dense = layer.feed_forward.kind == FeedForwardKind::dense;
  TokenWork work;
  visit_token_operators(*slice.job.model, layer, slice.shard, {precision.linear, precision.expert}, slice.tokens, false,
                        [&](const Operator& counted) {
                          Operator op = as_it_runs(precision, counted);
                          op.traffic = traffic * op.traffic;
                          ++work.operators;
                          const double slower = expert_slowdown(law, counted);
                          const Duration ahead = slower * law.operator_time(op) + cast_time(law, op, true);
                          const Duration back = slower * gradient_time(slice, op) + cast_time(law, op, false);
                          cost.forward += ahead, cost.backward += back;
                          // The walk visits them in order, so the last one seen is the down projection.
                          if (dense && op.kind == OperatorKind::gemm && op.part == OperatorPart::feed_forward) {
                            work.last = ahead, work.last_flops = op.flops();
                          }
                          if (op.kind == OperatorKind::gemm) work.matrix_backward += back;
                          if (is_redone(slice, layer, op)) cost.recompute += ahead, cost.recompute_flops += op.flops();
                        });
  return work;
}

struct AttentionWork {
  Duration forward, backward;
  Flops flops;
  Bytes keys_values;  ///< of this rank's part of the sequence
};

/// Scores and values as separate kernels over the whole square: two batched products, softmax and dropout in memory.
AttentionWork split_attention(const Slice& slice, const AttentionCall& call) {
  const DeviceLaw& law = slice.job.law;
  const double groups = call.sequences * call.heads, query = call.query,
               context = static_cast<double>(slice.job.seq_length);
  const auto product = [&](double m, double n, double k) { return law.gemm_time(Precision::bf16, m, n, k, groups); };
  // Elements of the score matrix: every query against the whole sequence, masked half included, since separate kernels
  // do not skip it.
  const double scores = groups * query * context;
  const bool dropout = slice.job.recipe.dropout;
  const auto pass = [&](double bytes) { return law.stream_time(Bytes::from_base(scores * bytes)); };
  AttentionWork out;
  // Scores, values, and a pass of softmax that reads and writes 2 bytes an element; backward four products (two
  // gradients of each) and a pass over scores, their gradient and the result.
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
    out.keys_values +=
        Bytes::from_base(call.sequences * call.query * call.kv_heads * (call.score_dim + call.value_dim) * kElement);
  });
  return out;
}

/// Ring attention: while a piece of the sequence is attended to, the next is on its way; cp - 1 of them, each as long
/// as the longer of both.
void add_ring(const Slice& slice, const AttentionWork& attention, LayerCost& cost) {
  const int cp = slice.layout.cp;
  if (cp == 1) return;
  const Group ring = place_group(slice.job.fabric, cp, slice.layout.tp);
  // One step of the ring: a piece's keys and values travel while another piece is attended to, which takes the cp-th
  // part of the work. What the transfer takes longer shows, cp - 1 times.
  const auto wait = [&](double copies, Duration work) {
    const Duration send =
        collective_time(slice.job.fabric, Collective::send_receive, copies * attention.keys_values, ring);
    return (cp - 1) * max(Duration{}, send - work / static_cast<double>(cp));
  };
  cost.forward_wait.context += wait(1, attention.forward);
  cost.backward_wait.context += wait(2, attention.backward);  // keys and values, and their gradients
  cost.buffers += 2.0 * attention.keys_values;
}

/// Tensor-parallel regions of a layer, each with one collective in and one out: attention, dense or shared
/// feed-forward.
int tensor_regions(const LayerShape& layer) {
  const bool feed = layer.feed_forward.kind == FeedForwardKind::dense || layer.feed_forward.shared_width > 0;
  return (layer.attention.kind != AttentionKind::none ? 1 : 0) + (feed ? 1 : 0);
}

/// One all-reduce in and out of a region, or with sequence parallelism an all-gather in and a reduce-scatter out,
/// partly hidden under their matrix multiply (Megatron-Core's tp_comm_overlap).
void add_tensor_regions(const Slice& slice, int regions, Duration matrix_backward, LayerCost& cost) {
  if (slice.layout.tp == 1 || regions == 0) return;
  const Fabric& fabric = slice.job.fabric;
  const Group group = slice.tensor_group();
  if (!slice.layout.sequence_parallel) {
    const Duration all = regions * collective_time(fabric, Collective::all_reduce, slice.stream(), group);
    cost.forward_wait.tensor += all, cost.backward_wait.tensor += all;
    return;
  }
  // The share hidden is a coefficient of the framework; the rest of gather and scatter stands on the critical path.
  const double shown = slice.job.recipe.tensor_overlap ? 1 - slice.job.coefficients.tensor_overlap : 1;
  const Duration gather = shown * regions * collective_time(fabric, Collective::all_gather, slice.stream(), group);
  const Duration scatter = shown * regions * collective_time(fabric, Collective::reduce_scatter, slice.stream(), group);
  cost.forward_wait.tensor += gather + scatter;
  // Backward the collectives swap roles; the input is gathered once more for the weight gradient, under the input
  // gradient, which is half of the backward products.
  cost.backward_wait.tensor += gather + scatter + max(Duration{}, gather - matrix_backward / 2.0);
  cost.buffers += 2.0 * slice.stream();
}

/// Places that a token with k experts reaches, of D, over the copies it would take. A token's k experts lie in places
/// drawn at random: the expected number of different ones is D (1 - (1 - 1/D)^k), over k copies.
double distinct_share(double places, double top_k) {
  return places * (1 - std::pow(1 - 1 / places, top_k)) / top_k;
}

/// Tokens out to their experts, or back. Sent once to each of D domains, a token with k experts crosses to
/// (D - 1) (1 - (1 - 1/D)^k) others instead of k (D - 1) / D (DeepSeek-V3, arXiv 2412.19437, 3.2.2); inside a domain it
/// goes once to each rank likewise.
Duration exchange_time(const Slice& slice, Bytes routed, double top_k) {
  const Fabric& fabric = slice.job.fabric;
  const Group group = place_group(fabric, slice.layout.ep, slice.layout.etp);
  const double domains = std::ceil(static_cast<double>(group.size) / group.per_domain);
  if (group.size <= 1 || !slice.job.recipe.one_copy_per_domain) {
    return collective_time(fabric, Collective::all_to_all, routed, group);
  }
  const Group inside{group.per_domain, group.per_domain};
  const Duration within =
      collective_time(fabric, Collective::all_to_all, routed * distinct_share(group.size, top_k), inside);
  if (domains <= 1) return within;
  return max(collective_time(fabric, Collective::all_to_all, routed * distinct_share(domains, top_k), group), within);
}

/// There and back, and with expert tensor parallelism gathered and scattered around the experts.
void add_expert_exchange(const Slice& slice, const FeedForwardShape& feed, LayerCost& cost) {
  if (feed.kind != FeedForwardKind::experts) return;
  const auto& l = slice.layout;
  const Fabric& fabric = slice.job.fabric;
  // Bytes one rank sends out: its own tokens, top_k copies each, on the busiest rank more.
  const Bytes routed =
      Bytes::from_base(slice.stream_tokens * feed.top_k * slice.hidden() * kElement * slice.shard.imbalance);
  const double narrow = slice.job.recipe.narrow_dispatch ? bytes_per_element(Precision::fp8) / kElement : 1;
  Duration exchange = exchange_time(slice, narrow * routed, feed.top_k) + exchange_time(slice, routed, feed.top_k);
  if (l.etp > 1) {
    const Group group = place_group(fabric, l.etp, 1);
    // Each rank of an expert's tensor group has other tokens; all of them go through every slice of the expert.
    const Bytes gathered = routed * static_cast<double>(l.etp);
    exchange += collective_time(fabric, Collective::all_gather, gathered, group) +
                collective_time(fabric, Collective::reduce_scatter, gathered, group);
    cost.buffers += gathered;
  }
  const auto& recipe = slice.job.recipe;
  if (recipe.expert_overlap) exchange = (1 - slice.job.coefficients.expert_overlap) * exchange;
  if (recipe.launch != KernelLaunch::whole_step) exchange += slice.job.coefficients.expert_stall;
  cost.forward_wait.expert += exchange, cost.backward_wait.expert += exchange;
  if (l.ep > 1) cost.buffers += 2.0 * routed;
}

/// A pass takes no less than the host needs to issue its operators, the backward pass twice as many. Captured graphs of
/// layers leave the routing of experts to the host.
void wait_for_host(const Slice& slice, const LayerShape& layer, int operators, LayerCost& cost) {
  const auto& c = slice.job.coefficients;
  const KernelLaunch launch = slice.job.recipe.launch;
  if (launch == KernelLaunch::whole_step) return;
  Duration host;
  if (launch == KernelLaunch::host) host += static_cast<double>(operators) * c.host_operator;
  if (layer.feed_forward.kind == FeedForwardKind::experts) host += c.host_experts;
  const Duration none;
  // Idle device: what the host needs beyond the device's own time and waits. The host runs ahead while the device
  // waits, so waits count as cover.
  cost.forward += max(none, host - cost.forward - cost.forward_wait.total());
  cost.backward += max(none, 2.0 * host - cost.backward - cost.backward_wait.total());
}

/// Collectives of what runs again: all, or those of the regions and exchanges inside recomputed modules.
void add_recompute(const Slice& slice, const LayerShape& layer, const AttentionWork& attention, const TokenWork& work,
                   LayerCost& cost) {
  const Recompute recompute = slice.variant.recompute;
  const RecomputeModules modules = slice.layout.recompute_modules;
  if (recompute == Recompute::none) return;
  const bool full = recompute == Recompute::full;
  const bool scores = full || modules.has(RecomputeModule::core_attn);
  if (scores) cost.recompute += attention.forward;
  cost.recompute =
      full ? cost.forward : slice.job.coefficients.sustained * cost.recompute;  // full: as the host lets it
  if (full && slice.job.recipe.kernels == KernelFusion::compiled) {
    cost.recompute -= slice.job.coefficients.sustained * work.last, cost.recompute_flops -= work.last_flops;
  }
  // Attention runs again, so its ring does too; likewise exchanges and tensor regions below, as far as they lie in what
  // is repeated.
  if (scores) {
    cost.recompute_flops += attention.flops;
    cost.backward_wait.context += cost.forward_wait.context;
  }
  const bool moe = full || modules.has(RecomputeModule::moe);
  if (moe) cost.backward_wait.expert += cost.forward_wait.expert;
  const bool experts = layer.feed_forward.kind == FeedForwardKind::experts;
  const bool feed = experts ? moe || modules.has(RecomputeModule::shared_experts) : modules.has(RecomputeModule::mlp);
  const int regions = tensor_regions(layer), attention_regions = layer.attention.kind != AttentionKind::none ? 1 : 0;
  const int again = full ? regions : feed ? regions - attention_regions : 0;
  if (again > 0) cost.backward_wait.tensor += cost.forward_wait.tensor * (static_cast<double>(again) / regions);
}

/// Copies over the host's link run under the passes of other layers; only their excess waits.
void add_offload(const Slice& slice, LayerCost& cost) {
  const double share = slice.layout.offload_activations;
  if (share <= 0) return;
  cost.offloaded = share * cost.activations;
  // Copies out run while the layer computes forward, copies back while the next one runs backward: only the excess over
  // those passes shows.
  const Duration copy = cost.offloaded / slice.job.accelerator->host_bandwidth, none;
  cost.forward_wait.host = max(none, copy - cost.forward - cost.forward_wait.total());
  cost.backward_wait.host = max(none, copy - cost.backward - cost.recompute - cost.backward_wait.total());
  cost.buffers += 2.0 * cost.offloaded;  // one layer on its way, one arriving
  cost.activations -= cost.offloaded;
}

void add_memory(const Slice& slice, LayerCost& cost) {
  const KeptLayer layer{slice.job, slice.layout, slice.variant};
  Bytes all, widest;
  visit_kept_tensors(layer, [&](const KeptTensor& kept) {
    all += kept.size;
    widest = max(widest, kept.size);
    if (!is_dropped(layer, kept)) cost.activations += kept.size;
  });
  cost.working = all - cost.activations + widest;  // what recomputation brings back, and one gradient
}

/// Bytes a weight is held in and gathered in. Where the primary weights are bf16, a rank that keeps its stage's weights
/// whole keeps their copies in the format of the multiplies too; either way both orders of them (Transformer Engine).
struct WeightFormat {
  double held, sent;
};
WeightFormat weight_format(const Slice& slice, Precision precision) {
  const TrainingRecipe& recipe = slice.job.recipe;
  // Formats below bf16 are multiplied along one dimension, so both orders of the matrix are held: twice the narrow
  // bytes.
  const double wide = recipe.states.weight, narrow = bytes_per_element(precision);
  if (narrow >= kElement) return {wide, wide};
  if (recipe.narrow_weights) return {2 * narrow, narrow};
  return {slice.layout.zero_stage < 3 ? wide + 2 * narrow : wide, wide};
}

/// Norms and router stay in bf16.
void add_parameters(const Slice& slice, const LayerShape& layer, LayerCost& cost) {
  const Model& model = *slice.job.model;
  const auto counted = layer_parameters(model, layer);
  const VariantPrecision precision = variant_precision(slice.job.recipe, slice.variant);
  cost.parameters = rank_parameters(model, layer, slice.shard);
  const double bf16 = static_cast<double>(counted.router + counted.norms), dense = cost.parameters.dense - bf16;
  const double feed = static_cast<double>(counted.dense + counted.shared) / slice.layout.tp, attention = dense - feed;
  const auto add = [&](double WeightBytes::*group, double parameters, Precision p) {
    const WeightFormat format = weight_format(slice, p);
    cost.held.*group += parameters * format.held, cost.sent.*group += parameters * format.sent;
  };
  add(&WeightBytes::dense, bf16, Precision::bf16);
  add(&WeightBytes::dense, attention, precision.attention);
  add(&WeightBytes::dense, feed, precision.linear);
  add(&WeightBytes::experts, cost.parameters.experts, precision.expert);
}

/// Kernels inside a step take longer than alone.
void sustain(const Slice& slice, LayerCost& cost) {
  for (Duration* time : {&cost.forward, &cost.backward, &cost.weight_gradient}) {
    *time = slice.job.coefficients.sustained * *time;
  }
}

/// The order matters: what waits for the host or hides under work looks at what was added before.
LayerCost layer_cost(const Slice& slice, const LayerShape& layer) {
  LayerCost cost;
  const TokenWork work = add_token_work(slice, layer, cost);
  if (!slice.job.recipe.frozen_weights) cost.weight_gradient = work.matrix_backward / 2.0;  // one of two equal products
  const AttentionWork attention = attention_work(slice, layer);
  cost.forward += attention.forward, cost.backward += attention.backward;
  sustain(slice, cost);
  add_ring(slice, attention, cost);
  add_tensor_regions(slice, tensor_regions(layer), work.matrix_backward, cost);
  add_expert_exchange(slice, layer.feed_forward, cost);
  wait_for_host(slice, layer, work.operators + 1, cost);
  add_recompute(slice, layer, attention, work, cost);
  add_memory(slice, cost);
  add_offload(slice, cost);
  add_parameters(slice, layer, cost);
  return cost;
}

/// Vocabulary split over the tensor group: each rank looks its rows up, the sum leaves as the stream.
LayerCost embedding_cost(const Slice& slice) {
  const Model& model = *slice.job.model;
  const Collective sum = slice.layout.sequence_parallel ? Collective::reduce_scatter : Collective::all_reduce;
  const double elements = slice.tokens * slice.hidden();
  LayerCost cost;
  // Look-up: read a row, write it. Tokens of other ranks' vocabulary read zeros.
  cost.forward = slice.job.law.stream_time(Bytes::from_base(2 * elements * kElement));
  cost.backward = slice.job.law.stream_time(Bytes::from_base(elements * (kElement + 8)));  // adds into fp32 rows
  cost.weight_gradient = cost.backward;
  cost.forward_wait.tensor = collective_time(slice.job.fabric, sum, slice.stream(), slice.tensor_group());
  if (slice.layout.sequence_parallel) {
    cost.backward_wait.tensor =
        collective_time(slice.job.fabric, Collective::all_gather, slice.stream(), slice.tensor_group());
  }
  if (slice.job.recipe.dropout) cost.activations = Bytes::from_base(slice.stream_tokens * slice.hidden());
  cost.parameters.dense = slice.hidden() * (static_cast<double>(model.vocab) / slice.layout.tp +
                                            static_cast<double>(model.position_embedding_rows));
  cost.held.dense = cost.sent.dense = cost.parameters.dense * slice.job.recipe.states.weight;
  return cost;
}

/// Final norm, projection onto the split vocabulary, cross entropy. Its passes over the logits: cast (2 + 4 bytes),
/// maximum (4), exponent and sum (4 + 4); backward softmax less one and cast (4 + 2).
LayerCost output_cost(const Slice& slice) {
  const TrainingJob& job = slice.job;
  const DeviceLaw& law = job.law;
  const Operator projection = output_operator(*job.model, slice.shard, slice.tokens);
  // On this rank: tokens times its part of the vocabulary.
  const double logits = projection.m * projection.n;
  const Bytes norm = Bytes::from_base(4 * slice.stream_tokens * slice.hidden() * kElement);
  LayerCost cost;
  const Duration matrix_backward = law.backward_time(projection);
  cost.forward = law.operator_time(projection) + law.stream_time(norm) + law.stream_time(Bytes::from_base(18 * logits));
  cost.backward = matrix_backward + law.stream_time(2.0 * norm) + law.stream_time(Bytes::from_base(6 * logits));
  cost.weight_gradient = matrix_backward / 2.0;
  sustain(slice, cost);
  if (slice.layout.tp > 1) {
    const Group group = slice.tensor_group();
    const Duration small =  // maxima, sums and the wanted logit of each token
        3.0 * collective_time(job.fabric, Collective::all_reduce, Bytes::from_base(4 * slice.tokens), group);
    if (slice.layout.sequence_parallel) {
      add_tensor_regions(slice, 1, matrix_backward, cost);
      const Duration scatter = collective_time(job.fabric, Collective::reduce_scatter, slice.stream(), group);
      cost.forward_wait.tensor -= scatter;  // nothing leaves forward, nothing is gathered for its gradient
      cost.backward_wait.tensor -= collective_time(job.fabric, Collective::all_gather, slice.stream(), group);
    } else {
      cost.backward_wait.tensor += collective_time(job.fabric, Collective::all_reduce, slice.stream(), group);
    }
    cost.forward_wait.tensor += small;
  }
  cost.activations = Bytes::from_base(2 * slice.stream_tokens * slice.hidden() * kElement);
  cost.working = Bytes::from_base(logits * (4 + kElement));  // fp32 softmax, and the logits or their gradient
  cost.parameters.dense = slice.hidden() * static_cast<double>(job.model->vocab) / slice.layout.tp +
                          static_cast<double>(job.model->other_parameters);
  cost.held.dense = cost.sent.dense = cost.parameters.dense * job.recipe.states.weight;
  return cost;
}

/// One layer of multi-token prediction: norms of the stream and of the next token's embedding, their projection onto
/// the stream (2 h x h), a layer, and the embedding and output of the model once more (DeepSeek-V3, arXiv 2412.19437,
/// section 2.2; their logits are counted with the model's).
LayerCost mtp_cost(const Slice& slice, const ShardCosts& costs) {
  const TrainingJob& job = slice.job;
  const DeviceLaw& law = job.law;
  LayerCost cost = costs.shapes[static_cast<std::size_t>(slice.variant.shape)];  // the variant that is treated alike
  for (const LayerCost* end : {&costs.embedding, &costs.output}) {
    cost.forward += end->forward, cost.backward += end->backward, cost.weight_gradient += end->weight_gradient;
    cost.forward_wait.tensor += end->forward_wait.tensor, cost.backward_wait.tensor += end->backward_wait.tensor;
    cost.activations += end->activations;
  }
  Operator projection;
  projection.precision = job.recipe.precision.linear;
  projection.m = slice.tokens, projection.n = slice.hidden() / slice.layout.tp, projection.k = 2 * slice.hidden();
  const Duration back = law.backward_time(projection);
  const Duration norms = law.stream_time(Bytes::from_base(4 * slice.stream_tokens * slice.hidden() * kElement));
  cost.forward += law.operator_time(projection) + norms, cost.backward += back + 2.0 * norms;
  cost.weight_gradient += back / 2.0;
  cost.activations += Bytes::from_base(4 * slice.stream_tokens * slice.hidden() * kElement);  // into norms, projection
  if (slice.variant.recompute == Recompute::full) cost.recompute += law.operator_time(projection) + norms;
  const double weights = projection.n * projection.k, norm_weights = 2 * slice.hidden();
  const WeightFormat format = weight_format(slice, projection.precision);
  cost.parameters.dense += weights + norm_weights;
  cost.held.dense += weights * format.held + norm_weights * job.recipe.states.weight;
  cost.sent.dense += weights * format.sent + norm_weights * job.recipe.states.weight;
  return cost;
}

}  // namespace

ShardCosts shard_costs(const TrainingJob& job, const TrainingLayout& layout) {
  Slice slice = make_slice(job, layout);
  ShardCosts out;
  out.embedding = embedding_cost(slice);
  out.output = output_cost(slice);
  const std::vector<LayerVariant> variants = layer_variants(job, layout);
  out.shapes.reserve(variants.size());
  for (const LayerVariant& variant : variants) {
    slice.variant = variant;
    out.shapes.push_back(variant.mtp ? mtp_cost(slice, out)
                                     : layer_cost(slice, job.model->shapes[static_cast<std::size_t>(variant.shape)]));
  }
  // With sequence parallelism each rank of the tensor group sends its own part of the stream.
  out.boundary = Bytes::from_base(slice.stream_tokens * slice.hidden() * kElement);
  return out;
}

RankParameters stage_parameters(const Model& model, const ShardCosts& costs, const StageRun& run) {
  RankParameters sum;
  for (std::size_t i = 0; i < run.of_shape.size(); ++i) {
    sum.dense += run.of_shape[i] * costs.shapes[i].parameters.dense;
    sum.experts += run.of_shape[i] * costs.shapes[i].parameters.experts;
  }
  if (run.embedding || run.embedding_copy) sum.dense += costs.embedding.parameters.dense;
  if (run.output) sum.dense += costs.output.parameters.dense;
  // One stage holds both ends: a tied matrix is one and the same there. On different stages each holds a copy.
  if (run.embedding && run.output && model.tied_embedding) {
    sum.dense -= costs.output.parameters.dense - static_cast<double>(model.other_parameters);
  }
  return sum;
}

WeightBytes stage_weights(const TrainingJob& job, const ShardCosts& costs, const StageRun& run,
                          WeightBytes LayerCost::*which) {
  WeightBytes sum;
  for (std::size_t i = 0; i < run.of_shape.size(); ++i) sum.add(costs.shapes[i].*which, run.of_shape[i]);
  if (run.embedding || run.embedding_copy) sum.add(costs.embedding.*which, 1);
  if (run.output) sum.add(costs.output.*which, 1);
  if (run.embedding && run.output && job.model->tied_embedding) {
    sum.dense -=
        job.recipe.states.weight * (costs.output.parameters.dense - static_cast<double>(job.model->other_parameters));
  }
  return sum;
}

}  // namespace stargate
