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

/// On one rank.
std::int64_t Engine::Core::most_running() const {
  // TensorRT-LLM's max_batch_size is of one micro-batch, vLLM's and SGLang's limit of all that run on a rank.
  return static_cast<std::int64_t>(spec_.max_num_seqs) * (spec_.kind == EngineKind::trtllm ? spec_.pipeline : 1);
}

/// Blocks of a request at its last token.
std::int64_t Engine::Core::whole_blocks(const Request& r) const {
  // The last step may write drafts beyond the end of the answer, so room for them is wanted too.
  const std::int64_t overshoot = spec_.speculation.draft_tokens;
  const std::int64_t tokens = spec_.prefill_only ? r.prompt_tokens : r.prompt_tokens + r.output_tokens + overshoot;
  return blocks_of(tokens) + spec_.kv.blocks_per_sequence;
}

/// Together: running sequences first, then prompts under way, then new ones, all from one budget of tokens. Prefill
/// first: prompts alone, and only when there are none the decodes.
void Engine::Core::schedule() {
  plan_.chunks.clear();
  plan_.preempted = plan_.decodes = false;
  for (Rank& rank : ranks_) rank.growth = 0, rank.front_has_idle = false;
  if (spec_.kind == EngineKind::static_batch) return schedule_static_batch();
  // Decodes first (vLLM, TensorRT-LLM, SGLang with mixed chunks), or prompts alone while decodes wait (SGLang).
  const bool together = !spec_.prefill_first || spec_.mixed_chunks;
  if (together) make_room_for_decodes();
  open_budget(together);
  continue_prompts();
  // Whoever was just sent away would come straight back in otherwise: no engine lets anybody in in such a step.
  if (!plan_.preempted) admit();
  if (!together && plan_.chunks.empty()) make_room_for_decodes();
  if (together || plan_.chunks.empty()) plan_.decodes = decoding_size() > 0;
}

/// Nobody is let in until the whole batch has ended.
void Engine::Core::schedule_static_batch() {
  open_budget(false);
  // A static batch prefills all its prompts at once, however long the step.
  for (auto& group : plan_.groups) group.room = kNoLimit;
  continue_prompts();
  if (running_.empty()) {
    admit();
    batch_size_ = static_cast<int>(running_.size());
  }
  plan_.decodes = plan_.chunks.empty() && decoding_size() > 0;
}

void Engine::Core::plan_growth(Rank& rank) const {
  rank.growth = rank.decoding.blocks_after(1) - rank.decoding.blocks();
}

/// Each sequence may write one more step's tokens, or the last ones of its rank give way.
void Engine::Core::make_room_for_decodes() {
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    Rank& rank = ranks_[i];
    // The last sequence of a rank is never sent away: fits() has promised it the whole pool.
    for (plan_growth(rank); rank.growth > free_blocks(rank) && rank.running > 1; plan_growth(rank)) preempt(victim(i));
  }
}

/// A decode takes one token of the budget, and one for each draft.
void Engine::Core::open_budget(bool with_decodes) {
  plan_.group = 0;
  plan_.groups.assign(static_cast<std::size_t>(spec_.groups()), {});
  for (std::size_t i = 0; i < plan_.groups.size(); ++i) {
    // A rank's sequences are spread over the micro-batches of the pipeline, `pipeline` groups a rank in a row.
    const int size = ranks_[i / static_cast<std::size_t>(spec_.pipeline)].decoding.size();
    const int decoding = with_decodes ? (size + spec_.pipeline - 1) / spec_.pipeline : 0;
    const int taken = decoding * (1 + spec_.speculation.draft_tokens);
    plan_.groups[i].room = std::max(0, spec_.max_num_batched_tokens - taken);
  }
}

/// How many of `tokens` go into the next step, in the micro-batch of the rank that has most room; 0 when there is none.
std::int64_t Engine::Core::next_chunk(std::size_t rank, std::int64_t tokens) {
  const auto first = plan_.groups.begin() + static_cast<std::ptrdiff_t>(rank) * spec_.pipeline;
  const auto emptiest = std::max_element(first, first + spec_.pipeline,
                                         [](const GroupLoad& a, const GroupLoad& b) { return a.room < b.room; });
  plan_.group = static_cast<std::size_t>(emptiest - plan_.groups.begin());
  const std::int64_t room = emptiest->room;
  if (room <= 0) return 0;
  if (spec_.chunked_prefill) {
    const std::int64_t most = spec_.long_prefill_token_threshold > 0 ? spec_.long_prefill_token_threshold : kNoLimit;
    return std::min({tokens, room, most});
  }
  return tokens <= room || emptiest->tokens == 0 ? tokens : 0;  // a whole prompt, however long, when it is alone
}

/// `pairs`: query i of the chunk sees computed + i + 1 keys, summed over the chunk.
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

/// In order of admission. Making room may take sequences out of the list that is walked.
void Engine::Core::continue_prompts() {
  for (std::size_t i = 0; i < prefilling_.size(); ++i) {
    const Slot slot = prefilling_[i];
    const std::int64_t tokens = next_chunk(at(slot).rank, at(slot).target - at(slot).computed);
    if (tokens == 0) continue;
    if (!make_room_for_chunk(slot, tokens)) return;
    // Somebody earlier in the list may have given way, so the walk goes on from where this prompt stands by now.
    i = static_cast<std::size_t>(std::find(prefilling_.begin(), prefilling_.end(), slot) - prefilling_.begin());
    add_chunk(slot, tokens);
  }
}

/// False when the sequence itself had to give way.
bool Engine::Core::make_room_for_chunk(Slot slot, std::int64_t tokens) {
  for (;;) {
    const Sequence& s = at(slot);
    const std::int64_t blocks = blocks_of(s.computed + tokens) - s.shared_tokens / spec_.kv.block_size;
    Rank& rank = rank_of(s);
    if (blocks - s.private_blocks <= free_blocks(rank) - rank.growth) return true;
    const Slot last = victim(s.rank);
    preempt(last);
    if (last == slot) return false;
    if (rank.growth > 0) plan_growth(rank);
  }
}

/// Prompts wait for one another, so that each rank gets one, but no longer than they are told to and never while nobody
/// decodes.
bool Engine::Core::waits_for_ranks() const {
  return waited_ < spec_.attention_dp_wait && ranks_.size() > 1 && !waiting_.empty() && prefilling_.empty() &&
         waiting_.size() < ranks_.size() && decoding_size() > 0;
}

void Engine::Core::admit() {
  if (waits_for_ranks()) return;
  while (!waiting_.empty() && admit_front()) {
  }
}

/// On the rank with the fewest sequences, or the next that has room for it.
bool Engine::Core::admit_front() {
  const Slot slot = waiting_.front();
  for (Rank& rank : ranks_) rank.front_has_idle = false;
  if (ranks_.size() > 1) {
    std::sort(rank_order_.begin(), rank_order_.end(), [&](std::size_t a, std::size_t b) {
      return std::tuple(ranks_[a].running, a) < std::tuple(ranks_[b].running, b);
    });
  }
  for (const std::size_t rank : rank_order_) {
    if (ranks_[rank].running >= most_running()) return false;  // and so have all after it
    if (at(slot).has_cache ? admit_with_cache(rank, slot) : admit_on(rank, slot)) return true;
  }
  return false;
}

void Engine::Core::begin_on(std::size_t index, Slot slot) {
  Sequence& s = at(slot);
  waiting_.pop();
  waiting_tokens_ -= s.target;
  s.rank = index;
  if (spec_.admission != AdmissionPolicy::guaranteed) return;
  rank_of(s).reserved_blocks += s.reserved_blocks = whole_blocks(s.request);
}

/// Needs room for the first chunk, plus idle blocks of its prefix, which stop being free once it holds them.
bool Engine::Core::admit_on(std::size_t index, Slot slot) {
  Sequence& s = at(slot);
  Rank& rank = ranks_[index];
  if (next_chunk(index, 1) == 0) return false;  // before its prefix is looked for
  PrefixCache::Match match;
  const std::int64_t cached = usable_match(rank, s, match);
  const std::int64_t tokens = next_chunk(index, s.target - cached);
  if (tokens == 0) return false;
  const std::int64_t blocks =
      blocks_of(cached + tokens) - cached / spec_.kv.block_size + match.idle_blocks + spec_.kv.blocks_per_sequence;
  rank.front_has_idle = match.idle_blocks > 0;
  if (!may_admit(rank, s, blocks)) return false;
  begin_on(index, slot);
  take_prefix(s, match.entries, cached);
  if (s.record.scheduled.is_never()) {
    s.record.scheduled = to_sim_time(now_);
    s.record.cached_tokens = s.shared_tokens;
  }
  s.state = SequenceState::prefilling;
  start_running(slot);
  prefilling_.push_back(slot);
  add_chunk(slot, tokens);
  return true;
}

/// It decodes from the next step on.
bool Engine::Core::admit_with_cache(std::size_t index, Slot slot) {
  Sequence& s = at(slot);
  const std::int64_t next = s.target + 1 + spec_.speculation.draft_tokens;  // a step may accept every draft
  if (!may_admit(ranks_[index], s, blocks_of(next) + spec_.kv.blocks_per_sequence)) return false;
  begin_on(index, slot);
  if (s.record.preemptions > 0) plan_.swap += s.target * spec_.swap_token;
  if (s.record.scheduled.is_never()) s.record.scheduled = to_sim_time(now_);
  s.has_cache = false;
  s.computed = s.target;
  start_running(slot);
  set_private_blocks(s, s.target);
  join_decodes(slot);
  plan_growth(ranks_[index]);
  return true;
}

/// The three admission policies. SGLang's reserves, besides what the newcomer will need, a share of what the running
/// ones may still put out and all that the prompts under way will.
bool Engine::Core::may_admit(const Rank& rank, const Sequence& s, std::int64_t blocks) const {
  const std::int64_t room = free_blocks(rank) - rank.growth;
  if (blocks > room) return false;
  switch (spec_.admission) {
    case AdmissionPolicy::fits_now:
      return true;
    case AdmissionPolicy::guaranteed:
      // Everybody's last token has its block set aside, so that nobody ever gives way.
      return whole_blocks(s.request) <= spec_.kv.blocks - rank.reserved_blocks - rank.held_blocks;
    case AdmissionPolicy::expected_outputs:
      break;
  }
  const auto expected = [](const Sequence& q) {
    return std::min<std::int64_t>(q.request.output_tokens - q.generated, kMostExpectedTokens);
  };
  // In tokens. SGLang lets its ratio sink from 0.7 while nobody is retracted; here it stands at the value it settles
  // at.
  double kept = spec_.new_token_ratio * static_cast<double>(rank.decoding.total_remaining());
  for (const Slot slot : prefilling_) {
    if (&rank_of(at(slot)) != &rank) continue;
    kept += static_cast<double>(at(slot).target - at(slot).computed + expected(at(slot)));
  }
  const auto wanted = static_cast<double>(s.target + expected(s));
  return rank.running == 0 || wanted + kept <= static_cast<double>(room * spec_.kv.block_size);
}

/// Of a rank, the last to come; by priority the least urgent of them; SGLang takes who has the fewest tokens out,
/// longest prompt first.
Engine::Core::Slot Engine::Core::victim(std::size_t rank) const {
  Slot last = -1;
  const auto key = [&](Slot slot) {
    const Sequence& s = at(slot);
    std::int64_t first = 0, next = 0;
    if (spec_.order == QueueOrder::priority) {
      first = s.request.priority, next = s.request.arrival.ns;
    } else if (spec_.kind == EngineKind::sglang) {
      const bool decodes = s.state == SequenceState::decoding;
      first = -(s.generated + (decodes ? position() - s.joined : 0));
      next = s.request.prompt_tokens;
    }
    return std::tuple(first, next, s.order);
  };
  for (const Slot slot : running_) {
    if (at(slot).rank == rank && (last < 0 || key(slot) > key(last))) last = slot;
  }
  return last;
}

/// Its blocks are freed and it waits before all others. What it has put out becomes part of the prompt that is computed
/// again (recompute), or its cache moves to the host and back (swap).
void Engine::Core::preempt(Slot slot) {
  Sequence& s = at(slot);
  plan_.preempted = true;
  plan_.gave_way.push_back(s.request.id);
  ++s.record.preemptions;
  if (s.state == SequenceState::decoding) {
    const auto gained = static_cast<std::int32_t>(position() - s.joined);
    leave_decodes(slot);
    s.generated += gained;
    s.target = s.request.prompt_tokens + s.generated;
    if (spec_.preemption == PreemptionMode::swap) {
      --s.target;  // the last token has not been through the model
      s.has_cache = true;
      plan_.swap += s.target * spec_.swap_token;
    }
  } else {
    rank_of(s).prefill_blocks -= s.private_blocks;
    s.private_blocks = 0;
    std::erase(prefilling_, slot);
    // It may already be in the step that is being planned: its tokens are given back to the budget's counts.
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
