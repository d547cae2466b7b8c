// Blocks whose content is known by hash, kept after their sequence has left for the next one with the same beginning.
// Referenced blocks belong to running sequences; idle ones are free memory that still holds something, given up in the
// order in which they were last let go. A sequence lets go of its last block first, so a block never outlives what
// comes before it: the leaf-first order of a radix tree (SGLang), the free queue of vLLM.
//
// A hash stands for its tokens and all before them, so blocks that the same sequences hold in a row are one node of a
// radix tree (Morrison 1968): an operation costs as much as the parts of a prompt, not as its blocks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace stargate {

/// Blocks are counted in the pool's blocks; a hash may stand for several, or for a part of one.
class PrefixCache {
 public:
  struct Match {
    int entries = 0;               ///< leading hashes found
    std::int64_t tokens = 0;       ///< that they stand for
    std::int64_t idle_blocks = 0;  ///< of them, blocks that nobody uses now
  };
  /// Of the longest run from the first hash on.
  Match match(std::span<const std::uint64_t> hashes) const;

  /// The leading hashes that a sequence uses; kept by the sequence.
  struct Hold {
    int entries = 0;         ///< leading hashes
    std::int32_t node = -1;  ///< that ends with the last of them; -1: none
  };
  /// Goes on to hold the next hashes of the prompt, which are there or are made now, each of so many tokens and blocks.
  /// What is there keeps its own. How many were made.
  int acquire(Hold& hold, std::span<const std::uint64_t> next, std::int64_t tokens, std::int64_t blocks);
  /// All that it holds has one user fewer.
  void release(Hold& hold);
  /// Gives up idle blocks until at most `blocks` are left. The one let go longest ago first.
  void trim(std::int64_t blocks);

  std::int64_t referenced_blocks() const { return referenced_; }
  std::int64_t idle_blocks() const { return idle_; }

 private:
  /// Entries in a row of one path, of one size, with the same users. Holds end at the end of a node.
  struct Node {
    std::vector<std::uint64_t> hashes;    ///< from `first` on; those before are another node's by now
    std::uint64_t last = 0;               ///< hash, so that the others are seldom looked at
    std::int32_t first = 0;               ///< index
    std::int32_t parent = -1;             ///< what comes before; -1: nothing
    std::int32_t children = 0;            ///< nodes that go on from its end
    std::int32_t users = 0;               ///< running sequences; 0: idle
    std::int32_t older = -1, newer = -1;  ///< among the idle
    std::int64_t tokens = 0, blocks = 0;  ///< that each entry stands for, and takes

    int size() const { return static_cast<int>(hashes.size()) - first; }
    std::span<const std::uint64_t> entries() const { return {hashes.data() + first, hashes.data() + hashes.size()}; }
    std::int64_t all_blocks() const { return size() * blocks; }
  };
  static int common_entries(const Node& node, std::span<const std::uint64_t> hashes);  ///< leading ones alike
  Node& at(std::int32_t node) { return nodes_[static_cast<std::size_t>(node)]; }
  const Node& at(std::int32_t node) const { return nodes_[static_cast<std::size_t>(node)]; }
  std::int32_t make_node();
  void remove_node(std::int32_t node);         ///< an idle one without entries
  void add_user(std::int32_t node);            ///< of the whole node
  void split(std::int32_t node, int entries);  ///< the leading ones become a node of their own
  void make_idle(std::int32_t node);           ///< to the newest end of the idle list
  /// Into the idle list, next older than that one; -1: at the newest end.
  void link_before(std::int32_t node, std::int32_t newer);
  void unlink(std::int32_t node);  ///< out of the idle list
  /// The node that begins with a hash, or -1.
  std::int32_t find(std::uint64_t hash) const;
  void add_slot(std::int32_t node);               ///< into the table
  std::size_t slot_of(std::uint64_t hash) const;  ///< of a hash that is in it
  void remove_slot(std::uint64_t hash);           ///< out of the table, closing the gap
  void grow();                                    ///< doubles the table
  std::size_t home(std::uint64_t hash) const;     ///< the slot where a search begins

  /// Nodes by first hash, each at its home or in one of the next slots, without a gap between (Knuth, volume 3, 6.4,
  /// algorithms L and R). A power of two, at most half full.
  struct Slot {
    std::uint64_t hash = 0;
    std::int32_t node = -1;  ///< -1: empty
  };
  std::vector<Slot> slots_;
  std::size_t held_ = 0;                    ///< nodes in the table
  std::vector<Node> nodes_;                 ///< in no order
  std::vector<std::int32_t> unused_;        ///< places in nodes_ to be taken again
  std::int32_t oldest_ = -1, newest_ = -1;  ///< ends of the idle list
  std::int64_t referenced_ = 0, idle_ = 0;  ///< blocks
};

}  // namespace stargate
