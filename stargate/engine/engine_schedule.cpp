// The rules of each engine, a step at a time. Sources: vLLM v1/core/sched/scheduler.py (running requests first, then
// the waiting while tokens are left and nobody was preempted), SGLang managers/schedule_policy.py (PrefillAdder) and
// scheduler.py (prefill before decode, retraction), TensorRT-LLM's documentation of its capacity scheduler.
#include <algorithm>
#include <tuple>

#include "stargate/engine/engine_core.hpp"

namespace stargate {
namespace {

constexpr std::int64_t kNoLimit = std::int64_t{1} << 40;
/// SGLang keeps room for no more than so many tokens of an answer (CLIP_MAX_NEW_TOKENS).
constexpr std::int64_t kMostExpectedTokens = 4096;

}  // namespace

std::size_t Engine::Core::most_running() const {
  // TensorRT-LLM's max_batch_size is of one micro-batch, vLLM's and SGLang's limit of all that run on a rank.
  const int groups = spec_.kind == EngineKind::trtllm ? spec_.groups() : spec_.data_parallel;
  return static_cast<std::size_t>(spec_.max_num_seqs) * static_cast<std::size_t>(groups);
}

/// Blocks of a request at its last token.
std::int64_t Engine::Core::whole_blocks(const Request& r) const {
  const std::int64_t overshoot = spec_.speculation.draft_tokens;
  const std::int64_t tokens = spec_.prefill_only ? r.prompt_tokens : r.prompt_tokens + r.output_tokens + overshoot;
  return blocks_of(tokens) + spec_.kv.blocks_per_sequence;
}

void Engine::Core::schedule() {
  plan_.chunks.clear();
  plan_.preempted = plan_.front_has_idle_prefix = false;
  plan_.growth = 0;
  plan_.decodes = false;
  if (spec_.kind == EngineKind::static_batch) return schedule_static_batch();
  const bool together = !spec_.prefill_first || spec_.mixed_chunks;
  if (together) make_room_for_decodes();
  open_budget(together);
  continue_prompts();
  if (!plan_.preempted) admit();
  if (!together && plan_.chunks.empty()) make_room_for_decodes();
  if (together || plan_.chunks.empty()) plan_.decodes = decoding_.size() > 0;
}

void Engine::Core::schedule_static_batch() {
  open_budget(false);
  for (auto& group : plan_.groups) group.room = kNoLimit;
  continue_prompts();
  if (running_.empty()) {
    admit();
    batch_size_ = static_cast<int>(running_.size());
  }
  plan_.decodes = plan_.chunks.empty() && decoding_.size() > 0;
}

/// Each sequence may write one more step's tokens, or the last ones give way.
void Engine::Core::make_room_for_decodes() {
  for (;;) {
    plan_.growth = decoding_.blocks_after(1) - decoding_.blocks_after(0);
    if (plan_.growth <= free_blocks() || running_.size() <= 1) return;
    preempt(victim());
  }
}

/// A decode takes one token of the budget, and one for each draft.
void Engine::Core::open_budget(bool with_decodes) {
  const int groups = spec_.groups();
  const int decoding = with_decodes ? (decoding_.size() + groups - 1) / groups : 0;
  const int taken = decoding * (1 + spec_.speculation.draft_tokens);
  plan_.group = 0;
  plan_.groups.assign(static_cast<std::size_t>(groups), {});
  for (auto& group : plan_.groups) group.room = std::max(0, spec_.max_num_batched_tokens - taken);
}

/// How many of `tokens` go into the next step, in the group that has most room (its requests are spread so); 0 when
/// there is none.
std::int64_t Engine::Core::next_chunk(std::int64_t tokens) {
  const auto emptiest = std::max_element(plan_.groups.begin(), plan_.groups.end(),
                                         [](const GroupLoad& a, const GroupLoad& b) { return a.room < b.room; });
  plan_.group = static_cast<std::size_t>(emptiest - plan_.groups.begin());
  const std::int64_t room = emptiest->room;
  if (room <= 0) return 0;
  if (spec_.chunked_prefill) {
    const std::int64_t most = spec_.long_prefill_token_threshold > 0 ? spec_.long_prefill_token_threshold : kNoLimit;
    return std::min({tokens, room, most});
  }
  return tokens <= room || plan_.chunks.empty() ? tokens : 0;  // a whole prompt, however long, when it is alone
}

void Engine::Core::add_chunk(Slot slot, std::int64_t tokens) {
  Sequence& s = at(slot);
  if (spec_.kind == EngineKind::vllm) share_prefix(s, s.computed + tokens);  // also with the rest of this step
  set_private_blocks(s, s.computed + tokens);
  const auto q = static_cast<double>(tokens);
  const double pairs = q * (s.computed + (q + 1) / 2);
  plan_.chunks.push_back({slot, static_cast<std::int32_t>(tokens), pairs, plan_.group});
  GroupLoad& group = plan_.groups[plan_.group];
  group.room -= tokens;
  group.tokens += static_cast<int>(tokens);
  ++group.sequences;
  group.pairs += pairs;
}

void Engine::Core::continue_prompts() {
  for (std::size_t i = 0; i < prefilling_.size(); ++i) {
    const Slot slot = prefilling_[i];
    const std::int64_t tokens = next_chunk(at(slot).target - at(slot).computed);
    if (tokens == 0 || !make_room_for_chunk(slot, tokens)) return;
    i = static_cast<std::size_t>(std::find(prefilling_.begin(), prefilling_.end(), slot) - prefilling_.begin());
    add_chunk(slot, tokens);
  }
}

/// False when the sequence itself had to give way.
bool Engine::Core::make_room_for_chunk(Slot slot, std::int64_t tokens) {
  for (;;) {
    const Sequence& s = at(slot);
    const std::int64_t blocks = blocks_of(s.computed + tokens) - s.shared_tokens / spec_.kv.block_size;
    if (blocks - s.private_blocks <= free_blocks() - plan_.growth) return true;
    const Slot last = victim();
    preempt(last);
    if (last == slot) return false;
    if (plan_.growth > 0) plan_.growth = decoding_.blocks_after(1) - decoding_.blocks_after(0);
  }
}

void Engine::Core::admit() {
  while (!waiting_.empty() && running_.size() < most_running()) {
    const Slot slot = waiting_.front();
    if (!(at(slot).has_cache ? admit_with_cache(slot) : admit_front())) return;
  }
}

bool Engine::Core::admit_front() {
  const Slot slot = waiting_.front();
  Sequence& s = at(slot);
  PrefixCache::Match match;
  const std::int64_t cached = usable_match(s, match);
  const std::int64_t tokens = next_chunk(s.target - cached);
  if (tokens == 0) return false;
  const std::int64_t blocks =
      blocks_of(cached + tokens) - cached / spec_.kv.block_size + match.idle_blocks + spec_.kv.blocks_per_sequence;
  plan_.front_has_idle_prefix = match.idle_blocks > 0;
  if (!may_admit(s, blocks)) return false;
  waiting_.pop();
  waiting_tokens_ -= s.target;
  take_prefix(s);
  if (s.record.scheduled.is_never()) {
    s.record.scheduled = to_sim_time(now_);
    s.record.cached_tokens = s.shared_tokens;
  }
  if (spec_.admission == AdmissionPolicy::guaranteed) reserved_blocks_ += s.reserved_blocks = whole_blocks(s.request);
  s.state = SequenceState::prefilling;
  start_running(slot);
  prefilling_.push_back(slot);
  add_chunk(slot, tokens);
  return true;
}

/// It decodes from the next step on.
bool Engine::Core::admit_with_cache(Slot slot) {
  Sequence& s = at(slot);
  const std::int64_t next = s.target + 1 + spec_.speculation.draft_tokens;  // a step may accept every draft
  if (!may_admit(s, blocks_of(next) + spec_.kv.blocks_per_sequence)) return false;
  waiting_.pop();
  waiting_tokens_ -= s.target;
  if (s.record.preemptions > 0) plan_.swap += s.target * spec_.swap_token;
  if (s.record.scheduled.is_never()) s.record.scheduled = to_sim_time(now_);
  if (spec_.admission == AdmissionPolicy::guaranteed) reserved_blocks_ += s.reserved_blocks = whole_blocks(s.request);
  s.has_cache = false;
  s.computed = s.target;
  start_running(slot);
  set_private_blocks(s, s.target);
  join_decodes(slot);
  plan_.growth = decoding_.blocks_after(1) - decoding_.blocks_after(0);
  return true;
}

bool Engine::Core::may_admit(const Sequence& s, std::int64_t blocks) const {
  const std::int64_t room = free_blocks() - plan_.growth;
  if (blocks > room) return false;
  switch (spec_.admission) {
    case AdmissionPolicy::fits_now:
      return true;
    case AdmissionPolicy::guaranteed:
      return whole_blocks(s.request) <= spec_.kv.blocks - reserved_blocks_ - held_blocks_;
    case AdmissionPolicy::expected_outputs:
      break;
  }
  const auto expected = [](const Sequence& q) {
    return std::min<std::int64_t>(q.request.output_tokens - q.generated, kMostExpectedTokens);
  };
  double kept = spec_.new_token_ratio * static_cast<double>(decoding_.total_remaining());
  for (const Slot slot : prefilling_) {
    kept += static_cast<double>(at(slot).target - at(slot).computed + expected(at(slot)));
  }
  const auto wanted = static_cast<double>(s.target + expected(s));
  return running_.empty() || wanted + kept <= static_cast<double>(room * spec_.kv.block_size);
}

/// The last to come; by priority the least urgent of them; SGLang takes who has the fewest tokens out, longest prompt
/// first.
Engine::Core::Slot Engine::Core::victim() const {
  Slot last = running_.front();
  const auto key = [&](Slot slot) {
    const Sequence& s = at(slot);
    std::int64_t first = 0, next = 0;
    if (spec_.order == QueueOrder::priority) {
      first = s.request.priority, next = s.request.arrival.ns;
    } else if (spec_.kind == EngineKind::sglang) {
      const bool decodes = s.state == SequenceState::decoding;
      first = -(s.generated + (decodes ? decoding_.position() - s.joined : 0));
      next = s.request.prompt_tokens;
    }
    return std::tuple(first, next, s.order);
  };
  for (const Slot slot : running_) {
    if (key(slot) > key(last)) last = slot;
  }
  return last;
}

void Engine::Core::preempt(Slot slot) {
  Sequence& s = at(slot);
  plan_.preempted = true;
  plan_.gave_way.push_back(s.request.id);
  ++s.record.preemptions;
  if (s.state == SequenceState::decoding) {
    const auto gained = static_cast<std::int32_t>(decoding_.position() - s.joined);
    leave_decodes(slot);
    s.generated += gained;
    s.target = s.request.prompt_tokens + s.generated;
    if (spec_.preemption == PreemptionMode::swap) {
      --s.target;  // the last token has not been through the model
      s.has_cache = true;
      plan_.swap += s.target * spec_.swap_token;
    }
  } else {
    prefill_blocks_ -= s.private_blocks;
    s.private_blocks = 0;
    std::erase(prefilling_, slot);
    std::erase_if(plan_.chunks, [&](const Chunk& chunk) {
      if (chunk.slot != slot) return false;
      GroupLoad& group = plan_.groups[chunk.group];
      group.tokens -= chunk.tokens, group.pairs -= chunk.pairs, --group.sequences;
      return true;
    });
  }
  s.computed = 0;
  let_go(s);
  stop_running(slot);
  s.state = SequenceState::waiting;
  waiting_.push_preempted(slot, s.request.priority, s.request.arrival.ns);
  waiting_tokens_ += s.target;
}

}  // namespace stargate
