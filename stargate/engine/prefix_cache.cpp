// An open table of hashes, and a doubly linked list through the idle entries.
#include "stargate/engine/prefix_cache.hpp"

#include "stargate/base/check.hpp"

namespace stargate {

/// Hashes may share their low bits; a product with the golden ratio spreads them over the high ones.
std::size_t PrefixCache::home(std::uint64_t hash) const {
  return static_cast<std::size_t>((hash * 0x9E3779B97F4A7C15) >> 32) & (slots_.size() - 1);
}

/// Hashes of one prompt are asked for one after the other, so the entry behind the last one is most often right.
std::int32_t PrefixCache::find(std::uint64_t hash, std::int32_t guess) const {
  if (guess >= 0) {
    const Entry& entry = entries_[static_cast<std::size_t>(guess)];
    if (entry.hash == hash && entry.users >= 0) return guess;
  }
  if (slots_.empty()) return -1;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = home(hash); slots_[slot].entry >= 0; slot = (slot + 1) & mask) {
    if (slots_[slot].hash == hash) return slots_[slot].entry;
  }
  return -1;
}

void PrefixCache::add_slot(const Slot& added) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = home(added.hash);
  while (slots_[slot].entry >= 0) slot = (slot + 1) & mask;
  slots_[slot] = added;
}

void PrefixCache::grow() {
  constexpr std::size_t kFirst = 256;
  std::vector<Slot> before(slots_.empty() ? kFirst : 2 * slots_.size());
  before.swap(slots_);
  for (const Slot& slot : before) {
    if (slot.entry >= 0) add_slot(slot);
  }
}

/// What lies behind the emptied slot moves up, where its home is not in between.
void PrefixCache::remove_slot(std::uint64_t hash) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t empty = home(hash);
  while (slots_[empty].hash != hash) empty = (empty + 1) & mask;
  for (std::size_t slot = (empty + 1) & mask; slots_[slot].entry >= 0; slot = (slot + 1) & mask) {
    const std::size_t wanted = home(slots_[slot].hash);
    // Distances are taken round the table: this entry's home lies behind the gap, so a search for it never passes
    // there.
    if (((slot - wanted) & mask) < ((slot - empty) & mask)) continue;
    slots_[empty] = slots_[slot];
    empty = slot;
  }
  slots_[empty] = {};
  --held_;
}

PrefixCache::Match PrefixCache::match(std::span<const std::uint64_t> hashes) const {
  Match found;
  std::int32_t guess = -1;
  for (const std::uint64_t hash : hashes) {
    const std::int32_t at = find(hash, guess);
    if (at < 0) break;
    const Entry& entry = entries_[static_cast<std::size_t>(at)];
    guess = entry.behind;
    ++found.entries;
    found.tokens += entry.tokens;
    if (entry.users == 0) found.idle_blocks += entry.blocks;
  }
  return found;
}

void PrefixCache::unlink(std::int32_t at) {
  Entry& entry = entries_[static_cast<std::size_t>(at)];
  (entry.older >= 0 ? entries_[static_cast<std::size_t>(entry.older)].newer : oldest_) = entry.newer;
  (entry.newer >= 0 ? entries_[static_cast<std::size_t>(entry.newer)].older : newest_) = entry.older;
  entry.older = entry.newer = -1;
  idle_ -= entry.blocks;
}

void PrefixCache::make_idle(std::int32_t at) {
  Entry& entry = entries_[static_cast<std::size_t>(at)];
  entry.older = newest_;
  (newest_ >= 0 ? entries_[static_cast<std::size_t>(newest_)].newer : oldest_) = at;
  newest_ = at;
  idle_ += entry.blocks;
}

/// A block that was idle leaves the list of what may be given up.
bool PrefixCache::acquire(std::uint64_t hash, std::int64_t tokens, std::int64_t blocks) {
  const std::int32_t before = last_;
  std::int32_t at = find(hash, before >= 0 ? entries_[static_cast<std::size_t>(before)].behind : -1);
  const bool fresh = at < 0;
  if (fresh) {
    // At most half full, so that a look-up takes some two slots.
    if (2 * ++held_ > slots_.size()) grow();
    if (unused_.empty()) {
      at = static_cast<std::int32_t>(entries_.size());
      entries_.emplace_back();
    } else {
      at = unused_.back();
      unused_.pop_back();
    }
    entries_[static_cast<std::size_t>(at)] = {hash, tokens, blocks};
    add_slot({hash, at});
  } else if (entries_[static_cast<std::size_t>(at)].users == 0) {
    unlink(at);
  }
  Entry& entry = entries_[static_cast<std::size_t>(at)];
  if (entry.users++ == 0) referenced_ += entry.blocks;
  entry.before = before;
  if (before >= 0) entries_[static_cast<std::size_t>(before)].behind = at;
  last_ = at;
  return fresh;
}

/// From the end, so that the end of a prompt is idle longest and goes first.
void PrefixCache::release(std::span<const std::uint64_t> hashes, int entries) {
  std::int32_t guess = -1;
  for (int i = entries - 1; i >= 0; --i) {
    const std::int32_t at = find(hashes[static_cast<std::size_t>(i)], guess);
    STARGATE_CHECK(at >= 0, "what is let go was taken");
    Entry& entry = entries_[static_cast<std::size_t>(at)];
    guess = entry.before;
    // Somebody else still holds it: it stays referenced.
    if (--entry.users > 0) continue;
    referenced_ -= entry.blocks;
    make_idle(at);
  }
}

void PrefixCache::trim(std::int64_t blocks) {
  while (idle_ > blocks && oldest_ >= 0) {
    const std::int32_t at = oldest_;
    unlink(at);
    remove_slot(entries_[static_cast<std::size_t>(at)].hash);
    entries_[static_cast<std::size_t>(at)].users = -1;
    unused_.push_back(at);
  }
}

void PrefixCache::clear() { *this = PrefixCache(); }

}  // namespace stargate
