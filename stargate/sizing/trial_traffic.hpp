// The traffic of trials: the same requests whatever the rate, without end.
#pragma once

#include "stargate/sizing/trial.hpp"
#include "stargate/traffic/trace.hpp"

namespace stargate {

/// Tenants side by side, whose rates keep their proportion. They have been checked (make_tenant_source).
TrafficMaker tenants_at_rate(std::vector<TenantTraffic> tenants, std::uint64_t seed);

/// The trace's rows at its own rhythm, its clock stretched to the rate; after the last row it begins again, with
/// prompts that no cache has seen. The trace has arrivals and outlives the maker.
TrafficMaker trace_at_rate(const RequestTrace& trace);

}  // namespace stargate
