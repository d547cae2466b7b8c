// The set's counters; who is in it is the engine's business.
#include "stargate/engine/decode_set.hpp"

#include <algorithm>
#include <cmath>

namespace stargate {
namespace {

/// Rounds down for negative numbers too: a sequence that joins late has a length below the position.
std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

DecodeSet::DecodeSet(int block_size, double tokens_per_step)
    : block_size_(block_size),
      fine_step_(std::llround(tokens_per_step * (1 << kFineBits))),
      remainders_(static_cast<std::size_t>(block_size), 0) {}

double DecodeSet::tokens_per_step() const { return static_cast<double>(fine_step_) / (1 << kFineBits); }

/// Keeps Q, the histogram of r_i and the sums of decode_set.hpp for one sequence more or less.
void DecodeSet::count(std::int64_t length, int sign) {
  // With L = length - position, fixed for a member, ceil((L + p) / b) = floor((L + b - 1 + p) / b): only p moves.
  const std::int64_t shifted = length - position() + block_size_ - 1;
  const std::int64_t quotient = floor_divide(shifted, block_size_);
  quotients_ += sign * quotient;
  remainders_[static_cast<std::size_t>(shifted - quotient * block_size_)] += sign;
  blocks_ += sign * ((length + block_size_ - 1) / block_size_);
  size_ += sign;
  total_length_ += sign * length;
}

bool DecodeSet::later(const End& a, const End& b) {
  return a.position != b.position ? a.position > b.position : a.order > b.order;
}

void DecodeSet::add(std::int64_t length, std::int64_t remaining, std::int64_t order, std::int32_t slot) {
  count(length, 1);
  total_end_ += position() + remaining;
  ends_.push_back({position() + remaining, order, slot});
  std::push_heap(ends_.begin(), ends_.end(), later);
}

void DecodeSet::remove(std::int64_t length, std::int64_t remaining, std::int32_t slot) {
  count(length, -1);
  total_end_ -= position() + remaining;
  if (ends_.front().slot == slot) {
    std::pop_heap(ends_.begin(), ends_.end(), later);
    ends_.pop_back();
    return;
  }
  // A sequence that gives way may stand anywhere in the heap: rare, and linear.
  std::erase_if(ends_, [&](const End& end) { return end.slot == slot; });
  std::make_heap(ends_.begin(), ends_.end(), later);
}

std::int64_t DecodeSet::steps_to_end() const {
  // Rounded up: a sequence ends in the step that reaches its position, with drafts to spare perhaps.
  const std::int64_t fine = (ends_.front().position << kFineBits) - fine_position_;
  return (fine + fine_step_ - 1) / fine_step_;
}

std::int64_t DecodeSet::blocks_at(std::int64_t position) const {
  // Those with r_i + phase >= block size hold one block more: the top `phase` entries of the histogram.
  const std::int64_t phase = position % block_size_;
  std::int64_t blocks = quotients_ + size_ * (position / block_size_);
  for (std::int64_t r = block_size_ - phase; r < block_size_; ++r) blocks += remainders_[static_cast<std::size_t>(r)];
  return blocks;
}

/// Blocks only grow with steps, so halving finds the last that holds.
std::int64_t DecodeSet::steps_within(std::int64_t blocks, std::int64_t steps) const {
  // No member grows by more blocks than these tokens fill anew.
  const std::int64_t gained = position_after(steps) - position();
  if (this->blocks() + size_ * ((gained + block_size_ - 1) / block_size_) <= blocks) return steps;
  if (blocks_after(steps) <= blocks) return steps;
  std::int64_t holds = 0, fails = steps;
  while (fails - holds > 1) {
    const std::int64_t middle = holds + (fails - holds) / 2;
    (blocks_after(middle) <= blocks ? holds : fails) = middle;
  }
  return holds;
}

void DecodeSet::advance(std::int64_t steps) {
  const std::int64_t before = position();
  fine_position_ += steps * fine_step_;
  total_length_ += size_ * (position() - before);
  if (position() != before) blocks_ = blocks_at(position());
}

}  // namespace stargate
