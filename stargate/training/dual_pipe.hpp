// DualPipe's order of passes (DeepSeek-V3, arXiv 2412.19437, section 3.2.1), written once for those who list it and for
// the one who only wants its end. Rank r of the first half and its mirror image hold the same two stages and do the
// same at the same time, so half of the ranks tell all.
#pragma once

#include <cstdint>

#include "stargate/training/lanes.hpp"
#include "stargate/training/schedule.hpp"

namespace stargate {

struct PassTimes;

/// DualPipe seen from a rank: `near` micro-batches enter at the end of the pipeline that is nearer, `far` ones at the
/// other. With h half the stages and r the distance to the nearer end: 2 (h - 1 - r) near forward passes; r + 1 of near
/// and far; h - 1 - r far input gradients, weight gradients and forward passes; then overlapped pairs until the near
/// ones, then until the far ones are through; last the backward passes, weight gradients kept for the end.
/// A sink takes forward(near), backward(near), input(near), weight() of the oldest input, and both(ahead is near).
/// Constructed for one rank; writing it again into another sink gives the same passes. A rank's own micro-batches are
/// `each` of either direction, half of the pipeline's.
class DualPipeSequence {
 public:
  DualPipeSequence(int stages, std::int64_t micro_batches, int stage)
      : half_(stages / 2), distance_(stage < half_ ? stage : stages - 1 - stage), each_(micro_batches / 2) {}

  /// Of two overlapped pairs each; not negative when can_schedule says yes.
  std::int64_t rounds() const { return each_ - 2 * half_ + distance_ + 1; }

  template <class Sink>
  void write(Sink& sink) const {
    write_fill(sink);
    for (std::int64_t i = 0; i < rounds(); ++i) {
      if (i == 0 && distance_ == half_ - 1) {  // the backward pass they would wait for starts at their own
        sink.forward(true), sink.backward(false);
      } else {
        sink.both(true);
      }
      sink.both(false);
    }
    write_drain(sink);
  }
  /// Before the rounds, and after them.
  template <class Sink>
  void write_fill(Sink& sink) const {
    const int inward = half_ - 1 - distance_;
    for (int i = 0; i < 2 * inward; ++i) sink.forward(true);
    for (int i = 0; i <= distance_; ++i) sink.forward(true), sink.forward(false);
    for (int i = 0; i < inward; ++i) sink.input(false), sink.weight(), sink.forward(false);
  }
  template <class Sink>
  void write_drain(Sink& sink) const {
    const int inward = half_ - 1 - distance_;
    for (int i = 0; i < inward; ++i) sink.backward(false), sink.both(false);
    write_end(sink, inward);
  }

 private:
  template <class Sink>
  void write_end(Sink& sink, int inward) const {
    // From here on weight gradients are kept for the end: first of one direction, then of both.
    const int turn = (distance_ + 1) / 2;
    int kept = 0;
    bool split = false;
    const auto backward = [&](bool near) {
      split ? sink.input(near) : sink.backward(near);
      kept += split ? 1 : 0;
    };
    for (int i = 0; i <= distance_; ++i) {
      if (i == turn && distance_ % 2 == 1) split = true;
      backward(false);
      if (i == turn && distance_ % 2 == 0) split = true;
      backward(true);
    }
    for (int i = 0; i < inward; ++i) sink.weight(), sink.input(true);
    // The weight gradients put off fill what would be idle while the last inputs' gradients travel.
    for (int i = 0; i < kept; ++i) sink.weight();
  }

  int half_, distance_;  ///< stages of a half; of this rank from its nearer end
  std::int64_t each_;    ///< micro-batches of one direction
};

/// End of the last pass, with sends and were they free. Sends do not block. In seconds. Linear in stages times the
/// period of the rounds (at most 16 looked for), not in micro-batches.
Lanes dual_pipe_makespan(const PassTimes& times, const PipelineWork& work);

}  // namespace stargate
