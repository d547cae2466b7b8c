// The gateway's side of the simulation and the order of a window: reports are read, pools scaled, waiting requests and
// new ones sent, then the replicas run (prefill and whole ones first, so that what they hand over reaches the decode
// replicas in the same window), and what left is counted.
#include "stargate/fleet/fleet_simulation.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "stargate/fleet/admission.hpp"
#include "stargate/fleet/autoscaler.hpp"
#include "stargate/fleet/fleet_accounts.hpp"
#include "stargate/fleet/router.hpp"
#include "stargate/fleet/worker_pool.hpp"
#include "stargate/sim/event_queue.hpp"

namespace stargate {
namespace {

constexpr std::int64_t kProgressWindows = 4096;

int slot_of(std::int64_t request_id) { return static_cast<int>(request_id & 0xFFFFFFFF); }

/// A request from its arrival at the gateway until it leaves.
struct InFlight {
  IncomingRequest incoming;
  std::vector<std::uint64_t> hashes;
  int replica = -1, prefill_replica = -1;  ///< that has it now; that prefilled it
  int retries = 0;
  std::int64_t uses = 0;  ///< of the slot, so that no two requests have the same id
  SimTime sent;
  RequestRecord prefilled;
};

class FleetSimulation {
 public:
  FleetSimulation(const FleetSpec& spec, RequestSource& source, const FleetRunOptions& options);
  FleetReport run();

 private:
  void make_pools();
  void make_candidates();
  void read_reports();
  void set_state(int replica);
  void scale_pools();
  void scale(int pool, int wanted, int now_there);
  void admit_arrivals();
  void admit(const IncomingRequest& incoming);
  bool send(int slot, SimTime now);
  bool send_decode(int slot, SimTime now);
  void deliver(int replica, const Delivery& delivery);
  void run_replicas(bool decode);
  void collect();
  void hand_over(const RequestRecord& record);
  void answered(const RequestRecord& record);
  void returned(const Returned& item);
  void leave(int slot, FleetRequestRecord& record);
  void turn_away(const IncomingRequest& incoming, RequestOutcome outcome, SimTime now);
  void follow(const IncomingRequest& done, SimTime time);
  void sample();
  bool over();
  void next_window();
  void count_sent(int replica, int change);
  bool peek();
  int take_slot();
  Request engine_request(int slot) const;
  bool finished_prefill(int replica) const { return role_[static_cast<std::size_t>(replica)] == PoolRole::prefill; }
  InFlight& at(int slot) { return slots_[static_cast<std::size_t>(slot)]; }

  const FleetSpec& spec_;
  RequestSource& source_;
  const FleetRunOptions& options_;
  WorkerPool workers_;
  std::vector<std::unique_ptr<StepCost>> costs_;  ///< by kind and lane
  std::vector<FleetReplica> replicas_;
  std::vector<SimTime> next_;   ///< event of each replica
  std::vector<PoolRole> role_;  ///< of each replica
  std::vector<int> pool_;       ///< of each replica
  std::vector<PoolView> views_;
  std::vector<Autoscaler> scalers_;                           ///< an entry a pool
  std::vector<std::vector<int>> first_pools_, decode_pools_;  ///< by tenant; by tenant and region
  std::unique_ptr<Router> router_;
  RateLimiter limiter_;
  HeldRequests held_;
  FleetAccounts accounts_;
  EventQueue<IncomingRequest> later_;  ///< set off by other requests
  IncomingRequest ahead_;              ///< of the source, looked at and not yet taken
  bool has_ahead_ = false, source_empty_ = false, hashes_ = false;
  std::vector<InFlight> slots_;
  std::vector<int> free_slots_, left_slots_, wait_decode_;
  std::vector<int> active_, changed_;
  std::vector<RequestRecord> finished_;
  std::vector<Returned> returned_;
  SimTime begin_, end_;  ///< of the window
  std::int64_t in_flight_ = 0, windows_ = 0;
  SimTime next_sample_;
};

FleetSimulation::FleetSimulation(const FleetSpec& spec, RequestSource& source, const FleetRunOptions& options)
    : spec_(spec),
      source_(source),
      options_(options),
      workers_(std::max(1, options.threads)),
      limiter_(spec.tenants),
      held_(spec.tenants.size()),
      accounts_(spec) {
  STARGATE_CHECK(source.tenants().size() == spec.tenants.size(), "the fleet's tenants are the source's");
  make_pools();
  make_candidates();
  router_ = std::make_unique<Router>(spec_, views_, replicas_);
  hashes_ = spec.router.policy == RouterPolicy::prefix_aware;
  for (const auto& kind : spec.kinds) hashes_ = hashes_ || kind.engine.kv.prefix_caching;
  next_sample_ = SimTime{} + spec.sample_interval;
  end_ = begin_ + spec.router.report_interval;
}

void FleetSimulation::make_pools() {
  for (const auto& kind : spec_.kinds) {
    for (int lane = 0; lane < workers_.lanes(); ++lane) costs_.push_back(kind.make_cost());
  }
  std::size_t all = 0;
  for (const auto& pool : spec_.pools) all += static_cast<std::size_t>(pool.most_replicas());
  replicas_.reserve(all);
  for (std::size_t p = 0; p < spec_.pools.size(); ++p) {
    const auto& pool = spec_.pools[p];
    PoolView view;
    view.first = static_cast<int>(replicas_.size());
    view.outstanding.assign(static_cast<std::size_t>(pool.most_replicas()), PoolView::kNotReady);
    views_.push_back(view);
    scalers_.emplace_back(pool.autoscale.value_or(AutoscaleSpec{}));
    for (int i = 0; i < pool.most_replicas(); ++i) {
      const int number = static_cast<int>(replicas_.size());
      const StepCost& cost =
          *costs_[static_cast<std::size_t>(pool.kind * workers_.lanes() + number % workers_.lanes())];
      replicas_.emplace_back(spec_.kinds[static_cast<std::size_t>(pool.kind)], cost, pool, number,
                             RandomStream(spec_.seed, static_cast<std::uint32_t>(i), pool.name + "/failures"));
      role_.push_back(pool.role);
      pool_.push_back(static_cast<int>(p));
      if (i < pool.replicas) replicas_.back().start(SimTime{}, true);
      next_.push_back(replicas_.back().next_event());
      changed_.push_back(number);
    }
  }
}

/// Which pools may ever take a tenant's request, first or to decode; by region, since the cache stays where it was
/// made.
void FleetSimulation::make_candidates() {
  const std::size_t regions = spec_.regions.size();
  first_pools_.resize(spec_.tenants.size());
  decode_pools_.resize(spec_.tenants.size() * regions);
  const auto allows = [](const std::vector<int>& list, int item) {
    return list.empty() || std::find(list.begin(), list.end(), item) != list.end();
  };
  for (std::size_t t = 0; t < spec_.tenants.size(); ++t) {
    for (std::size_t p = 0; p < spec_.pools.size(); ++p) {
      const auto& pool = spec_.pools[p];
      if (!allows(pool.tenants, static_cast<int>(t)) || !allows(spec_.tenants[t].regions, pool.region)) continue;
      auto& list = pool.role == PoolRole::decode ? decode_pools_[t * regions + static_cast<std::size_t>(pool.region)]
                                                 : first_pools_[t];
      list.push_back(static_cast<int>(p));
    }
    std::erase_if(first_pools_[t], [&](int p) {
      const auto& pool = spec_.pools[static_cast<std::size_t>(p)];
      return pool.role == PoolRole::prefill &&
             decode_pools_[t * regions + static_cast<std::size_t>(pool.region)].empty();
    });
  }
}

FleetReport FleetSimulation::run() {
  while (!over()) {
    read_reports();
    scale_pools();
    for (const int slot : std::exchange(wait_decode_, {})) {
      if (!send_decode(slot, begin_)) wait_decode_.push_back(slot);
    }
    held_.send_out([&](int, int slot) { return send(slot, begin_); });
    admit_arrivals();
    const std::size_t left = left_slots_.size();
    run_replicas(false);
    collect();
    // Free once the prefill replicas have let go of what left in the window before.
    free_slots_.insert(free_slots_.end(), left_slots_.begin(), left_slots_.begin() + static_cast<std::ptrdiff_t>(left));
    left_slots_.erase(left_slots_.begin(), left_slots_.begin() + static_cast<std::ptrdiff_t>(left));
    run_replicas(true);
    collect();
    ++windows_;
    if (options_.on_progress && windows_ % kProgressWindows == 0) options_.on_progress(end_, accounts_.gone());
    if (end_ >= next_sample_) sample();
    next_window();
  }
  for (auto& replica : replicas_) replica.run(begin_);
  return accounts_.report(replicas_, pool_, windows_);
}

bool FleetSimulation::peek() {
  if (!has_ahead_ && !source_empty_) {
    has_ahead_ = source_.next(ahead_);
    source_empty_ = !has_ahead_;
  }
  return has_ahead_;
}

bool FleetSimulation::over() { return in_flight_ == 0 && later_.empty() && !peek(); }

void FleetSimulation::read_reports() {
  for (const int replica : changed_) set_state(replica);
  changed_.clear();
}

/// The view follows the replica's state; what is out with a replica that is lost comes back one by one.
void FleetSimulation::set_state(int replica) {
  PoolView& view = views_[static_cast<std::size_t>(pool_[static_cast<std::size_t>(replica)])];
  std::int32_t& count = view.outstanding[static_cast<std::size_t>(replica - view.first)];
  const bool was = count < PoolView::kNotReady;
  const bool is = replicas_[static_cast<std::size_t>(replica)].state() == ReplicaState::ready;
  if (was == is) return;
  const std::int32_t out = was ? count : count - PoolView::kNotReady;
  count = is ? out : out + PoolView::kNotReady;
  view.ready += is ? 1 : -1;
  view.in_flight += is ? out : -out;
}

void FleetSimulation::count_sent(int replica, int change) {
  PoolView& view = views_[static_cast<std::size_t>(pool_[static_cast<std::size_t>(replica)])];
  std::int32_t& count = view.outstanding[static_cast<std::size_t>(replica - view.first)];
  if (count < PoolView::kNotReady) view.in_flight += change;
  count += change;
}

void FleetSimulation::scale_pools() {
  for (std::size_t p = 0; p < spec_.pools.size(); ++p) {
    const auto& pool = spec_.pools[p];
    if (!pool.autoscale || scalers_[p].next_look() > begin_) continue;
    const PoolView& view = views_[p];
    double load = static_cast<double>(pool.role == PoolRole::decode ? wait_decode_.size() : 0);
    int there = 0;
    for (std::size_t i = 0; i < view.outstanding.size(); ++i) {
      const auto state = replicas_[static_cast<std::size_t>(view.first) + i].state();
      if (state != ReplicaState::ready && state != ReplicaState::starting && state != ReplicaState::down) continue;
      ++there;
      load += view.outstanding[i] % PoolView::kNotReady;
    }
    for (std::size_t t = 0; t < first_pools_.size(); ++t) {
      const auto& list = first_pools_[t];
      const bool first = !list.empty() && list.front() == static_cast<int>(p);
      if (first) load += static_cast<double>(held_.count(static_cast<int>(t)));
    }
    scale(static_cast<int>(p), scalers_[p].look(begin_, load, there), there);
  }
}

void FleetSimulation::scale(int pool, int wanted, int now_there) {
  const PoolView& view = views_[static_cast<std::size_t>(pool)];
  const auto touch = [&](int replica) {
    changed_.push_back(replica);
    set_state(replica);
    next_[static_cast<std::size_t>(replica)] = replicas_[static_cast<std::size_t>(replica)].next_event();
  };
  const int count = static_cast<int>(view.outstanding.size());
  for (int i = 0; i < count && now_there < wanted; ++i) {
    FleetReplica& replica = replicas_[static_cast<std::size_t>(view.first + i)];
    if (replica.state() != ReplicaState::off) continue;
    replica.run(begin_);
    replica.start(begin_, false);
    touch(view.first + i), ++now_there;
  }
  for (int i = count - 1; i >= 0 && now_there > wanted; --i) {  // the last ordered go first
    FleetReplica& replica = replicas_[static_cast<std::size_t>(view.first + i)];
    if (replica.state() == ReplicaState::off || replica.state() == ReplicaState::draining) continue;
    replica.drain(begin_);
    touch(view.first + i), --now_there;
  }
}

void FleetSimulation::admit_arrivals() {
  for (;;) {
    const SimTime first = peek() ? ahead_.arrival : SimTime::never();
    const SimTime other = later_.next_time();
    if (std::min(first, other) >= end_) return;
    if (other <= first) {
      admit(later_.pop());
    } else {
      has_ahead_ = false;
      admit(ahead_);
    }
  }
}

int FleetSimulation::take_slot() {
  if (free_slots_.empty()) {
    slots_.emplace_back();
    return static_cast<int>(slots_.size()) - 1;
  }
  const int slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

void FleetSimulation::admit(const IncomingRequest& incoming) {
  const SimTime now = incoming.arrival;
  const int tenant = incoming.tenant;
  accounts_.arrived(tenant);
  if (!limiter_.admit(tenant, now, std::int64_t{incoming.prompt_tokens} + incoming.output_tokens)) {
    return turn_away(incoming, RequestOutcome::rate_limited, now);
  }
  const int slot = take_slot();
  InFlight& request = at(slot);
  request.incoming = incoming;
  request.replica = request.prefill_replica = -1;
  request.retries = 0;
  ++request.uses;
  request.hashes.clear();
  if (hashes_) source_.prefix_blocks(incoming, spec_.prefix_block_tokens, request.hashes);
  ++in_flight_;
  if (!held_.waits(tenant) && send(slot, now)) return;
  if (held_.count() < spec_.router.max_held) {
    return held_.add(tenant, {slot, incoming.priority, now});
  }
  FleetRequestRecord record;
  record.outcome = RequestOutcome::refused;
  record.last_token = now;
  leave(slot, record);
}

Request FleetSimulation::engine_request(int slot) const {
  const InFlight& r = slots_[static_cast<std::size_t>(slot)];
  Request request;
  request.id = (r.uses << 32) | slot;
  request.prompt_tokens = r.incoming.prompt_tokens, request.output_tokens = r.incoming.output_tokens;
  request.tenant = r.incoming.tenant, request.priority = r.incoming.priority, request.session = r.incoming.session;
  request.prefix_hashes = r.hashes;
  request.prefix_block_tokens = spec_.prefix_block_tokens;
  return request;
}

void FleetSimulation::deliver(int replica, const Delivery& delivery) {
  replicas_[static_cast<std::size_t>(replica)].send(delivery);
  SimTime& next = next_[static_cast<std::size_t>(replica)];
  next = std::min(next, delivery.at);
}

/// False when nobody has room; a request too long for the one it falls to has left.
bool FleetSimulation::send(int slot, SimTime now) {
  InFlight& r = at(slot);
  Request request = engine_request(slot);
  const auto& tenant = spec_.tenants[static_cast<std::size_t>(r.incoming.tenant)];
  const int replica = router_->choose(
      {&request, r.incoming.session, tenant.home, first_pools_[static_cast<std::size_t>(r.incoming.tenant)]});
  if (replica < 0) return false;
  if (!replicas_[static_cast<std::size_t>(replica)].fits(request)) {
    FleetRequestRecord record;
    record.outcome = RequestOutcome::too_long;
    record.last_token = now;
    leave(slot, record);
    return true;
  }
  r.replica = replica, r.sent = now;
  count_sent(replica, 1);
  const int region = spec_.pools[static_cast<std::size_t>(pool_[static_cast<std::size_t>(replica)])].region;
  Delivery delivery;
  const auto& kind = spec_.kinds[static_cast<std::size_t>(
      spec_.pools[static_cast<std::size_t>(pool_[static_cast<std::size_t>(replica)])].kind)];
  delivery.at = now + (spec_.one_way(tenant.home, region) + kind.request_overhead);
  request.arrival = delivery.at;
  delivery.request = request;
  deliver(replica, delivery);
  return true;
}

void FleetSimulation::run_replicas(bool decode) {
  active_.clear();
  for (std::size_t i = 0; i < next_.size(); ++i) {
    if (next_[i] <= end_ && (role_[i] == PoolRole::decode) == decode) active_.push_back(static_cast<int>(i));
  }
  workers_.run(active_, [&](int item) {
    const auto replica = static_cast<std::size_t>(item);
    replicas_[replica].run(end_);
    next_[replica] = replicas_[replica].next_event();
  });
}

/// What left the replicas that ran, in order of time.
void FleetSimulation::collect() {
  finished_.clear(), returned_.clear();
  for (const int i : active_) {
    FleetReplica& replica = replicas_[static_cast<std::size_t>(i)];
    finished_.insert(finished_.end(), replica.finished().begin(), replica.finished().end());
    returned_.insert(returned_.end(), replica.returned().begin(), replica.returned().end());
    replica.finished().clear(), replica.returned().clear();
    changed_.push_back(i);
  }
  active_.clear();
  std::stable_sort(finished_.begin(), finished_.end(),
                   [](const auto& a, const auto& b) { return a.last_token < b.last_token; });
  for (const auto& record : finished_) {
    if (finished_prefill(at(slot_of(record.id)).replica)) {
      hand_over(record);
    } else {
      answered(record);
    }
  }
  std::stable_sort(returned_.begin(), returned_.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  for (const auto& item : returned_) returned(item);
}

/// A prompt has been prefilled: its cache goes to a decode replica of the region.
void FleetSimulation::hand_over(const RequestRecord& record) {
  const int slot = slot_of(record.id);
  InFlight& r = at(slot);
  r.prefilled = record;
  r.prefill_replica = r.replica;
  r.replica = -1;
  count_sent(r.prefill_replica, -1);
  if (r.incoming.output_tokens > 1) {
    if (!send_decode(slot, record.last_token)) wait_decode_.push_back(slot);
    return;
  }
  Delivery release;
  release.at = end_, release.what = Delivery::What::release;
  release.request.id = record.id;
  const int prefill = r.prefill_replica;
  r.replica = prefill;
  count_sent(prefill, 1);
  deliver(prefill, release);
  answered(record);
}

bool FleetSimulation::send_decode(int slot, SimTime now) {
  InFlight& r = at(slot);
  Request request = engine_request(slot);
  const auto& from = spec_.pools[static_cast<std::size_t>(pool_[static_cast<std::size_t>(r.prefill_replica)])];
  const auto& pools = decode_pools_[static_cast<std::size_t>(r.incoming.tenant) * spec_.regions.size() +
                                    static_cast<std::size_t>(from.region)];
  const int replica = router_->choose({&request, r.incoming.session, from.region, pools});
  if (replica < 0) return false;
  r.replica = replica;
  count_sent(replica, 1);
  const auto& kind = spec_.kinds[static_cast<std::size_t>(from.kind)];
  const SimTime there = now + (kind.transfer_fixed + request.prompt_tokens * kind.transfer_token);
  request.arrival = there;
  Delivery delivery;
  delivery.at = there, delivery.what = Delivery::What::prefilled;
  delivery.request = request, delivery.so_far = r.prefilled;
  deliver(replica, delivery);
  Delivery release;
  release.at = std::max(there, end_), release.what = Delivery::What::release;
  release.request.id = request.id;
  deliver(r.prefill_replica, release);
  return true;
}

void FleetSimulation::answered(const RequestRecord& record) {
  const int slot = slot_of(record.id);
  const InFlight& r = at(slot);
  const auto& pool = spec_.pools[static_cast<std::size_t>(pool_[static_cast<std::size_t>(r.replica)])];
  const Duration back = spec_.one_way(pool.region, spec_.tenants[static_cast<std::size_t>(r.incoming.tenant)].home);
  FleetRequestRecord out;
  const SimTime first = r.prefill_replica >= 0 ? r.prefilled.first_token : record.first_token;
  out.first_token = first + back, out.last_token = record.last_token + back;
  out.cached_tokens = r.prefill_replica >= 0 ? r.prefilled.cached_tokens : record.cached_tokens;
  leave(slot, out);
}

void FleetSimulation::returned(const Returned& item) {
  const int slot = slot_of(item.id);
  InFlight& r = at(slot);
  if (r.replica != item.replica) return;  // it had been handed over before its prefill replica failed
  count_sent(r.replica, -1);
  r.replica = r.prefill_replica = -1;
  if (++r.retries > spec_.router.retries) {
    FleetRequestRecord record;
    record.outcome = RequestOutcome::lost;
    record.last_token = item.at;
    return leave(slot, record);
  }
  accounts_.retried(r.incoming.tenant);
  held_.add_first(r.incoming.tenant, {slot, r.incoming.priority, r.incoming.arrival});
}

void FleetSimulation::leave(int slot, FleetRequestRecord& record) {
  InFlight& r = at(slot);
  const IncomingRequest done = r.incoming;
  record.number = done.number, record.session = done.session, record.turn = done.turn, record.tenant = done.tenant;
  record.arrival = done.arrival;
  record.prompt_tokens = done.prompt_tokens, record.output_tokens = done.output_tokens;
  record.retries = r.retries;
  record.held = r.replica >= 0 && r.retries == 0 ? r.sent - done.arrival : Duration{};
  record.replica = r.replica;
  if (r.replica >= 0) {
    record.pool = pool_[static_cast<std::size_t>(r.replica)];
    record.region = spec_.pools[static_cast<std::size_t>(record.pool)].region;
    count_sent(r.replica, -1);
  }
  const int prefill_pool = r.prefill_replica >= 0 ? pool_[static_cast<std::size_t>(r.prefill_replica)] : record.pool;
  accounts_.left(record, prefill_pool);
  if (options_.on_request) options_.on_request(record);
  left_slots_.push_back(slot);
  --in_flight_;
  follow(done, record.last_token);
}

void FleetSimulation::turn_away(const IncomingRequest& incoming, RequestOutcome outcome, SimTime now) {
  FleetRequestRecord record;
  record.number = incoming.number, record.session = incoming.session;
  record.turn = incoming.turn, record.tenant = incoming.tenant, record.outcome = outcome;
  record.arrival = record.last_token = now;
  record.prompt_tokens = incoming.prompt_tokens, record.output_tokens = incoming.output_tokens;
  accounts_.left(record, -1);
  if (options_.on_request) options_.on_request(record);
  follow(incoming, now);
}

void FleetSimulation::follow(const IncomingRequest& done, SimTime time) {
  IncomingRequest next;
  if (!source_.follow(done, time, next)) return;
  next.arrival = std::max(next.arrival, end_);
  later_.push(next.arrival, SimPhase::arrival, next);
}

void FleetSimulation::sample() {
  for (std::size_t i = 0; i < replicas_.size(); ++i) {
    replicas_[i].run(end_);
    next_[i] = replicas_[i].next_event();
  }
  active_.clear();
  accounts_.sample(end_, replicas_, pool_, {in_flight_ - held_.count(), held_.count()});
  next_sample_ = next_sample_ + spec_.sample_interval;
  if (next_sample_ < end_) next_sample_ = end_;
}

/// The next window in which anything happens.
void FleetSimulation::next_window() {
  const std::int64_t step = SimTime::at(spec_.router.report_interval).ns;
  begin_ = end_;
  if (held_.count() == 0 && wait_decode_.empty()) {
    SimTime next = std::min(later_.next_time(), peek() ? ahead_.arrival : SimTime::never());
    for (const SimTime event : next_) next = std::min(next, event);
    for (std::size_t p = 0; p < scalers_.size(); ++p) {
      if (spec_.pools[p].autoscale) next = std::min(next, scalers_[p].next_look());
    }
    next = std::min(next, next_sample_);
    if (next > begin_ && !next.is_never()) begin_.ns = std::max(begin_.ns, next.ns / step * step);
  }
  end_.ns = begin_.ns + step;
}

}  // namespace

FleetReport simulate_fleet(const FleetSpec& spec, RequestSource& source, const FleetRunOptions& options) {
  return FleetSimulation(spec, source, options).run();
}

}  // namespace stargate
