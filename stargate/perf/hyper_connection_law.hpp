// How long the mixing of residual streams takes on one device (hyper-connections, DeepSeek-V4): before a branch the
// streams' gates and their mixture, behind it the branch's output into each stream. Times in microseconds.
//   t = launch + bytes / (memory_share bandwidth)
// Bytes that come round in a circle no larger than cache_share of the last-level cache are found there, four times as
// fast. After Xie et al., "mHC: Manifold-Constrained Hyper-Connections" (2025), section 4.
#pragma once

#include <map>
#include <span>
#include <string>

#include "stargate/catalogue/hardware.hpp"
#include "stargate/perf/operator.hpp"

namespace stargate {

/// Facts of a device the law needs.
struct MixingDevice {
  double bandwidth = 0;  ///< bytes a microsecond
  double cache = 0;      ///< bytes
};
MixingDevice mixing_device(const Accelerator& accelerator);

/// Fitted by `stargate calibrate`.
struct MixingCoefficients {
  double launch_us = 5, memory_share = 0.6;
  double cache_share = 0.3;  ///< 0: nothing is found in the cache, as in a model whose layers follow each other
};

struct MixingField {
  const char *name, *unit, *meaning;
  double MixingCoefficients::*member;
  double start, lower, upper;
};
std::span<const MixingField> mixing_fields();
MixingCoefficients read_mixing_coefficients(const std::map<std::string, double>& values);

/// "bf16/before" or "bf16/behind".
std::string mixing_group_name(bool before);

/// Microseconds of one site.
double mixing_us(const MixingCoefficients& c, const MixingDevice& device, const MixingCall& call);

}  // namespace stargate
