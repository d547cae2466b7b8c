// A fleet under traffic. The gateway looks at the replicas once a report interval; in a window between two looks its
// decisions rest on what it saw then and what it has sent since, so within a window the replicas are independent and
// run on all threads, and the answer does not depend on how many. Windows in which nothing happens are passed over.
//   user's TTFT = wait at the gateway + network there + engine's TTFT + network back
// Nobody reacts faster than a window: the next turn of a client without pause, and a request after a failure, come with
// the next one.
#pragma once

#include <functional>

#include "stargate/fleet/fleet_report.hpp"
#include "stargate/traffic/source.hpp"

namespace stargate {

/// Nothing here changes the answer. Callbacks come from the calling thread.
struct FleetRunOptions {
  int threads = 1;  ///< at least 1, the caller among them
  /// Every request as it leaves, in order of windows, within one by time; may be empty.
  std::function<void(const FleetRequestRecord&)> on_request;
  /// Now and then: simulated time, requests gone so far.
  std::function<void(SimTime, std::int64_t)> on_progress;
};

/// The spec has passed check_fleet; the source's tenants are the fleet's, by index. Runs until the source is empty and
/// everything has left. A source without end never returns: tenants need a limit. Memory grows with the requests in
/// flight, not with their number.
FleetReport simulate_fleet(const FleetSpec& spec, RequestSource& source, const FleetRunOptions& options = {});

}  // namespace stargate
