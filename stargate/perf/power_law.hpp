// Power an accelerator draws while it runs an operator, from how it uses its matrix units and its memory, and the clock
// that its limit leaves it:
//   demand = (a u_compute P_compute + u_memory P_memory) / (limit - running)
//   P      = running + (limit - running) min(1, demand)
//   t      = t_burst max(1, demand)^(1/3)
// u are shares of the data-sheet peak over the time of a burst; P_compute, P_memory what full use of each would draw at
// full clock beyond `running`, the draw of kernels that do nothing. The cube root: logic at frequency f draws C V^2 f,
// and near the top of its range V rises with f (M. Horowitz et al., "Low-power digital design", 1994). A limit acts
// over tens of milliseconds, so a kernel timed alone does not feel it and one inside a training step does. The activity
// a is 1 for the inputs of kernel benchmarks; real tensors switch more bits (H. He, "Strangely, matrix multiplications
// on GPUs run faster when given 'predictable' data", 2024; arXiv 2409.18324).
// Where the energy of an operation is known of the family (catalogue/architectures/, fitted by `stargate calibrate
// --power`), P_compute is that times the peak, the same for every format. Where it is not, both are shares of the
// listed limit, 1.2 and 0.5 of what it leaves (large products run against the limit at some 0.75 of the peak: He; a
// token phase does not slow at half the limit: Patel et al., "Splitwise", ISCA 2024, arXiv 2311.18677), and times hold
// at the listed limit.
#pragma once

#include <algorithm>
#include <cmath>

#include "stargate/catalogue/architecture.hpp"
#include "stargate/catalogue/hardware.hpp"

namespace stargate {

/// `limit` is never exceeded: clocks fall instead.
struct PowerLaw {
  Power running, limit, listed_limit;  ///< draw of kernels that do nothing; the question's limit; the file's
  Power compute, memory;               ///< at full use of each
  bool measured = false;               ///< the energies are of the family; else times hold at the listed limit

  double demand(double compute_use, double memory_use) const { return demand(compute_use, memory_use, limit); }
  /// Both uses are shares of the data-sheet peak over the time of the operator.
  Power power(double compute_use, double memory_use) const {
    return min(limit, running + (limit - running) * std::min(1.0, demand(compute_use, memory_use)));
  }
  /// Time of a kernel that runs on and on over that of a burst, or over that at the listed limit.
  double slowdown(double compute_use, double memory_use) const {
    // Without measured energies the burst's time is taken to hold at the listed limit, so only a limit below it slows
    // anything.
    const double base = measured ? 1 : std::max(1.0, demand(compute_use, memory_use, listed_limit));
    const double over = demand(compute_use, memory_use) / base;
    return over > 1 ? std::cbrt(over) : 1.0;
  }

 private:
  double demand(double compute_use, double memory_use, Power under) const {
    return (compute_use * compute + memory_use * memory) / max(1e-3 * under, under - running);
  }
};

/// Of a device with nothing to do. Where none is recorded it is 0.14 of the limit, the median of those that are (0.10
/// to 0.19).
inline Power idle_power(const Accelerator& accelerator) {
  return accelerator.idle_power.value_or(0.14 * accelerator.power);
}

/// `listed`: the record before a question changed it. What is changed draws as the listed part does at the same use.
inline PowerLaw make_power_law(const Accelerator& accelerator, const KernelShares& family, const Accelerator& listed) {
  PowerLaw law;
  law.limit = accelerator.power, law.listed_limit = listed.power;
  law.measured = family.product_picojoules > 0;
  const Power idle = min(idle_power(listed), accelerator.power);
  law.running = min(accelerator.power, max(idle, family.running_power));
  constexpr double pico = 1e-12;
  // What the listed limit leaves above idling: shares of it stand for energies that nobody measured.
  const Power room = listed.power - idle;
  law.compute = law.measured
                    ? Power::from_base(pico * family.product_picojoules * listed.peak_rate(Precision::bf16).base())
                    : 1.2 * room;
  law.memory = law.measured ? Power::from_base(pico * family.stream_picojoules * listed.memory_bandwidth.base())
                            : 0.5 * room;
  return law;
}

}  // namespace stargate
