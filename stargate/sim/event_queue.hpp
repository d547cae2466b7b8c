// Events in the order they happen: by time, at one time by phase, within a phase in the order they were pushed. The
// same pushes give the same pops, whatever the events hold.
#pragma once

#include <algorithm>
#include <vector>

#include "stargate/base/check.hpp"
#include "stargate/sim/time.hpp"

namespace stargate {

/// What happens first of two events at one time. Work ends before a machine is lost or found, and both before new work
/// comes, so that an arrival sees the places that are free by then.
enum class SimPhase : std::uint8_t { completion, failure, repair, transfer, arrival, control, observation };

/// A binary heap: push and pop are O(log n). Events are moved, never compared. Used by one thread.
template <class Event>
class EventQueue {
 public:
  /// `time` may be now() but not before it.
  void push(SimTime time, SimPhase phase, Event event) {
    STARGATE_CHECK(time >= now_, "an event lies in the past");
    heap_.push_back({time, phase, sequence_++, std::move(event)});
    // std::push_heap keeps the largest in front; `later` as the order puts the earliest there.
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  /// Of the next event; never when there is none.
  SimTime next_time() const { return heap_.empty() ? SimTime::never() : heap_.front().time; }
  /// Time of the event popped last.
  SimTime now() const { return now_; }
  /// Takes the next event out and moves the clock to it.
  Event pop() {
    STARGATE_CHECK(!heap_.empty(), "no event is left");
    std::pop_heap(heap_.begin(), heap_.end(), later);
    now_ = heap_.back().time;
    Event event = std::move(heap_.back().event);
    heap_.pop_back();
    return event;
  }

 private:
  struct Entry {
    SimTime time;
    SimPhase phase;
    std::uint64_t sequence;  ///< of pushes, which settles ties
    Event event;
  };
  static bool later(const Entry& a, const Entry& b) {
    if (a.time != b.time) return a.time > b.time;
    if (a.phase != b.phase) return a.phase > b.phase;
    return a.sequence > b.sequence;
  }

  std::vector<Entry> heap_;
  std::uint64_t sequence_ = 0;
  SimTime now_;  ///< of the event popped last
};

}  // namespace stargate
