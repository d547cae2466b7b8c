// From the study to a fleet and its books.
//   a site's peak  = largest sum, over a day's quarters of an hour, of the mean rates of the tenants nearest to it
//   replicas       = what sizing says for (1 + headroom) * peak; autoscaling keeps between a share of them and all
//   a seat's cost  = the tenant's share of the day's cost * (365 / 12) / seats
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stargate/service/service_question.hpp"
#include "stargate/serving/step_power.hpp"
#include "stargate/sizing/deployment_law.hpp"

namespace stargate {
namespace {

constexpr double kScaleAt = 0.8;  // of the requests a replica holds at capacity
constexpr double kDaysInMonth = 365.0 / 12;

bool may_run(const ServiceTenantSpec& tenant, const Site& site) {
  const auto& where = tenant.residency;
  return where.empty() || std::find(where.begin(), where.end(), site.country) != where.end();
}

/// Zero inside a region and where the catalogue knows no route (checked for those that matter).
Duration round_trip(const Catalogue& catalogue, const std::string& a, const std::string& b) {
  const Route* route = find_route(catalogue, a, b);
  return route != nullptr ? route->round_trip : Duration{};
}

/// Requests a second of the tenant in each quarter of an hour. A profile has a mean of 1, so its shares times the mean
/// rate are the day's rates.
std::vector<double> day_rates(const TenantTraffic& tenant) {
  std::vector<double> rates = tenant.arrivals.profile.shares;
  for (double& rate : rates) rate *= mean_request_rate(tenant);
  return rates;
}

class ServiceRun {
 public:
  ServiceRun(const Catalogue& catalogue, const ServiceStudySpec& study, const ServiceStudyOptions& options)
      : catalogue_(catalogue), study_(study), options_(options), model_(catalogue.models.at(study.model)) {
    for (const auto& tenant : study.tenants) traffic_.push_back(tenant_traffic(tenant));
  }

  Result<ServiceStudyAnswer> run() {
    place_tenants();
    answer_.served = true;
    for (std::size_t i = 0; i < study_.sites.size(); ++i) {
      // Nobody is nearest to this site: it needs no machines, and is no reason why the service cannot be served.
      if (answer_.sites[i].tenants.empty()) continue;
      options_.progress("sizing at " + study_.sites[i].site);
      if (auto sized = size_site(i); !sized.ok()) return sized.faults();
      answer_.served = answer_.served && answer_.sites[i].sized;
    }
    if (!answer_.served) return std::move(answer_);
    make_fleet();
    if (auto check = check_fleet(answer_.fleet); !check.ok()) return check.faults();
    if (auto simulated = simulate(); !simulated.ok()) return simulated.faults();
    price_tenants();
    return std::move(answer_);
  }

 private:
  /// Each tenant to the nearest site, by round trip, where its data may be; of equally near ones the first of the
  /// study.
  void place_tenants() {
    for (const auto& spec : study_.sites) {
      ServiceSiteAnswer site;
      site.site = spec.site, site.system = spec.system, site.country = catalogue_.sites.at(spec.site).country;
      answer_.sites.push_back(std::move(site));
    }
    for (std::size_t t = 0; t < study_.tenants.size(); ++t) {
      const auto& tenant = study_.tenants[t];
      int nearest = -1;
      Duration shortest;
      for (std::size_t i = 0; i < study_.sites.size(); ++i) {
        const Site& site = catalogue_.sites.at(study_.sites[i].site);
        const Duration way = round_trip(catalogue_, tenant.home, site.region);
        if (!may_run(tenant, site) || (nearest >= 0 && shortest <= way)) continue;
        nearest = static_cast<int>(i), shortest = way;
      }
      answer_.sites[static_cast<std::size_t>(nearest)].tenants.push_back(static_cast<int>(t));
    }
    for (auto& site : answer_.sites) find_peak(site);
  }

  /// The busiest quarter of an hour, and what requests look like then.
  void find_peak(ServiceSiteAnswer& site) {
    if (site.tenants.empty()) return;
    std::vector<double> sum;
    for (const int t : site.tenants) {
      const auto rates = day_rates(traffic_[static_cast<std::size_t>(t)]);
      sum.resize(rates.size());
      for (std::size_t i = 0; i < rates.size(); ++i) sum[i] += rates[i];
    }
    const auto peak = static_cast<std::size_t>(std::max_element(sum.begin(), sum.end()) - sum.begin());
    site.peak_rate = sum[peak], site.peak = peak;
  }

  /// The site's tenants at the rates of its busiest quarter of an hour.
  std::vector<TenantLoad> peak_loads(const ServiceSiteAnswer& site) const {
    std::vector<TenantLoad> loads;
    for (const int t : site.tenants) {
      const auto& tenant = traffic_[static_cast<std::size_t>(t)];
      loads.push_back({tenant, day_rates(tenant)[site.peak]});
    }
    return loads;
  }

  /// Simulated for the peak with headroom on one system's machine; more accelerators than may stand there is "cannot".
  Check size_site(std::size_t index) {
    ServiceSiteAnswer& site = answer_.sites[index];
    const System& system = catalogue_.systems.at(site.system);
    auto machine = make_serving_machine(catalogue_, system, kernel_choice(model_, study_.engine));
    if (!machine) return machine.faults();
    machines_[index] = std::make_unique<ServingMachine>(std::move(*machine));
    const FleetQuestion question =
        service_fleet_question(catalogue_, study_, {site.peak_rate, 0, study_.operation.headroom}, peak_loads(site));
    site.workload = question.serving.workload;
    const bool apart = study_.mode == ServiceMode::disaggregated;
    const FleetAnswer sized = size_fleet(model_, *machines_[index], question, apart);
    if (const auto* shortfall = std::get_if<FleetShortfall>(&sized)) {
      site.why_not = shortfall->sentence;
      return Done{};
    }
    const auto& fleet = std::get<SizedFleet>(sized);
    const auto& most = study_.sites[index].most_accelerators;
    if (most && fleet.deployment.accelerators() > *most) {
      site.why_not = fmt::format("needs {} accelerators, {} more than may stand there", fleet.deployment.accelerators(),
                                 fleet.deployment.accelerators() - *most);
      return Done{};
    }
    const FleetOption only{machines_[index].get(), question.serving.precision, question.serving.engine, apart};
    const ReplicaPower power =
        deployment_power(replica_power(catalogue_, system, 1), model_, question, only, fleet);
    site.economy = fleet_economy(fleet, {options_.price(system), power});
    site.sized = fleet;
    return Done{};
  }

  int region_index(const std::string& name) {
    auto& regions = answer_.fleet.regions;
    for (std::size_t i = 0; i < regions.size(); ++i) {
      if (regions[i].name == name) return static_cast<int>(i);
    }
    regions.push_back({name, ""});
    return static_cast<int>(regions.size()) - 1;
  }

  /// A pool, or a pair of prefill and decode pools, for each site that was sized.
  void make_fleet() {
    FleetSpec& fleet = answer_.fleet;
    fleet.router.policy = *parse_router_policy(study_.operation.router);
    fleet.router.spill_at = study_.operation.spill_at.value_or(0);
    fleet.seed = static_cast<std::uint64_t>(study_.seed);
    fleet.prefix_block_tokens = kServicePrefixBlock;
    // A day in quarters of an hour, the grain in which peaks were found.
    fleet.sample_interval = study_.duration / 96.0;
    for (std::size_t i = 0; i < answer_.sites.size(); ++i) {
      const auto& sized = answer_.sites[i].sized;
      if (!sized) continue;
      if (sized->deployment.prefill) add_pool(i, *sized->deployment.prefill, PoolRole::prefill);
      add_pool(i, sized->deployment.main, sized->deployment.prefill ? PoolRole::decode : PoolRole::whole);
    }
    for (const auto& tenant : study_.tenants) add_tenant(tenant);
    const std::size_t n = fleet.regions.size();
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t b = 0; b < n; ++b) {
        fleet.round_trip.push_back(round_trip(catalogue_, fleet.regions[a].name, fleet.regions[b].name));
      }
    }
  }

  /// Replicas as sizing chose them; the weight by which the router loads a replica is its share of the capacity found.
  void add_pool(std::size_t index, const ReplicaGroup& group, PoolRole role) {
    const ServiceSiteAnswer& site = answer_.sites[index];
    const ServingMachine& machine = *machines_[index];
    const System& system = catalogue_.systems.at(site.system);
    const ServingQuestion question = service_fleet_question(catalogue_, study_, {}).serving;
    EngineSetup setup = role == PoolRole::prefill ? prefill_side(question.engine) : question.engine;
    setup.max_num_batched_tokens = site.sized->max_num_batched_tokens;
    auto made = make_replica_engine(model_, machine, group.layout, question.precision, setup);
    STARGATE_CHECK(made.ok() && std::holds_alternative<ReplicaEngine>(*made), "what was sized runs and fits");
    const auto& engine = std::get<ReplicaEngine>(*made);
    ReplicaKind kind;
    kind.name = site.system + ", " + format_layout(group.layout);
    kind.engine = engine.spec;
    kind.make_cost = engine.cost_maker();
    kind.accelerators = group.layout.accelerators();
    // Requests a second of one replica: larger replicas of another site are given proportionally more.
    kind.weight = site.sized->capacity / group.replicas;
    const TrialResult& load = site.sized->at_load;
    const double each = load.rate / site.sized->deployment.main.replicas;
    const ReplicaPower power =
        with_step_shares(replica_power(catalogue_, system, kind.accelerators), engine.replica, site.workload,
                         each * (site.workload.osl - 1) * load.tpot_mean.in(second));
    kind.idle = power.idle, kind.busy = power.prefilling(), kind.decoding = power.decoding();
    kind.price = static_cast<double>(kind.accelerators) * options_.price(system);
    // The front end is passed once: a request that comes already prefilled has been through it.
    kind.request_overhead = role == PoolRole::decode ? Duration{} : setup.request_overhead;
    kind.token_overhead = role == PoolRole::decode ? Duration{} : setup.token_overhead;
    kind.stream_overhead = setup.stream_overhead;
    if (role == PoolRole::prefill) {
      const CacheTransfer transfer = cache_transfer(engine.replica);
      kind.transfer_fixed = transfer.fixed, kind.transfer_token = transfer.per_token;
    }
    PoolSpec pool;
    pool.name = site.site + (role == PoolRole::prefill ? " prefill" : role == PoolRole::decode ? " decode" : "");
    pool.kind = static_cast<int>(answer_.fleet.kinds.size());
    pool.region = region_index(catalogue_.sites.at(site.site).region);
    answer_.fleet.regions[static_cast<std::size_t>(pool.region)].country = site.country;
    pool.role = role;
    run_pool(site, group, kind, pool);
    answer_.fleet.kinds.push_back(std::move(kind));
    answer_.fleet.pools.push_back(std::move(pool));
    answer_.pool_site.push_back(static_cast<int>(index));
  }

  /// How many run, and how they fail.
  void run_pool(const ServiceSiteAnswer& site, const ReplicaGroup& group, const ReplicaKind& kind, PoolSpec& pool) {
    const auto& operation = study_.operation;
    pool.start_up = operation.start_up;
    // One accelerator lost stops its replica.
    pool.failures = {operation.time_between_failures / kind.accelerators, operation.repair_time};
    // Autoscaling begins at its lower end; without a share below 1 there is nothing to scale.
    const int least = std::max(1, static_cast<int>(std::ceil(operation.least_replicas * group.replicas)));
    pool.replicas = least;
    if (least >= group.replicas) return;
    const TrialResult& full = site.sized->at_capacity;
    // Time a request spends in this pool at capacity: its first token with whoever prefills, the others with whoever
    // decodes.
    const Duration first = full.ttft_mean, rest = site.workload.osl * full.tpot_mean;
    const Duration there = pool.role == PoolRole::prefill ? first : pool.role == PoolRole::decode ? rest : first + rest;
    const double held = site.sized->capacity * there.in(second) / group.replicas;  // Little's law
    pool.autoscale =
        AutoscaleSpec{.least = least, .most = group.replicas, .target_in_flight = std::max(0.5, kScaleAt * held)};
  }

  /// A minute's worth of the limit may be sent at once.
  void add_tenant(const ServiceTenantSpec& spec) {
    FleetTenant tenant;
    tenant.name = spec.name;
    tenant.home = region_index(spec.home);
    for (const auto& site : answer_.sites) {
      const Site& place = catalogue_.sites.at(site.site);
      if (site.sized && may_run(spec, place)) tenant.regions.push_back(region_index(place.region));
    }
    if (spec.token_limit) {
      const double rate = spec.token_limit->in(token / second);
      tenant.tokens = {rate, rate * 60};
    }
    tenant.ttft = study_.targets.ttft, tenant.tpot = study_.targets.tpot;
    answer_.fleet.tenants.push_back(std::move(tenant));
  }

  Check simulate() {
    auto source =
        make_tenant_source(traffic_, {-1, study_.duration.in(second)}, static_cast<std::uint64_t>(study_.seed));
    if (!source) return source.faults();
    FleetRunOptions options;
    options.threads = options_.threads;
    options.on_request = options_.on_request;
    options.on_progress = [&](SimTime now, std::int64_t gone) {
      options_.progress(fmt::format("simulated {:.1f} h, {} requests", now.seconds() / 3600, gone));
    };
    answer_.report = simulate_fleet(answer_.fleet, **source, options);
    return Done{};
  }

  /// What was simulated, scaled to a day; a month has 365/12 days.
  void price_tenants() {
    const double days = study_.duration.in(day);
    for (std::size_t t = 0; t < study_.tenants.size(); ++t) {
      const auto& spec = study_.tenants[t];
      const TenantReport& report = answer_.report.tenants[t];
      ServiceTenantAnswer out;
      out.seats = spec.seats;
      out.cost_per_day = report.cost / days;
      out.cost_per_seat_month = out.cost_per_day * kDaysInMonth / spec.seats;
      // Prompts and answers alike, for a mean price of a token.
      const double tokens = static_cast<double>(report.prompt_tokens + report.output_tokens);
      if (tokens > 0) out.cost_per_token = report.cost / (tokens * token);
      const MoneyPerToken input = spec.input_price.value_or(MoneyPerToken{});
      const MoneyPerToken output = spec.output_price.value_or(MoneyPerToken{});
      out.revenue_per_day = (static_cast<double>(report.prompt_tokens) * token * input +
                             static_cast<double>(report.output_tokens) * token * output) /
                            days;
      // What a seat pays in a month, by the day.
      if (spec.seat_price) out.revenue_per_day += spec.seats * (*spec.seat_price * month) / kDaysInMonth;
      answer_.tenants.push_back(out);
    }
  }

  const Catalogue& catalogue_;
  const ServiceStudySpec& study_;
  const ServiceStudyOptions& options_;
  const Model& model_;
  std::vector<TenantTraffic> traffic_;
  std::map<std::size_t, std::unique_ptr<ServingMachine>> machines_;
  ServiceStudyAnswer answer_;
};

}  // namespace

TenantTraffic tenant_traffic(const ServiceTenantSpec& spec) {
  TenantTraffic tenant;
  tenant.name = spec.tenant;
  tenant.priority = spec.priority;
  // Conversations begun a second, the mean over a day; further turns follow from answers.
  tenant.arrivals.rate = spec.seats * spec.sessions_per_seat / day.in(second);
  tenant.arrivals.cv = spec.burstiness;
  tenant.arrivals.profile = RateProfile::daily(spec.peak_to_mean, spec.peak_hour);
  tenant.prompt = spec.prompt, tenant.output = spec.output;
  tenant.shared_prefix = spec.shared_prefix;
  tenant.session.turns = spec.turns, tenant.session.think_s = spec.think.in(second);
  tenant.session.has_context = spec.documents.has_value();
  if (spec.documents) tenant.session.context = *spec.documents;
  return tenant;
}

Result<ServiceStudyAnswer> run_service_study(const Catalogue& catalogue, const ServiceStudySpec& study,
                                             const ServiceStudyOptions& options) {
  return ServiceRun(catalogue, study, options).run();
}

}  // namespace stargate
