// Hours are those of the traffic that the service's study simulates; delays and shares that work are the study's risks.
#include "stargate/study/run_basis.hpp"

#include <algorithm>
#include <cmath>

#include "stargate/service/service_study.hpp"
#include "stargate/training/failures.hpp"

namespace stargate {
namespace {

constexpr int kDayHours = 24;

/// Five days and a weekend, in the hours of a day.
std::vector<double> week_of_day(const std::vector<double>& hours, double weekend) {
  std::vector<double> out;
  for (int d = 0; d < 7; ++d) {
    for (const double share : hours) out.push_back(share * (d < 5 ? 1 : weekend) * 7 / (5 + 2 * weekend));
  }
  return out;
}

/// A profile's parts in hours; it is steady, or of a day.
std::vector<double> hours_of_day(const RateProfile& profile) {
  std::vector<double> out(kDayHours, profile.shares.empty() ? 1.0 : 0.0);
  const std::size_t parts = profile.shares.size() / kDayHours;
  for (std::size_t i = 0; i < parts * kDayHours; ++i) out[i / parts] += profile.shares[i] / static_cast<double>(parts);
  return out;
}

/// Whose machines may serve users of these countries and, where the distance is limited, this region.
void set_places(const PreparedStudy& prepared, const StudyServiceSpec& service, RunUsers& out) {
  const auto& sites = prepared.catalogue.sites;
  for (const auto& site : prepared.study.sites) {
    out.sites.push_back(may_serve_from(prepared.catalogue, service, sites.at(site.site)));
  }
  for (const auto& contract : prepared.study.contracts) {
    out.contracts.push_back(may_serve_from(prepared.catalogue, service, sites.at(contract.site)));
  }
}

RunService run_service(const PreparedStudy& prepared, const StudyServiceSpec& service) {
  RunService out;
  out.trains = service.kind == ServiceKind::training;
  for (const auto& block : service.blocks) out.waits.push_back(static_cast<int>(std::ceil(block.waits / hour - 1e-9)));
  if (service.own) {
    for (const OwnUsers& users : own_users(*service.own)) {
      StudyServiceSpec there = service;
      there.residency = users.countries;
      out.users.push_back({users.name, users.share, week_of_day(users.hours, service.weekend), {}, {}});
      set_places(prepared, there, out.users.back());
    }
    return out;
  }
  for (const UsersSpec& users : service.users) {
    StudyServiceSpec there = service;
    there.user_regions = {users.region};
    out.users.push_back({users.region, users.share,
                         week_shape(service.peak_to_mean, users.peak_hour, service.weekend), {}, {}});
    set_places(prepared, there, out.users.back());
  }
  if (!out.users.empty()) return out;
  out.users.push_back({"all", 1, week_shape(service.peak_to_mean, 12, service.weekend), {}, {}});
  set_places(prepared, service, out.users.back());
  return out;
}

bool is_of(const PlanMarginal& marginal, const std::string& system) {
  const auto& of = marginal.change.of;
  return of.empty() || std::find(of.begin(), of.end(), system) != of.end();
}

std::vector<RunDraw> run_draws(const PreparedStudy& prepared, const RunOptions& options) {
  std::vector<PlanMarginal> marginals;
  if (prepared.study.risk) {
    for (const PlanMarginal& marginal : plan_marginals(*prepared.study.risk)) {
      const PlanDriver driver = marginal.change.driver;
      if (driver == PlanDriver::delivery_delay || driver == PlanDriver::availability) marginals.push_back(marginal);
    }
  }
  std::vector<RunDraw> out;
  for (const auto& probabilities : draw_probabilities(marginals, options.draws, options.seed)) {
    RunDraw& draw = out.emplace_back();
    for (const PlanSystem& system : prepared.programme.systems) {
      double late = 0, works = system.availability;
      for (std::size_t m = 0; m < marginals.size(); ++m) {
        if (!is_of(marginals[m], system.id)) continue;
        const double amount = amount_at(marginals[m], probabilities[m]);
        if (marginals[m].change.driver == PlanDriver::availability) works *= amount;
        else late += amount;
      }
      draw.late.push_back(options.late * late);
      draw.away.push_back(std::clamp(options.failures * (1 - std::min(1.0, works)), 0.0, 1.0));
    }
  }
  return out;
}

}  // namespace

std::vector<OwnUsers> own_users(const ServiceStudySpec& study) {
  std::vector<OwnUsers> out;
  double all = 0;
  for (const ServiceTenantSpec& tenant : study.tenants) {
    std::vector<std::string> countries = tenant.residency;
    std::sort(countries.begin(), countries.end());
    const auto same = [&](const OwnUsers& some) { return some.countries == countries; };
    auto found = std::find_if(out.begin(), out.end(), same);
    if (found == out.end()) {
      out.push_back({countries, {}, 0, std::vector<double>(kDayHours, 0)});
      found = out.end() - 1;
    }
    const TenantTraffic traffic = tenant_traffic(tenant);
    const double rate = mean_request_rate(traffic) * mean_lengths(traffic).osl;
    const std::vector<double> hours = hours_of_day(traffic.arrivals.profile);
    for (std::size_t h = 0; h < hours.size(); ++h) found->hours[h] += rate * hours[h];
    found->share += rate, all += rate;
  }
  for (OwnUsers& some : out) {
    for (double& share : some.hours) share /= some.share;
    some.share /= all;
    for (const std::string& country : some.countries) some.name += (some.name.empty() ? "" : ", ") + country;
    if (some.name.empty()) some.name = "all";
  }
  return out;
}

double own_peak_to_mean(const ServiceStudySpec& study, double weekend) {
  double out = 0;
  for (const OwnUsers& users : own_users(study)) {
    const std::vector<double> week = week_of_day(users.hours, weekend);
    out += users.share * *std::max_element(week.begin(), week.end());
  }
  return std::max(1.0, out);
}

Result<RunSpec> make_run_spec(const PreparedStudy& prepared, const RunOptions& options) {
  RunSpec out;
  out.seed = options.seed;
  for (const auto& service : prepared.study.services) out.services.push_back(run_service(prepared, service));
  for (const auto& choice : prepared.study.systems) {
    const System& system = prepared.catalogue.systems.at(choice.system);
    auto fleet = choose_fleet(prepared.catalogue, system.accelerator);
    if (!fleet) return fleet.faults();
    auto times = recovery_times(prepared.catalogue, *fleet);
    if (!times) return times.faults();
    out.nodes.push_back(system.accelerators_per_node);
    out.repair.push_back(std::max(1e-3, times->repair / hour));
  }
  out.draws = run_draws(prepared, options);
  return out;
}

}  // namespace stargate
