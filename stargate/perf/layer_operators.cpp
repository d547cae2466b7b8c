// Shapes of the operators. Activations travel in bf16; traffic of element-wise steps counts each read and write once.
#include "stargate/perf/layer_operators.hpp"

#include <algorithm>
#include <cmath>

namespace stargate {
namespace {

constexpr double kActivationBytes = 2;  // bf16

/// One layer on one rank for `tokens` tokens: emits operators in the order a forward pass runs them.
struct Walk {
  const Model& model;
  const AttentionShape& attention;
  const FeedForwardShape& feed;
  const Shard& shard;
  const ComputePrecision& precision;
  double tokens;
  const OperatorVisitor& visit;

  double split(double width) const { return width / shard.tp; }

  void gemm(OperatorPart part, Precision p, double n, double k) const { grouped(part, p, {tokens, n, k}, 1); }

  struct Shape {
    double m, n, k;
  };
  void grouped(OperatorPart part, Precision p, Shape s, double groups, bool weights = true,
               const ExpertCall& experts = {}) const {
    // A model without this part has a zero here: no operator.
    if (s.m <= 0 || s.n <= 0 || s.k <= 0 || groups <= 0) return;
    Operator op;
    op.part = part;
    op.precision = p;
    op.m = s.m, op.n = s.n, op.k = s.k, op.groups = groups;
    op.has_weights = weights;
    op.experts = experts;
    visit(op);
  }
  void traffic(OperatorPart part, double elements, const ExpertCall& experts = {}) const {
    Operator op;
    op.kind = OperatorKind::element_wise;
    op.part = part;
    op.has_weights = false;
    op.traffic = Bytes::from_base(elements * kActivationBytes);
    if (experts.tokens > 0) op.experts = experts, op.precision = precision.expert;
    visit(op);
  }
};

/// Key and value heads on one rank.
double rank_kv_heads(const AttentionShape& a, int tp) { return std::ceil(static_cast<double>(a.kv_heads) / tp); }

void visit_grouped_query(const Walk& w) {
  const auto& a = w.attention;
  const double h = w.model.hidden, heads = w.split(a.heads), kv = rank_kv_heads(a, w.shard.tp);
  // One fused product for queries, keys and values, as every engine packs it; an output gate is as wide as the queries.
  const double query_width = heads * a.head_dim * (a.output_gate ? 2 : 1);
  const double from = a.input_width > 0 ? a.input_width : h;
  const double kv_width = a.shared_cache ? 0 : kv * (a.head_dim + (a.keys_are_values ? 0.0 : a.value_dim));
  w.gemm(OperatorPart::attention_projection, w.precision.linear, query_width + kv_width, from);
  if (a.index_heads > 0) {  // MiniMax-M3: queries of the index and its one key, on every rank
    w.gemm(OperatorPart::attention_projection, w.precision.linear, (a.index_heads + 1.0) * a.index_dim, h);
  }
  w.traffic(OperatorPart::attention_projection, 2 * w.tokens * (query_width + kv_width));  // rotary, cache write
  w.gemm(OperatorPart::attention_projection, w.precision.linear, h, heads * a.value_dim);
}

/// What DeepSeek-V4's compressors multiply with: keys and gates, at ratio 4 over windows that overlap.
double compressor_width(const AttentionShape& a, double width) {
  return a.compress_ratio == 0 ? 0 : (a.compress_ratio == 4 ? 4 : 2) * width;
}

/// Of an index that selects what attention sees, on every rank: its queries from the query's latent, its key and the
/// weights of its heads. DeepSeek-V4 compresses the keys.
void visit_index(const Walk& w, double from) {
  const auto& a = w.attention;
  const auto part = OperatorPart::attention_projection;
  if (a.index_heads <= 0) return;
  const double keys = a.shared_vector ? compressor_width(a, a.index_dim) : a.index_dim;
  w.gemm(part, w.precision.linear, static_cast<double>(a.index_heads) * a.index_dim, from);
  w.gemm(part, w.precision.linear, keys + a.index_heads, w.model.hidden);
}

/// DeepSeek-V4: query of low rank, one shared key-value vector and its compressor on every rank, output of low rank in
/// groups that ranks share out.
void visit_shared_vector(const Walk& w) {
  const auto& a = w.attention;
  const auto part = OperatorPart::attention_projection;
  const double h = w.model.hidden, heads = w.split(a.heads), width = a.head_dim;
  const double compressor = compressor_width(a, width);
  w.gemm(part, w.precision.linear, a.q_lora_rank + width, h);
  if (compressor > 0) w.gemm(part, w.precision.linear, compressor, h);
  w.gemm(part, w.precision.linear, heads * width, a.q_lora_rank);
  visit_index(w, a.q_lora_rank);
  w.traffic(part, 2 * w.tokens * (heads * width + width + compressor));
  const double groups = std::max(1.0, w.split(a.output_groups));
  const double rank = w.split(static_cast<double>(a.output_groups)) * a.output_lora_rank;
  w.grouped(part, w.precision.linear, {w.tokens, static_cast<double>(a.output_lora_rank), heads * width / groups},
            groups);
  w.gemm(part, w.precision.linear, h, rank);
}

/// MLA: down-projections are replicated on each rank, up-projections split by heads. Decoding, and sparse attention
/// always, multiplies queries and outputs with the up-projection instead of expanding the cache (DeepSeek-V2, arXiv
/// 2405.04434, section 2.1).
void visit_latent(const Walk& w, bool decode) {
  const auto& a = w.attention;
  if (a.shared_vector) return visit_shared_vector(w);
  const auto part = OperatorPart::attention_projection;
  const double h = w.model.hidden, heads = w.split(a.heads);
  const double query = heads * (a.nope_dim + a.rope_dim);
  if (a.q_lora_rank > 0) {
    w.gemm(part, w.precision.linear, a.q_lora_rank + a.kv_lora_rank + a.rope_dim, h);
    w.gemm(part, w.precision.linear, query, a.input_width > 0 ? a.input_width : a.q_lora_rank);
  } else {
    w.gemm(part, w.precision.linear, query + a.kv_lora_rank + a.rope_dim, h);
  }
  if (decode || is_sparse(a)) {
    w.grouped(part, Precision::bf16, {w.tokens, static_cast<double>(a.kv_lora_rank), static_cast<double>(a.nope_dim)},
              heads);
    w.grouped(part, Precision::bf16, {w.tokens, static_cast<double>(a.value_dim), static_cast<double>(a.kv_lora_rank)},
              heads);
  } else {
    w.gemm(part, w.precision.linear, heads * (a.nope_dim + a.value_dim), a.kv_lora_rank);
  }
  visit_index(w, a.q_lora_rank > 0 ? a.q_lora_rank : h);
  w.traffic(part, 2 * w.tokens * (query + a.kv_lora_rank + a.rope_dim));
  w.gemm(part, w.precision.linear, h, heads * a.value_dim);
}

/// Gated delta rule, Kimi delta attention and Mamba-2: projections in, gate and norm of the output, projection out.
/// Convolution and state are in visit_attention_operators.
void visit_recurrent(const Walk& w) {
  const auto& a = w.attention;
  const auto part = OperatorPart::attention_projection;
  const double h = w.model.hidden;
  double in = 0, inner = 0;
  if (a.kind == AttentionKind::linear) {
    // Into the layer go queries, keys, values and the output's gate, and two numbers a value head: decay and step size.
    const double keys = static_cast<double>(a.heads) * a.head_dim,
                 values = static_cast<double>(a.kv_heads) * a.value_dim;
    in = 2 * keys + 2 * values + 2.0 * a.kv_heads;
    inner = values;
  } else {
    inner = static_cast<double>(a.heads) * a.head_dim;
    switch (a.form) {
      case StateSpaceForm::mamba2:  // gate and x, B and C of each group, one time step a head
        in = 2 * inner + 2.0 * a.groups * a.state_dim + a.heads;
        break;
      case StateSpaceForm::mamba1:  // gate and x; step, B and C come from x
        in = 2 * inner;
        w.gemm(part, w.precision.linear, a.step_rank + 2.0 * a.state_dim, w.split(inner));
        w.gemm(part, w.precision.linear, w.split(a.heads), a.step_rank);
        break;
      case StateSpaceForm::short_convolution:
        in = 3 * inner;
        break;
      case StateSpaceForm::rg_lru:  // two branches; gates of the input and of the recurrence are a block a head
        in = 2 * inner;
        w.gemm(part, w.precision.linear, 2 * w.split(inner), a.head_dim);
        break;
    }
  }
  w.gemm(part, w.precision.linear, w.split(in), h);
  w.traffic(part, 3 * w.tokens * w.split(inner));
  w.gemm(part, w.precision.linear, h, w.split(inner));
}

/// Convolution (where there is one) and scan or step of a recurrent layer.
void visit_recurrent_states(const AttentionShape& a, int tp, const AttentionBatch& batch,
                            const OperatorVisitor& visit) {
  Operator op;
  op.kind = OperatorKind::recurrent, op.part = OperatorPart::attention_core;
  op.has_weights = false;
  auto& call = op.recurrent;
  call.sequences = batch.sequences, call.query = batch.query;
  call.conv_kernel = a.conv_kernel, call.state_bytes = bytes_per_element(a.state_precision);
  if (a.kind == AttentionKind::state_space) {
    call.rule = RecurrentRule::state_space;
    call.value_heads = static_cast<double>(a.heads) / tp, call.value_dim = a.head_dim;
    // Forms without groups read one B and C of the state's width; a short convolution has no state to scan.
    call.key_heads = std::max(1, a.groups) / static_cast<double>(tp), call.key_dim = a.state_dim;
  } else {
    call.rule = a.decay_rank > 0 ? RecurrentRule::channel_delta : RecurrentRule::delta;
    call.value_heads = static_cast<double>(a.kv_heads) / tp, call.value_dim = a.value_dim;
    call.key_heads = static_cast<double>(a.heads) / tp, call.key_dim = a.head_dim;
  }
  call.kernel = batch.decode ? RecurrentKernel::convolution_step : RecurrentKernel::convolution;
  if (a.conv_kernel > 0) visit(op);
  call.kernel = batch.decode ? RecurrentKernel::step : RecurrentKernel::scan;
  if (a.kind == AttentionKind::state_space && a.form == StateSpaceForm::short_convolution) return;
  visit(op);
}

void visit_sparse_attention(const AttentionShape& a, int tp, const AttentionBatch& batch,
                            const OperatorVisitor& visit) {
  Operator op;
  op.kind = OperatorKind::sparse, op.part = OperatorPart::attention_core;
  op.has_weights = false;
  auto& call = op.sparse;
  call.sequences = batch.sequences, call.query = batch.query, call.context = std::max(batch.context, batch.query);
  call.heads = static_cast<double>(a.heads) / tp;
  call.score_dim = a.kv_lora_rank + a.rope_dim, call.value_dim = a.shared_vector ? call.score_dim : a.kv_lora_rank;
  call.vector_bytes = sparse_vector_bytes(a, batch.kv_precision);
  if (a.kind == AttentionKind::full) {  // blocks of keys and values
    call.kv_heads = rank_kv_heads(a, tp), call.score_dim = a.head_dim, call.value_dim = a.value_dim;
    call.vector_bytes *= call.kv_heads / a.kv_heads;
  }
  call.window = a.window, call.ratio = a.shared_vector ? a.compress_ratio : 1, call.selected = a.index_topk;
  call.index_heads = a.index_heads, call.index_dim = a.index_dim;
  call.index_bytes = index_key_bytes(a, batch.kv_precision);
  call.decode = batch.decode, call.precision = batch.kv_precision;
  visit(op);
}

/// Norm with residual: reads the branch and the stream, writes the stream and the normed input. Hyper-connections mix
/// several streams into the branch's input, which is normed, and its output back into each of them (arXiv 2512.24880,
/// section 4).
void visit_residual(const Walk& w, double tokens) {
  const double row = tokens * w.model.hidden;
  if (w.model.residual_streams <= 1) return w.traffic(OperatorPart::norm, 4 * row);
  Operator op;
  op.kind = OperatorKind::mixing, op.part = OperatorPart::norm;
  op.has_weights = false;
  op.mixing = {tokens, static_cast<double>(w.model.hidden), static_cast<double>(w.model.residual_streams), true};
  w.visit(op);
  w.traffic(OperatorPart::norm, 2 * row);
  op.mixing.before = false;
  w.visit(op);
}

void visit_feed_forward(const Walk& w) {
  const auto& f = w.feed;
  const double h = w.model.hidden, gate = f.gated ? 2 : 1;
  if (f.kind == FeedForwardKind::dense) {
    if (f.low_rank > 0) {
      w.gemm(OperatorPart::feed_forward, w.precision.linear, f.low_rank, h);
      w.gemm(OperatorPart::feed_forward, w.precision.linear, h, f.low_rank);
    }
    if (f.adapter_rank > 0) {
      w.gemm(OperatorPart::feed_forward, w.precision.linear, f.adapter_rank, h);
      w.gemm(OperatorPart::feed_forward, w.precision.linear, w.split(gate * f.width), f.adapter_rank);
    }
    w.gemm(OperatorPart::feed_forward, w.precision.linear, w.split(gate * f.width), h);
    w.traffic(OperatorPart::feed_forward, w.tokens * w.split((gate + 1) * f.width));
    w.gemm(OperatorPart::feed_forward, w.precision.linear, h, w.split(f.width));
    return;
  }
  // `tokens` are the tensor group's, shared by its tp ranks; an expert split by etp gets those of all its ranks. The
  // busiest rank has `imbalance` times the mean.
  const double rows = w.tokens * f.top_k * w.shard.etp / w.shard.tp * w.shard.imbalance;
  const double experts = rank_experts(f, w.shard.ep);
  const double visited = std::min(experts, rows);  // a small batch does not reach every expert
  const double width = static_cast<double>(f.width) / w.shard.etp;
  // 1 - (1 - 1/E)^rows of the experts have at least one row when routing is uniform.
  const double reached =
      std::max(1.0, std::min(visited, experts * (1 - std::pow(1 - 1 / std::max(1.0, experts), rows))));
  w.gemm(OperatorPart::router, Precision::bf16, f.experts, h);
  const double inside = f.expert_hidden > 0 ? f.expert_hidden : h;  // the width the routed experts work in
  if (f.expert_hidden > 0) {
    w.gemm(OperatorPart::feed_forward, w.precision.linear, w.split(inside), h);
    w.gemm(OperatorPart::feed_forward, w.precision.linear, h, w.split(inside));
  }
  ExpertCall call{w.tokens * w.shard.ep * w.shard.etp / w.shard.tp * w.shard.imbalance,
                  inside,
                  width,
                  experts * w.shard.ep,
                  1.0 * f.top_k,
                  1.0 * w.shard.ep,
                  0,
                  f.gated,
                  w.shard.skew};
  w.traffic(OperatorPart::router, 4 * rows * inside, call);  // permute there and back
  // The fused kernel's time by flops: the first product has the gate's and the up matrix, two of three parts when
  // gated.
  call.share = gate / (gate + 1);
  w.grouped(OperatorPart::experts, w.precision.expert, {rows / reached, gate * width, inside}, reached, true, call);
  call.share = 0;
  w.traffic(OperatorPart::experts, rows * (gate + 1) * width, call);
  call.share = 1 / (gate + 1);
  w.grouped(OperatorPart::experts, w.precision.expert, {rows / reached, inside, width}, reached, true, call);
  if (f.shared_width > 0) {
    w.gemm(OperatorPart::feed_forward, w.precision.linear, w.split(gate * f.shared_width), h);
    w.traffic(OperatorPart::feed_forward, w.tokens * w.split((gate + 1) * f.shared_width));
    w.gemm(OperatorPart::feed_forward, w.precision.linear, h, w.split(f.shared_width));
  }
}

}  // namespace

double rank_experts(const FeedForwardShape& feed, int ep) { return std::ceil(static_cast<double>(feed.experts) / ep); }

void visit_token_operators(const Model& model, const LayerShape& layer, const Shard& shard,
                           const ComputePrecision& precision, double tokens, bool latent_decode,
                           const OperatorVisitor& visit) {
  if (tokens <= 0) return;
  const Walk walk{model, layer.attention, layer.feed_forward, shard, precision, tokens, visit};
  const double norm_tokens = shard.sequence_parallel ? tokens / shard.tp : tokens;
  switch (layer.attention.kind) {
    case AttentionKind::full:
    case AttentionKind::sliding:
      visit_grouped_query(walk);
      break;
    case AttentionKind::latent:
      visit_latent(walk, latent_decode);
      break;
    case AttentionKind::linear:
    case AttentionKind::state_space:
      visit_recurrent(walk);
      break;
    case AttentionKind::none:
      break;
  }
  if (layer.attention.kind != AttentionKind::none) visit_residual(walk, norm_tokens);
  if (layer.feed_forward.kind != FeedForwardKind::none) {
    visit_feed_forward(walk);
    visit_residual(walk, norm_tokens);
  }
}

void visit_attention_operators(const Model& model, const LayerShape& layer, const Shard& shard,
                               const AttentionBatch& batch, const OperatorVisitor& visit) {
  static_cast<void>(model);
  const auto& a = layer.attention;
  if (batch.sequences <= 0 || batch.query <= 0 || a.kind == AttentionKind::none) return;
  if (a.kind == AttentionKind::linear || a.kind == AttentionKind::state_space) {
    return visit_recurrent_states(a, shard.tp, batch, visit);
  }
  if (is_sparse(a)) return visit_sparse_attention(a, shard.tp, batch, visit);
  Operator op;
  op.kind = OperatorKind::attention;
  op.part = OperatorPart::attention_core;
  op.has_weights = false;
  auto& call = op.attention;
  call.sequences = batch.sequences, call.query = batch.query, call.context = std::max(batch.context, batch.query);
  call.heads = static_cast<double>(a.heads) / shard.tp;
  call.kv_heads = rank_kv_heads(a, shard.tp);
  call.score_dim = a.head_dim, call.value_dim = a.value_dim;
  call.window = a.kind == AttentionKind::sliding || a.kind == AttentionKind::latent ? a.window : 0;
  call.kv_precision = batch.kv_precision;
  if (a.kind == AttentionKind::latent) {
    call.kv_heads = call.heads;
    // Absorbed: all heads read one latent vector, whose first 512 elements are its values.
    if (batch.decode) {
      call.kv_heads = 1, call.shared_kv = true;
      call.score_dim = a.kv_lora_rank + a.rope_dim, call.value_dim = a.kv_lora_rank;
    }
  }
  visit(op);
}

Operator output_operator(const Model& model, const Shard& shard, double tokens) {
  Operator op;
  op.part = OperatorPart::output;
  op.m = tokens, op.n = static_cast<double>(model.vocab) / shard.tp, op.k = model.hidden;
  return op;
}

RankParameters rank_parameters(const Model& model, const LayerShape& layer, const Shard& shard) {
  const auto p = layer_parameters(model, layer);
  const auto& a = layer.attention;
  RankParameters out;
  double attention = static_cast<double>(p.attention) / shard.tp;
  if (a.kind == AttentionKind::latent) {  // down-projections, index and compressors are on every rank
    const double index = static_cast<double>(a.index_heads) * a.index_dim;
    double width = static_cast<double>(a.q_lora_rank) + a.kv_lora_rank + a.rope_dim + a.index_heads;
    if (a.index_heads > 0) width += a.shared_vector ? compressor_width(a, a.index_dim) : a.index_dim;
    if (a.shared_vector) width += compressor_width(a, a.head_dim);
    const double down = model.hidden * width + index * a.q_lora_rank;
    attention += down * (1 - 1.0 / shard.tp);
  } else if (a.kv_heads > 0 && shard.tp > a.kv_heads) {  // KV heads replicate
    // Replicated heads: a rank holds 1 / kv_heads of the keys' and values' weights instead of 1 / tp.
    const double kv = static_cast<double>(model.hidden) * a.kv_heads * (a.head_dim + a.value_dim);
    attention += kv * (1.0 / a.kv_heads - 1.0 / shard.tp);
  }
  if (a.kind == AttentionKind::full && a.index_heads > 0) {  // an index is on every rank
    attention += static_cast<double>(model.hidden) * (a.index_heads + 1.0) * a.index_dim * (1 - 1.0 / shard.tp);
  }
  out.dense = attention + static_cast<double>(p.dense + p.shared) / shard.tp + static_cast<double>(p.router + p.norms);
  // Whole experts are spread by ep, redundant slots included, and each is split by etp.
  out.experts = static_cast<double>(p.experts) / shard.etp;
  if (const auto& f = layer.feed_forward; f.experts > 0) out.experts *= rank_experts(f, shard.ep) / f.experts;
  return out;
}

double rank_kv_bytes_per_token(const LayerShape& layer, int tp, Precision precision) {
  const auto& a = layer.attention;
  const double bytes = bytes_per_element(precision);
  switch (a.kind) {
    case AttentionKind::full:
    case AttentionKind::sliding:
      if (a.shared_cache) return 0;
      return rank_kv_heads(a, tp) * (a.head_dim + a.value_dim) * bytes + index_key_bytes(a, precision);
    case AttentionKind::latent:
      return cached_bytes_per_token(a, precision);
    case AttentionKind::linear:
    case AttentionKind::state_space:
    case AttentionKind::none:
      return 0;
  }
  return 0;
}

}  // namespace stargate
