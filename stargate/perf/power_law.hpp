// Power an accelerator draws while it runs an operator, from how it uses its matrix units and its memory:
//   P = idle + (limit - idle) * min(1, a u_compute + b u_memory),   u = work / (time * peak rate)
// a = 1.2: large matrix multiplies run against the power limit at about 0.75 of the peak, clocks falling to hold it (H.
// He, "Strangely, matrix multiplications on GPUs run faster when given 'predictable' data", 2024; prompt phases at the
// limit in Patel et al., "Splitwise", ISCA 2024, arXiv 2311.18677, and "Characterizing Power Management Opportunities
// for LLMs in the Cloud", ASPLOS 2024, arXiv 2308.12908). b = 0.5: the token phase streams weights and cache at some
// 0.75 of the bandwidth, and neither an A100 nor an H100 slows when capped at half its limit (Splitwise, section
// III-F).
#pragma once

#include <algorithm>

#include "stargate/catalogue/hardware.hpp"

namespace stargate {

struct PowerCoefficients {
  double compute = 1.2, memory = 0.5;  ///< share of the dynamic power at full use of each
};

struct PowerLaw {
  Power idle, limit;
  PowerCoefficients coefficients;

  /// Both utilisations are shares of the data-sheet peak over the time of the operator.
  constexpr Power power(double compute, double memory) const {
    const double dynamic = coefficients.compute * compute + coefficients.memory * memory;
    return idle + (limit - idle) * std::min(1.0, dynamic);
  }
};

/// Where no idle power is recorded it is 0.14 of the limit, the median of those that are (0.10 to 0.19).
inline PowerLaw make_power_law(const Accelerator& accelerator) {
  return {accelerator.idle_power.value_or(0.14 * accelerator.power), accelerator.power, {}};
}

}  // namespace stargate
