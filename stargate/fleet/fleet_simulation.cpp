// The gateway's side of the simulation and the order of a window: reports are read, pools scaled, waiting requests and
// new ones sent, then the replicas run (prefill and whole ones first, so that what they hand over reaches the decode
// replicas in the same window), and what left is counted.
#include "stargate/fleet/fleet_simulation.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "stargate/fleet/admission.hpp"
#include "stargate/fleet/fleet_accounts.hpp"
#include "stargate/fleet/fleet_machines.hpp"
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
  void make_candidates();
  void scale_pools();
  void run_machines();
  void admit_arrivals();
  void admit(const IncomingRequest& incoming);
  bool send(int slot, SimTime now);
  bool send_decode(int slot, SimTime now);
  /// Of the tenant, in the region that prefilled the request.
  const std::vector<int>& decode_pools_of(const InFlight& request);
  void take_back();
  void hand_over(const RequestRecord& record);
  void answered(const RequestRecord& record);
  void returned(const Returned& item);
  void leave(int slot, FleetRequestRecord& record);
  void turn_away(const IncomingRequest& incoming, RequestOutcome outcome, SimTime now);
  void follow(const IncomingRequest& done, SimTime time);
  void sample();
  bool over();
  void next_window();
  bool peek();
  int take_slot();
  Request engine_request(int slot) const;
  InFlight& at(int slot) { return slots_[static_cast<std::size_t>(slot)]; }

  const FleetSpec& spec_;
  RequestSource& source_;
  const FleetRunOptions& options_;
  FleetMachines machines_;
  std::map<int, SimTime> front_free_;  ///< by replica: when its front end has read all prompts sent so far
  std::vector<std::vector<int>> first_pools_, decode_pools_;  ///< by tenant; by tenant and region
  Router router_;
  RateLimiter limiter_;
  HeldRequests held_;
  FleetAccounts accounts_;
  EventQueue<IncomingRequest> later_;  ///< set off by other requests
  IncomingRequest ahead_;              ///< of the source, looked at and not yet taken
  bool has_ahead_ = false, source_empty_ = false, hashes_ = false;
  std::vector<InFlight> slots_;
  std::vector<int> free_slots_, left_slots_, wait_decode_;
  SimTime begin_, end_;  ///< of the window
  std::int64_t in_flight_ = 0, windows_ = 0;
  SimTime next_sample_;
};

FleetSimulation::FleetSimulation(const FleetSpec& spec, RequestSource& source, const FleetRunOptions& options)
    : spec_(spec),
      source_(source),
      options_(options),
      machines_(spec, options.threads),
      router_(spec, machines_.views(),
              [this](int replica) -> const Engine& { return machines_.replica(replica).engine(); }),
      limiter_(spec.tenants),
      held_(spec.tenants.size()),
      accounts_(spec) {
  STARGATE_CHECK(source.tenants().size() == spec.tenants.size(), "the fleet's tenants are the source's");
  make_candidates();
  hashes_ = spec.router.policy == RouterPolicy::prefix_aware;
  for (const auto& kind : spec.kinds) hashes_ = hashes_ || kind.engine.kv.prefix_caching;
  next_sample_ = SimTime{} + spec.sample_interval;
  end_ = begin_ + spec.router.report_interval;
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

/// One report interval a round: read what the replicas told, scale, send what waits, admit what arrives, run the
/// machines.
FleetReport FleetSimulation::run() {
  while (!over()) {
    machines_.read_reports();
    scale_pools();
    // What has been prefilled goes before what has not: its cache occupies a prefill replica until somebody takes it.
    for (const int slot : std::exchange(wait_decode_, {})) {
      if (!send_decode(slot, begin_)) wait_decode_.push_back(slot);
    }
    held_.send_out([&](int, int slot) { return send(slot, begin_); });
    admit_arrivals();
    run_machines();
    ++windows_;
    if (options_.on_progress && windows_ % kProgressWindows == 0) options_.on_progress(end_, accounts_.gone());
    if (end_ >= next_sample_) sample();
    next_window();
  }
  machines_.run_all(begin_);
  return accounts_.report(machines_.replicas(), machines_.pool_of(), windows_);
}

bool FleetSimulation::peek() {
  if (!has_ahead_ && !source_empty_) {
    has_ahead_ = source_.next(ahead_);
    source_empty_ = !has_ahead_;
  }
  return has_ahead_;
}

bool FleetSimulation::over() { return in_flight_ == 0 && later_.empty() && !peek(); }

/// What waits at the gateway counts for the pool that would take it first; what waits for decoding counts once, shared
/// by the pools it may go to.
void FleetSimulation::scale_pools() {
  std::vector<double> waiting(spec_.pools.size(), 0.0);
  for (std::size_t t = 0; t < first_pools_.size(); ++t) {
    if (first_pools_[t].empty()) continue;
    waiting[static_cast<std::size_t>(first_pools_[t].front())] += static_cast<double>(held_.count(static_cast<int>(t)));
  }
  for (const int slot : wait_decode_) {
    const std::vector<int>& pools = decode_pools_of(at(slot));
    for (const int p : pools) waiting[static_cast<std::size_t>(p)] += 1.0 / static_cast<double>(pools.size());
  }
  machines_.scale(begin_, waiting);
}

/// Those that hand over run first, so that it arrives in the same window.
void FleetSimulation::run_machines() {
  const auto left = static_cast<std::ptrdiff_t>(left_slots_.size());
  machines_.run(false, end_);
  take_back();
  // Free once the prefill replicas have let go of what left in the window before.
  free_slots_.insert(free_slots_.end(), left_slots_.begin(), left_slots_.begin() + left);
  left_slots_.erase(left_slots_.begin(), left_slots_.begin() + left);
  machines_.run(true, end_);
  take_back();
}

/// Of the source's own arrivals and those that answers have set off, the earlier.
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
  // Whoever comes while others of its tenant wait stands behind them.
  if (!held_.waits(tenant) && send(slot, now)) return;
  if (held_.count() < spec_.router.max_held) {
    return held_.add(tenant, {slot, incoming.priority, now});
  }
  FleetRequestRecord record;
  record.outcome = RequestOutcome::refused;
  record.last_token = now;
  leave(slot, record);
}

/// Ids tell apart the uses of a slot: what comes back late of an earlier one is not mistaken for the present.
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

/// False when nobody has room; a request too long for the one it falls to has left.
bool FleetSimulation::send(int slot, SimTime now) {
  InFlight& r = at(slot);
  Request request = engine_request(slot);
  const auto& tenant = spec_.tenants[static_cast<std::size_t>(r.incoming.tenant)];
  const int replica = router_.choose(
      {&request, r.incoming.session, tenant.home, first_pools_[static_cast<std::size_t>(r.incoming.tenant)]});
  if (replica < 0) return false;
  if (!machines_.replica(replica).fits(request)) {
    FleetRequestRecord record;
    record.outcome = RequestOutcome::too_long;
    record.last_token = now;
    leave(slot, record);
    return true;
  }
  r.replica = replica, r.sent = now;
  machines_.count_sent(replica, 1);
  const int region = machines_.pool_spec(replica).region;
  Delivery delivery;
  const auto& kind = machines_.kind(replica);
  SimTime& read = front_free_.try_emplace(replica).first->second;
  read = std::max(read, now + spec_.one_way(tenant.home, region)) + request.prompt_tokens * kind.token_overhead;
  delivery.at = read + kind.request_overhead;
  request.arrival = delivery.at;
  delivery.request = request;
  machines_.send(replica, delivery);
  return true;
}

/// What left the replicas that ran, in order of time.
void FleetSimulation::take_back() {
  for (const auto& record : machines_.finished()) {
    const int replica = at(slot_of(record.id)).replica;
    if (machines_.pool_spec(replica).role == PoolRole::prefill) {
      hand_over(record);
    } else {
      answered(record);
    }
  }
  for (const auto& item : machines_.returned()) returned(item);
}

/// A prompt has been prefilled: its cache goes to a decode replica of the region.
void FleetSimulation::hand_over(const RequestRecord& record) {
  const int slot = slot_of(record.id);
  InFlight& r = at(slot);
  r.prefilled = record;
  r.prefill_replica = r.replica;
  r.replica = -1;
  machines_.count_sent(r.prefill_replica, -1);
  if (r.incoming.output_tokens > 1) {
    if (!send_decode(slot, record.last_token)) wait_decode_.push_back(slot);
    return;
  }
  Delivery release;
  // Replicas have run to the end of this window: nothing can reach them before it.
  release.at = end_, release.what = Delivery::What::release;
  release.request.id = record.id;
  const int prefill = r.prefill_replica;
  r.replica = prefill;
  machines_.count_sent(prefill, 1);
  machines_.send(prefill, release);
  answered(record);
}

const std::vector<int>& FleetSimulation::decode_pools_of(const InFlight& request) {
  const int region = machines_.pool_spec(request.prefill_replica).region;
  return decode_pools_[static_cast<std::size_t>(request.incoming.tenant) * spec_.regions.size() +
                       static_cast<std::size_t>(region)];
}

/// The cache is on its way for the time of the transfer; the prefill replica keeps its blocks until then.
bool FleetSimulation::send_decode(int slot, SimTime now) {
  InFlight& r = at(slot);
  Request request = engine_request(slot);
  const int region = machines_.pool_spec(r.prefill_replica).region;
  const int replica = router_.choose({&request, r.incoming.session, region, decode_pools_of(r)});
  if (replica < 0) return false;
  r.replica = replica;
  machines_.count_sent(replica, 1);
  const auto& kind = machines_.kind(r.prefill_replica);
  // The cache is sent from the prefill replica's own links, hence its kind's figures.
  const SimTime there = now + (kind.transfer_fixed + request.prompt_tokens * kind.transfer_token);
  request.arrival = there;
  Delivery delivery;
  delivery.at = there, delivery.what = Delivery::What::prefilled;
  delivery.request = request, delivery.so_far = r.prefilled;
  machines_.send(replica, delivery);
  Delivery release;
  release.at = std::max(there, end_), release.what = Delivery::What::release;
  release.request.id = request.id;
  machines_.send(r.prefill_replica, release);
  return true;
}

/// The user sees tokens after the way back and after what the front end lags behind for each sequence beside.
void FleetSimulation::answered(const RequestRecord& record) {
  const int slot = slot_of(record.id);
  const InFlight& r = at(slot);
  const auto& pool = machines_.pool_spec(r.replica);
  const Duration back = spec_.one_way(pool.region, spec_.tenants[static_cast<std::size_t>(r.incoming.tenant)].home);
  const Duration lag = machines_.kind(r.replica).stream_overhead;
  FleetRequestRecord out;
  const RequestRecord& start = r.prefill_replica >= 0 ? r.prefilled : record;
  out.first_token = start.first_token + back + static_cast<double>(start.beside_first) * lag;
  out.last_token = std::max(out.first_token, record.last_token + back + static_cast<double>(record.beside_last) * lag);
  out.cached_tokens = r.prefill_replica >= 0 ? r.prefilled.cached_tokens : record.cached_tokens;
  leave(slot, out);
}

void FleetSimulation::returned(const Returned& item) {
  const int slot = slot_of(item.id);
  InFlight& r = at(slot);
  if (r.replica != item.replica) return;  // it had been handed over before its prefill replica failed
  machines_.count_sent(r.replica, -1);
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
    record.pool = machines_.pool(r.replica);
    record.region = spec_.pools[static_cast<std::size_t>(record.pool)].region;
    machines_.count_sent(r.replica, -1);
  }
  const int prefill_pool = r.prefill_replica >= 0 ? machines_.pool(r.prefill_replica) : record.pool;
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
  // Replicas have run to the end of the window already: the next turn comes with the next one.
  next.arrival = std::max(next.arrival, end_);
  later_.push(next.arrival, SimPhase::arrival, next);
}

void FleetSimulation::sample() {
  machines_.run_all(end_);
  accounts_.sample(end_, machines_.replicas(), machines_.pool_of(), {in_flight_ - held_.count(), held_.count()});
  next_sample_ = next_sample_ + spec_.sample_interval;
  if (next_sample_ < end_) next_sample_ = end_;
}

/// The next window in which anything happens.
void FleetSimulation::next_window() {
  const std::int64_t step = SimTime::at(spec_.router.report_interval).ns;
  begin_ = end_;
  if (held_.count() == 0 && wait_decode_.empty()) {
    SimTime next = std::min(later_.next_time(), peek() ? ahead_.arrival : SimTime::never());
    next = std::min({next, machines_.next_event(), next_sample_});
    // Windows stay on multiples of the report interval, so that skipping empty ones does not shift the looks.
    if (next > begin_ && !next.is_never()) begin_.ns = std::max(begin_.ns, next.ns / step * step);
  }
  end_.ns = begin_.ns + step;
}

}  // namespace

FleetReport simulate_fleet(const FleetSpec& spec, RequestSource& source, const FleetRunOptions& options) {
  return FleetSimulation(spec, source, options).run();
}

}  // namespace stargate
