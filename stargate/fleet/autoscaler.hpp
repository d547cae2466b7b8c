// How many replicas a pool should have, look by look; the law of Kubernetes' horizontal autoscaler.
//   wanted = ceil(now * (load / now) / target) = ceil(load / target), unless within tolerance of the target
#pragma once

#include <deque>

#include "stargate/fleet/fleet_spec.hpp"
#include "stargate/sim/time.hpp"

namespace stargate {

class Autoscaler {
 public:
  explicit Autoscaler(const AutoscaleSpec& spec) : spec_(spec) {}

  SimTime next_look() const { return next_look_; }
  /// `load` requests in flight and waiting for this pool, `replicas` that serve or are starting. Returns how many
  /// there should be. Never outside the limits of the specification. To be called at next_look() or later; then plans
  /// the next one. `replicas` counts those starting too, or the same need would be ordered twice.
  int look(SimTime now, double load, int replicas);

 private:
  AutoscaleSpec spec_;
  SimTime next_look_;  ///< looks are spec_.interval apart
  struct Wanted {
    SimTime at;        ///< of the look
    int replicas = 0;  ///< that it wanted
  };
  std::deque<Wanted> recent_;  ///< looks of the last scale_down_after
};

}  // namespace stargate
