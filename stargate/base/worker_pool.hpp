// A few threads that stand ready, for work that comes in many short rounds. Every item has its lane, and a lane is
// always done by one thread at a time, so that what belongs to a lane needs no lock. The caller works too.
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

namespace stargate {

/// Threads spin for a few microseconds and then sleep between rounds. Only one thread may call run() at a time, and
/// `work` must not call it.
class WorkerPool {
 public:
  /// One at least; with one nothing is started and run() is a plain loop.
  explicit WorkerPool(int threads);  ///< the caller among them
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;

  /// As many lanes as threads.
  int lanes() const { return lane_count_; }
  /// work(item) once for each item, those with item % lanes() equal one after the other; returns when all are done.
  /// Items are not negative and each appears once. Fewer than 64 are done by the caller alone, which is quicker than
  /// waking anybody. What work() wrote is visible to the caller afterwards. `work` must not throw.
  void run(const std::vector<int>& items, const std::function<void(int)>& work);

 private:
  void serve(int lane);  ///< of a thread of its own, until stop_
  void take(int lane);   ///< its items of the round

  const std::vector<int>* items_ = nullptr;         ///< of the round that runs
  const std::function<void(int)>* work_ = nullptr;  ///< likewise
  int lane_count_ = 1;                              ///< threads, the caller's among them
  std::atomic<std::uint32_t> round_{0}, idle_{0};   ///< rounds begun; threads done with the last
  std::atomic<bool> stop_{false};                   ///< set once, by the destructor
  std::vector<std::jthread> others_;                ///< last, so that they end before what they use
};

}  // namespace stargate
