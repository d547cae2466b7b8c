// The largest number wanted of late is kept, so that a short lull stops nobody.
#include "stargate/fleet/autoscaler.hpp"

#include <algorithm>
#include <cmath>

namespace stargate {

int Autoscaler::look(SimTime now, double load, int replicas) {
  next_look_ = now + spec_.interval;
  int wanted = replicas;
  // Without replicas there is no ratio: whatever waits is far above the target.
  const double ratio = replicas > 0 ? load / (replicas * spec_.target_in_flight) : 2 + spec_.tolerance;
  if (std::abs(ratio - 1) > spec_.tolerance) wanted = static_cast<int>(std::ceil(load / spec_.target_in_flight));
  wanted = std::clamp(wanted, spec_.least, spec_.most);
  recent_.push_back({now, wanted});
  while (recent_.front().at + spec_.scale_down_after < now) recent_.pop_front();
  // Upwards at once; downwards only to the largest number that any look of the last while wanted (Kubernetes'
  // stabilisation window).
  if (wanted >= replicas) return wanted;
  int most = 0;
  for (const auto& one : recent_) most = std::max(most, one.replicas);
  return std::min(replicas, most);
}

}  // namespace stargate
