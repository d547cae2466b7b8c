// A radix tree whose nodes are found by their first hash in an open table, and a doubly linked list through the idle
// nodes.
#include "stargate/engine/prefix_cache.hpp"

#include <algorithm>

#include "stargate/base/check.hpp"

namespace stargate {

/// Where two are alike, so are all before them: looked for by halving.
int PrefixCache::common_entries(const Node& node, std::span<const std::uint64_t> hashes) {
  const auto size = static_cast<std::size_t>(node.size());
  if (size <= hashes.size() && node.last == hashes[size - 1]) return node.size();
  const auto entries = node.entries();
  std::size_t same = 0, differs = std::min(size, hashes.size());  // leading ones that are alike; first that is not
  if (entries[differs - 1] == hashes[differs - 1]) return static_cast<int>(differs);
  while (same < differs) {
    const std::size_t middle = (same + differs) / 2;
    if (entries[middle] == hashes[middle]) {
      same = middle + 1;
    } else {
      differs = middle;
    }
  }
  return static_cast<int>(same);
}

/// Hashes may share their low bits; a product with the golden ratio spreads them over the high ones.
std::size_t PrefixCache::home(std::uint64_t hash) const {
  return static_cast<std::size_t>((hash * 0x9E3779B97F4A7C15) >> 32) & (slots_.size() - 1);
}

std::int32_t PrefixCache::find(std::uint64_t hash) const {
  if (slots_.empty()) return -1;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = home(hash); slots_[slot].node >= 0; slot = (slot + 1) & mask) {
    if (slots_[slot].hash == hash) return slots_[slot].node;
  }
  return -1;
}

std::size_t PrefixCache::slot_of(std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = home(hash);
  while (slots_[slot].hash != hash || slots_[slot].node < 0) slot = (slot + 1) & mask;
  return slot;
}

void PrefixCache::add_slot(std::int32_t node) {
  // At most half full, so that a look-up takes some two slots.
  if (2 * ++held_ > slots_.size()) grow();
  const std::uint64_t hash = at(node).entries().front();
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = home(hash);
  while (slots_[slot].node >= 0) slot = (slot + 1) & mask;
  slots_[slot] = {hash, node};
}

void PrefixCache::grow() {
  constexpr std::size_t kFirst = 256;
  std::vector<Slot> before(slots_.empty() ? kFirst : 2 * slots_.size());
  before.swap(slots_);
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& entry : before) {
    if (entry.node < 0) continue;
    std::size_t slot = home(entry.hash);
    while (slots_[slot].node >= 0) slot = (slot + 1) & mask;
    slots_[slot] = entry;
  }
}

/// What lies behind the emptied slot moves up, where its home is not in between.
void PrefixCache::remove_slot(std::uint64_t hash) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t empty = slot_of(hash);
  for (std::size_t slot = (empty + 1) & mask; slots_[slot].node >= 0; slot = (slot + 1) & mask) {
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

std::int32_t PrefixCache::make_node() {
  if (unused_.empty()) {
    nodes_.emplace_back();
    return static_cast<std::int32_t>(nodes_.size()) - 1;
  }
  const std::int32_t node = unused_.back();
  unused_.pop_back();
  return node;
}

void PrefixCache::remove_node(std::int32_t node) {
  Node& n = at(node);
  if (n.parent >= 0) --at(n.parent).children;
  n.hashes.clear();
  n.first = 0, n.parent = -1;
  unused_.push_back(node);
}

PrefixCache::Match PrefixCache::match(std::span<const std::uint64_t> hashes) const {
  Match found;
  while (!hashes.empty()) {
    const std::int32_t node = find(hashes.front());
    if (node < 0) break;
    const Node& n = at(node);
    const int entries = common_entries(n, hashes);
    found.entries += entries;
    found.tokens += entries * n.tokens;
    if (n.users == 0) found.idle_blocks += entries * n.blocks;
    if (entries < n.size()) break;
    hashes = hashes.subspan(static_cast<std::size_t>(entries));
  }
  return found;
}

void PrefixCache::unlink(std::int32_t node) {
  Node& n = at(node);
  (n.older >= 0 ? at(n.older).newer : oldest_) = n.newer;
  (n.newer >= 0 ? at(n.newer).older : newest_) = n.older;
  n.older = n.newer = -1;
}

void PrefixCache::link_before(std::int32_t node, std::int32_t newer) {
  Node& n = at(node);
  n.newer = newer;
  n.older = newer >= 0 ? at(newer).older : newest_;
  (newer >= 0 ? at(newer).older : newest_) = node;
  (n.older >= 0 ? at(n.older).newer : oldest_) = node;
}

void PrefixCache::make_idle(std::int32_t node) {
  const std::int64_t blocks = at(node).all_blocks();
  referenced_ -= blocks, idle_ += blocks;
  link_before(node, -1);
}

/// What was idle leaves the list of what may be given up.
void PrefixCache::add_user(std::int32_t node) {
  Node& n = at(node);
  if (n.users++ > 0) return;
  unlink(node);
  referenced_ += n.all_blocks(), idle_ -= n.all_blocks();
}

/// The node keeps the later entries, since holds and children are at its end. Among the idle its later entries were let
/// go before the leading ones.
void PrefixCache::split(std::int32_t node, int entries) {
  const std::int32_t upper = make_node();
  Node &lower = at(node), &n = at(upper);
  const auto all = lower.entries();
  n.hashes.assign(all.begin(), all.begin() + entries);
  n.last = n.hashes.back();
  n.first = 0, n.parent = lower.parent, n.children = 1, n.users = lower.users;
  n.tokens = lower.tokens, n.blocks = lower.blocks;
  if (n.users == 0) link_before(upper, lower.newer);
  slots_[slot_of(all.front())].node = upper;
  lower.first += entries;
  lower.parent = upper;
  add_slot(node);
}

int PrefixCache::acquire(Hold& hold, std::span<const std::uint64_t> next, std::int64_t tokens, std::int64_t blocks) {
  while (!next.empty()) {
    const std::int32_t node = find(next.front());
    if (node < 0) break;  // all after it are new as well
    const int entries = common_entries(at(node), next);
    std::int32_t end = node;
    if (entries < at(node).size()) {
      split(node, entries);
      end = at(node).parent;
    }
    add_user(end);
    hold.node = end, hold.entries += entries;
    next = next.subspan(static_cast<std::size_t>(entries));
  }
  if (next.empty()) return 0;
  const auto made = static_cast<int>(next.size());
  if (hold.node >= 0) {
    // Nobody else holds this end, and nothing goes on from it: it grows.
    Node& n = at(hold.node);
    const bool alike = n.tokens == tokens && n.blocks == blocks;
    if (alike && n.users == 1 && n.children == 0) {
      n.hashes.insert(n.hashes.end(), next.begin(), next.end());
      n.last = next.back();
      hold.entries += made, referenced_ += made * blocks;
      return made;
    }
    ++n.children;
  }
  const std::int32_t node = make_node();
  Node& n = at(node);
  n.hashes.assign(next.begin(), next.end());
  n.last = next.back();
  n.parent = hold.node, n.children = 0, n.users = 1, n.tokens = tokens, n.blocks = blocks;
  add_slot(node);
  hold.node = node, hold.entries += made;
  referenced_ += n.all_blocks();
  return made;
}

/// From the end, so that the end of a prompt is idle longest and goes first.
void PrefixCache::release(Hold& hold) {
  for (std::int32_t node = hold.node; node >= 0; node = at(node).parent) {
    // Somebody else still holds it: it stays referenced.
    if (--at(node).users == 0) make_idle(node);
  }
  hold = {};
}

void PrefixCache::trim(std::int64_t blocks) {
  while (idle_ > blocks && oldest_ >= 0) {
    const std::int32_t node = oldest_;
    Node& n = at(node);
    STARGATE_CHECK(n.children == 0, "what comes after goes first");
    idle_ -= n.blocks;
    if (n.size() > 1) {
      n.hashes.pop_back();
      n.last = n.hashes.back();
      continue;
    }
    unlink(node);
    remove_slot(n.hashes.back());
    remove_node(node);
  }
}

}  // namespace stargate
