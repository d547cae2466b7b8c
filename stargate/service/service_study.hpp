// A service's study from file to answer: read and checked, each site sized for the peak of the tenants nearest to it,
// the whole simulated under its traffic, and priced.
#pragma once

#include <functional>

#include "stargate/fleet/fleet_simulation.hpp"
#include "stargate/service/service_spec.hpp"
#include "stargate/sizing/size_fleet.hpp"

namespace stargate {

/// Fields, then names that must exist, residency that some site can keep, routes between users and machines. Every
/// fault with its line; one in a `--set` names that. Sites of records left out of the catalogue are dropped first.
Result<ServiceStudySpec> load_service_study(const FileReader& files, const std::string& file,
                                            const Catalogue& catalogue, const std::vector<Override>& changes = {});
Result<ServiceStudySpec> parse_service_study(const std::string& file, std::string_view text, const Catalogue& catalogue,
                                             const std::vector<Override>& changes = {});

/// A study of a service, by its list of tenants; a build-out has none.
bool is_service_study(const FileReader& files, const std::string& file);

/// Tokens of a prefix's hash: prefixes are long here.
inline constexpr int kServicePrefixBlock = 256;

/// Neither threads nor callbacks change the answer.
struct ServiceStudyOptions {
  int threads = 1;  ///< of the fleet's simulation
  /// What an accelerator of the system costs, all in.
  std::function<MoneyRate(const System&)> price;
  /// What is being done, in words; must not be empty.
  std::function<void(const std::string&)> progress;
  std::function<void(const FleetRequestRecord&)> on_request;  ///< may be empty
};

/// A site without tenants is not sized: `sized` and `why_not` are both empty.
struct ServiceSiteAnswer {
  std::string site, system, country;  ///< ids
  std::vector<int> tenants;           ///< whose nearest site it is
  double peak_rate = 0;               ///< of their requests, a second, mean
  std::size_t peak = 0;               ///< the quarter of an hour of the day in which that is
  ServingWorkload workload;           ///< means of their requests at the peak
  std::optional<SizedFleet> sized;    ///< empty: why_not says
  FleetEconomy economy;               ///< at the peak
  std::string why_not;                ///< when it could not be sized
};

/// By the order of the study's tenants; money of the simulated time, scaled to a day or to a month of 365/12 days.
struct ServiceTenantAnswer {
  double seats = 0;  ///< users
  /// Costs are shares of all machines' cost, idle time included.
  Money cost_per_day, cost_per_seat_month, revenue_per_day;
  MoneyPerToken cost_per_token;  ///< of prompt and output tokens together
};

struct ServiceStudyAnswer {
  std::vector<ServiceSiteAnswer> sites;      ///< in the study's order
  std::vector<int> pool_site;                ///< of each of the fleet's pools
  FleetSpec fleet;                           ///< as it was simulated
  FleetReport report;                        ///< what came out
  std::vector<ServiceTenantAnswer> tenants;  ///< in the study's order
  bool served = false;                       ///< every site could be sized; else nothing was simulated
};
/// Faults are of the catalogue or of what the study asks for together (no kernels for the model on a system). A site
/// that cannot be sized is no fault: `served` is false then.
Result<ServiceStudyAnswer> run_service_study(const Catalogue& catalogue, const ServiceStudySpec& study,
                                             const ServiceStudyOptions& options);

/// Means over a day's requests of all tenants.
ServingWorkload mean_workload(const ServiceStudySpec& study);
/// What one of the tenants sends; the study has been checked.
TenantTraffic tenant_traffic(const ServiceTenantSpec& tenant);

}  // namespace stargate
