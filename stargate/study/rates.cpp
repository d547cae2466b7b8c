// Every service on every system of the study.
#include "stargate/study/rates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "stargate/base/parallel.hpp"
#include "stargate/study/rate_cache.hpp"

namespace stargate {

namespace {

/// A service on a system, and what is found of it.
struct Pair {
  const StudyServiceSpec* service;
  const System* system;
  Confidence confidence = Confidence::mid;
  MachineRate like = {};  ///< at an end: the rate at mid
  std::optional<Result<MachineRate>> rate = {};
};

Result<MachineRate> rate_pair(const Catalogue& catalogue, const Pair& pair, const RateCache& cache) {
  const RateCache::Question question{*pair.service, *pair.system, rate_basis(catalogue, *pair.service, *pair.system),
                                     pair.confidence};
  if (auto kept = cache.find(question)) return std::move(*kept);
  Catalogue part = catalogue_part(catalogue, question.basis);
  part.confidence = pair.confidence;
  const System& system = part.systems.at(pair.system->id);
  const auto rate = pair.service->kind == ServiceKind::serving ? rate_serving : rate_training;
  auto found = rate(part, *pair.service, system, pair.like);
  if (found.ok()) cache.keep(question, *found);
  return found;
}

/// In words, where it is not the middle.
std::string end_text(Confidence confidence) {
  return confidence == Confidence::low ? " (low)" : confidence == Confidence::high ? " (high)" : "";
}

/// What takes longest is begun first, so that no core waits for the last: a service with a study of its own is tried
/// with its tenants' conversations.
int expected_work(const Pair& pair) { return pair.service->own ? 1 : 0; }

/// Pairs at mid, and those that follow from them at the ends, side by side on the cores there are.
class RatingQueue {
 public:
  RatingQueue(const Catalogue& catalogue, const std::set<Confidence>& wanted, const RateCache& cache,
              const std::function<void(const std::string&)>& progress)
      : catalogue_(catalogue), wanted_(wanted), cache_(cache), progress_(progress) {}

  /// Before run(): a pair at mid.
  void add(Pair pair) { waiting_.push_back(&pairs_.emplace_back(std::move(pair))); }

  void run() {
    const std::size_t threads = std::max(1u, std::thread::hardware_concurrency());
    for_each_parallel(threads, [&](std::size_t) { work(); }, static_cast<unsigned>(threads));
  }

  /// In the order in which they were added, mid first.
  const std::deque<Pair>& pairs() const { return pairs_; }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return !waiting_.empty() || under_way_ == 0; });
      if (waiting_.empty()) return;
      const auto next = std::max_element(waiting_.begin(), waiting_.end(), [](const Pair* a, const Pair* b) {
        return expected_work(*a) < expected_work(*b);
      });
      Pair& pair = **next;
      waiting_.erase(next);
      ++under_way_;
      lock.unlock();
      auto rate = rate_pair(catalogue_, pair, cache_);
      lock.lock();
      pair.rate.emplace(std::move(rate));
      --under_way_;
      if (pair.confidence == Confidence::mid && pair.rate->ok()) add_ends(pair);
      ++done_;
      progress_(fmt::format("rated {} of {}: {} on {}{}", done_, pairs_.size(), pair.service->service,
                            pair.system->id, end_text(pair.confidence)));
      changed_.notify_all();
    }
  }

  /// Of what has a range.
  void add_ends(const Pair& mid) {
    const MachineRate& rate = **mid.rate;
    if (!rate.ranged) return;
    for (const Confidence end : {Confidence::low, Confidence::high}) {
      if (!wanted_.contains(end)) continue;
      Pair pair{mid.service, mid.system, end, rate};
      // A slower device may be served better by another layout; a faster one hardly.
      if (end == Confidence::low) pair.like.sizes = {};
      add(std::move(pair));
    }
  }

  const Catalogue& catalogue_;
  const std::set<Confidence>& wanted_;
  const RateCache& cache_;
  const std::function<void(const std::string&)>& progress_;
  std::mutex mutex_;  ///< of all below
  std::condition_variable changed_;
  std::deque<Pair> pairs_;  ///< stay where they are
  std::vector<Pair*> waiting_;
  int under_way_ = 0;
  std::size_t done_ = 0;
};

}  // namespace

Result<std::map<Confidence, MachineRates>> rate_machines(const Catalogue& catalogue, const StudySpec& study,
                                                         const std::set<Confidence>& wanted, const RateCache& cache,
                                                         const std::function<void(const std::string&)>& progress) {
  RatingQueue queue(catalogue, wanted, cache, progress);
  for (const auto& service : study.services) {
    for (const auto& choice : study.systems) {
      const auto& kinds = choice.kinds;
      const bool runs = kinds.empty() || std::find(kinds.begin(), kinds.end(), service.kind) != kinds.end();
      if (runs) queue.add({&service, &catalogue.systems.at(choice.system)});
    }
  }
  const std::size_t at_mid = queue.pairs().size();
  queue.run();

  // Faults, of the ends where mid has none, and rates: mid in the order of the pairs, whoever was ready first.
  Diagnostics faults;
  MachineRates mid;
  std::map<std::pair<const StudyServiceSpec*, const System*>, std::size_t> places;
  for (std::size_t i = 0; i < at_mid; ++i) {
    const Pair& pair = queue.pairs()[i];
    if (!pair.rate->ok()) {
      faults.insert(faults.end(), pair.rate->faults().begin(), pair.rate->faults().end());
      continue;
    }
    places[{pair.service, pair.system}] = mid.size();
    mid.push_back(**pair.rate);
  }
  if (!faults.empty()) return faults;
  std::map<Confidence, MachineRates> out{{Confidence::mid, mid}};
  for (const Confidence end : {Confidence::low, Confidence::high}) {
    if (wanted.contains(end)) out[end] = mid;
  }
  for (std::size_t i = at_mid; i < queue.pairs().size(); ++i) {
    const Pair& pair = queue.pairs()[i];
    if (!pair.rate->ok()) return pair.rate->faults();
    out.at(pair.confidence)[places.at({pair.service, pair.system})] = **pair.rate;
  }
  return out;
}

}  // namespace stargate
