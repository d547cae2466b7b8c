// Time moves here: a step with prompts is one event, a run of decode steps is advanced in one piece until a sequence
// ends, the pool is full, the cost changes its slope or somebody arrives.
#include "stargate/engine/engine_core.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace stargate {
namespace {

constexpr std::int64_t kPicosecondsEach = 1000;  // nanosecond
constexpr std::int64_t kLongestRun = 1 << 20;    // steps: what a run takes stays far from the integer's end

std::int64_t picoseconds(Duration t) { return std::max<std::int64_t>(0, std::llround(t.base() * 1e12)); }

}  // namespace

/// The nanosecond by which it has happened.
SimTime Engine::Core::to_sim_time(Picoseconds time) const {
  return {origin_.ns + (time + kPicosecondsEach - 1) / kPicosecondsEach};
}

/// Times beyond what picoseconds reach are as good as never.
Engine::Core::Picoseconds Engine::Core::from_sim_time(SimTime time) const {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / kPicosecondsEach;
  return std::min(time.ns - origin_.ns, most) * kPicosecondsEach;
}

Engine::Core::Core(const EngineSpec& spec, const StepCost& cost, std::int32_t replica)
    : spec_(spec),
      cost_(&cost),
      replica_(replica),
      waiting_(spec.order),
      ranks_(static_cast<std::size_t>(spec.data_parallel),
             Rank(spec.kv.block_size, spec.speculation.tokens_per_step())) {
  for (std::size_t i = 0; i < ranks_.size(); ++i) rank_order_.push_back(i);
}

int Engine::Core::decoding_size() const {
  int size = 0;
  for (const Rank& rank : ranks_) size += rank.decoding.size();
  return size;
}

std::int64_t Engine::Core::decoding_tokens() const {
  std::int64_t tokens = 0;
  for (const Rank& rank : ranks_) tokens += rank.decoding.total_length();
  return tokens;
}

void Engine::Core::submit(const Request& request, const RequestRecord* prefilled) {
  STARGATE_CHECK(incoming_.empty() || at(incoming_.back()).request.arrival <= request.arrival,
                 "requests are submitted in order of arrival");
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<Slot>(slots_.size()));
    slots_.emplace_back();
  }
  const Slot slot = free_slots_.back();
  free_slots_.pop_back();
  Sequence& s = at(slot) = Sequence{};
  s.request = request;
  s.target = request.prompt_tokens;
  s.state = SequenceState::incoming;
  if (prefilled != nullptr) {
    s.record = *prefilled;
    s.has_cache = true;
    // The first token was made by the engine that prefilled.
    s.generated = 1;
  } else {
    s.record.id = request.id, s.record.tenant = request.tenant;
    s.record.arrival = request.arrival;
    s.record.prompt_tokens = request.prompt_tokens;
    s.record.scheduled = s.record.first_token = SimTime::never();
  }
  s.record.replica = replica_;
  incoming_.push_back(slot);
  waiting_tokens_ += s.target;
}

/// The whole request must fit one rank's pool; a prompt that is not cut must fit one step.
bool Engine::Core::fits(const Request& request) const {
  const bool whole = spec_.chunked_prefill || spec_.kind == EngineKind::static_batch ||
                     request.prompt_tokens <= spec_.max_num_batched_tokens;
  return whole && whole_blocks(request) <= spec_.kv.blocks;
}

std::int64_t Engine::Core::receive_interval() const {
  const int decoding = decoding_size();
  return decoding == 0 ? 1 : decoding >= spec_.busy_batch ? spec_.busy_receive_interval : spec_.receive_interval;
}

/// Whoever has come by now waits; between steps only, as engines look at their queue once a step or, while they only
/// decode, once in several.
void Engine::Core::absorb_arrivals() {
  if (unheard_ % receive_interval() != 0) return;
  while (!incoming_.empty() && from_sim_time(at(incoming_.front()).request.arrival) <= now_) {
    Sequence& s = at(incoming_.front());
    s.state = SequenceState::waiting;
    waiting_.push(incoming_.front(), s.request.priority, s.request.arrival.ns);
    incoming_.pop_front();
  }
}

/// Plans the next step, waiting for somebody to come if need be. False when nothing begins by `until`. When nobody is
/// left, picoseconds count anew from the next arrival: they reach 106 days, a busy period does not.
bool Engine::Core::begin_step(SimTime until) {
  for (;;) {
    absorb_arrivals();
    if (!running_.empty() || !waiting_.empty()) {
      schedule();
      if (plan_.empty() && plan_.preempted) schedule();  // what gave way may come back at once
      trim_cache();
      if (!plan_.empty()) break;
    }
    blocked_ = !waiting_.empty();
    if (incoming_.empty()) return false;
    const SimTime arrival = at(incoming_.front()).request.arrival;
    if (arrival > until) return false;
    if (running_.empty() && waiting_.empty() && from_sim_time(arrival) > now_) {
      origin_ = arrival;
      now_ = 0;
    } else {
      now_ = std::max(now_, from_sim_time(arrival));
    }
  }
  if (plan_.single()) {
    step_end_ = now_ + std::max<Picoseconds>(1, picoseconds(single_step_time()));
  } else {
    refresh_decode_cost();
  }
  return under_way_ = true;
}

/// The fullest group holds the step up: its prompts go to the cost, all groups' tokens beside them.
Duration Engine::Core::single_step_time() const {
  const int decoding = plan_.decodes ? decoding_size() : 0;
  const auto context = static_cast<double>(plan_.decodes ? decoding_tokens() + decoding : 0);
  if (plan_.chunks.empty()) {
    const DecodeCost cost = cost_->decode(decoding, context);
    return cost.at_zero + cost.per_token * context + plan_.swap;
  }
  const GroupLoad& fullest =
      *std::max_element(plan_.groups.begin(), plan_.groups.end(),
                        [](const GroupLoad& a, const GroupLoad& b) { return a.tokens < b.tokens; });
  int all = 0;
  for (const GroupLoad& group : plan_.groups) all += group.tokens;
  const PrefillBatch batch{decoding, context, all, fullest.sequences, fullest.tokens, fullest.pairs};
  return cost_->prefill(batch) + plan_.swap + (warm_ ? Duration{} : spec_.warm_up);
}

/// Asked again only when the batch has changed or the context has left the stretch over which the cost is linear: both
/// happen at the same step whether steps are walked or not.
void Engine::Core::refresh_decode_cost() {
  if (!decode_changed_ && decode_steps_left_ > 0) return;
  const int decoding = decoding_size();
  // A static batch keeps its shape: places of sequences that have ended are padding, and cost as if they were there.
  const int size = spec_.kind == EngineKind::static_batch ? batch_size_ : decoding;
  const auto context = static_cast<double>(decoding_tokens() + decoding);
  // Tokens by which the summed context grows each step; all ranks step together and gain alike.
  const double gain = decoding * ranks_.front().decoding.tokens_per_step();
  const DecodeCost cost = cost_->decode(size, context);
  decode_step_ = std::max<Picoseconds>(1, picoseconds(cost.at_zero + cost.per_token * context));
  decode_growth_ = picoseconds(cost.per_token * gain);
  // Steps until the summed context leaves the stretch; the step that crosses it still belongs to it.
  const double left = std::floor((cost.context_end - context) / gain) + 1;
  decode_steps_left_ = static_cast<std::int64_t>(std::clamp(left, 1.0, static_cast<double>(kLongestRun)));
  decode_changed_ = false;
}

Engine::Core::Picoseconds Engine::Core::run_time(std::int64_t steps) const {
  return steps * decode_step_ + decode_growth_ * (steps * (steps - 1) / 2);
}

/// The most steps, at most `limit`, that end within `span`.
std::int64_t Engine::Core::steps_within_time(Picoseconds span, std::int64_t limit) const {
  if (run_time(limit) <= span) return limit;
  const auto step = static_cast<double>(decode_step_), growth = static_cast<double>(decode_growth_);
  const auto time = static_cast<double>(std::max<Picoseconds>(0, span));
  // The positive root of growth / 2 k^2 + (step - growth / 2) k = time, in the form that loses no digits when growth is
  // small; rounding is put right by the two loops below.
  const double linear = step - growth / 2;
  const double root = 2 * time / (linear + std::sqrt(linear * linear + 2 * growth * time));
  auto steps = static_cast<std::int64_t>(std::clamp(root, 0.0, static_cast<double>(limit)));
  while (steps > 0 && run_time(steps) > span) --steps;
  while (steps < limit && run_time(steps + 1) <= span) ++steps;
  return steps;
}

/// Steps until something may change besides the context.
std::int64_t Engine::Core::run_limit() const {
  const bool unsteady = spec_.admission == AdmissionPolicy::expected_outputs && spec_.kv.block_size > 1 &&
                        !waiting_.empty();  // whole blocks are taken in jumps, what is kept for outputs is not
  if (spec_.walk_every_step || unsteady || plan_.preempted) return 1;  // what gave way may come back after this step
  std::int64_t steps = decode_steps_left_;
  for (const Rank& rank : ranks_) {
    if (rank.decoding.size() == 0) continue;
    steps = std::min(steps, rank.decoding.steps_to_end());
    const std::int64_t room = free_blocks(rank) - (rank.front_has_idle ? rank.cache.idle_blocks() : 0);
    // Until the pool is full. Where the request that waits first would find idle blocks of its prefix, those count as
    // used: losing one changes what it needs.
    steps = rank.decoding.steps_within(rank.decoding.blocks() + room, steps);
  }
  if (waits_for_ranks()) steps = std::min(steps, spec_.attention_dp_wait - waited_);
  if (!incoming_.empty()) {
    const Picoseconds arrival = from_sim_time(at(incoming_.front()).request.arrival);
    // The step under way when somebody arrives runs to its end; the newcomer is in the one after.
    const std::int64_t come = steps_within_time(arrival - now_ - 1, steps) + 1, interval = receive_interval();
    // ... or in the one after the next look at the queue.
    steps = std::min(steps, (unheard_ + come + interval - 1) / interval * interval - unheard_);
  }
  return std::max<std::int64_t>(1, steps);
}

/// Never later than the next event, but perhaps earlier: asking again costs little, missing one would be wrong.
SimTime Engine::Core::next_event() const {
  if (!under_way_) {
    if (!waiting_.empty() && !blocked_) return to_sim_time(now_);
    return incoming_.empty() ? SimTime::never() : std::max(to_sim_time(now_), at(incoming_.front()).request.arrival);
  }
  return to_sim_time(plan_.single() ? step_end_ : now_ + run_time(run_limit()));
}

/// A step with prompts ends alone; decodes run on in closed form until something happens.
void Engine::Core::advance(SimTime until, EngineListener& listener) {
  while (under_way_ || begin_step(until)) {
    const Picoseconds end = from_sim_time(until);
    if (plan_.single()) {
      if (step_end_ > end) return;
      end_single_step(listener);
      under_way_ = false;
      continue;
    }
    // Only whole steps: one that has begun by `until` and ends later stays under way.
    const std::int64_t limit = run_limit(), steps = steps_within_time(end - now_, limit);
    if (steps > 0) run_decodes(steps, listener);
    if (steps < limit) return;  // the next step of this run has begun
    under_way_ = false;
  }
}

/// As things stand before the run; its end and outputs are filled in after it.
StepRun Engine::Core::describe_run(std::int64_t steps) const {
  StepRun run;
  run.start = to_sim_time(now_);
  run.steps = steps;
  const int decoding = decoding_size();
  run.decoding = plan_.decodes ? decoding : 0;
  run.stalled = decoding - run.decoding;
  run.decode_context = static_cast<double>(plan_.decodes ? decoding_tokens() + decoding : 0);
  run.running = static_cast<std::int64_t>(running_.size());
  run.waiting = static_cast<std::int64_t>(waiting_.size());
  run.blocks_at_start = used_blocks();
  return run;
}

void Engine::Core::tell_batch(EngineListener& listener) {
  if (listener.wants_batches()) {
    StepBatch batch;
    for (const Chunk& chunk : plan_.chunks) batch.prompts.push_back({at(chunk.slot).request.id, chunk.tokens});
    std::vector<Slot> order = running_;
    std::sort(order.begin(), order.end(), [&](Slot a, Slot b) { return at(a).order < at(b).order; });
    for (const Slot slot : order) {
      if (plan_.decodes && at(slot).state == SequenceState::decoding) batch.decodes.push_back(at(slot).request.id);
    }
    batch.preempted = plan_.gave_way;
    listener.batch(batch);
  }
  plan_.gave_way.clear();
}

/// Advances the closed form: the next step is longer by as many growths as steps were taken.
void Engine::Core::run_decodes(std::int64_t steps, EngineListener& listener) {
  tell_batch(listener);
  StepRun run = describe_run(steps);
  run.first_step = static_cast<double>(decode_step_) * 1e-12 * second;
  run.growth = static_cast<double>(decode_growth_) * 1e-12 * second;
  now_ += run_time(steps);
  decode_step_ += steps * decode_growth_;
  decode_steps_left_ -= steps;
  if (!waiting_.empty()) waited_ += steps;
  unheard_ += steps;
  run.end = to_sim_time(now_);
  end_decodes(steps, run, listener);
  listener.ran(run);
}

void Engine::Core::end_single_step(EngineListener& listener) {
  tell_batch(listener);
  StepRun run = describe_run(1);
  run.first_step = static_cast<double>(step_end_ - now_) * 1e-12 * second;
  run.prefill_sequences = static_cast<int>(plan_.chunks.size());
  for (const Chunk& chunk : plan_.chunks) run.prefill_tokens += chunk.tokens;
  if (!plan_.chunks.empty()) warm_ = true, waited_ = unheard_ = 0;
  now_ = step_end_;
  run.end = to_sim_time(now_);
  if (plan_.decodes) end_decodes(1, run, listener);
  for (const Chunk& chunk : plan_.chunks) end_chunk(chunk, run, listener);
  run.blocks_at_end = used_blocks();
  plan_.swap = {};
  decode_changed_ = true;
  trim_cache();
  listener.ran(run);
}

/// Every member gains the same tokens; whoever has ended leaves, in the order in which they were admitted.
void Engine::Core::end_decodes(std::int64_t steps, StepRun& run, EngineListener& listener) {
  for (Rank& rank : ranks_) {
    const std::int64_t gain = rank.decoding.position_after(steps) - rank.decoding.position();
    run.output_tokens += rank.decoding.size() * gain;
    rank.decoding.advance(steps);
  }
  trim_cache();
  run.blocks_at_end = used_blocks();
  for (Rank& rank : ranks_) {
    for (Slot slot = rank.decoding.next_ended(); slot >= 0; slot = rank.decoding.next_ended()) {
      const Sequence& s = at(slot);
      run.output_tokens -= s.generated + position() - s.joined - s.request.output_tokens;  // drafts too many
      leave_decodes(slot);
      finish(slot, listener);
    }
  }
}

/// The chunk's tokens are in the cache; with the last of them comes a token.
void Engine::Core::end_chunk(const Chunk& chunk, StepRun& run, EngineListener& listener) {
  Sequence& s = at(chunk.slot);
  s.computed += chunk.tokens;
  share_prefix(s, s.computed);
  set_private_blocks(s, s.computed);
  if (s.computed < s.target) return;
  std::erase(prefilling_, chunk.slot);
  // The last chunk of a prompt runs the model over its last token, which yields the first token of the answer.
  ++s.generated;
  ++run.output_tokens;
  if (s.record.first_token.is_never()) {
    s.record.first_token = to_sim_time(now_);
    s.record.beside_first = decoding_size();
  }
  if (spec_.prefill_only) return hold(chunk.slot, listener);
  if (s.generated < s.request.output_tokens) return join_decodes(chunk.slot);
  rank_of(s).prefill_blocks -= s.private_blocks;
  finish(chunk.slot, listener);
}

void Engine::Core::finish(Slot slot, EngineListener& listener) {
  Sequence& s = at(slot);
  // The last token of an answer never goes through the model, so it is not in the cache.
  share_prefix(s, s.request.prompt_tokens + s.request.output_tokens - 1);
  let_go(s);
  stop_running(slot);
  s.record.beside_last = decoding_size();
  s.record.last_token = to_sim_time(now_);
  s.record.output_tokens = s.request.output_tokens;
  const RequestRecord record = s.record;
  free_slot(slot);
  listener.finished(record);
}

/// Its blocks wait for the hand-over.
void Engine::Core::hold(Slot slot, EngineListener& listener) {
  Sequence& s = at(slot);
  rank_of(s).prefill_blocks -= s.private_blocks;
  rank_of(s).held_blocks += s.private_blocks;
  s.state = SequenceState::held;
  stop_running(slot);
  held_.emplace(s.request.id, slot);
  s.record.last_token = to_sim_time(now_);
  s.record.output_tokens = 1;
  listener.finished(s.record);
}

void Engine::Core::release(std::int64_t request_id, SimTime now) {
  const auto held = held_.find(request_id);
  if (held == held_.end()) return;  // lost with the machine
  Sequence& s = at(held->second);
  rank_of(s).held_blocks -= s.private_blocks;
  let_go(s);
  free_slot(held->second);
  held_.erase(held);
  trim_cache();
  if (!under_way_) now_ = std::max(now_, from_sim_time(now));
  blocked_ = false;
}

/// As after a crash: nothing is left but the clock.
std::vector<Request> Engine::Core::abandon() {
  std::vector<Request> lost;
  for (const Sequence& s : slots_) {
    if (s.state != SequenceState::gone && s.state != SequenceState::held) lost.push_back(s.request);
  }
  std::sort(lost.begin(), lost.end(), [](const Request& a, const Request& b) {
    return a.arrival != b.arrival ? a.arrival < b.arrival : a.id < b.id;
  });
  const SimTime now = to_sim_time(now_);
  // Prefix cache, waiting requests and caches are gone, as when the machine is lost; only the clock goes on.
  *this = Core(spec_, *cost_, replica_);
  origin_ = now;
  return lost;
}

EngineLoad Engine::Core::load() const {
  return {static_cast<std::int64_t>(waiting_.size() + incoming_.size()), static_cast<std::int64_t>(running_.size()),
          waiting_tokens_, used_blocks(), spec_.all_blocks()};
}

std::int64_t Engine::Core::prefix_match(const Request& request) const {
  Sequence s;
  s.request = request;
  s.target = request.prompt_tokens;
  PrefixCache::Match match;
  std::int64_t most = 0;
  for (const Rank& rank : ranks_) most = std::max(most, usable_match(rank, s, match));
  return most;
}

}  // namespace stargate
