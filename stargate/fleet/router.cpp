// Policies over the replicas of the nearest region that can help.
//   prefix-aware: longest prefix sent before, if that is enough of the prompt and load is even; else least loaded
//                 (Zheng et al., SGLang's cache-aware router)
//   kv-aware:     least of overlap_weight * blocks of prompt left to prefill + blocks in use (NVIDIA Dynamo)
//   tenant, session: highest hash of (key, replica) among replicas below bounded_load * mean (rendezvous hashing,
//                 Thaler and Ravishankar 1998, with the bound of Mirrokni, Thorup and Zadimoghaddam 2018)
#include "stargate/fleet/router.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stargate/base/check.hpp"

namespace stargate {
namespace {

constexpr std::size_t kMemory = 1U << 20;  // blocks of prefixes remembered

std::uint64_t mix(std::uint64_t x) {  // splitmix64's finaliser
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

}  // namespace

Router::Router(const FleetSpec& spec, const std::vector<PoolView>& views, EngineOf engine)
    : spec_(spec), views_(views), engine_(std::move(engine)), stream_(spec.seed, 0, "router"), turns_(views.size()) {
  for (std::size_t pool = 0; pool < views.size(); ++pool) {
    pool_of_.insert(pool_of_.end(), views[pool].outstanding.size(), static_cast<int>(pool));
  }
  by_region_.resize(spec.regions.size());
  STARGATE_CHECK(pool_of_.size() < kMemory - 1, "replicas fit the bits that a remembered hash leaves");
  // A lone replica is chosen whatever it remembers.
  if (spec.router.policy == RouterPolicy::prefix_aware && pool_of_.size() > 1) memory_.resize(kMemory);
}

std::int32_t Router::outstanding(int replica) const {
  const PoolView& view = views_[static_cast<std::size_t>(pool_of(replica))];
  return view.outstanding[static_cast<std::size_t>(replica - view.first)];
}

double Router::load(int replica) const {
  const auto& pool = spec_.pools[static_cast<std::size_t>(pool_of(replica))];
  return (outstanding(replica) + 1.0) / spec_.kinds[static_cast<std::size_t>(pool.kind)].weight;
}

bool Router::has_room(int replica) const {
  return spec_.router.max_outstanding == 0 || outstanding(replica) < spec_.router.max_outstanding;
}

template <class Visit>
void Router::visit_ready(const Candidates& among, const Visit& visit) const {
  for (const int pool : among.pools) {
    const PoolView& view = views_[static_cast<std::size_t>(pool)];
    for (std::size_t i = 0; i < view.outstanding.size(); ++i) {
      if (view.outstanding[i] < PoolView::kNotReady) visit(view.first + static_cast<int>(i));
    }
  }
}

/// Pools by region; a region that has reached spill_at or max_outstanding a replica counts as full.
const Router::Candidates* Router::nearest(const RoutingQuery& query) {
  for (auto& candidates : by_region_) candidates.pools.clear(), candidates.ready = candidates.in_flight = 0;
  for (const int pool : query.pools) {
    const PoolView& view = views_[static_cast<std::size_t>(pool)];
    auto& candidates = by_region_[static_cast<std::size_t>(spec_.pools[static_cast<std::size_t>(pool)].region)];
    candidates.pools.push_back(pool);
    candidates.ready += view.ready, candidates.in_flight += view.in_flight;
  }
  const auto full = [&](const Candidates& c) {
    const double each = static_cast<double>(c.in_flight) / static_cast<double>(c.ready);
    return (spec_.router.spill_at > 0 && each >= spec_.router.spill_at) ||
           (spec_.router.max_outstanding > 0 && each >= spec_.router.max_outstanding);
  };
  // The nearest that is not full; when all are, the one with the fewest a replica.
  const Candidates *near = nullptr, *emptiest = nullptr;
  Duration shortest;
  for (std::size_t region = 0; region < by_region_.size(); ++region) {
    const Candidates& c = by_region_[region];
    if (c.ready == 0) continue;
    const Duration way = spec_.one_way(query.home, static_cast<int>(region));
    if (!full(c) && (near == nullptr || way < shortest)) near = &c, shortest = way;
    // Fractions compared by cross-multiplying, in whole numbers.
    if (emptiest == nullptr || c.in_flight * emptiest->ready < emptiest->in_flight * c.ready) emptiest = &c;
  }
  return near != nullptr ? near : emptiest;
}

/// A policy that picked a replica without room is overruled by the least loaded one.
int Router::choose(const RoutingQuery& query) {
  const Candidates* among = nearest(query);
  if (among == nullptr) return -1;
  int replica = pick(*among, query);
  if (replica >= 0 && !has_room(replica)) replica = least_loaded(*among);
  if (replica < 0 || !has_room(replica)) return -1;
  if (!memory_.empty()) remember(*query.request, replica);
  return replica;
}

int Router::pick(const Candidates& among, const RoutingQuery& query) {
  switch (spec_.router.policy) {
    case RouterPolicy::round_robin:
      return nth_ready(among, turn(among)++ % among.ready);
    case RouterPolicy::random:
      return random_of(among);
    case RouterPolicy::two_choices:
      return two_choices(among);
    case RouterPolicy::least_loaded:
      return least_loaded(among);
    case RouterPolicy::prefix_aware:
      return prefix_aware(among, *query.request);
    case RouterPolicy::kv_aware:
      return kv_aware(among, *query.request);
    case RouterPolicy::tenant:
      return consistent(among, static_cast<std::uint64_t>(query.request->tenant));
    case RouterPolicy::session:
      return consistent(among, static_cast<std::uint64_t>(query.session));
  }
  return -1;
}

int Router::nth_ready(const Candidates& among, std::int64_t n) const {
  for (const int pool : among.pools) {
    const PoolView& view = views_[static_cast<std::size_t>(pool)];
    if (n >= view.ready) {
      n -= view.ready;
      continue;
    }
    if (view.ready == static_cast<int>(view.outstanding.size())) return view.first + static_cast<int>(n);
    for (std::size_t i = 0; i < view.outstanding.size(); ++i) {
      if (view.outstanding[i] < PoolView::kNotReady && n-- == 0) return view.first + static_cast<int>(i);
    }
  }
  return -1;
}

int Router::random_of(const Candidates& among) {
  return nth_ready(among, static_cast<std::int64_t>(stream_.uniform() * static_cast<double>(among.ready)));
}

int Router::two_choices(const Candidates& among) {
  const int a = random_of(among), b = random_of(among);
  return load(b) < load(a) ? b : a;
}

/// Ties go round, so that equal replicas wear equally.
int Router::least_loaded(const Candidates& among) {
  int best = -1;
  double least = std::numeric_limits<double>::infinity();
  for (const int pool : among.pools) {
    const PoolView& view = views_[static_cast<std::size_t>(pool)];
    if (view.ready == 0) continue;
    const auto& counts = view.outstanding;
    std::int32_t fewest = PoolView::kNotReady;
    for (const std::int32_t count : counts) fewest = std::min(fewest, count);
    // Equal counts: the first at or after the turn's place.
    const std::size_t from = static_cast<std::size_t>(turn(among)) % counts.size();
    auto at = std::find(counts.begin() + static_cast<std::ptrdiff_t>(from), counts.end(), fewest);
    if (at == counts.end()) at = std::find(counts.begin(), counts.end(), fewest);
    const int replica = view.first + static_cast<int>(at - counts.begin());
    if (const double here = load(replica); here < least) best = replica, least = here;
  }
  ++turn(among);
  return best;
}

/// From the longest prefix down: a hash stands for all before it, and the table may have lost some of those.
int Router::remembered(const Candidates& among, const Request& request) const {
  const std::int64_t each = request.prefix_block_tokens;
  auto blocks = std::min<std::int64_t>(std::ssize(request.prefix_hashes), request.prompt_tokens / each);
  for (; static_cast<double>(blocks * each) >= spec_.router.prefix_threshold * request.prompt_tokens; --blocks) {
    if (blocks == 0) return -1;
    const std::uint64_t hash = request.prefix_hashes[static_cast<std::size_t>(blocks - 1)];
    const std::uint64_t entry = memory_[hash % kMemory], place = entry % kMemory;
    if (place == 0 || entry - place != hash - hash % kMemory) continue;
    const int replica = static_cast<int>(place) - 1;
    if (outstanding(replica) >= PoolView::kNotReady) continue;
    const bool here = std::find(among.pools.begin(), among.pools.end(), pool_of(replica)) != among.pools.end();
    if (here) return replica;
  }
  return -1;
}

void Router::remember(const Request& request, int replica) {
  const auto place = static_cast<std::uint64_t>(replica) + 1;
  for (const std::uint64_t hash : request.prefix_hashes) {
    memory_[hash % kMemory] = (hash - hash % kMemory) + place;
  }
}

/// SGLang's balance test: both the difference and the ratio must be exceeded before the prefix is given up.
int Router::prefix_aware(const Candidates& among, const Request& request) {
  const int replica = memory_.empty() ? -1 : remembered(among, request);
  if (replica < 0) return least_loaded(among);
  const int other = least_loaded(among);
  const double most = outstanding(replica), fewest = outstanding(other);
  const bool uneven = most - fewest > spec_.router.uneven_requests && most > spec_.router.uneven_ratio * fewest;
  return uneven ? other : replica;
}

/// Dynamo's cost: prompt blocks still to compute, weighted, and blocks in use, over the replica's weight.
int Router::kv_aware(const Candidates& among, const Request& request) {
  int best = -1;
  double least = std::numeric_limits<double>::infinity();
  visit_ready(among, [&](int replica) {
    const Engine& engine = engine_(replica);
    const auto& pool = spec_.pools[static_cast<std::size_t>(pool_of(replica))];
    const auto& kind = spec_.kinds[static_cast<std::size_t>(pool.kind)];
    const double block = kind.engine.kv.block_size;
    const EngineLoad now = engine.load();
    // What was sent since the report is not in it: the gateway counts it at its own mean.
    const auto sent = std::max<std::int64_t>(0, outstanding(replica) - now.running - now.waiting);
    const double prompt = static_cast<double>(request.prompt_tokens - engine.prefix_match(request));
    const double left = prompt + static_cast<double>(now.waiting_prompt_tokens + sent * request.prompt_tokens);
    const double cost =
        (spec_.router.overlap_weight * left / block + static_cast<double>(now.blocks_used)) / kind.weight;
    if (cost < least) best = replica, least = cost;
  });
  return best;
}

/// Rendezvous hashing: each replica's hash with the key, the highest wins among those under the bound.
int Router::consistent(const Candidates& among, std::uint64_t key) {
  const double mean = static_cast<double>(among.in_flight + 1) / static_cast<double>(among.ready);
  // Counting the newcomer, so at least one replica is below it.
  const double bound = std::ceil(spec_.router.bounded_load * mean);
  int best = -1;
  std::uint64_t highest = 0;
  visit_ready(among, [&](int replica) {
    if (outstanding(replica) >= bound) return;
    const std::uint64_t hash = mix(mix(key + 1) ^ (static_cast<std::uint64_t>(replica) * 0x9E3779B97F4A7C15ULL));
    if (best < 0 || hash > highest) best = replica, highest = hash;
  });
  return best >= 0 ? best : least_loaded(among);
}

}  // namespace stargate
