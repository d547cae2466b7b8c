// Evaluation of the law of hyper-connections; equations and coefficients are in hyper_connection_law.hpp.
#include "stargate/perf/hyper_connection_law.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace stargate {
namespace {

constexpr double kFoundFaster = 4;  // last-level cache against memory, on the parts measured
constexpr double kEdge = 8;         // power with which the share found falls beyond the cache

}  // namespace

MixingDevice mixing_device(const Accelerator& accelerator) {
  return {accelerator.memory_bandwidth.in(byte / microsecond),
          accelerator.last_level_cache.value_or(Bytes{}).in(byte)};
}

double mixing_us(const MixingCoefficients& c, const MixingDevice& device, const MixingCall& call) {
  const double bytes = call.bytes(), room = c.cache_share * device.cache;
  const double found = room > 0 ? 1 / (1 + std::pow(bytes / room, kEdge)) : 0;
  return c.launch_us + bytes * (1 - found * (1 - 1 / kFoundFaster)) / (c.memory_share * device.bandwidth);
}

std::string mixing_group_name(bool before) { return before ? "bf16/before" : "bf16/behind"; }

std::span<const MixingField> mixing_fields() {
  using C = MixingCoefficients;
  static constexpr std::array fields = {
      MixingField{"launch_us", "us", "all launches of a site", &C::launch_us, 5, 0.5, 100},
      MixingField{"memory_share", "1", "of the memory bandwidth", &C::memory_share, 0.6, 0.02, 1},
      MixingField{"cache_share", "1", "of the last-level cache in which repeated calls find their data again",
                  &C::cache_share, 0.3, 0.005, 2}};
  return fields;
}

MixingCoefficients read_mixing_coefficients(const std::map<std::string, double>& values) {
  MixingCoefficients out;
  for (const MixingField& field : mixing_fields()) {
    if (const auto found = values.find(field.name); found != values.end()) out.*field.member = found->second;
  }
  return out;
}

}  // namespace stargate
