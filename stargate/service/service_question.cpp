// Lengths, shared prefixes and turns are the tenants' own; only their rates change.
#include "stargate/service/service_question.hpp"

#include <algorithm>

#include "stargate/sizing/trial_traffic.hpp"

namespace stargate {
namespace {

constexpr double kLongestThink = 20;  // s: a pause longer than that only makes a trial longer

/// Means by request; the cached share by prompt token.
ServingWorkload workload_of(std::span<const TenantLoad> tenants) {
  ServingWorkload mean{0, 0, 0};
  double all = 0, cached = 0;
  for (const auto& tenant : tenants) {
    const TenantMeans means = mean_lengths(tenant.traffic);
    all += tenant.rate, cached += tenant.rate * means.isl * means.cached_share;
    mean.isl += tenant.rate * means.isl, mean.osl += tenant.rate * means.osl;
  }
  mean.cached_share = cached / mean.isl;
  mean.isl /= all, mean.osl /= all;
  return mean;
}

/// All tenants at the mean of their day.
std::vector<TenantLoad> mean_loads(const ServiceStudySpec& study) {
  std::vector<TenantLoad> tenants;
  for (const auto& spec : study.tenants) {
    const TenantTraffic traffic = tenant_traffic(spec);
    tenants.push_back({traffic, mean_request_rate(traffic)});
  }
  return tenants;
}

}  // namespace

ServingWorkload mean_workload(const ServiceStudySpec& study) { return workload_of(mean_loads(study)); }

ServiceMeans service_means(const ServiceStudySpec& study) {
  ServiceMeans out;
  MoneyRate paid;
  for (std::size_t i = 0; i < study.tenants.size(); ++i) {
    const ServiceTenantSpec& spec = study.tenants[i];
    const TenantTraffic traffic = tenant_traffic(spec);
    const TenantMeans means = mean_lengths(traffic);
    const Frequency requests = mean_request_rate(traffic) / second;
    out.output += means.osl * token * requests;
    paid += requests * (means.isl * token) * spec.input_price.value_or(MoneyPerToken{});
    paid += requests * (means.osl * token) * spec.output_price.value_or(MoneyPerToken{});
    paid += spec.seats * spec.seat_price.value_or(MoneyRate{});
  }
  if (out.output.base() > 0) out.revenue = paid / out.output;
  return out;
}

/// The moment of the day that `tenants` describe, as steady traffic of these rates.
FleetQuestion service_fleet_question(const Catalogue& catalogue, const ServiceStudySpec& study,
                                     const SizingDemand& demand, std::span<const TenantLoad> tenants) {
  FleetQuestion question;
  question.demand = demand;
  question.targets = {{study.targets.ttft, study.targets.share}, {study.targets.tpot, study.targets.share}};
  ServingQuestion& serving = question.serving;
  serving.workload = workload_of(tenants);
  serving.target = {study.targets.ttft, study.targets.tpot};
  serving.precision = stored_precision(catalogue.models.at(study.model));
  if (study.precision) serving.precision.linear = serving.precision.expert = *study.precision;
  if (study.kv_precision) serving.precision.kv = *study.kv_precision;
  auto engine = set_up_engine(catalogue, study.engine);
  STARGATE_CHECK(engine.ok(), "the study's engine has been checked");
  serving.engine = std::move(*engine);
  question.mean_output = serving.workload.osl;
  std::vector<TenantTraffic> traffic;
  for (const auto& tenant : tenants) {
    TenantTraffic steady = tenant.traffic;
    // the profile goes: sizing asks about one moment of the day
    steady.arrivals.rate *= tenant.rate / mean_request_rate(tenant.traffic);
    steady.arrivals.profile = {};
    steady.session.think_s = std::min(steady.session.think_s, kLongestThink);
    traffic.push_back(std::move(steady));
  }
  question.traffic.make = tenants_at_rate(std::move(traffic), static_cast<std::uint64_t>(study.seed));
  question.traffic.prefix_block_tokens = kServicePrefixBlock;
  question.traffic.router = *parse_router_policy(study.operation.router);
  return question;
}

FleetQuestion service_fleet_question(const Catalogue& catalogue, const ServiceStudySpec& study, SizingDemand demand) {
  const std::vector<TenantLoad> tenants = mean_loads(study);
  double all = 0;
  for (const TenantLoad& tenant : tenants) all += tenant.rate;
  if (demand.rate <= 0 && demand.accelerators == 0) demand.rate = all;
  return service_fleet_question(catalogue, study, demand, tenants);
}

}  // namespace stargate
