// Keys are compared whole, so that no two catalogues are ever taken for one.
#include "stargate/perf/law_shelf.hpp"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "stargate/perf/law_choice.hpp"

namespace stargate {
namespace {

constexpr std::size_t kShelves = 3;  // catalogues: a question's own, and those it is compared with

/// Appends values so that different ones never read alike: lengths go before texts and lists.
class KeyWriter {
 public:
  template <class T>
    requires(std::is_arithmetic_v<T> || std::is_enum_v<T>)
  void add(T value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void add(const std::string& text) {
    add(text.size());
    out_ += text;
  }
  template <class T>
    requires requires(const T& quantity) { quantity.base(); }
  void add(const T& quantity) {
    add(quantity.base());
  }
  template <class T>
  void add(const std::optional<T>& value) {
    add(value.has_value());
    if (value) add(*value);
  }
  template <class K, class V>
  void add(const std::map<K, V>& values) {
    add(values.size());
    for (const auto& [key, value] : values) add(key), add(value);
  }
  template <class... T>
    requires(sizeof...(T) > 1)
  void add(const T&... values) {
    (add(values), ...);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

/// All figures, those of price, supply and links aside, which no kernel's time rests on.
void add_accelerator(KeyWriter& key, const Accelerator& a) {
  key.add(a.id, a.vendor, a.architecture, a.status, a.memory_stacks, a.memory_capacity, a.memory_bandwidth, a.peak,
          a.best_share, a.compute_units, a.clock, a.last_level_cache, a.power, a.idle_power);
}

void add_architecture(KeyWriter& key, const Architecture& a) {
  key.add(a.id, a.family, a.from_whole_runs);
  key.add(a.launch, a.best_gemm, a.usual_shape, a.k_half, a.tile, a.memory_share, a.expert_rate, a.expert_stream,
          a.attention_forward, a.attention_backward, a.running_power, a.product_picojoules, a.stream_picojoules);
}

void add_errors(KeyWriter& key, const ErrorSummary& errors) { key.add(errors.rows, errors.median_pct); }

void add_calibration(KeyWriter& key, const std::string& id, const Calibration& calibration) {
  key.add(id, calibration.device, calibration.law);
  key.add(calibration.left_out.has_value());
  if (calibration.left_out) add_errors(key, *calibration.left_out);
  key.add(calibration.groups.size());
  for (const CalibratedGroup& group : calibration.groups) {
    key.add(group.law, group.device, group.engine, group.version, group.precision);
    key.add(static_cast<const std::map<std::string, double>&>(group.coefficients));
    add_errors(key, group.used), add_errors(key, group.held_out);
  }
}

}  // namespace

std::string law_key(const Catalogue& catalogue) {
  KeyWriter key;
  key.add(catalogue.confidence);
  key.add(catalogue.accelerators.size());
  for (const auto& [id, current] : catalogue.accelerators) add_accelerator(key, *find_listed(catalogue, id));
  key.add(catalogue.listed.accelerators.size());  // those that a question left out lend all the same
  for (const auto& [id, listed] : catalogue.listed.accelerators) add_accelerator(key, listed);
  key.add(catalogue.architectures.size());
  for (const auto& [id, architecture] : catalogue.architectures) add_architecture(key, architecture);
  key.add(catalogue.calibrations.size());
  for (const auto& [id, calibration] : catalogue.calibrations) add_calibration(key, id, calibration);
  return key.take();
}

bool is_as_listed(const Catalogue& catalogue, const Accelerator& accelerator) {
  const Accelerator* listed = find_listed(catalogue, accelerator.id);
  if (listed == nullptr) return false;
  KeyWriter own, theirs;
  add_accelerator(own, accelerator), add_accelerator(theirs, *listed);
  return own.take() == theirs.take();
}

std::shared_ptr<LawShelf> LawShelf::of(const Catalogue& catalogue) {
  struct Entry {
    std::string key;
    std::shared_ptr<LawShelf> shelf;
  };
  static std::mutex mutex;
  static std::vector<Entry> entries;  // the last asked for first
  std::string key = law_key(catalogue);
  const std::lock_guard lock(mutex);
  auto at = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.key == key; });
  if (at == entries.end()) {
    if (entries.size() == kShelves) entries.pop_back();
    at = entries.insert(entries.end(), {std::move(key), std::make_shared<LawShelf>()});
  }
  std::rotate(entries.begin(), at, at + 1);
  return entries.front().shelf;
}

std::shared_ptr<const DeviceLaw> LawShelf::take(const std::string& device, const KernelChoice& kernels,
                                                const std::function<std::shared_ptr<const DeviceLaw>()>& make) {
  const Key key(device, kernels.engine, kernels.block_scaled, kernels.microscaled, kernels.fastest_prefill);
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = laws_.find(key); found != laws_.end()) return found->second;
  }
  auto made = make();  // without the lock: others make theirs meanwhile; of two that made the same the first is kept
  const std::lock_guard lock(mutex_);
  return laws_.try_emplace(key, std::move(made)).first->second;
}

}  // namespace stargate
