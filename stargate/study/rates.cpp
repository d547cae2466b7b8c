// Every service on every system of the study.
#include "stargate/study/rates.hpp"

#include <fmt/format.h>

#include <mutex>

#include "stargate/base/parallel.hpp"
#include "stargate/study/rate_cache.hpp"

namespace stargate {

/// Pairs side by side; rates and faults come back in the order of the study, whoever was ready first.
Result<std::vector<MachineRate>> rate_machines(const Catalogue& catalogue, const StudySpec& study,
                                               const RateCache& cache,
                                               const std::function<void(const std::string&)>& progress) {
  struct Pair {
    const StudyServiceSpec* service;
    const System* system;
    std::optional<Result<MachineRate>> rate;
  };
  std::vector<Pair> pairs;
  for (const auto& service : study.services) {
    for (const auto& choice : study.systems) pairs.push_back({&service, &catalogue.systems.at(choice.system), {}});
  }
  std::mutex telling;
  std::size_t done = 0;
  for_each_parallel(pairs.size(), [&](std::size_t i) {
    Pair& pair = pairs[i];
    const RateCache::Question question{*pair.service, *pair.system,
                                       rate_basis(catalogue, *pair.service, *pair.system)};
    // The key is everything the rate depends on, so an entry that is found is the answer.
    if (auto kept = cache.find(question)) {
      pair.rate.emplace(std::move(*kept));
    } else {
      const auto rate = pair.service->kind == ServiceKind::serving ? rate_serving : rate_training;
      // Only the records that the basis names: what the rate is worked out from is exactly what the cache's key covers.
      const Catalogue part = catalogue_part(catalogue, question.basis);
      pair.rate.emplace(rate(part, *pair.service, part.systems.at(pair.system->id)));
      if (pair.rate->ok()) cache.keep(question, **pair.rate);
    }
    // Progress is told one at a time, in the order of completion; the answer's order below is the study's.
    const std::lock_guard lock(telling);
    progress(fmt::format("rated {} of {}: {} on {}", ++done, pairs.size(), pair.service->service, pair.system->id));
  });
  std::vector<MachineRate> rates;
  Diagnostics faults;
  for (auto& pair : pairs) {
    if (pair.rate->ok()) {
      rates.push_back(std::move(**pair.rate));
    } else {
      faults.insert(faults.end(), pair.rate->faults().begin(), pair.rate->faults().end());
    }
  }
  if (!faults.empty()) return faults;
  return rates;
}

}  // namespace stargate
