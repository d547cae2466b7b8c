// From parts to wholes, in that order, so that a change of memory reaches the price of a system through its
// accelerator.
#include "stargate/catalogue/derive.hpp"

#include <algorithm>

namespace stargate {
namespace {

template <class Q>
double ratio(const std::optional<Q>& now, const std::optional<Q>& before) {
  return now && before && *before > Q{} ? *now / *before : 1;
}
template <class N>
double count_ratio(N now, N before) {
  return now > 0 && before > 0 ? static_cast<double>(now) / static_cast<double>(before) : 1;
}

void add_to(Price& price, const Price& more, double times) {
  price.low += more.low * times, price.mid += more.mid * times, price.high += more.high * times;
}

Price difference(const Price& now, const Price& before) {
  return {now.low - before.low, now.mid - before.mid, now.high - before.high};
}

/// Ratios of now to listed, from parts to wholes. What a question set itself is left alone.
class Derivation {
 public:
  Derivation(Catalogue& catalogue, const CatalogueChanges& changes) : catalogue_(catalogue), changes_(changes) {}

  void memories() {
    for (const auto& [id, before] : catalogue_.listed.memories) {
      const MemoryKind& now = catalogue_.memories.at(id);
      double bandwidth = ratio(now.bandwidth_per_stack, before.bandwidth_per_stack);
      if (bandwidth == 1) {
        bandwidth = ratio(now.pin_rate, before.pin_rate) *
                    count_ratio(now.interface_bits.value_or(0), before.interface_bits.value_or(0));
      }
      double capacity = ratio(now.capacity_per_stack, before.capacity_per_stack);
      if (capacity == 1) capacity = count_ratio(now.stack_high, before.stack_high);
      for (auto& [name, accelerator] : catalogue_.accelerators) {
        if (accelerator.memory != id) continue;
        if (now.price && before.price) catalogue_.listed.accelerators.try_emplace(name, accelerator);
        scale_memory(accelerator, bandwidth, capacity);
      }
    }
  }

  /// Only links that are this network's: a scale-out card belongs to it when every system of the accelerator uses it.
  void networks() {
    for (const auto& [id, before] : catalogue_.listed.networks) {
      const double faster = catalogue_.networks.at(id).bandwidth / before.bandwidth;
      for (auto& [name, accelerator] : catalogue_.accelerators) {
        if (accelerator.scale_up == id)
          scale(accelerator, "scale_up_bandwidth", accelerator.scale_up_bandwidth, faster);
        if (all_systems_use(name, id)) {
          scale(accelerator, "scale_out_bandwidth", accelerator.scale_out_bandwidth, faster);
        }
      }
    }
  }

  void accelerators() {
    const auto listed = catalogue_.listed.accelerators;  // a copy: scaling adds to it
    for (const auto& [id, before] : listed) {
      Accelerator& now = catalogue_.accelerators.at(id);
      const double stacks = count_ratio(now.memory_stacks, before.memory_stacks);
      scale_memory(now, stacks, stacks);
      const Price memory = is_set("accelerator:" + id + ".price") ? Price{} : dearer_memory(now, before);
      if (now.price) add_to(*now.price, memory, 1);
      for (auto& [name, system] : catalogue_.systems) {
        if (system.accelerator != id) continue;
        const double count = system.accelerators;
        if (now.power != before.power && !is_set("system:" + name + ".power")) {
          system.power = max(now.power * count, system.power + (now.power - before.power) * count);
        }
        if (is_set("system:" + name + ".price")) continue;
        add_to(system.price, now.price && before.price ? difference(*now.price, *before.price) : memory, count);
      }
    }
  }

 private:
  bool is_set(const std::string& path) const {
    return std::any_of(changes_.set.begin(), changes_.set.end(), [&](const Override& change) {
      return change.path == path || change.path.starts_with(path + ".");
    });
  }

  template <class Q>
  void scale(Accelerator& accelerator, const std::string& field, Q& value, double factor) {
    if (factor == 1 || is_set("accelerator:" + accelerator.id + "." + field)) return;
    catalogue_.listed.accelerators.try_emplace(accelerator.id, accelerator);
    value = value * factor;
  }

  void scale_memory(Accelerator& accelerator, double bandwidth, double capacity) {
    scale(accelerator, "memory_bandwidth", accelerator.memory_bandwidth, bandwidth);
    scale(accelerator, "memory_capacity", accelerator.memory_capacity, capacity);
  }

  /// What an accelerator's memory costs more than as listed, by its capacity and its kind's price a byte: nothing where
  /// one of the two kinds has no price.
  Price dearer_memory(const Accelerator& now, const Accelerator& before) const {
    const auto& kinds = catalogue_.memories;
    const auto& listed = catalogue_.listed.memories;
    const auto kind = kinds.find(now.memory), old = kinds.find(before.memory);
    if (kind == kinds.end() || old == kinds.end()) return {};
    const auto as_listed = listed.find(before.memory);
    const MemoryKind& then = as_listed == listed.end() ? old->second : as_listed->second;
    if (!kind->second.price || !then.price) return {};
    const Bytes capacity = now.memory_capacity, least = before.memory_capacity;
    return {kind->second.price->low * capacity - then.price->low * least,
            kind->second.price->mid * capacity - then.price->mid * least,
            kind->second.price->high * capacity - then.price->high * least};
  }

  /// A network of one system says nothing of an accelerator that others buy with another.
  bool all_systems_use(const std::string& accelerator, const std::string& network) const {
    bool any = false;
    for (const auto& [id, system] : catalogue_.systems) {
      if (system.accelerator != accelerator) continue;
      if (system.scale_out != network) return false;
      any = true;
    }
    return any;
  }

  Catalogue& catalogue_;
  const CatalogueChanges& changes_;
};

}  // namespace

void derive_dependents(Catalogue& catalogue, const CatalogueChanges& changes) {
  Derivation derivation(catalogue, changes);
  derivation.memories();
  derivation.networks();
  derivation.accelerators();
}

}  // namespace stargate
