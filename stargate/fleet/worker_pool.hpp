// A few threads that stand ready, for work that comes in many short rounds: each round's items are claimed one by one,
// and the caller works too. Items must not touch each other; which thread does which is then of no consequence.
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

namespace stargate {

class WorkerPool {
 public:
  explicit WorkerPool(int threads);  ///< the caller among them
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;

  /// work(0) ... work(count - 1), each once; returns when all are done.
  void run(std::size_t count, const std::function<void(std::size_t)>& work);

 private:
  void serve();
  void take();

  std::vector<std::jthread> others_;
  const std::function<void(std::size_t)>* work_ = nullptr;
  std::size_t count_ = 0;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::uint32_t> round_{0}, idle_{0};
  std::atomic<bool> stop_{false};
};

}  // namespace stargate
