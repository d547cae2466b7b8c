// A round begins when its number goes up and ends when every other thread says it is idle again.
#include "stargate/base/worker_pool.hpp"

namespace stargate {
namespace {

constexpr std::size_t kFewest = 64;  // items worth waking anybody for: some 50 us of work
constexpr int kSpins = 2000;         // before a thread sleeps

}  // namespace

WorkerPool::WorkerPool(int threads) : lane_count_(threads) {
  for (int lane = 1; lane < threads; ++lane) others_.emplace_back([this, lane] { serve(lane); });
}

WorkerPool::~WorkerPool() {
  stop_ = true;
  ++round_;
  round_.notify_all();
}

/// Each lane walks the whole list and does its own: no queue, no lock, and an item stays with its thread from round to
/// round (its data stay in that core's cache).
void WorkerPool::take(int lane) {
  for (const int item : *items_) {
    if (item % lane_count_ == lane) (*work_)(item);
  }
}

/// Spins first: rounds of a fleet follow each other within microseconds, less than waking a thread takes.
void WorkerPool::serve(int lane) {
  std::uint32_t seen = 0;
  for (;;) {
    for (int i = 0; i < kSpins && round_.load(std::memory_order_acquire) == seen; ++i) {
    }
    round_.wait(seen, std::memory_order_acquire);
    ++seen;
    if (stop_) return;
    take(lane);
    idle_.fetch_add(1, std::memory_order_release);
    idle_.notify_one();
  }
}

/// Few items are not worth waking anybody.
void WorkerPool::run(const std::vector<int>& items, const std::function<void(int)>& work) {
  if (others_.empty() || items.size() < kFewest) {
    for (const int item : items) work(item);
    return;
  }
  work_ = &work, items_ = &items;
  // Written before round_ goes up with release order, which makes work_, items_ and idle_ visible to those who see it.
  idle_ = 0;
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  take(0);
  const auto all = static_cast<std::uint32_t>(others_.size());
  for (std::uint32_t idle = idle_.load(std::memory_order_acquire); idle != all;
       idle = idle_.load(std::memory_order_acquire)) {
    idle_.wait(idle, std::memory_order_acquire);
  }
}

}  // namespace stargate
