// Both are short sorted lists; a candidate is put in its place and drives out what it makes worthless.
#include "stargate/training/search_ranking.hpp"

#include <algorithm>

namespace stargate {
namespace {

bool sooner(Duration time, const TrainingCandidate& candidate) { return time < candidate.report.step_time(); }

Bytes bytes_of(const TrainingCandidate& candidate) { return candidate.report.memory.bytes.total(); }

}  // namespace

bool same_sizes(const TrainingLayout& a, const TrainingLayout& b) {
  return a.tp == b.tp && a.pp == b.pp && a.dp == b.dp && a.cp == b.cp && a.ep == b.ep;
}

void Ranking::add(const TrainingCandidate& candidate) {
  const auto rival = std::find_if(kept_.begin(), kept_.end(),
                                  [&](const auto& kept) { return same_sizes(kept.layout, candidate.layout); });
  if (rival != kept_.end()) {
    if (rival->value <= candidate.value) return;
    kept_.erase(rival);
  }
  const auto at = std::upper_bound(kept_.begin(), kept_.end(), candidate.value,
                                   [](double value, const auto& kept) { return value < kept.value; });
  kept_.insert(at, candidate);
  if (kept_.size() > length_) kept_.pop_back();
}

/// kept_ is in order of time, and so in falling order of bytes: the last that is no slower is the leanest of those.
bool ParetoFront::is_beaten(Duration least, Bytes bytes) const {
  const auto slower = std::upper_bound(kept_.begin(), kept_.end(), least, sooner);
  return slower != kept_.begin() && bytes_of(*std::prev(slower)) <= bytes;
}

void ParetoFront::add(const TrainingCandidate& candidate) {
  const Duration time = candidate.report.step_time();
  const Bytes bytes = bytes_of(candidate);
  const auto at = std::upper_bound(kept_.begin(), kept_.end(), time, sooner);
  if (at != kept_.begin() && bytes_of(*std::prev(at)) <= bytes) return;
  auto last = at;  // no faster and no leaner than the new one
  while (last != kept_.end() && bytes_of(*last) >= bytes) ++last;
  auto first = at;  // equal time, more bytes
  while (first != kept_.begin() && std::prev(first)->report.step_time() == time) --first;
  kept_.insert(kept_.erase(first, last), candidate);
}

}  // namespace stargate
