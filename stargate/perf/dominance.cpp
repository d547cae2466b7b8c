// Comparisons of figures; a record is never compared with itself unless a question changed it.
#include "stargate/perf/dominance.hpp"

#include "stargate/perf/kernel_units.hpp"
#include "stargate/perf/law_choice.hpp"

namespace stargate {
namespace {

/// Best rate measured, where the record has it; else nothing. Flop a second.
std::optional<double> best_rate(const Accelerator& a, Precision precision) {
  const auto share = a.best_share.find(precision);
  const auto peak = a.peak.find(precision);
  if (share == a.best_share.end() || peak == a.peak.end()) return std::nullopt;
  return share->second * peak->second.base();
}

bool rate_no_worse(const Accelerator& device, const Accelerator& other, Precision precision) {
  const auto theirs = other.peak.find(precision);
  if (theirs == other.peak.end()) return true;
  const auto own = device.peak.find(precision);
  if (own == device.peak.end() || own->second < theirs->second) return false;
  // Both the data sheet's rate and the best one reached, where both were measured: a chip may state more and reach
  // less.
  const auto best = best_rate(device, precision), their_best = best_rate(other, precision);
  return !best || !their_best || *best >= *their_best;
}

/// Whether anyone measured kernels of its architecture.
bool is_measured(const Catalogue& catalogue, const Accelerator& accelerator) {
  if (catalogue.calibrations.contains(accelerator.id + ".gemm")) return true;
  for (const auto& [id, other] : catalogue.accelerators) {
    if (!accelerator.architecture.empty() && other.architecture == accelerator.architecture &&
        catalogue.calibrations.contains(id + ".gemm")) {
      return true;
    }
  }
  return false;
}

/// In the figures that laws read: a question that changed only a price leaves the chip the same.
bool is_same(const Accelerator& a, const Accelerator& b) {
  return a.peak == b.peak && a.memory_bandwidth == b.memory_bandwidth && a.compute_units == b.compute_units &&
         a.clock == b.clock && a.last_level_cache == b.last_level_cache;
}

}  // namespace

bool is_no_worse(const Accelerator& device, const Accelerator& other, Precision precision) {
  if (!rate_no_worse(device, other, Precision::bf16) || !rate_no_worse(device, other, precision)) return false;
  const Bytes cache = device.last_level_cache.value_or(Bytes{}), theirs = other.last_level_cache.value_or(Bytes{});
  // Power too: it sets the clock of large products. GB300 and GB200 differ in little else, and GB300's take 0.83 of
  // the time.
  return device.memory_bandwidth >= other.memory_bandwidth && cache >= theirs && device.power >= other.power &&
         kernel_units(device) >= kernel_units(other);
}

bool are_comparable(const Catalogue& catalogue, const Accelerator& device, const Accelerator& other) {
  if (is_known_from_whole_runs(catalogue, device) || is_known_from_whole_runs(catalogue, other)) return false;
  return device.vendor == other.vendor || (!is_measured(catalogue, device) && is_measured(catalogue, other));
}

std::vector<const Accelerator*> no_better_devices(const Catalogue& catalogue, const Accelerator& accelerator) {
  std::vector<const Accelerator*> out;
  for (const auto& [id, current] : catalogue.accelerators) {
    // Others are taken as their files have them, so that a question about one chip does not move its yardsticks.
    const Accelerator& other = *find_listed(catalogue, id);
    if (id == accelerator.id && is_same(accelerator, other)) continue;
    if (!are_comparable(catalogue, accelerator, other)) continue;
    if (is_no_worse(accelerator, other, Precision::bf16)) out.push_back(&other);
  }
  return out;
}

}  // namespace stargate
