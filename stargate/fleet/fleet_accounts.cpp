// Counts as requests leave, machines' time at samples and at the end.
#include "stargate/fleet/fleet_accounts.hpp"

#include <algorithm>

namespace stargate {
namespace {

Duration nanoseconds(std::int64_t ns) { return static_cast<double>(ns) * 1e-9 * second; }

double share_of(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

}  // namespace

FleetAccounts::FleetAccounts(const FleetSpec& spec) : spec_(spec), at_last_sample_(spec.pools.size()) {
  for (const auto& tenant : spec.tenants) {
    report_.tenants.emplace_back();
    report_.tenants.back().name = tenant.name;
    report_.tenants.back().by_region.resize(spec.regions.size());
  }
  for (const auto& pool : spec.pools) {
    report_.pools.emplace_back();
    report_.pools.back().name = pool.name;
    report_.pools.back().blocks = spec.kinds[static_cast<std::size_t>(pool.kind)].engine.all_blocks();
  }
  work_.resize(spec.pools.size() * spec.tenants.size());
}

/// Latencies are of answered requests; prompt tokens are charged to the pool that computed them, output to the one that
/// decoded.
void FleetAccounts::left(const FleetRequestRecord& r, int prefill_pool) {
  TenantReport& tenant = report_.tenants[static_cast<std::size_t>(r.tenant)];
  ++tenant.left[static_cast<int>(r.outcome)];
  ++gone_;
  report_.end = std::max(report_.end, r.last_token);
  if (r.outcome != RequestOutcome::answered) {
    ++now_.turned_away;
    return;
  }
  ++now_.answered;
  now_.output_tokens += r.output_tokens;
  tenant.prompt_tokens += r.prompt_tokens, tenant.output_tokens += r.output_tokens;
  tenant.cached_tokens += r.cached_tokens;
  const Duration ttft = r.first_token - r.arrival, end_to_end = r.last_token - r.arrival;
  // As MLPerf has it: from the first token to the last, over the tokens between.
  const Duration tpot = r.output_tokens > 1 ? (r.last_token - r.first_token) / (r.output_tokens - 1.0) : Duration{};
  tenant.ttft.add(ttft.in(second)), tenant.end_to_end.add(end_to_end.in(second));
  if (r.output_tokens > 1) tenant.tpot.add(tpot.in(second));
  tenant.held.add(std::max(0.0, r.held.in(second)));
  const FleetTenant& spec = spec_.tenants[static_cast<std::size_t>(r.tenant)];
  const bool met = !(spec.ttft && ttft > *spec.ttft) && !(spec.tpot && tpot > *spec.tpot);
  tenant.met_targets += met ? 1 : 0;
  ++tenant.by_region[static_cast<std::size_t>(r.region)];
  ++report_.pools[static_cast<std::size_t>(r.pool)].answered;
  const auto cell = [&](int pool) -> Work& {
    return work_[static_cast<std::size_t>(pool) * spec_.tenants.size() + static_cast<std::size_t>(r.tenant)];
  };
  // Tokens found in a cache cost nobody a step.
  cell(prefill_pool).prompt += r.prompt_tokens - r.cached_tokens;
  cell(r.pool).output += r.output_tokens;
}

/// Idle power while paid for and not in a step.
Energy FleetAccounts::energy(const ReplicaTotals& totals, int pool) const {
  const auto& kind = spec_.kinds[static_cast<std::size_t>(spec_.pools[static_cast<std::size_t>(pool)].kind)];
  const Duration prefill = nanoseconds(totals.prefill_busy_ns), decode = nanoseconds(totals.decode_busy_ns);
  const Duration rest = max(Duration{}, nanoseconds(totals.paid_ns) - prefill - decode);
  return kind.idle * rest + kind.busy * prefill + kind.decoding * decode;
}

/// Totals since the beginning less those at the last sample. The cache's share is over replicas that run.
void FleetAccounts::sample(SimTime now, const std::vector<FleetReplica>& replicas, const std::vector<int>& pool_of,
                           const Waiting& waiting) {
  now_.end = now;
  now_.in_flight = waiting.in_flight, now_.held = waiting.held;
  std::vector<ReplicaTotals> totals(spec_.pools.size());
  std::vector<int> ready(spec_.pools.size(), 0);
  double used = 0, blocks = 0;
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    const auto pool = static_cast<std::size_t>(pool_of[i]);
    totals[pool] += replicas[i].totals();
    const ReplicaState state = replicas[i].state();
    now_.paid += state != ReplicaState::off ? 1 : 0;
    // Only replicas that run hold a cache.
    if (state != ReplicaState::ready && state != ReplicaState::draining) continue;
    ready[pool] += state == ReplicaState::ready ? 1 : 0;
    const EngineLoad load = replicas[i].engine().load();
    used += static_cast<double>(load.blocks_used), blocks += static_cast<double>(load.blocks);
  }
  Energy before, after;
  std::int64_t busy = 0, running = 0;
  for (std::size_t pool = 0; pool < totals.size(); ++pool) {
    before += energy(at_last_sample_[pool], static_cast<int>(pool));
    after += energy(totals[pool], static_cast<int>(pool));
    busy += totals[pool].busy_ns() - at_last_sample_[pool].busy_ns();
    running += totals[pool].running_ns - at_last_sample_[pool].running_ns;
    now_.ready += ready[pool];
    report_.pools[pool].most_ready = std::max(report_.pools[pool].most_ready, ready[pool]);
  }
  now_.utilisation = share_of(busy, running);
  now_.kv_share = blocks > 0 ? used / blocks : 0;
  now_.power = (after - before) / (now - last_sample_);
  report_.samples.push_back(now_);
  now_ = {};
  at_last_sample_ = std::move(totals);
  last_sample_ = now;
}

/// By the time of steps with prefill and without; a pool in which one of them did no work is all of the other.
void FleetAccounts::split_cost(std::size_t pool) {
  const PoolReport& p = report_.pools[pool];
  const std::size_t tenants = spec_.tenants.size();
  double prompts = 0, outputs = 0;
  for (std::size_t t = 0; t < tenants; ++t) {
    prompts += work_[pool * tenants + t].prompt, outputs += work_[pool * tenants + t].output;
  }
  if (p.totals.busy_ns() == 0 || prompts + outputs == 0) return;
  // Idle time is paid in the same proportion as busy time: whoever keeps the machines busy is why they are there.
  double first = share_of(p.totals.prefill_busy_ns, p.totals.busy_ns());
  if (prompts == 0) first = 0;
  if (outputs == 0) first = 1;
  for (std::size_t t = 0; t < tenants; ++t) {
    const Work& work = work_[pool * tenants + t];
    const double share =
        (prompts > 0 ? first * work.prompt / prompts : 0) + (outputs > 0 ? (1 - first) * work.output / outputs : 0);
    report_.tenants[t].cost += share * p.cost;
  }
}

FleetReport FleetAccounts::report(const std::vector<FleetReplica>& replicas, const std::vector<int>& pool_of,
                                  std::int64_t windows) {
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    report_.pools[static_cast<std::size_t>(pool_of[i])].totals += replicas[i].totals();
  }
  for (std::size_t pool = 0; pool < report_.pools.size(); ++pool) {
    PoolReport& p = report_.pools[pool];
    const auto& kind = spec_.kinds[static_cast<std::size_t>(spec_.pools[pool].kind)];
    p.energy = energy(p.totals, static_cast<int>(pool));
    p.cost = kind.price * nanoseconds(p.totals.paid_ns);
    p.most_ready = std::max(p.most_ready, spec_.pools[pool].replicas);
    split_cost(pool);
  }
  report_.windows = windows;
  return report_;
}

}  // namespace stargate
