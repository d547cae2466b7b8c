// The books of the cache. Used are: blocks of prompts under way, of decoding sequences, of referenced prefixes, what
// each sequence takes whatever its length, and what is held for a hand-over. The rest is free, also where it still
// remembers a prefix.
#include <algorithm>

#include "stargate/engine/engine_core.hpp"

namespace stargate {

std::int64_t Engine::Core::used_blocks(const Rank& rank) const {
  return rank.prefill_blocks + rank.decoding.blocks() + rank.cache.referenced_blocks() + rank.held_blocks +
         rank.running * spec_.kv.blocks_per_sequence;
}

std::int64_t Engine::Core::used_blocks() const {
  std::int64_t blocks = 0;
  for (const Rank& rank : ranks_) blocks += used_blocks(rank);
  return blocks;
}

void Engine::Core::trim_cache() {
  for (Rank& rank : ranks_) {
    if (rank.cache.idle_blocks() > 0) rank.cache.trim(free_blocks(rank));
  }
}

/// Tokens a match spares: whole blocks, and at least the last token is computed.
std::int64_t Engine::Core::usable_match(const Rank& rank, const Sequence& s, PrefixCache::Match& match) const {
  match = {};
  if (!spec_.kv.prefix_caching || s.request.prefix_hashes.empty() || s.has_cache) return 0;
  match = rank.cache.match(s.request.prefix_hashes);
  const std::int64_t most = block_tokens(std::min<std::int64_t>(match.tokens, s.target - 1));
  const auto each = s.request.prefix_block_tokens;
  match.entries = static_cast<int>(std::min<std::int64_t>(match.entries, (most + each - 1) / each));
  return most;
}

/// The blocks found are held by the sequence too from now on; the tokens they spare count as computed.
void Engine::Core::take_prefix(Sequence& s, int entries, std::int64_t tokens) {
  s.shared_tokens = static_cast<std::int32_t>(tokens);
  rank_of(s).cache.acquire(s.shared, s.request.prefix_hashes.first(static_cast<std::size_t>(entries)), 0, 0);
  s.computed = s.shared_tokens;
}

/// Hashes whose tokens have all been computed, of `tokens` in the cache: others may use these blocks from now on. Where
/// somebody was faster, the sequence goes on with that copy.
void Engine::Core::share_prefix(Sequence& s, std::int64_t tokens) {
  if (!spec_.kv.prefix_caching) return;
  const auto& hashes = s.request.prefix_hashes;
  const std::int64_t each = s.request.prefix_block_tokens, prompt = s.request.prompt_tokens;
  const std::int64_t count = std::ssize(hashes), last = (count - 1) * each;  // where the last one's tokens begin
  if (s.shared.entries == count) return;
  const auto share = [&](std::int64_t entries, std::int64_t tokens_each) {
    const auto known = static_cast<std::size_t>(s.shared.entries);
    const std::int64_t whole = block_tokens(tokens_each);
    rank_of(s).cache.acquire(s.shared, hashes.subspan(known, static_cast<std::size_t>(entries) - known), whole,
                             whole / spec_.kv.block_size);
    s.shared_tokens = static_cast<std::int32_t>((entries - 1) * each + whole);
  };
  // The last hash may stand for fewer tokens: up to the end of the prompt, where that lies in its block.
  const std::int64_t last_tokens = prompt > last ? std::min(each, prompt - last) : each;
  const std::int64_t alike = last_tokens < each ? count - 1 : count;
  const std::int64_t computed = std::min(alike, tokens / each);
  if (computed > s.shared.entries) share(computed, each);
  if (s.shared.entries == alike && alike < count && last + last_tokens <= tokens) share(count, last_tokens);
}

/// While prefilling: blocks for `tokens`, less those shared.
void Engine::Core::set_private_blocks(Sequence& s, std::int64_t tokens) {
  const std::int64_t blocks = blocks_of(tokens) - s.shared_tokens / spec_.kv.block_size;
  rank_of(s).prefill_blocks += blocks - s.private_blocks;
  s.private_blocks = blocks;
}

/// running_ is in no order: a sequence knows its place in it, and the last one fills a gap.
void Engine::Core::start_running(Slot slot) {
  Sequence& s = at(slot);
  s.order = ++orders_;
  s.running_index = running_.size();
  running_.push_back(slot);
  ++rank_of(s).running;
}

void Engine::Core::stop_running(Slot slot) {
  const std::size_t index = at(slot).running_index;
  running_[index] = running_.back();
  at(running_[index]).running_index = index;
  running_.pop_back();
  --rank_of(at(slot)).running;
}

/// Its private blocks are counted by the rank's DecodeSet from now on, less those it shares.
void Engine::Core::join_decodes(Slot slot) {
  Sequence& s = at(slot);
  Rank& rank = rank_of(s);
  rank.prefill_blocks -= s.private_blocks;
  s.private_blocks = 0;
  s.state = SequenceState::decoding;
  s.joined = position();
  rank.decoding.add(s.target, s.request.output_tokens - s.generated, s.order, slot);
  rank.decoding.add_shared_blocks(s.shared_tokens / spec_.kv.block_size);
  decode_changed_ = true;
}

/// With the length and the remaining tokens that it has by now, as DecodeSet asks.
void Engine::Core::leave_decodes(Slot slot) {
  Sequence& s = at(slot);
  const std::int64_t gained = position() - s.joined;
  DecodeSet& decoding = rank_of(s).decoding;
  decoding.remove(s.target + gained, s.request.output_tokens - s.generated - gained, slot);
  decoding.add_shared_blocks(-(s.shared_tokens / spec_.kv.block_size));
  decode_changed_ = true;
}

/// Its shared blocks, and what was kept for it.
void Engine::Core::let_go(Sequence& s) {
  rank_of(s).cache.release(s.shared);
  rank_of(s).reserved_blocks -= s.reserved_blocks;
  s.shared_tokens = 0;
  s.reserved_blocks = 0;
}

void Engine::Core::free_slot(Slot slot) {
  at(slot).state = SequenceState::gone;
  free_slots_.push_back(slot);
}

}  // namespace stargate
