// Requests that wait: in the order they came, those that were preempted before all others; or by priority, then
// arrival.
#pragma once

#include <deque>
#include <set>
#include <tuple>

#include "stargate/engine/engine_spec.hpp"

namespace stargate {

/// Slots are the engine's numbers of requests. First come first served costs O(1), priorities O(log n).
class WaitQueue {
 public:
  explicit WaitQueue(QueueOrder order) : order_(order) {}

  /// `arrival` in nanoseconds; requests of one priority and arrival keep the order in which they were pushed.
  void push(std::int32_t slot, int priority, std::int64_t arrival) {
    if (order_ == QueueOrder::fcfs) {
      queue_.push_back(slot);
    } else {
      sorted_.insert({priority, arrival, count_++, slot});
    }
  }
  /// By priority its place follows from its arrival, which is before those of later requests anyway.
  void push_preempted(std::int32_t slot, int priority, std::int64_t arrival) {
    if (order_ == QueueOrder::fcfs) {
      queue_.push_front(slot);
    } else {
      push(slot, priority, arrival);
    }
  }
  bool empty() const { return queue_.empty() && sorted_.empty(); }
  std::size_t size() const { return queue_.size() + sorted_.size(); }
  /// Must not be empty.
  std::int32_t front() const { return order_ == QueueOrder::fcfs ? queue_.front() : std::get<3>(*sorted_.begin()); }
  void pop() {
    if (order_ == QueueOrder::fcfs) {
      queue_.pop_front();
    } else {
      sorted_.erase(sorted_.begin());
    }
  }
  void clear() {
    queue_.clear();
    sorted_.clear();
  }

 private:
  QueueOrder order_;
  std::deque<std::int32_t> queue_;                                              ///< first come first served
  std::set<std::tuple<int, std::int64_t, std::int64_t, std::int32_t>> sorted_;  ///< priority, arrival, push, slot
  std::int64_t count_ = 0;                                                      ///< pushes so far: keeps ties in order
};

}  // namespace stargate
