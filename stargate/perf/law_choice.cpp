// Candidates are ranked by one key each; the least wins, ties going to the first by device and version.
#include "stargate/perf/law_choice.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace stargate {

const char* law_origin_name(LawOrigin origin) {
  switch (origin) {
    case LawOrigin::fitted:
      return "fitted";
    case LawOrigin::carried_over:
      return "carried over";
    case LawOrigin::specification:
      return "specification only";
  }
  return "?";
}

namespace {

double log_ratio(double a, double b) { return a > 0 && b > 0 ? std::abs(std::log(a / b)) : 0; }

/// Sum of |ln ratio| over what a kernel's speed follows from; a figure that one of both lacks says nothing.
double specification_distance(const Accelerator& a, const Accelerator& b) {
  const auto cache = [](const Accelerator& x) { return x.last_level_cache.value_or(Bytes{}).base(); };
  return log_ratio(a.peak_rate(Precision::bf16).base(), b.peak_rate(Precision::bf16).base()) +
         log_ratio(a.memory_bandwidth.base(), b.memory_bandwidth.base()) +
         log_ratio(a.compute_units.value_or(0), b.compute_units.value_or(0)) + log_ratio(cache(a), cache(b));
}

/// "1.3.0rc20" as 1.0300: enough to say which of two versions is nearer.
double version_number(const std::string& version) {
  double number = 0, weight = 1;
  for (std::size_t at = 0; at < version.size() && weight > 1e-7;) {
    std::size_t digits = 0;
    int part = 0;
    while (at + digits < version.size() && std::isdigit(static_cast<unsigned char>(version[at + digits])) != 0) {
      part = std::min(part * 10 + (version[at + digits] - '0'), 99);
      ++digits;
    }
    number += weight * part;
    weight /= 100;
    at += digits + 1;
  }
  return number;
}

/// Less is better; the last text makes the order total.
using Rank = std::tuple<int, int, double, int, double, std::string>;

}  // namespace

const Accelerator* find_listed(const Catalogue& catalogue, const std::string& id) {
  if (const auto it = catalogue.listed.accelerators.find(id); it != catalogue.listed.accelerators.end()) {
    return &it->second;
  }
  const auto it = catalogue.accelerators.find(id);
  return it != catalogue.accelerators.end() ? &it->second : nullptr;
}

std::vector<ChosenGroup> choose_groups(const Catalogue& catalogue, const Accelerator& device, const LawQuery& query) {
  std::vector<std::pair<Rank, ChosenGroup>> candidates;
  // The record as its file has it: a copy with, say, more bandwidth keeps its lender, so that it is never slower.
  const Accelerator* record = find_listed(catalogue, device.id);
  const Accelerator& listed = record != nullptr ? *record : device;
  for (const auto& [id, calibration] : catalogue.calibrations) {
    if (calibration.law != query.law) continue;
    const Accelerator* lender = find_listed(catalogue, calibration.device);
    if (lender == nullptr) continue;
    const Accelerator& other = *lender;
    if (other.vendor != device.vendor || other.id == query.without) continue;
    const bool own = other.id == device.id;
    const bool family = !device.architecture.empty() && other.architecture == device.architecture;
    const double wanted = query.version.empty() ? 99 : version_number(query.version);
    for (const CalibratedGroup& group : calibration.groups) {
      const bool same_engine = query.engine.empty() || group.engine == query.engine;
      const bool fitted = own && same_engine;
      const auto& errors = fitted ? group.held_out : calibration.left_out.value_or(ErrorSummary{});
      const int kinship = own ? 0 : family ? 1 : 2, stranger = same_engine ? 0 : 1;
      const double away = specification_distance(listed, other);
      candidates.emplace_back(Rank{kinship, kinship < 2 ? stranger : 0, away, stranger,
                                   std::abs(wanted - version_number(group.version)), id + group.engine + group.version},
                              ChosenGroup{&group, fitted ? LawOrigin::fitted : LawOrigin::carried_over,
                                          errors.rows > 0 ? errors.median_pct : -1.0, 0});
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::map<std::string, ChosenGroup> best;  // by precision
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    ChosenGroup& chosen = candidates[i].second;
    chosen.place = static_cast<int>(i);
    best.try_emplace(chosen.group->precision, chosen);
  }
  std::vector<ChosenGroup> out;
  for (const auto& [precision, chosen] : best) out.push_back(chosen);
  return out;
}

std::string base_precision(const std::string& group) { return group.substr(0, group.find_first_of("./")); }

std::vector<ChosenGroup> keep_one_lender(const std::vector<ChosenGroup>& groups) {
  std::map<std::string, const ChosenGroup*> first;  // by base precision
  for (const ChosenGroup& chosen : groups) {
    const ChosenGroup*& best = first[base_precision(chosen.group->precision)];
    if (best == nullptr || chosen.place < best->place) best = &chosen;
  }
  std::vector<ChosenGroup> out;
  for (const ChosenGroup& chosen : groups) {
    const CalibratedGroup& a = *chosen.group;
    const CalibratedGroup& b = *first.at(base_precision(a.precision))->group;
    if (std::tie(a.device, a.engine, a.version) == std::tie(b.device, b.engine, b.version)) out.push_back(chosen);
  }
  return out;
}

const Accelerator* find_table_device(const Records<Accelerator>& accelerators, const std::string& name) {
  std::string id = name;
  std::replace(id.begin(), id.end(), '_', '-');
  if (const auto it = accelerators.find(id); it != accelerators.end()) return &it->second;
  for (const auto& [key, accelerator] : accelerators) {
    if (accelerator.kernel_table_name == name) return &accelerator;
  }
  return nullptr;
}

}  // namespace stargate
