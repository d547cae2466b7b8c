// A table of hashes, and a doubly linked list through the idle entries.
#include "stargate/engine/prefix_cache.hpp"

namespace stargate {

PrefixCache::Match PrefixCache::match(std::span<const std::uint64_t> hashes) const {
  Match found;
  for (const std::uint64_t hash : hashes) {
    const auto at = index_.find(hash);
    if (at == index_.end()) break;
    const Entry& entry = entries_[static_cast<std::size_t>(at->second)];
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
  const auto [place, fresh] = index_.emplace(hash, 0);
  if (fresh) {
    if (unused_.empty()) {
      place->second = static_cast<std::int32_t>(entries_.size());
      entries_.emplace_back();
    } else {
      place->second = unused_.back();
      unused_.pop_back();
    }
    entries_[static_cast<std::size_t>(place->second)] = {hash, tokens, blocks, 0, -1, -1};
  } else if (entries_[static_cast<std::size_t>(place->second)].users == 0) {
    unlink(place->second);
  }
  Entry& entry = entries_[static_cast<std::size_t>(place->second)];
  if (entry.users++ == 0) referenced_ += entry.blocks;
  return fresh;
}

/// From the end, so that the end of a prompt is idle longest and goes first.
void PrefixCache::release(std::span<const std::uint64_t> hashes, int entries) {
  for (int i = entries - 1; i >= 0; --i) {
    const std::int32_t at = index_.at(hashes[static_cast<std::size_t>(i)]);
    Entry& entry = entries_[static_cast<std::size_t>(at)];
    if (--entry.users > 0) continue;
    referenced_ -= entry.blocks;
    make_idle(at);
  }
}

void PrefixCache::trim(std::int64_t blocks) {
  while (idle_ > blocks && oldest_ >= 0) {
    const std::int32_t at = oldest_;
    unlink(at);
    index_.erase(entries_[static_cast<std::size_t>(at)].hash);
    unused_.push_back(at);
  }
}

void PrefixCache::clear() { *this = PrefixCache(); }

}  // namespace stargate
