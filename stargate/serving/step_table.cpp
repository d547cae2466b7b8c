// Each figure is asked of the model once.
#include "stargate/serving/step_table.hpp"

#include <algorithm>
#include <cmath>

namespace stargate {
namespace {

constexpr int kKnots = 48;  // contexts 16 to 2^28, two an octave
constexpr double kFirstKnot = 16;
constexpr double kStretch = 16;        // tokens
constexpr double kPairContext = 4096;  // over which the attention of a pair is measured
constexpr double kExtraPrompt = 512, kExtraContext = 1024;

/// Context of a knot, in tokens of one sequence. Half an octave apart: 16, 23, 32, 45, ...
double knot_context(int knot) { return knot == 0 ? 1.0 : std::round(kFirstKnot * std::exp2(0.5 * (knot - 1))); }

int knot_below(double context) {
  if (context < kFirstKnot) return 0;
  int knot = 1 + static_cast<int>(2 * std::log2(context / kFirstKnot));
  while (knot > 0 && knot_context(knot) > context) --knot;
  while (knot + 2 < kKnots && knot_context(knot + 1) <= context) ++knot;
  return std::min(knot, kKnots - 2);
}

/// Queries times keys of a prompt from its beginning.
double own_pairs(double tokens) { return tokens * (tokens + 1) / 2; }

}  // namespace

StepTable::StepTable(std::shared_ptr<const StepModel> model, int draft_tokens)
    : model_(std::move(model)),
      groups_(static_cast<double>(model_->replica().layout.attention_dp) * model_->replica().layout.pp),
      query_(1.0 + draft_tokens) {
  alone_.shared = 1 / groups_;
  const double half = kExtraPrompt / 2;
  // Two prompts of half the length cost the same tokens and fewer pairs than one: what is left over is the price of a
  // further prompt.
  const SequenceGroup two{2, half, half, false, 1};
  const double seconds = model_->step_time({&two, 1}).total().base();
  const double pairs = own_pairs(kExtraPrompt) - 2 * own_pairs(half);
  sequence_seconds_ = std::max(
      0.0, seconds - prompt_seconds(kExtraPrompt, kExtraPrompt, 1) + stretch(kExtraPrompt, full_).pair * pairs);
}

/// Of one group every count has its row; of several, counts a thirty-second apart share one.
double StepTable::decode_seconds(int sequences, int knot) const {
  int all = sequences;
  if (groups_ > 1) {
    const int grain = std::max(1, sequences / 32);
    all = (sequences + grain / 2) / grain * grain;
  }
  const auto n = static_cast<std::size_t>(all);
  if (decodes_.size() <= n) decodes_.resize(n + 1);
  auto& row = decodes_[n];
  if (row.empty()) row.assign(kKnots, -1.0F);
  float& kept = row[static_cast<std::size_t>(knot)];
  if (kept < 0) {
    const double fullest = std::ceil(all / groups_);
    const SequenceGroup group{fullest, query_, std::max(query_, knot_context(knot)), true, 1};
    kept = static_cast<float>(model_->step_time({&group, 1}, all / (fullest * groups_)).total().base());
  }
  return kept;
}

/// Contexts are means of a sequence; knots by half octaves, so the slope between two is the law's.
DecodeCost StepTable::decode(int sequences, double context) const {
  const int count = std::max(1, sequences);
  const double all = count;
  const int knot = knot_below(context / all);
  const double from = knot_context(knot), to = knot_context(knot + 1);
  const double at_from = decode_seconds(count, knot), at_to = decode_seconds(count, knot + 1);
  // A line through the two knots around the mean context. Never falling: kernels may be a little faster at a larger
  // size.
  const double slope = std::max(0.0, (at_to - at_from) / (to - from));
  return {(at_from - slope * from) * second, slope / all * second, to * all};
}

double StepTable::prompt_seconds(double tokens, double context, double shared) const {
  const SequenceGroup group{1, tokens, context, false, 1};
  return model_->step_time({&group, 1}, shared).total().base();
}

/// Asks the model three times for a stretch: both ends, and the upper end behind a long context, which gives the time
/// of a pair of query and key.
const StepTable::Stretch& StepTable::stretch(double tokens, Stretches& of) const {
  const auto index = static_cast<std::size_t>((tokens - 1) / kStretch);
  if (of.list.size() <= index) of.list.resize(index + 1);
  Stretch& kept = of.list[index];
  if (kept.first < 0) {
    const double first = static_cast<double>(index) * kStretch + 1, last = first + kStretch - 1;
    const double own = prompt_seconds(last, last, of.shared);
    const double longer = prompt_seconds(last, last + kPairContext, of.shared);
    kept.pair = std::max(0.0, longer - own) / (last * kPairContext);
    kept.first = prompt_seconds(first, first, of.shared) - kept.pair * own_pairs(first);
    kept.last = own - kept.pair * own_pairs(last);
  }
  return kept;
}

/// A step of so many tokens, less its attention.
double StepTable::bare_seconds(double tokens, Stretches& of) const {
  const Stretch& s = stretch(tokens, of);
  const double first = std::floor((tokens - 1) / kStretch) * kStretch + 1;
  return s.first + (s.last - s.first) * (tokens - first) / (kStretch - 1);
}

double StepTable::bare_seconds(double tokens, double shared) const {
  const double full = bare_seconds(tokens, full_);
  if (shared >= 1 || groups_ <= 1) return full;
  const double alone = bare_seconds(tokens, alone_);
  return alone + (full - alone) * std::max(0.0, shared - alone_.shared) / (1 - alone_.shared);
}

/// What that many decodes cost beyond as many tokens of a prompt, once for each number.
double StepTable::extra_seconds(int group_sequences) const {
  const auto n = static_cast<std::size_t>(group_sequences);
  if (extras_.size() <= n) extras_.resize(n + 1, std::nan(""));
  double& kept = extras_[n];
  if (std::isnan(kept)) {
    const SequenceGroup batch[] = {{static_cast<double>(group_sequences), query_, kExtraContext, true, 1},
                                   {1, kExtraPrompt, kExtraPrompt, false, 1}};
    kept = model_->step_time(batch).total().base() - bare_seconds(kExtraPrompt + group_sequences * query_, full_) -
           stretch(kExtraPrompt, full_).pair * own_pairs(kExtraPrompt);
  }
  return kept;
}

/// The formula of step_table.hpp; differences of linear pieces may fall below zero, a step may not.
Duration StepTable::prefill(const PrefillBatch& batch) const {
  const double tokens = std::max(1, batch.tokens), all = std::max(batch.tokens, batch.all_tokens);
  double seconds = stretch(tokens, full_).pair * batch.pairs + std::max(0, batch.sequences - 1) * sequence_seconds_;
  if (batch.decoding == 0) return (seconds + bare_seconds(tokens, all / (tokens * groups_))) * second;
  const int group = static_cast<int>(std::ceil(batch.decoding / groups_));
  const DecodeCost now = decode(batch.decoding, batch.decode_context);
  const double usual_context = kExtraContext * batch.decoding;
  const DecodeCost usual = decode(batch.decoding, usual_context);
  const double fullest = tokens + group * query_;
  seconds += bare_seconds(fullest, (all + batch.decoding * query_) / (fullest * groups_)) + extra_seconds(group);
  seconds +=
      (now.at_zero + now.per_token * batch.decode_context - usual.at_zero - usual.per_token * usual_context).base();
  return std::max(0.0, seconds) * second;
}

}  // namespace stargate
