// Independent pieces of work over the machine's cores: each writes to its own place, so results do not depend on which
// core took which piece.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace stargate {

/// Calls work(0) ... work(count - 1), each once, on so many threads; 0: one for each core. Returns when all are done.
/// `work` is called from several threads at once and must not throw. Pieces are handed out one at a time in order, so
/// that pieces of unlike size balance; each should take some microseconds at least, a thread some tens.
template <class Work>
void for_each_parallel(std::size_t count, const Work& work, unsigned threads = 0) {
  std::atomic<std::size_t> next{0};
  const auto take = [&] {
    // One counter for all threads: whoever is free takes the next piece.
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::jthread> others;
  const std::size_t all = threads > 0 ? threads : std::max(1u, std::thread::hardware_concurrency());
  for (std::size_t i = 1; i < std::min(all, count); ++i) others.emplace_back(take);
  take();
}

}  // namespace stargate
