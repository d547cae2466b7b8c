// Blocks whose content is known by hash, kept after their sequence has left for the next one with the same beginning.
// Referenced blocks belong to running sequences; idle ones are free memory that still holds something, given up in the
// order in which they were last let go. A sequence lets go of its last block first, so a block never outlives what
// comes before it: the leaf-first order of a radix tree (SGLang), the free queue of vLLM.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace stargate {

/// Blocks are counted in the pool's blocks; a hash may stand for several, or for a part of one. Operations are O(1) a
/// hash.
class PrefixCache {
 public:
  struct Match {
    int entries = 0;               ///< leading hashes found
    std::int64_t tokens = 0;       ///< that they stand for
    std::int64_t idle_blocks = 0;  ///< of them, blocks that nobody uses now
  };
  /// Of the longest run from the first hash on.
  Match match(std::span<const std::uint64_t> hashes) const;

  /// One more user of a block, which is there or is made now. True when it was made.
  bool acquire(std::uint64_t hash, std::int64_t tokens, std::int64_t blocks);
  /// The leading `entries` hashes have one user fewer each.
  void release(std::span<const std::uint64_t> hashes, int entries);
  /// Gives up idle blocks until at most `blocks` are left. The one let go longest ago first.
  void trim(std::int64_t blocks);
  /// Forgets everything, referenced blocks too: only when nobody is left.
  void clear();

  std::int64_t referenced_blocks() const { return referenced_; }
  std::int64_t idle_blocks() const { return idle_; }

 private:
  struct Entry {
    std::uint64_t hash = 0;               ///< of these tokens and all before them
    std::int64_t tokens = 0, blocks = 0;  ///< that it stands for, and takes
    std::int32_t users = 0;               ///< running sequences; 0: idle; -1: the place is unused
    std::int32_t older = -1, newer = -1;  ///< among the idle
    /// Where the hashes before it and behind it were when it was last taken: looked at before the table is.
    std::int32_t before = -1, behind = -1;
  };
  struct Slot {
    std::uint64_t hash = 0;
    std::int32_t entry = -1;  ///< -1: empty
  };
  void make_idle(std::int32_t at);  ///< to the newest end of the idle list
  void unlink(std::int32_t at);     ///< out of the idle list
  /// The entry of a hash, or -1. `guess`: an entry that may be it; -1: none.
  std::int32_t find(std::uint64_t hash, std::int32_t guess) const;
  void add_slot(const Slot& slot);             ///< into the table, which has room
  void remove_slot(std::uint64_t hash);        ///< out of the table, closing the gap
  void grow();                                 ///< doubles the table
  std::size_t home(std::uint64_t hash) const;  ///< the slot where a search begins

  /// Entries by hash, each at its home or in one of the next slots, without a gap between (Knuth, volume 3, 6.4,
  /// algorithms L and R); -1: empty. A power of two, at most half full.
  std::vector<Slot> slots_;
  std::size_t held_ = 0;                    ///< entries in the table
  std::vector<Entry> entries_;              ///< blocks, in no order
  std::vector<std::int32_t> unused_;        ///< places in entries_ to be taken again
  std::int32_t last_ = -1;                  ///< the entry acquired last
  std::int32_t oldest_ = -1, newest_ = -1;  ///< ends of the idle list
  std::int64_t referenced_ = 0, idle_ = 0;  ///< blocks
};

}  // namespace stargate
