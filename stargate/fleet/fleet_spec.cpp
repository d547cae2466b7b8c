// Checks of a fleet that no single field can make.
#include "stargate/fleet/fleet_spec.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stargate {
namespace {

constexpr std::pair<const char*, RouterPolicy> kPolicies[] = {{"round-robin", RouterPolicy::round_robin},
                                                              {"random", RouterPolicy::random},
                                                              {"two-choices", RouterPolicy::two_choices},
                                                              {"least-loaded", RouterPolicy::least_loaded},
                                                              {"prefix-aware", RouterPolicy::prefix_aware},
                                                              {"kv-aware", RouterPolicy::kv_aware},
                                                              {"tenant", RouterPolicy::tenant},
                                                              {"session", RouterPolicy::session}};

bool allows(const std::vector<int>& list, int item) {
  return list.empty() || std::find(list.begin(), list.end(), item) != list.end();
}

class FleetCheck {
 public:
  explicit FleetCheck(const FleetSpec& spec) : spec_(spec) {}

  Diagnostics run() {
    if (spec_.regions.empty()) fault("regions", "a fleet is in at least one region");
    if (spec_.round_trip.size() != spec_.regions.size() * spec_.regions.size()) {
      fault("round_trip", "needs a time from every region to every region");
    }
    if (spec_.tenants.empty()) fault("tenants", "a fleet serves at least one tenant");
    if (!(spec_.router.report_interval.base() > 0)) fault("router.report_interval", "must be positive");
    if (!(spec_.sample_interval.base() > 0)) fault("sample_interval", "must be positive");
    for (const auto& pool : spec_.pools) check_pool(pool);
    for (const auto& kind : spec_.kinds) check_kind(kind);
    if (faults_.empty()) {
      for (std::size_t i = 0; i < spec_.tenants.size(); ++i) check_tenant(static_cast<int>(i));
    }
    return std::move(faults_);
  }

 private:
  void fault(const std::string& path, const std::string& message, const std::string& hint = {}) {
    faults_.push_back({"", 0, 0, path, message, hint, ""});
  }
  template <class List>
  bool known(const List& list, int index) const {
    return index >= 0 && index < static_cast<int>(list.size());
  }

  void check_kind(const ReplicaKind& kind) {
    const std::string path = "kind " + kind.name;
    STARGATE_CHECK(kind.make_cost != nullptr, "a kind of replica has a step cost");
    if (auto engine = check_engine_spec(kind.engine); !engine.ok()) {
      for (const auto& f : engine.faults()) fault(path + "." + f.path, f.message, f.hint);
    }
    if (!(kind.weight > 0)) fault(path + ".weight", "must be positive");
  }

  void check_pool(const PoolSpec& pool) {
    const std::string path = "pool " + pool.name;
    if (!known(spec_.kinds, pool.kind)) return fault(path + ".kind", "there is no such kind");
    if (!known(spec_.regions, pool.region)) return fault(path + ".region", "there is no such region");
    if (pool.replicas < 0) fault(path + ".replicas", "must not be negative");
    if (const auto& a = pool.autoscale) {
      if (a->least < 0 || a->most < 1 || a->least > a->most || pool.replicas < a->least || pool.replicas > a->most) {
        fault(path + ".autoscale", "needs 0 <= least <= replicas <= most");
      }
      if (!(a->target_in_flight > 0 && a->interval.base() > 0)) {
        fault(path + ".autoscale", "needs a positive target and interval");
      }
    }
    for (const int tenant : pool.tenants) {
      if (!known(spec_.tenants, tenant)) fault(path + ".tenants", "there is no such tenant");
    }
    const bool prefill_only = spec_.kinds[static_cast<std::size_t>(pool.kind)].engine.prefill_only;
    if (prefill_only != (pool.role == PoolRole::prefill)) {
      fault(path + ".role",
            prefill_only ? "its engine only prefills" : "a prefill pool needs an engine that only prefills");
    }
  }

  void check_tenant(int index) {
    const auto& tenant = spec_.tenants[static_cast<std::size_t>(index)];
    if (!known(spec_.regions, tenant.home)) return fault("tenant " + tenant.name + ".home", "there is no such region");
    bool whole = false, prefill = false, decode = false;
    for (const auto& pool : spec_.pools) {
      if (!allows(pool.tenants, index) || !allows(tenant.regions, pool.region) || pool.most_replicas() == 0) continue;
      (pool.role == PoolRole::whole ? whole : pool.role == PoolRole::prefill ? prefill : decode) = true;
    }
    if (!whole && !(prefill && decode)) {
      std::string where;
      for (const int r : tenant.regions) {
        where += (where.empty() ? "" : ", ") + spec_.regions[static_cast<std::size_t>(r)].name;
      }
      fault("tenant " + tenant.name,
            prefill || decode ? "prefill and decode replicas must both be where it may go" : "no pool may serve it",
            where.empty() ? "" : "its data must stay in: " + where);
    }
  }

  const FleetSpec& spec_;
  Diagnostics faults_;
};

}  // namespace

const char* router_policy_name(RouterPolicy policy) {
  for (const auto& [name, value] : kPolicies) {
    if (value == policy) return name;
  }
  return "?";
}

std::optional<RouterPolicy> parse_router_policy(const std::string& name) {
  for (const auto& [known, value] : kPolicies) {
    if (name == known) return value;
  }
  return std::nullopt;
}

std::span<const std::pair<const char*, RouterPolicy>> router_policies() { return kPolicies; }

std::string router_policy_names() {
  std::string text;
  for (const auto& [name, value] : kPolicies) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

Check check_fleet(const FleetSpec& spec) {
  auto faults = FleetCheck(spec).run();
  if (!faults.empty()) return faults;
  return Done{};
}

FleetSpec simple_fleet(const ReplicaKind& kind, int replicas) {
  FleetSpec spec;
  spec.regions = {{"here", ""}};
  spec.round_trip = {Duration{}};
  spec.kinds = {kind};
  PoolSpec pool;
  pool.name = kind.name, pool.replicas = replicas;
  spec.pools = {pool};
  FleetTenant tenant;
  tenant.name = "all";
  spec.tenants = {tenant};
  return spec;
}

}  // namespace stargate
