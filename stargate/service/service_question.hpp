// What sizing is asked for a service's study: the same question for a site, for `serve size --study`, and for a plan
// that names the study.
#pragma once

#include <span>

#include "stargate/service/service_study.hpp"
#include "stargate/sizing/size_fleet.hpp"

namespace stargate {

/// A tenant beside others at a moment: so many of its requests a second, on average.
struct TenantLoad {
  TenantTraffic traffic;  ///< checked
  double rate = 0;        ///< requests a second
};
/// Of these tenants at these rates, faster or slower in proportion; the study has been checked. The study's model,
/// engine and router must be in the catalogue (load_service_study has checked). Rates are requests a second; a demand
/// of accelerators asks how much these serve.
FleetQuestion service_fleet_question(const Catalogue& catalogue, const ServiceStudySpec& study,
                                     const SizingDemand& demand, std::span<const TenantLoad> tenants);
/// Of all tenants at the mean of their day; a demand without rate or accelerators is that mean.
FleetQuestion service_fleet_question(const Catalogue& catalogue, const ServiceStudySpec& study, SizingDemand demand);

/// Of a service at the mean of its day.
struct ServiceMeans {
  TokenRate output;       ///< tokens put out, a second
  MoneyPerToken revenue;  ///< what its tenants pay, seats and tokens, over the tokens put out
};
ServiceMeans service_means(const ServiceStudySpec& study);

}  // namespace stargate
