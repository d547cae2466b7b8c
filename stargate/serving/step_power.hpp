// Power that an accelerator draws in the steps of a replica: its operators' by perf/power_law.hpp, and between them,
// while kernels start, ranks wait for one another or the host prepares, that of kernels that do nothing:
//   P = P_running + sum over operators of (P_operator - P_running) t_operator / t_step
#pragma once

#include <span>

#include "stargate/serving/steady_state.hpp"

namespace stargate {

/// Mean over such steps, of one accelerator of the replica.
Power step_power(const Replica& replica, std::span<const SequenceGroup> batch);

/// `power` with the shares of this replica's steps: `decoding` sequences at the mean context of the workload, and a
/// step with one prompt of it, or as much as a step takes.
ReplicaPower with_step_shares(ReplicaPower power, const Replica& replica, const ServingWorkload& workload,
                              double decoding);

}  // namespace stargate
