// How many units a kernel spreads its tiles over. A core with large matrix units (TPU, Trainium, Gaudi) takes several
// tiles of a GPU's size at once, so it counts as several units: laws and coefficients are of units of one kind.
#pragma once

#include <algorithm>

#include "stargate/catalogue/hardware.hpp"

namespace stargate {

/// Operations a clock of the largest unit that is one: twice those of Blackwell's (8,192 in 16 bits).
inline constexpr double kLargestUnit = 16384;

inline double kernel_units(const Accelerator& accelerator) {
  // 16-bit operations a clock of the whole chip.
  const double a_clock = accelerator.peak_rate(Precision::bf16).base() / accelerator.clock.base();
  return std::max<double>(accelerator.compute_units, a_clock / kLargestUnit);
}

}  // namespace stargate
