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

struct Slice {
  const TrainingJob& job;
  const TrainingLayout& layout;
  Shard shard;
  double sequence;       ///< tokens of one sequence on a context-parallel rank
  double tokens;         ///< of a micro-batch in a tensor-parallel region
  double stream_tokens;  ///< of a micro-batch between those regions

  double hidden() const { return job.model->hidden; }
  Group tensor_group() const { return place_group(job.fabric, layout.tp, 1); }
  Bytes stream() const { return Bytes::from_base(tokens * hidden() * kElement); }
};

Slice make_slice(const TrainingJob& job, const TrainingLayout& l) {
  const double sequence = static_cast<double>(job.seq_length) / l.cp, tokens = sequence * l.micro_batch_size;
  const Shard shard{l.tp, l.ep, l.etp, l.sequence_parallel, 1};
  return {job, l, shard, sequence, tokens, l.sequence_parallel ? tokens / l.tp : tokens};
}

/// Casting to a format below bf16: read the bf16 tensor, write it and its transpose (both are multiplied with; Hopper's
/// fp8 units take one order only, and scales of blocks run along the depth). Where measured products contain a cast,
/// the first order is in them: forward the transpose is left to write, backward the two products hold both.
Duration cast_time(const DeviceLaw& law, const Operator& op, bool forward) {
  const double narrow = bytes_per_element(op.precision);
  if (op.kind != OperatorKind::gemm || narrow >= kElement) return {};
  const double elements = (forward ? op.m * op.k : op.m * op.n) * op.groups;
  const double bytes = !law.casts(op.precision) ? kElement + 2 * narrow : forward ? narrow : 0;
  return Bytes::from_base(elements * bytes) / law.stream_bandwidth();
}

/// Both gradients, or the input's alone where weights are frozen.
Duration gradient_time(const Slice& slice, const Operator& op) {
  const DeviceLaw& law = slice.job.law;
  const bool input_only = slice.job.recipe.frozen_weights && op.kind == OperatorKind::gemm && op.has_weights;
  return input_only ? law.gemm_time(op.precision, op.m, op.k, op.n, op.groups) : law.backward_time(op);
}

struct TokenWork {
  Duration matrix_backward;
  int operators = 0;
};

/// Training multiplies experts as grouped products, forward as backward; the fused kernels of serving are not used.
Operator as_grouped_product(Operator op) {
  op.experts = {};
  return op;
}

TokenWork add_token_work(const Slice& slice, const LayerShape& layer, LayerCost& cost) {
  const DeviceLaw& law = slice.job.law;
  TokenWork work;
  visit_token_operators(*slice.job.model, layer, slice.shard, slice.job.recipe.precision, slice.tokens, false,
                        [&](const Operator& fused) {
                          const Operator op = as_grouped_product(fused);
                          ++work.operators;
                          cost.forward += law.operator_time(op) + cast_time(law, op, true);
                          const Duration back = gradient_time(slice, op) + cast_time(law, op, false);
                          cost.backward += back;
                          if (op.kind == OperatorKind::gemm) work.matrix_backward += back;
                          cost.recompute_flops += op.flops();
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

AttentionWork attention_work(const Slice& slice, const LayerShape& layer) {
  const TrainingJob& job = slice.job;
  AttentionBatch batch;
  batch.sequences = slice.layout.micro_batch_size;
  batch.query = slice.sequence;
  // Ranks of a context-parallel group hold a piece from the front and one from the back of the sequence, so each sees
  // the mean: (s + s / cp) / 2 tokens at the end of its piece gives s (s + 1) / 2 / cp pairs in all.
  batch.context = (static_cast<double>(job.seq_length) + slice.sequence) / 2;
  const double slowdown = attention_slowdown(job);
  AttentionWork out;
  visit_attention_operators(*job.model, layer, slice.shard, batch, [&](const Operator& op) {
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

void add_ring(const Slice& slice, const AttentionWork& attention, LayerCost& cost) {
  const int cp = slice.layout.cp;
  if (cp == 1) return;
  const Group ring = place_group(slice.job.fabric, cp, slice.layout.tp);
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

void add_tensor_regions(const Slice& slice, int regions, Duration matrix_backward, LayerCost& cost) {
  if (slice.layout.tp == 1 || regions == 0) return;
  const Fabric& fabric = slice.job.fabric;
  const Group group = slice.tensor_group();
  if (!slice.layout.sequence_parallel) {
    const Duration all = regions * collective_time(fabric, Collective::all_reduce, slice.stream(), group);
    cost.forward_wait.tensor += all, cost.backward_wait.tensor += all;
    return;
  }
  const double shown = slice.job.recipe.tensor_overlap ? 1 - slice.job.coefficients.tensor_overlap : 1;
  const Duration gather = shown * regions * collective_time(fabric, Collective::all_gather, slice.stream(), group);
  const Duration scatter = shown * regions * collective_time(fabric, Collective::reduce_scatter, slice.stream(), group);
  cost.forward_wait.tensor += gather + scatter;
  cost.backward_wait.tensor += gather + scatter + max(Duration{}, gather - matrix_backward / 2.0);
  cost.buffers += 2.0 * slice.stream();
}

/// Tokens out to their experts, or back. Sent once to each of D domains, a token with k experts crosses to
/// (D - 1) (1 - (1 - 1/D)^k) others instead of k (D - 1) / D (DeepSeek-V3, arXiv 2412.19437, 3.2.2); inside the domain
/// every copy travels.
Duration exchange_time(const Slice& slice, Bytes routed, double top_k) {
  const Fabric& fabric = slice.job.fabric;
  const Group group = place_group(fabric, slice.layout.ep, slice.layout.etp);
  const double domains = std::ceil(static_cast<double>(group.size) / group.per_domain);
  if (domains <= 1 || !slice.job.recipe.one_copy_per_domain) {
    return collective_time(fabric, Collective::all_to_all, routed, group);
  }
  const double share = domains * (1 - std::pow(1 - 1 / domains, top_k)) / top_k;
  const Group inside{group.per_domain, group.per_domain};
  return max(collective_time(fabric, Collective::all_to_all, routed * share, group),
             collective_time(fabric, Collective::all_to_all, routed, inside));
}

void add_expert_exchange(const Slice& slice, const FeedForwardShape& feed, LayerCost& cost) {
  if (feed.kind != FeedForwardKind::experts) return;
  const auto& l = slice.layout;
  const Fabric& fabric = slice.job.fabric;
  const Bytes routed = Bytes::from_base(slice.stream_tokens * feed.top_k * slice.hidden() * kElement);
  Duration exchange = 2.0 * exchange_time(slice, routed, feed.top_k);
  if (l.etp > 1) {
    const Group group = place_group(fabric, l.etp, 1);
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
  cost.forward += max(none, host - cost.forward - cost.forward_wait.total());
  cost.backward += max(none, 2.0 * host - cost.backward - cost.backward_wait.total());
}

void add_recompute(const Slice& slice, const AttentionWork& attention, LayerCost& cost) {
  switch (slice.layout.recompute) {
    case Recompute::none:
      cost.recompute_flops = {};
      return;
    case Recompute::selective:
      cost.recompute = attention.forward, cost.recompute_flops = attention.flops;
      return;
    case Recompute::full:
      cost.recompute = cost.forward, cost.recompute_flops += attention.flops;
      cost.backward_wait.tensor += cost.forward_wait.tensor;
      cost.backward_wait.context += cost.forward_wait.context;
      cost.backward_wait.expert += cost.forward_wait.expert;
      return;
  }
}

void add_memory(const Slice& slice, const LayerShape& layer, LayerCost& cost) {
  cost.activations = activation_bytes(slice.job, layer, slice.layout);
  Bytes all, widest;
  visit_kept_tensors(slice.job, layer, slice.layout, [&](Tensor, Bytes size) {
    all += size;
    widest = max(widest, size);
  });
  cost.working = all - cost.activations + widest;  // what recomputation brings back, and one gradient
}

LayerCost layer_cost(const Slice& slice, const LayerShape& layer) {
  LayerCost cost;
  const TokenWork work = add_token_work(slice, layer, cost);
  if (!slice.job.recipe.frozen_weights) cost.weight_gradient = work.matrix_backward / 2.0;  // one of two equal products
  const AttentionWork attention = attention_work(slice, layer);
  cost.forward += attention.forward, cost.backward += attention.backward;
  cost.forward = slice.job.coefficients.sustained * cost.forward;
  cost.backward = slice.job.coefficients.sustained * cost.backward;
  add_ring(slice, attention, cost);
  add_tensor_regions(slice, tensor_regions(layer), work.matrix_backward, cost);
  add_expert_exchange(slice, layer.feed_forward, cost);
  wait_for_host(slice, layer, work.operators + 1, cost);
  add_recompute(slice, attention, cost);
  add_memory(slice, layer, cost);
  cost.parameters = rank_parameters(*slice.job.model, layer, slice.shard);
  return cost;
}

/// Vocabulary split over the tensor group: each rank looks its rows up, the sum leaves as the stream.
LayerCost embedding_cost(const Slice& slice) {
  const Model& model = *slice.job.model;
  const Collective sum = slice.layout.sequence_parallel ? Collective::reduce_scatter : Collective::all_reduce;
  const double elements = slice.tokens * slice.hidden();
  LayerCost cost;
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
  return cost;
}

/// Final norm, projection onto the split vocabulary, cross entropy. Its passes over the logits: cast (2 + 4 bytes),
/// maximum (4), exponent and sum (4 + 4); backward softmax less one and cast (4 + 2).
LayerCost output_cost(const Slice& slice) {
  const TrainingJob& job = slice.job;
  const DeviceLaw& law = job.law;
  const Operator projection = output_operator(*job.model, slice.shard, slice.tokens);
  const double logits = projection.m * projection.n;
  const Bytes norm = Bytes::from_base(4 * slice.stream_tokens * slice.hidden() * kElement);
  LayerCost cost;
  const Duration matrix_backward = law.backward_time(projection);
  cost.forward = law.operator_time(projection) + law.stream_time(norm) + law.stream_time(Bytes::from_base(18 * logits));
  cost.backward = matrix_backward + law.stream_time(2.0 * norm) + law.stream_time(Bytes::from_base(6 * logits));
  cost.weight_gradient = matrix_backward / 2.0;
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
  return cost;
}

}  // namespace

ShardCosts shard_costs(const TrainingJob& job, const TrainingLayout& layout) {
  const Slice slice = make_slice(job, layout);
  ShardCosts out;
  out.shapes.reserve(job.model->shapes.size());
  for (const auto& shape : job.model->shapes) out.shapes.push_back(layer_cost(slice, shape));
  out.embedding = embedding_cost(slice);
  out.output = output_cost(slice);
  out.boundary = Bytes::from_base(slice.stream_tokens * slice.hidden() * kElement);
  return out;
}

RankParameters stage_parameters(const Model& model, const ShardCosts& costs, const StageRun& run) {
  RankParameters sum;
  for (std::size_t i = 0; i < run.of_shape.size(); ++i) {
    sum.dense += run.of_shape[i] * costs.shapes[i].parameters.dense;
    sum.experts += run.of_shape[i] * costs.shapes[i].parameters.experts;
  }
  if (run.embedding) sum.dense += costs.embedding.parameters.dense;
  if (run.output) sum.dense += costs.output.parameters.dense;
  if (run.embedding && run.output && model.tied_embedding) {
    sum.dense -= costs.output.parameters.dense - static_cast<double>(model.other_parameters);
  }
  return sum;
}

}  // namespace stargate
