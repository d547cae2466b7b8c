// Energy of one training step at the plugs of its systems. Operators draw power as power_law.hpp says, also in the
// backward pass; while nothing computes (communication that shows, bubbles, the optimiser) an accelerator idles; hosts,
// network cards and fans draw what the system's power is above that of its accelerators, all the time:
//   E = N (P_idle + P_system / n - P_accelerator) T  +  sum over operators of (P - P_idle) t
// Without a factor for cooling (PUE).
#pragma once

#include <span>

#include "stargate/training/step.hpp"

namespace stargate {

/// Drawn by all accelerators of the job and their hosts whatever runs. At the plugs, in watts; idle accelerators,
/// hosts, cards and fans of all systems of the job. Cooling and conversion (PUE) are the site's to add.
Power standing_power(const TrainingJob& job);

/// Above idling, of one micro-batch on one rank, there and back.
struct ShardEnergy {
  std::vector<Energy> layers;  ///< one layer of each of layer_variants
  /// Of the output projection, forward and backward.
  Energy output;
};
/// It depends on the layout as shard_costs does.
ShardEnergy shard_energy(const TrainingJob& job, const TrainingLayout& layout);

/// Of all operators of one step over all ranks, above idling; `layers` of the whole model by layer_variants.
/// `layers[i]` is how many layers of variant i the model has; every micro-batch of the batch goes once through all of
/// them, on tp * cp ranks each.
Energy operators_energy(const TrainingJob& job, const TrainingLayout& layout, const ShardEnergy& each,
                        std::span<const int> layers);

/// Of the whole job, for one step that takes `step_time`. In joules at the plugs: standing power over the whole step,
/// and operators on top.
Energy step_energy(const TrainingJob& job, const TrainingLayout& layout, Duration step_time);

}  // namespace stargate
