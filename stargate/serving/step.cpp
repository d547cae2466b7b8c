// Operators come from perf's one walk of a layer; this file adds what serving has around them.
#include "stargate/serving/step.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace stargate {
namespace {

constexpr double kActivationBytes = 2;      // bf16
constexpr double kSamplingTraffic = 3 * 4;  // fp32 logits written, read by softmax or arg-max, and read to sample

/// Rows of the busiest of `ranks` over the mean of `rows`, as chance has it where experts are equally popular: the
/// largest of as many log-normal counts of that variance.
double busiest_by_chance(double rows, double ranks) {
  if (ranks < 1.5 || rows <= 0) return 1;
  double z = 0.56;  // of the larger of two
  if (ranks > 2) {
    const double t = std::sqrt(2 * std::log(ranks));
    z = t + (0.577 - (std::log(std::log(ranks)) + std::log(4 * M_PI)) / 2) / t;
  }
  // Rows of a rank are binomial: variance over squared mean is (1 - 1/R) / rows, and s^2 of the lognormal its ln(1 +
  // ...). z is the expected largest of R normal deviates, as in perf/moe_law.cpp.
  const double s2 = std::log1p((1 - 1 / ranks) / rows);
  return std::max(1.0, std::exp(std::sqrt(s2) * z - s2 / 2));
}

}  // namespace

const char* serving_step_part_name(ServingStepPart part) {
  switch (part) {
    case ServingStepPart::weights:
      return "weights";
    case ServingStepPart::arithmetic:
      return "arithmetic";
    case ServingStepPart::kv_cache:
      return "KV cache";
    case ServingStepPart::attention:
      return "attention arithmetic";
    case ServingStepPart::activations:
      return "activations";
    case ServingStepPart::launch:
      return "kernel launch";
    case ServingStepPart::all_reduce:
      return "all-reduce";
    case ServingStepPart::expert_exchange:
      return "expert exchange";
    case ServingStepPart::hand_over:
      return "stage hand-over";
    case ServingStepPart::engine:
      return "engine";
  }
  return "?";
}

Duration ServingStep::total() const {
  Duration sum;
  for (const Duration part : parts) sum += part;
  return sum;
}

ServingStep& ServingStep::operator+=(const ServingStep& other) {
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i] += other.parts[i];
  return *this;
}

ServingStep operator*(double k, const ServingStep& step) {
  ServingStep out = step;
  for (Duration& part : out.parts) part *= k;
  return out;
}

std::string explain(const ServingStep& step) {
  std::vector<ServingStepPart> order;
  for (int i = 0; i < kServingStepPartCount; ++i) order.push_back(static_cast<ServingStepPart>(i));
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return step[a] > step[b]; });
  std::string text;
  for (const auto part : order) {
    const double share = 100 * (step[part] / step.total());
    if (share < 1) continue;
    text += fmt::format("{}{:.0f} % {}", text.empty() ? "" : ", ", share, serving_step_part_name(part));
  }
  return text;
}

StepModel::StepModel(const Replica& replica)
    : replica_(replica),
      shard_(replica.layout.shard()),
      compute_{replica.precision.linear, replica.precision.expert},
      stages_(serving_stages(*replica.model, replica.layout.pp)),
      tensor_group_(place_group(replica.machine->fabric, replica.layout.tp, 1)),
      rank_group_(place_group(replica.machine->fabric, replica.layout.ranks(), 1)),
      stage_pair_(place_group(replica.machine->fabric, 2, replica.layout.ranks())) {
  shard_.skew = replica.engine.expert_skew;
  Operator plainest;
  // Its time is next to nothing, so that what is left is the launch.
  plainest.m = 1, plainest.n = plainest.k = 64;
  kernel_launch_ = replica.machine->law.operator_parts(plainest).launch;
}

/// What a graph launches again is the device's own start and drain, that of the plainest kernel: measured alone, a
/// product that casts its input also waits for the host. The engine's record says in which widths the cast is a kernel
/// of its own, and not the end of the norm before.
Duration StepModel::plain_launch(const Operator& op) const {
  const auto& engine = replica_.engine;
  const bool product = op.kind == OperatorKind::gemm && op.experts.tokens <= 0;
  const bool apart = bytes_per_element(op.precision) >= 1 ? engine.fp8_cast_kernel : engine.fp4_cast_kernel;
  const bool cast = product && apart && replica_.machine->law.casts(op.precision);
  return (cast ? 2 : 1) * kernel_launch_;
}

/// One operator's time goes to the part that holds it back; the launch, which no part hides, apart.
void StepModel::add_operator(const Operator& op, ServingStep& step) const {
  const OperatorTime time = replica_.machine->operator_parts(op);
  const bool graph = replica_.engine.captured_graphs;
  const Duration launch = graph ? min(time.launch, plain_launch(op)) : time.launch;
  step[ServingStepPart::launch] += replica_.engine.launch_share * launch;
  Duration rest = max(time.compute, time.memory);
  if (op.kind == OperatorKind::element_wise) rest *= replica_.engine.unfused_traffic;
  if (op.kind == OperatorKind::element_wise || op.kind == OperatorKind::mixing) {
    step[ServingStepPart::activations] += rest;
  } else if (op.part == OperatorPart::attention_core) {
    step[time.memory_bound() ? ServingStepPart::kv_cache : ServingStepPart::attention] += rest;
  } else {
    step[time.memory_bound() ? ServingStepPart::weights : ServingStepPart::arithmetic] += rest;
  }
}

Duration StepModel::group_time(Collective collective, double bytes, const Group& group) const {
  return collective_time(replica_.machine->fabric, collective, Bytes::from_base(bytes), group);
}

/// Tensor groups add up after attention and after the feed-forward part. With attention groups of their own the ranks
/// of a stage share the experts: tokens go to whole experts by all-to-all and come back, or, when experts are split,
/// all tokens go everywhere and the results are added where they came from.
void StepModel::add_layer_collectives(const LayerShape& layer, const Tokens& tokens, ServingStep& step,
                                      ServingStep& routed) const {
  const auto& layout = replica_.layout;
  const double hidden = replica_.model->hidden;
  const double row = hidden * kActivationBytes;
  const auto& f = layer.feed_forward;
  // One attention group has all tokens on each of its ranks: nothing need travel to the experts, and the sum is the
  // usual all-reduce.
  const bool exchange = f.kind == FeedForwardKind::experts && layout.attention_dp > 1;
  const double exchanged = tokens.all() * tokens.shared;
  const Duration add = group_time(Collective::all_reduce, tokens.all() * row, tensor_group_);
  if (layer.attention.kind != AttentionKind::none) step[ServingStepPart::all_reduce] += add;
  // A norm over all heads needs the squares of those on other ranks: two numbers a token, in fp32.
  if (layer.attention.wide_qk_norm) {
    step[ServingStepPart::all_reduce] += group_time(Collective::all_reduce, tokens.all() * 8, tensor_group_);
  }
  if (f.kind == FeedForwardKind::none) return;
  if (!exchange) {
    step[ServingStepPart::all_reduce] += add;
    return;
  }
  Duration& time = routed[ServingStepPart::expert_exchange];
  if (layout.ep == layout.ranks()) {
    // Each rank of a tensor group sends its part of the tokens, to as many ranks as the token has experts.
    // Out in the experts' format where that is narrower (never below a byte), back in 16 bits.
    const double there = std::min(kActivationBytes, std::max(1.0, bytes_per_element(compute_.expert)));
    time += expert_exchange_time(replica_.machine->fabric,
                                 {exchanged / layout.tp, hidden, static_cast<double>(f.top_k),
                                  static_cast<double>(f.experts), there},
                                 rank_group_);
  } else {
    const double everybody = exchanged * layout.attention_dp * row;
    time += group_time(Collective::all_gather, everybody, rank_group_) +
            group_time(Collective::reduce_scatter, everybody, rank_group_);
  }
}

/// What the one kernel saves is taken from all parts alike.
void StepModel::fuse_exchange(const ExpertCall& call, ServingStep& routed) const {
  const bool whole = replica_.layout.ep == replica_.layout.ranks() && rank_group_.per_domain >= rank_group_.size;
  if (!whole || !(routed[ServingStepPart::expert_exchange] > Duration{})) return;
  const auto fused = replica_.machine->law.exchanged_experts_time(call, compute_.expert);
  const Duration apart = routed.total();
  if (fused && *fused < apart) routed = (*fused / apart) * routed;
}

/// Of one layer on one rank: operators of all tokens, attention of each group, collectives.
ServingStep StepModel::layer_step(const LayerShape& layer, std::span<const SequenceGroup> batch,
                                  const Tokens& tokens) const {
  ServingStep step, routed;  // routed: experts, and tokens on their way to them and back
  ExpertCall call;
  const OperatorVisitor add = [&](const Operator& op) {
    if (op.experts.share > 0) call = op.experts;
    add_operator(op, op.experts.tokens > 0 ? routed : step);
  };
  Shard shard = shard_;
  const double all = tokens.all() * tokens.shared * replica_.layout.attention_dp;
  if (shard.ep > 1) shard.imbalance = busiest_by_chance(all * layer.feed_forward.top_k / shard.ep, shard.ep);
  if (tokens.shared == 1 || layer.feed_forward.kind != FeedForwardKind::experts) {
    visit_token_operators(*replica_.model, layer, shard, compute_, tokens.all(), tokens.prefill <= 0, add);
  } else {  // all groups' tokens meet at the experts, the busiest group's everywhere else
    const auto visit = [&](double count, bool experts) {
      visit_token_operators(*replica_.model, layer, shard, compute_, count, tokens.prefill <= 0,
                            [&](const Operator& op) {
                              const bool meets = op.experts.tokens > 0 || op.part == OperatorPart::experts;
                              if (meets == experts) add(op);
                            });
    };
    visit(tokens.all(), false);
    visit(tokens.all() * tokens.shared, true);
  }
  for (const auto& group : batch) {
    const AttentionBatch attention{group.sequences, group.query, group.context, group.decode, replica_.precision.kv};
    visit_attention_operators(*replica_.model, layer, shard, attention, add);
  }
  add_layer_collectives(layer, tokens, step, routed);
  fuse_exchange(call, routed);
  step += routed;
  return step;
}

/// Output projection, logits gathered and sampled, and what the engine does around a step.
void StepModel::add_ends(const Tokens& tokens, ServingStep& step) const {
  const auto& engine = replica_.engine;
  const double logits = tokens.outputs * replica_.model->vocab;
  if (tokens.outputs > 0) {
    add_operator(output_operator(*replica_.model, shard_, tokens.outputs), step);
    step[ServingStepPart::all_reduce] += group_time(Collective::all_gather, logits * kActivationBytes, tensor_group_);
    Operator sampling;
    sampling.kind = OperatorKind::element_wise;
    sampling.part = OperatorPart::output;
    sampling.traffic = Bytes::from_base(logits * kSamplingTraffic);
    add_operator(sampling, step);
  }
  // Host time between steps, fitted for each engine's version: a part for the step and a part for each sequence in it.
  step[ServingStepPart::engine] += engine.step_overhead + tokens.sequences * engine.sequence_overhead;
}

/// Without a graph the host launches kernels one by one while others run: what shows is what it is late by.
void StepModel::hide_launches(ServingStep& step) const {
  Duration& launch = step[ServingStepPart::launch];
  const Duration work = step.total() - launch - step[ServingStepPart::engine];
  launch = max(Duration{}, launch - work);
}

/// Layers of one shape are costed once. The slowest stage sets the pace of the others, so pp times its time is the
/// step.
ServingStep StepModel::step_time(std::span<const SequenceGroup> batch, double shared) const {
  const Model& model = *replica_.model;
  Tokens tokens;
  tokens.shared = shared;
  for (const auto& group : batch) {
    (group.decode ? tokens.decode : tokens.prefill) += group.sequences * group.query;
    tokens.outputs += group.sequences * group.outputs;
    tokens.sequences += group.sequences;
  }
  std::vector<ServingStep> of_shape;
  of_shape.reserve(model.shapes.size());
  for (const auto& shape : model.shapes) of_shape.push_back(layer_step(shape, batch, tokens));
  ServingStep slowest;
  for (const auto& stage : stages_) {
    ServingStep sum;
    for (std::size_t i = 0; i < of_shape.size(); ++i) sum += stage.of_shape[i] * of_shape[i];
    if (sum.total() > slowest.total()) slowest = sum;
  }
  const int pp = replica_.layout.pp;
  // A batch visits pp stages; each stage's turn lasts as long as the slowest, since pp batches follow one another.
  ServingStep step = static_cast<double>(pp) * slowest;
  if (pp > 1) {
    const double bytes = tokens.all() * model.hidden * kActivationBytes / replica_.layout.tp;
    step[ServingStepPart::hand_over] += (pp - 1) * group_time(Collective::send_receive, bytes, stage_pair_);
  }
  add_ends(tokens, step);
  if (!replica_.engine.captured_graphs) hide_launches(step);
  return step;
}

ServingStep StepModel::decode_time(double sequences, double context) const {
  const double groups = replica_.layout.attention_dp * replica_.layout.pp;
  const double query = 1.0 + replica_.speculation.draft_tokens;
  const SequenceGroup group{std::max(1.0, sequences / groups), query, context, true, 1};
  return step_time({&group, 1});
}

}  // namespace stargate
