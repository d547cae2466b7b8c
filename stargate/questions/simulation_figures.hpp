// Figures of a simulated service that its text and its JSON both give.
#pragma once

#include <array>

#include "stargate/questions/serve_simulate_report.hpp"

namespace stargate {

struct LatencyMetric {
  const char* name;  ///< in text
  const char* key;   ///< in JSON
  const Histogram* values;
};
std::array<LatencyMetric, 5> latency_metrics(const ServiceReport& report);

/// What the whole service drew and cost.
struct ServiceBill {
  Energy energy;
  Power mean;
  MoneyRate rate;
  Money cost;
};
ServiceBill make_bill(const Simulation& simulation, const ServiceReport& report);

/// Tokens that the cache of a replica holds, and of one of its attention groups: no request has more.
struct CacheCapacity {
  double replica = 0, group = 0;
  int groups = 1;
};
CacheCapacity cache_capacity(const ReplicaEngine& engine);

}  // namespace stargate
