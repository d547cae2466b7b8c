// The sequences that decode together. All of them gain the same tokens in a step, so one counter, the position, stands
// for their progress: a sequence that joined at position p with length l has length l + position - p, and leaves at a
// position known when it joins. Whatever the set holds after any number of steps is therefore known without walking
// them:
//   blocks = sum ceil(length / b) = Q + n * floor(position / b) + #{i: r_i + position mod b >= b},
//   with length_i - position + b - 1 = b * q_i + r_i and Q = sum q_i
// With speculative decoding a step gains a mean number of tokens, kept as an integer of 1/1024 token.
#pragma once

#include <cstdint>
#include <vector>

namespace stargate {

/// Counts are in tokens and blocks of one rank's pool. Adding, and removing who ends next, is O(log n), removing
/// another O(n); what holds after many steps costs the same as after one, but for steps_within, which bisects where the
/// blocks may not do.
class DecodeSet {
 public:
  /// `block_size` in tokens, at least 1; `tokens_per_step` at least 1, rounded to 1/1024 of a token.
  DecodeSet(int block_size, double tokens_per_step);

  /// Of `length` tokens in the cache, `remaining` tokens to come; `order` decides who is told first of those that end
  /// together.
  void add(std::int64_t length, std::int64_t remaining, std::int64_t order, std::int32_t slot);
  /// `length` and `remaining` are today's.
  void remove(std::int64_t length, std::int64_t remaining, std::int32_t slot);
  /// Blocks of a sequence that are counted elsewhere. They are taken off blocks_after: the prefix cache counts each of
  /// them once, whoever uses it. Negative when a member with such blocks leaves.
  void add_shared_blocks(std::int64_t blocks) { shared_blocks_ += blocks; }

  int size() const { return size_; }
  /// Whole tokens that each member has gained since the set was made.
  std::int64_t position() const { return fine_position_ >> kFineBits; }
  /// After so many steps.
  std::int64_t position_after(std::int64_t steps) const { return (fine_position_ + steps * fine_step_) >> kFineBits; }
  /// Tokens in the caches.
  std::int64_t total_length() const { return total_length_; }
  /// Tokens still to come.
  std::int64_t total_remaining() const { return total_end_ - size_ * position(); }
  /// Blocks that the sequences do not share by hash.
  std::int64_t blocks() const { return blocks_ - shared_blocks_; }
  /// The same after so many steps.
  std::int64_t blocks_after(std::int64_t steps) const { return blocks_at(position_after(steps)) - shared_blocks_; }
  /// The most steps, at most `steps`, after which no more than `blocks` are taken.
  std::int64_t steps_within(std::int64_t blocks, std::int64_t steps) const;
  /// 1 without speculation.
  double tokens_per_step() const;

  /// Steps until the next sequence ends; the set is not empty.
  std::int64_t steps_to_end() const;
  void advance(std::int64_t steps);  ///< everybody gains steps * tokens_per_step; at most steps_to_end at a time
  /// The next sequence that has ended, or -1; it stays until removed.
  std::int32_t next_ended() const {
    return ends_.empty() || ends_.front().position > position() ? -1 : ends_.front().slot;
  }

 private:
  static constexpr int kFineBits = 10;  ///< positions are kept to 2^-10 of a token
  struct End {
    std::int64_t position, order;  ///< at which it ends; decides among those that end together
    std::int32_t slot;             ///< the engine's number of the sequence
  };
  static bool later(const End& a, const End& b);  ///< order of the heap: nearest end first, then `order`
  void count(std::int64_t length, int sign);      ///< one member more (1) or fewer (-1) in all sums
  std::int64_t blocks_at(std::int64_t position) const;  ///< shared ones among them

  int block_size_;                              ///< tokens
  std::int64_t fine_step_, fine_position_ = 0;  ///< in 1/1024 of a token
  int size_ = 0;                                ///< members
  /// Tokens held; sum of the positions at which members end
  std::int64_t total_length_ = 0, total_end_ = 0, shared_blocks_ = 0;
  std::int64_t quotients_ = 0;            ///< Q of the formula
  std::int64_t blocks_ = 0;               ///< blocks_at the present position
  std::vector<std::int32_t> remainders_;  ///< sequences by r_i
  std::vector<End> ends_;                 ///< a heap, nearest first
};

}  // namespace stargate
