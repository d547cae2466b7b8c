// A round begins when its number goes up and ends when every other thread says it is idle again.
#include "stargate/fleet/worker_pool.hpp"

#include <algorithm>

namespace stargate {
namespace {

constexpr std::size_t kFewest = 8;  // items worth waking anybody for
constexpr std::size_t kAtOnce = 4;  // items claimed together
constexpr int kSpins = 2000;        // before a thread sleeps

}  // namespace

WorkerPool::WorkerPool(int threads) {
  for (int i = 1; i < threads; ++i) others_.emplace_back([this] { serve(); });
}

WorkerPool::~WorkerPool() {
  stop_ = true;
  ++round_;
  round_.notify_all();
}

void WorkerPool::take() {
  for (std::size_t i = next_.fetch_add(kAtOnce); i < count_; i = next_.fetch_add(kAtOnce)) {
    for (std::size_t j = i; j < std::min(count_, i + kAtOnce); ++j) (*work_)(j);
  }
}

void WorkerPool::serve() {
  std::uint32_t seen = 0;
  for (;;) {
    for (int i = 0; i < kSpins && round_.load(std::memory_order_acquire) == seen; ++i) {
    }
    round_.wait(seen, std::memory_order_acquire);
    ++seen;
    if (stop_) return;
    take();
    idle_.fetch_add(1, std::memory_order_release);
    idle_.notify_one();
  }
}

void WorkerPool::run(std::size_t count, const std::function<void(std::size_t)>& work) {
  if (others_.empty() || count < kFewest) {
    for (std::size_t i = 0; i < count; ++i) work(i);
    return;
  }
  work_ = &work, count_ = count;
  next_ = 0, idle_ = 0;
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  take();
  const auto all = static_cast<std::uint32_t>(others_.size());
  for (std::uint32_t idle = idle_.load(std::memory_order_acquire); idle != all;
       idle = idle_.load(std::memory_order_acquire)) {
    idle_.wait(idle, std::memory_order_acquire);
  }
}

}  // namespace stargate
