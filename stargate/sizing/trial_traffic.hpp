// The traffic of trials: the same requests whatever the rate, without end.
#pragma once

#include "stargate/sizing/size_fleet.hpp"
#include "stargate/traffic/trace.hpp"

namespace stargate {

/// Tenants side by side, whose rates keep their proportion. They have been checked (make_tenant_source).
TrafficMaker tenants_at_rate(std::vector<TenantTraffic> tenants, std::uint64_t seed);

/// Requests alike but for the lengths drawn, Poisson or in bursts.
struct PlainTraffic {
  LengthDistribution prompt, output;  ///< tokens; a prompt with what all share
  std::int32_t prefix = 0;            ///< tokens that all prompts begin with, fewer than a prompt has on average
  double cv = 1;                      ///< coefficient of variation of the gaps
  std::uint64_t seed = 1;             ///< of lengths and gaps
};
/// Sets the question's workload, its mean answer and its traffic. Lengths of the workload are the distributions' means.
void set_traffic(FleetQuestion& question, const PlainTraffic& traffic);

/// The trace's rows at its own rhythm, its clock stretched to the rate; after the last row it begins again, with
/// prompts that no cache has seen. The trace has arrivals and outlives the maker.
TrafficMaker trace_at_rate(const RequestTrace& trace);

}  // namespace stargate
