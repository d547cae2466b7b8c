// Adds the collectives of a layer's parallel groups to the device time of its operators (layer_work.hpp).
// Communication of tensor and expert parallelism stands on the critical path (no overlap); the ring of context
// parallelism runs under attention, and only its excess waits; so does the repeated gather of a linear layer's input in
// the backward pass, which runs under the input gradient (arXiv 2205.05198, section 4.2.2).
#include "stargate/training/layer_cost.hpp"

#include <cmath>

#include "stargate/training/activations.hpp"

namespace stargate {
namespace {

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
Duration one_way_time(const Slice& slice, Bytes routed, double top_k) {
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

/// Tokens out to their experts and back, the way out `narrow` of 16 bits wide: by all-to-all, or as a dispatcher does
/// that sends a token once to each domain and rank, whose law was measured (perf/exchange_law.hpp); else by all-to-all of fewer copies.
Duration exchange_time(const Slice& slice, Bytes routed, const FeedForwardShape& feed, double narrow) {
  const Fabric& fabric = slice.job.fabric;
  if (slice.job.recipe.one_copy_per_domain && fabric.exchange != nullptr) {
    ExpertExchange exchange;
    exchange.tokens = slice.stream_tokens * slice.shard.imbalance, exchange.hidden = slice.hidden();
    exchange.top_k = feed.top_k, exchange.experts = feed.experts;
    exchange.element_bytes = narrow * kActivationBytes, exchange.libraries = ExchangeLibraries::training;
    return expert_exchange_time(fabric, exchange, place_group(fabric, slice.layout.ep, slice.layout.etp));
  }
  return one_way_time(slice, narrow * routed, feed.top_k) + one_way_time(slice, routed, feed.top_k);
}

/// Whether the host reads how many tokens each expert got: buffers of fixed size and captured steps do without.
bool waits_for_routing(const TrainingRecipe& recipe) {
  return recipe.launch != KernelLaunch::whole_step && !recipe.routing.pad_to_capacity;
}

/// There and back, and with expert tensor parallelism gathered and scattered around the experts.
void add_expert_exchange(const Slice& slice, const FeedForwardShape& feed, LayerCost& cost) {
  if (feed.kind != FeedForwardKind::experts) return;
  const auto& l = slice.layout;
  const Fabric& fabric = slice.job.fabric;
  // Bytes one rank sends out: its own tokens, top_k copies each, on the busiest rank more.
  const Bytes routed =
      Bytes::from_base(slice.stream_tokens * feed.top_k * slice.hidden() * kActivationBytes * slice.shard.imbalance);
  const double narrow = slice.job.recipe.narrow_dispatch ? bytes_per_element(Precision::fp8) / kActivationBytes : 1;
  Duration exchange = exchange_time(slice, routed, feed, narrow);
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
  if (waits_for_routing(recipe)) exchange += slice.job.coefficients.expert_stall;
  cost.forward_wait.expert += exchange, cost.backward_wait.expert += exchange;
  if (l.ep > 1) cost.buffers += 2.0 * routed;
}

/// What the host issues in one pass of a layer: operators, attention (as separate kernels: two products, mask, softmax,
/// dropout) and collectives.
int issued(const Slice& slice, const LayerShape& layer, const TokenWork& work) {
  const TrainingLayout& l = slice.layout;
  const bool experts = layer.feed_forward.kind == FeedForwardKind::experts;
  int count = work.operators + (slice.job.recipe.fused_attention ? 1 : 5);
  if (l.tp > 1) count += tensor_regions(layer) * (l.sequence_parallel ? 2 : 1);
  if (experts && l.ep > 1) count += 2;
  return count + 2 * (l.cp - 1);  // of a ring: a piece to attend to, the next one on its way
}

/// Experts' products are issued one by one, narrow ones with the cast of their input (Transformer Engine's
/// GroupedLinear), whoever issues the rest of the layer.
double issued_for_experts(const Slice& slice, const LayerShape& layer) {
  if (layer.feed_forward.kind != FeedForwardKind::experts) return 0;
  const VariantPrecision precision = variant_precision(slice.job.recipe, slice.variant);
  const double kernels = bytes_per_element(precision.expert) < kActivationBytes ? 2 : 1;
  return 2 * kernels * rank_experts(layer.feed_forward, slice.layout.ep);
}

/// Host time of the plain all-to-all's dispatch over that of DeepEP and its successors: it counts, sorts, permutes and
/// exchanges counts in kernels of its own, which the others do in one. Of fits to rows of either kind, 3.9 and 1.8 ms.
constexpr double kPlainDispatch = 2.2;

/// A pass takes no less than the host needs to issue its operators, the backward pass twice as many. Captured graphs of
/// layers leave experts and their routing to the host.
void wait_for_host(const Slice& slice, const LayerShape& layer, int operators, LayerCost& cost) {
  const auto& c = slice.job.coefficients;
  const KernelLaunch launch = slice.job.recipe.launch;
  if (launch == KernelLaunch::whole_step) return;
  Duration host;
  if (launch == KernelLaunch::host) host += static_cast<double>(operators) * c.host_operator;
  const bool experts = layer.feed_forward.kind == FeedForwardKind::experts;
  host += issued_for_experts(slice, layer) * c.host_operator;
  if (experts && waits_for_routing(slice.job.recipe)) {
    host += (slice.job.recipe.one_copy_per_domain ? 1 : kPlainDispatch) * c.host_experts;
  }
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
  cost.recompute = work.redone, cost.recompute_flops = full ? work.flops : work.redone_flops;
  const bool scores = full || modules.has(RecomputeModule::core_attn);
  if (scores) cost.recompute += attention.forward;
  cost.recompute =
      full ? cost.forward : slice.job.coefficients.sustained * cost.recompute;  // full: as the host lets it
  // Nobody reads the last product's result again: compilers leave it out, and PyTorch's checkpoints stop before it.
  if ((full || modules.has(RecomputeModule::mlp)) && slice.job.recipe.kernels != KernelFusion::fused) {
    cost.recompute -= slice.job.coefficients.sustained * work.last, cost.recompute_flops -= work.last_flops;
  }
  // Attention runs again, so its ring does too; likewise exchanges and tensor regions below, as far as they lie in what
  // is repeated.
  if (scores) {
    cost.recompute_flops += attention.flops;
    cost.backward_wait.context += cost.forward_wait.context;
  }
  const bool alternate = !full && modules.has(RecomputeModule::alternate_products);
  const bool moe = full || alternate || modules.has(RecomputeModule::moe);
  if (moe) cost.backward_wait.expert += cost.forward_wait.expert;
  const bool experts = layer.feed_forward.kind == FeedForwardKind::experts;
  const bool feed = experts ? moe || modules.has(RecomputeModule::shared_experts) : modules.has(RecomputeModule::mlp);
  const int regions = tensor_regions(layer), attention_regions = layer.attention.kind != AttentionKind::none ? 1 : 0;
  // Scattered sums are on the list of what per-operator checkpoints keep, gathered inputs are not.
  const double again = full ? regions : alternate ? 0.5 * regions : feed ? regions - attention_regions : 0;
  if (again > 0) cost.backward_wait.tensor += cost.forward_wait.tensor * (again / regions);
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
    cost.activations += (1 - dropped_share(layer, kept)) * kept.size;
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
  if (narrow >= kActivationBytes) return {wide, wide};
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
LayerCost layer_cost(const Slice& slice, const LayerShape& layer, const LayerWork& done) {
  const TokenWork& work = done.tokens;
  const AttentionWork& attention = done.attention;
  LayerCost cost;
  cost.forward = work.forward, cost.backward = work.backward;
  if (!slice.job.recipe.frozen_weights) cost.weight_gradient = work.matrix_backward / 2.0;  // one of two equal products
  cost.forward += attention.forward, cost.backward += attention.backward;
  sustain(slice, cost);
  add_ring(slice, attention, cost);
  add_tensor_regions(slice, tensor_regions(layer), work.matrix_backward, cost);
  add_expert_exchange(slice, layer.feed_forward, cost);
  wait_for_host(slice, layer, issued(slice, layer, work), cost);
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
  cost.forward = slice.job.law.stream_time(Bytes::from_base(2 * elements * kActivationBytes));
  // adds into fp32 rows
  cost.backward = slice.job.law.stream_time(Bytes::from_base(elements * (kActivationBytes + 8)));
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
LayerCost output_cost(const Slice& slice, const ProductTime& product) {
  const TrainingJob& job = slice.job;
  const DeviceLaw& law = job.law;
  const Operator projection = output_operator(*job.model, slice.shard, slice.tokens);
  // On this rank: tokens times its part of the vocabulary.
  const double logits = projection.m * projection.n;
  const Bytes norm = Bytes::from_base(4 * slice.stream_tokens * slice.hidden() * kActivationBytes);
  LayerCost cost;
  const Duration matrix_backward = product.backward;
  cost.forward = product.forward + law.stream_time(norm) + law.stream_time(Bytes::from_base(18 * logits));
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
  cost.activations = Bytes::from_base(2 * slice.stream_tokens * slice.hidden() * kActivationBytes);
  // The fp32 softmax, and the logits or their gradient; PyTorch's cross entropy as written holds an fp32 copy too.
  const double copies = job.recipe.kernels == KernelFusion::eager ? 2 : 1;
  cost.working = Bytes::from_base(logits * (4 * copies + kActivationBytes));
  cost.parameters.dense = slice.hidden() * static_cast<double>(job.model->vocab) / slice.layout.tp +
                          static_cast<double>(job.model->other_parameters);
  cost.held.dense = cost.sent.dense = cost.parameters.dense * job.recipe.states.weight;
  return cost;
}

/// One layer of multi-token prediction: norms of the stream and of the next token's embedding, their projection onto
/// the stream (2 h x h), a layer, and the embedding and output of the model once more (DeepSeek-V3, arXiv 2412.19437,
/// section 2.2; their logits are counted with the model's).
LayerCost mtp_cost(const Slice& slice, const ShardCosts& costs, const ProductTime& product) {
  const TrainingJob& job = slice.job;
  const DeviceLaw& law = job.law;
  LayerCost cost = costs.shapes[static_cast<std::size_t>(slice.variant.shape)];  // the variant that is treated alike
  for (const LayerCost* end : {&costs.embedding, &costs.output}) {
    cost.forward += end->forward, cost.backward += end->backward, cost.weight_gradient += end->weight_gradient;
    cost.forward_wait.tensor += end->forward_wait.tensor, cost.backward_wait.tensor += end->backward_wait.tensor;
    cost.activations += end->activations;
  }
  const Operator projection = prediction_operator(slice);
  const Duration norms = law.stream_time(Bytes::from_base(4 * slice.stream_tokens * slice.hidden() * kActivationBytes));
  cost.forward += product.forward + norms, cost.backward += product.backward + 2.0 * norms;
  cost.weight_gradient += product.backward / 2.0;
  // into norms and projection
  cost.activations += Bytes::from_base(4 * slice.stream_tokens * slice.hidden() * kActivationBytes);
  if (slice.variant.recompute == Recompute::full) cost.recompute += product.forward + norms;
  const double weights = projection.n * projection.k, norm_weights = 2 * slice.hidden();
  const WeightFormat format = weight_format(slice, projection.precision);
  cost.parameters.dense += weights + norm_weights;
  cost.held.dense += weights * format.held + norm_weights * job.recipe.states.weight;
  cost.sent.dense += weights * format.sent + norm_weights * job.recipe.states.weight;
  return cost;
}

}  // namespace

ShardCosts shard_costs(const TrainingJob& job, const TrainingLayout& layout) {
  return shard_costs(job, layout, shard_work(job, layout));
}

ShardCosts shard_costs(const TrainingJob& job, const TrainingLayout& layout, const ShardWork& work) {
  Slice slice = make_slice(job, layout);
  ShardCosts out;
  out.embedding = embedding_cost(slice);
  out.output = output_cost(slice, work.output);
  const std::vector<LayerVariant> variants = layer_variants(job, layout);
  out.shapes.reserve(variants.size());
  for (const LayerVariant& variant : variants) {
    slice.variant = variant;
    const LayerShape& shape = job.model->shapes[static_cast<std::size_t>(variant.shape)];
    out.shapes.push_back(variant.mtp ? mtp_cost(slice, out, work.prediction)
                                     : layer_cost(slice, shape, work.of(variant, job.model->shapes.size())));
  }
  out.boundary = Bytes::from_base(slice.stream_tokens * slice.hidden() * kActivationBytes);
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
