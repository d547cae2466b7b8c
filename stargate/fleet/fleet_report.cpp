// Sums over tenants and pools.
#include "stargate/fleet/fleet_report.hpp"

#include <numeric>

namespace stargate {

const char* request_outcome_name(RequestOutcome outcome) {
  switch (outcome) {
    case RequestOutcome::answered:
      return "answered";
    case RequestOutcome::rate_limited:
      return "rate limited";
    case RequestOutcome::refused:
      return "refused";
    case RequestOutcome::too_long:
      return "too long";
    case RequestOutcome::lost:
      return "lost";
  }
  return "?";
}

std::int64_t TenantReport::gone() const { return std::accumulate(std::begin(left), std::end(left), std::int64_t{0}); }

double PoolReport::utilisation() const {
  return totals.running_ns > 0 ? static_cast<double>(totals.busy_ns()) / static_cast<double>(totals.running_ns) : 0;
}

TenantReport FleetReport::all() const {
  TenantReport sum;
  sum.name = "all";
  for (const auto& tenant : tenants) {
    sum.arrived += tenant.arrived, sum.retried += tenant.retried;
    for (int i = 0; i < kRequestOutcomeCount; ++i) sum.left[i] += tenant.left[i];
    sum.prompt_tokens += tenant.prompt_tokens, sum.output_tokens += tenant.output_tokens;
    sum.cached_tokens += tenant.cached_tokens, sum.met_targets += tenant.met_targets;
    sum.ttft.merge(tenant.ttft), sum.tpot.merge(tenant.tpot);
    sum.end_to_end.merge(tenant.end_to_end), sum.held.merge(tenant.held);
    sum.by_region.resize(tenant.by_region.size());
    for (std::size_t i = 0; i < tenant.by_region.size(); ++i) sum.by_region[i] += tenant.by_region[i];
    sum.cost += tenant.cost;
  }
  return sum;
}

Money FleetReport::cost() const {
  Money sum;
  for (const auto& pool : pools) sum += pool.cost;
  return sum;
}

Energy FleetReport::energy() const {
  Energy sum;
  for (const auto& pool : pools) sum += pool.energy;
  return sum;
}

}  // namespace stargate
