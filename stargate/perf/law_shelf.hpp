// Laws of devices as their files have them, kept while a process asks about the same catalogue: a device's law is
// bounded by those of dozens of others (dominance.hpp), which do not change with what a question changes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/perf/kernel_groups.hpp"

namespace stargate {

class DeviceLaw;

/// Everything of a catalogue that the law of a listed device rests on, byte by byte: accelerators as their files have
/// them, architectures, calibrations, confidence. Catalogues with the same key give the same laws.
std::string law_key(const Catalogue& catalogue);
/// Whether the accelerator is as its file has it, in all that laws read.
bool is_as_listed(const Catalogue& catalogue, const Accelerator& accelerator);

/// Thread-safe.
class LawShelf {
 public:
  /// The shelf of the catalogue's content. Those of the last few catalogues are kept.
  static std::shared_ptr<LawShelf> of(const Catalogue& catalogue);

  /// What `make` gave for the device and kernels when they were first asked for.
  std::shared_ptr<const DeviceLaw> take(const std::string& device, const KernelChoice& kernels,
                                        const std::function<std::shared_ptr<const DeviceLaw>()>& make);

 private:
  using Key = std::tuple<std::string, std::string, bool, bool, bool>;  // device, then KernelChoice's members
  std::mutex mutex_;
  std::map<Key, std::shared_ptr<const DeviceLaw>> laws_;
};

}  // namespace stargate
