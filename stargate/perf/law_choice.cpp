// Candidates are ranked by one key each; the least wins, ties going to the first by device and version.
#include "stargate/perf/law_choice.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <tuple>

#include "stargate/perf/kernel_units.hpp"

namespace stargate {
namespace {

/// Zero where either is unknown.
double log_ratio(double a, double b) { return a > 0 && b > 0 ? std::abs(std::log(a / b)) : 0; }

/// Sum of |ln ratio| over what a kernel's speed follows from; a figure that one of both lacks says nothing.
double specification_distance(const Accelerator& a, const Accelerator& b) {
  const auto cache = [](const Accelerator& x) { return x.last_level_cache.value_or(Bytes{}).base(); };
  return log_ratio(a.peak_rate(Precision::bf16).base(), b.peak_rate(Precision::bf16).base()) +
         log_ratio(a.memory_bandwidth.base(), b.memory_bandwidth.base()) +
         log_ratio(a.compute_units, b.compute_units) + log_ratio(cache(a), cache(b));
}

constexpr double kReach = 2;         // distance over which a lender's weight falls by e
constexpr double kOfStranger = 0.2;  // of the weight: another vendor's kernels are another library's
constexpr int kRowsToLend = 60;  // fewer say nothing of other shapes on other chips
constexpr double kLapse = 1.2;  // clearly slower
constexpr int kRowsToServe = 5;  // fewer settle how a table was timed, and nothing of other engines' calls
constexpr std::array kOfNetworks = {"collective", "expert_exchange"};

bool is_of_networks(const std::string& law) {
  return std::find(kOfNetworks.begin(), kOfNetworks.end(), law) != kOfNetworks.end();
}

/// Operations a clock of one unit.
double unit_rate(const Accelerator& a) {
  return a.peak_rate(Precision::bf16).base() / a.clock.base() / kernel_units(a);
}

/// What feeds one unit over what feeds another: a unit multiplies a block and is fed through its faces.
double feed_ratio(const Accelerator& a, const Accelerator& b) { return std::pow(unit_rate(a) / unit_rate(b), 2.0 / 3); }

/// Bytes a second of memory for each unit.
double unit_stream(const Accelerator& a) { return a.memory_bandwidth.base() / kernel_units(a); }

const std::string& family_of(const Catalogue& catalogue, const std::string& architecture) {
  const auto found = catalogue.architectures.find(architecture);
  return found != catalogue.architectures.end() && !found->second.family.empty() ? found->second.family : architecture;
}

/// 0: the device itself; 1, 2, 3: its architecture, its family, its vendor; 4: nobody it knows.
int kinship_of(const Catalogue& catalogue, const Accelerator& device, const Accelerator& other) {
  if (other.id == device.id) return 0;
  if (!device.architecture.empty() && other.architecture == device.architecture) return 1;
  if (!device.architecture.empty() &&
      family_of(catalogue, other.architecture) == family_of(catalogue, device.architecture)) {
    return 2;
  }
  return other.vendor == device.vendor ? 3 : 4;
}

bool may_lend(const LawQuery& query, int kinship, const Accelerator& lender) {
  if (lender.id == query.without) return false;
  if (!query.architecture.empty()) return lender.architecture == query.architecture && kinship > 0;
  if (is_of_networks(query.law)) return kinship <= 3;
  return kinship <= 2 && !query.without_family;
}

/// base_precision without a copy.
std::string_view base_text(std::string_view group) { return group.substr(0, group.find_first_of("./")); }

/// Whether the same engine reads tokens of a wider cache faster with its kernel for that: it widens a narrow one first,
/// which is a lapse of a version and not what a kernel takes on another chip.
bool widens_its_cache(const Calibration& calibration, const CalibratedGroup& narrow) {
  constexpr std::string_view suffix = "_kv_fp8";
  const std::string_view base = base_text(narrow.precision);
  if (!base.ends_with(suffix)) return false;
  const auto share = narrow.coefficients.find("memory_share");
  if (share == narrow.coefficients.end()) return false;
  const std::string_view wide = base.substr(0, base.size() - suffix.size());
  return std::any_of(calibration.groups.begin(), calibration.groups.end(), [&](const CalibratedGroup& other) {
    if (base_text(other.precision) != wide) return false;
    if (other.engine != narrow.engine || other.version != narrow.version) return false;
    const auto theirs = other.coefficients.find("memory_share");
    return theirs != other.coefficients.end() && kLapse * 2 * share->second < theirs->second;
  });
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
    // Each part of the version, at most 99, is worth a hundredth of the one before.
    number += weight * part;
    weight /= 100;
    at += digits + 1;
  }
  return number;
}

/// A group that could be taken. Less is better, figure by figure; of what is alike in all of them the text of file,
/// engine and version makes the order total.
struct Candidate {
  using Figures = std::tuple<int, int, double, int, double>;
  Figures figures;
  const std::string* id;  ///< of the calibration
  ChosenGroup chosen;

  friend bool operator<(const Candidate& a, const Candidate& b) {
    if (a.figures != b.figures) return a.figures < b.figures;
    const auto text = [](const Candidate& c) { return *c.id + c.chosen.group->engine + c.chosen.group->version; };
    return text(a) < text(b);
  }
};

}  // namespace

const Accelerator* find_listed(const Catalogue& catalogue, const std::string& id) {
  if (const auto it = catalogue.listed.accelerators.find(id); it != catalogue.listed.accelerators.end()) {
    return &it->second;
  }
  const auto it = catalogue.accelerators.find(id);
  return it != catalogue.accelerators.end() ? &it->second : nullptr;
}

const Architecture* find_architecture(const Catalogue& catalogue, const Accelerator& accelerator) {
  const auto found = catalogue.architectures.find(accelerator.architecture);
  return found != catalogue.architectures.end() ? &found->second : nullptr;
}

bool is_known_from_whole_runs(const Catalogue& catalogue, const Accelerator& accelerator) {
  const Architecture* family = find_architecture(catalogue, accelerator);
  return family != nullptr && family->from_whole_runs;
}

std::vector<ChosenGroup> choose_groups(const Catalogue& catalogue, const Accelerator& device, const LawQuery& query) {
  std::vector<Candidate> candidates;
  // The record as its file has it: a copy with, say, more bandwidth keeps its lender, so that it is never slower.
  const Accelerator* record = find_listed(catalogue, device.id);
  const Accelerator& listed = record != nullptr ? *record : device;
  const double wanted = query.version.empty() ? 99 : version_number(query.version);
  for (const auto& [id, calibration] : catalogue.calibrations) {
    if (calibration.law != query.law) continue;
    const Accelerator* lender = find_listed(catalogue, calibration.device);
    if (lender == nullptr) continue;
    const Accelerator& other = *lender;
    if (!query.architecture.empty() && other.architecture != query.architecture) continue;
    const int kinship = kinship_of(catalogue, device, other);
    if (!may_lend(query, kinship, other)) continue;
    const double away = specification_distance(listed, other);
    const double fed = kinship <= 1 ? 1.0 : feed_ratio(listed, other);
    const double streamed = kinship <= 1 ? 1.0 : unit_stream(listed) / unit_stream(other);
    const double left_out = calibration.left_out && calibration.left_out->rows > 0 ? calibration.left_out->median_pct
                                                                                     : -1.0;
    for (const CalibratedGroup& group : calibration.groups) {
      if (!query.architecture.empty() && (group.used.rows < kRowsToLend || widens_its_cache(calibration, group))) {
        continue;
      }
      const bool few = group.used.rows > 0 && group.used.rows < kRowsToServe;
      if (few && group.engine != query.engine) continue;
      const bool same_engine = query.engine.empty() || group.engine == query.engine;
      // The error to expect: of rows held out when the device's own coefficients are used; of a device predicted
      // without its own rows when it borrows.
      const bool fitted = kinship == 0 && same_engine;
      const double held_out = group.held_out.rows > 0 ? group.held_out.median_pct : -1.0;
      const int stranger = same_engine ? 0 : 1;
      // Near kin: the engine's own kernels first, then the nearest specification. Strangers: the specification first.
      candidates.push_back({{kinship, kinship < 2 ? stranger : 0, away, stranger,
                             std::abs(wanted - version_number(group.version))},
                            &id,
                            {&group, fitted ? LawOrigin::fitted : LawOrigin::carried_over, fitted ? held_out : left_out,
                             0, fed, streamed}});
    }
  }
  std::stable_sort(candidates.begin(), candidates.end());
  std::map<std::string_view, ChosenGroup> best;  // by precision
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    ChosenGroup& chosen = candidates[i].chosen;
    chosen.place = static_cast<int>(i);
    best.try_emplace(chosen.group->precision, chosen);
  }
  std::vector<ChosenGroup> out;
  out.reserve(best.size());
  for (const auto& [precision, chosen] : best) out.push_back(chosen);
  return out;
}

std::map<std::string, double> scaled_coefficients(const ChosenGroup& chosen) {
  std::map<std::string, double> out = chosen.group->coefficients;
  for (const char* of_unit : {"feed", "store"}) {
    if (const auto it = out.find(of_unit); it != out.end()) it->second *= chosen.unit_ratio;
  }
  if (const auto it = out.find("latency"); it != out.end()) it->second /= chosen.unit_ratio;
  if (const auto it = out.find("block_us"); it != out.end()) it->second /= chosen.stream_ratio;
  return out;
}

std::vector<LendingArchitecture> lending_architectures(const Catalogue& catalogue, const Accelerator& device) {
  const Accelerator* record = find_listed(catalogue, device.id);
  const Accelerator& listed = record != nullptr ? *record : device;
  std::map<std::string, std::pair<double, bool>> nearest;  // by architecture: distance, whether of the same vendor
  for (const auto& [id, calibration] : catalogue.calibrations) {
    const Accelerator* lender = is_of_networks(calibration.law) ? nullptr : find_listed(catalogue, calibration.device);
    if (lender == nullptr || lender->architecture.empty() || kinship_of(catalogue, device, *lender) <= 2) continue;
    const double away = specification_distance(listed, *lender);
    const auto it = nearest.try_emplace(lender->architecture, away, lender->vendor == device.vendor).first;
    it->second.first = std::min(it->second.first, away);
  }
  std::vector<LendingArchitecture> out;
  for (const auto& [id, near] : nearest) {
    out.push_back({id, std::exp(-near.first / kReach) * (near.second ? 1 : kOfStranger)});
  }
  return out;
}

std::string base_precision(const std::string& group) { return std::string(base_text(group)); }

std::vector<ChosenGroup> keep_one_lender(const std::vector<ChosenGroup>& groups) {
  std::map<std::string_view, const ChosenGroup*> first;  // by base precision
  for (const ChosenGroup& chosen : groups) {
    const ChosenGroup*& best = first[base_text(chosen.group->precision)];
    if (best == nullptr || chosen.place < best->place) best = &chosen;
  }
  std::vector<ChosenGroup> out;
  for (const ChosenGroup& chosen : groups) {
    const CalibratedGroup& a = *chosen.group;
    const CalibratedGroup& b = *first.at(base_text(a.precision))->group;
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
