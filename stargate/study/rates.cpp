// Every service on every system of the study.
#include "stargate/study/rates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

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

/// Rates and faults are in the order of the pairs, whoever was ready first.
Check rate_pairs(const Catalogue& catalogue, const RateCache& cache, std::vector<Pair>& pairs,
                 const std::function<void(const std::string&)>& progress) {
  std::mutex telling;
  std::size_t done = 0;
  for_each_parallel(pairs.size(), [&](std::size_t i) {
    Pair& pair = pairs[i];
    pair.rate.emplace(rate_pair(catalogue, pair, cache));
    const std::lock_guard lock(telling);
    progress(fmt::format("rated {} of {}: {} on {}{}", ++done, pairs.size(), pair.service->service, pair.system->id,
                         end_text(pair.confidence)));
  });
  Diagnostics faults;
  for (const auto& pair : pairs) {
    if (!pair.rate->ok()) faults.insert(faults.end(), pair.rate->faults().begin(), pair.rate->faults().end());
  }
  if (!faults.empty()) return faults;
  return Done{};
}

}  // namespace

Result<std::map<Confidence, MachineRates>> rate_machines(const Catalogue& catalogue, const StudySpec& study,
                                                         const std::set<Confidence>& wanted, const RateCache& cache,
                                                         const std::function<void(const std::string&)>& progress) {
  std::vector<Pair> pairs;
  for (const auto& service : study.services) {
    for (const auto& choice : study.systems) {
      const auto& kinds = choice.kinds;
      const bool runs = kinds.empty() || std::find(kinds.begin(), kinds.end(), service.kind) != kinds.end();
      if (!runs) continue;
      pairs.push_back({&service, &catalogue.systems.at(choice.system)});
    }
  }
  if (auto rated = rate_pairs(catalogue, cache, pairs, progress); !rated.ok()) return rated.faults();
  MachineRates mid;
  for (const auto& pair : pairs) mid.push_back(**pair.rate);

  // The ends of those that have a range.
  std::map<Confidence, MachineRates> out{{Confidence::mid, mid}};
  std::vector<Pair> ends;
  std::vector<std::pair<Confidence, std::size_t>> places;
  for (const Confidence end : {Confidence::low, Confidence::high}) {
    if (!wanted.contains(end)) continue;
    out[end] = mid;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      if (!mid[i].ranged) continue;
      ends.push_back({pairs[i].service, pairs[i].system, end, mid[i]});
      // A slower device may be served better by another layout; a faster one hardly.
      if (end == Confidence::low) ends.back().like.sizes = {};
      places.emplace_back(end, i);
    }
  }
  if (auto rated = rate_pairs(catalogue, cache, ends, progress); !rated.ok()) return rated.faults();
  for (std::size_t i = 0; i < ends.size(); ++i) out.at(places[i].first)[places[i].second] = **ends[i].rate;
  return out;
}

}  // namespace stargate
