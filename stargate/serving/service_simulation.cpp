// The earliest of three is next: a request comes, a cache has been handed over, an engine reports. Who comes at the
// moment a step ends is in the next one.
#include "stargate/serving/service_simulation.hpp"

#include <algorithm>
#include <deque>

#include "stargate/fleet/router.hpp"
#include "stargate/sim/event_queue.hpp"

namespace stargate {
namespace {

/// The service as a gateway sees it: one region, and a pool for each of its sides.
FleetSpec gateway_of(const SimulatedService& spec) {
  FleetSpec fleet;
  fleet.regions = {{"here", ""}};
  fleet.round_trip = {Duration{}};
  fleet.router.policy = spec.router;
  const auto add = [&](const ServicePool& pool, PoolRole role) {
    ReplicaKind kind;
    kind.engine = pool.engine;
    PoolSpec out;
    out.kind = static_cast<int>(fleet.kinds.size()), out.replicas = pool.replicas, out.role = role;
    fleet.kinds.push_back(std::move(kind));
    fleet.pools.push_back(std::move(out));
  };
  add(spec.pool, spec.prefill ? PoolRole::decode : PoolRole::whole);
  if (spec.prefill) add(*spec.prefill, PoolRole::prefill);
  return fleet;
}

/// Every replica is ready from the beginning.
std::vector<PoolView> views_of(const FleetSpec& fleet) {
  std::vector<PoolView> views;
  int first = 0;
  for (const auto& pool : fleet.pools) {
    views.push_back({std::vector<std::int32_t>(static_cast<std::size_t>(pool.replicas)), first, pool.replicas, 0});
    first += pool.replicas;
  }
  return views;
}

/// Hashes shorter than this cost more than they tell: a cache that is exact to the token is exact to so many.
constexpr int kShortestHash = 16;
constexpr double kSameStep = 5e-13;  // s: half the engine's picosecond

/// The engines' next reports and the earliest of them: a tree of matches, each won by the earlier, the first of equals.
class ReportTree {
 public:
  void resize(std::size_t engines) {
    for (leaves_ = 1; leaves_ < engines;) leaves_ *= 2;
    times_.assign(leaves_, SimTime::never());
    winners_.resize(2 * leaves_);
    for (std::size_t i = 0; i < leaves_; ++i) winners_[leaves_ + i] = static_cast<std::uint32_t>(i);
    for (std::size_t node = leaves_ - 1; node > 0; --node) winners_[node] = winners_[2 * node];
  }
  SimTime operator[](std::size_t engine) const { return times_[engine]; }
  void set(std::size_t engine, SimTime time) {
    if (times_[engine] == time) return;
    times_[engine] = time;
    for (std::size_t node = (leaves_ + engine) / 2; node > 0; node /= 2) {
      const std::uint32_t left = winners_[2 * node], right = winners_[2 * node + 1];
      winners_[node] = times_[right] < times_[left] ? right : left;
    }
  }
  std::size_t soonest() const { return winners_[1]; }

 private:
  std::size_t leaves_ = 1;
  std::vector<SimTime> times_;
  std::vector<std::uint32_t> winners_;  ///< the root at 1, children of n at 2 n and 2 n + 1, engines at the leaves
};

class ServiceSimulation {
 public:
  ServiceSimulation(const SimulatedService& spec, RequestSource& source, ServiceListener& listener)
      : spec_(spec),
        source_(source),
        listener_(listener),
        fleet_(gateway_of(spec)),
        views_(views_of(fleet_)),
        router_(fleet_, views_,
                [this](int engine) -> const Engine& { return engines_[static_cast<std::size_t>(engine)]; }) {
    add_pool(spec.pool, 0);
    if (spec.prefill) add_pool(*spec.prefill, 1);
    reports_.resize(engines_.size());
    hashes_ = first_engine().kv.prefix_caching || spec.router == RouterPolicy::prefix_aware;
  }

  void run() {
    has_next_ = source_.next(next_);
    for (;;) {
      const SimTime fresh = has_next_ ? next_.arrival : SimTime::never(), event = events_.next_time();
      const std::size_t soonest = reports_.soonest();
      // At one moment arrivals and hand-overs go before an engine's report, so that they are in its next step and not a
      // step later.
      if (std::min(fresh, event) <= reports_[soonest]) {
        if (std::min(fresh, event).is_never()) break;
        fresh <= event ? take_next() : take_event();
      } else {
        advance(soonest);
      }
    }
    for (std::size_t i = 0; i < engines_.size(); ++i) tell_run(i);
  }

 private:
  /// A request in the system.
  struct Active {
    IncomingRequest incoming;
    std::vector<std::uint64_t> hashes;
    Request request;
    RequestRecord record;
    std::size_t prefilled_by = 0;
  };
  struct Event {
    IncomingRequest incoming;  ///< when slot is -1
    std::int64_t slot = -1;    ///< of a cache that has been handed over
  };
  struct Ends final : EngineListener {
    ServiceSimulation* service = nullptr;
    int engine = 0;
    void finished(const RequestRecord& record) override { service->ended_.push_back(record); }
    void ran(const StepRun& run) override { service->ran(engine, run); }
  };

  void add_pool(const ServicePool& pool, std::size_t index) {
    for (int i = 0; i < pool.replicas; ++i) {
      engines_.emplace_back(pool.engine, *pool.cost, i);
      link_free_.push_back(SimTime{});
      front_free_.push_back(SimTime{});
      pool_of_.push_back(index);
      last_run_.emplace_back().steps = 0;
    }
  }
  const EngineSpec& first_engine() const { return spec_.prefill ? spec_.prefill->engine : spec_.pool.engine; }
  std::size_t pool_size() const { return static_cast<std::size_t>(spec_.pool.replicas); }

  void take_next() {
    const IncomingRequest incoming = next_;
    has_next_ = source_.next(next_);
    arrive(incoming);
  }

  /// A cache has arrived at the decode side, or a request set off by another comes.
  void take_event() {
    Event event = events_.pop();
    if (event.slot < 0) return arrive(event.incoming);
    Active& active = active_[static_cast<std::size_t>(event.slot)];
    const SimTime now = events_.now();
    engines_[active.prefilled_by].release(event.slot, now);
    report(active.prefilled_by);
    active.request.arrival = now;
    // The cache comes over the network as blocks without hashes: the decode side shares nothing by content.
    active.request.prefix_hashes = {};
    const std::size_t engine = choose(0, active.request, now);
    engines_[engine].submit_prefilled(active.request, active.record);
    report(engine);
  }

  /// Refused when no replica could ever hold it; else routed and submitted at once.
  void arrive(const IncomingRequest& incoming) {
    std::int64_t slot = static_cast<std::int64_t>(active_.size());
    if (free_.empty()) {
      active_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    Active& active = active_[static_cast<std::size_t>(slot)];
    active.incoming = incoming;
    Request& r = active.request = {};
    // The slot is the id inside engines: unique among what is in flight, and an index back to the request.
    r.id = slot, r.tenant = incoming.tenant, r.priority = incoming.priority;
    r.prompt_tokens = incoming.prompt_tokens, r.output_tokens = incoming.output_tokens;
    r.session = incoming.session;
    if (hashes_) {
      r.prefix_block_tokens = std::max({first_engine().kv.block_size, kShortestHash, spec_.prefix_block_tokens});
      source_.prefix_blocks(incoming, r.prefix_block_tokens, active.hashes);
      r.prefix_hashes = active.hashes;
    }
    // All engines of a pool are alike, so one of each answers for all.
    if (!engines_.front().fits(r) || (spec_.prefill && !engines_.back().fits(r))) {
      listener_.refused(incoming);
      leave(slot, incoming.arrival);
      return;
    }
    const std::size_t engine = choose(spec_.prefill ? 1 : 0, r, incoming.arrival);
    active.prefilled_by = engine;
    SimTime& read = front_free_[engine];
    read = std::max(read, incoming.arrival) + incoming.prompt_tokens * spec_.token_overhead;
    r.arrival = read + spec_.request_overhead;
    engines_[engine].submit(r);
    report(engine);
  }

  /// An engine of the pool, which the request is then sent to.
  std::size_t choose(int pool, const Request& request, SimTime now) {
    if (spec_.router == RouterPolicy::kv_aware) bring_up(pool, now);
    RoutingQuery query;
    query.request = &request, query.session = request.session, query.pools = {&pool, 1};
    const int engine = router_.choose(query);
    STARGATE_CHECK(engine >= 0, "every replica of a service is ready");
    count(static_cast<std::size_t>(engine), 1);
    return static_cast<std::size_t>(engine);
  }

  /// Engines run ahead in long stretches; whoever looks into them must see them as they are. What ends at this very
  /// moment has its own event, which comes later.
  void bring_up(int pool, SimTime now) {
    const PoolView& view = views_[static_cast<std::size_t>(pool)];
    for (int i = 0; i < view.ready; ++i) run_engine(static_cast<std::size_t>(view.first + i), {now.ns - 1});
  }

  /// Runs in a row of which each goes on where the last one ended are one.
  void ran(int engine, const StepRun& run) {
    StepRun& last = last_run_[static_cast<std::size_t>(engine)];
    const Duration next = last.first_step + static_cast<double>(last.steps) * last.growth;
    const bool goes_on = last.prefill_tokens == 0 && run.prefill_tokens == 0 && last.steps > 0 &&
                         run.start == last.end && run.decoding == last.decoding && run.running == last.running &&
                         run.waiting == last.waiting && run.growth == last.growth &&
                         std::abs((run.first_step - next).base()) < kSameStep;
    if (!goes_on) {
      tell_run(static_cast<std::size_t>(engine));
      last = run;
      return;
    }
    last.end = run.end;
    last.steps += run.steps;
    last.output_tokens += run.output_tokens;
    last.blocks_at_end = run.blocks_at_end;
  }
  void tell_run(std::size_t engine) {
    if (last_run_[engine].steps > 0) listener_.ran(static_cast<int>(engine), last_run_[engine]);
    last_run_[engine].steps = 0;
  }

  void count(std::size_t engine, int change) {
    PoolView& view = views_[pool_of_[engine]];
    view.outstanding[engine - static_cast<std::size_t>(view.first)] += change;
    view.in_flight += change;
  }

  void run_engine(std::size_t engine, SimTime until) {
    Ends ends;
    ends.service = this, ends.engine = static_cast<int>(engine);
    engines_[engine].advance(until, ends);
    report(engine);
  }

  void report(std::size_t engine) { reports_.set(engine, engines_[engine].next_event()); }

  /// Runs one engine to its next report, and sends on or gives back what ended.
  void advance(std::size_t engine) {
    ended_.clear();
    run_engine(engine, reports_[engine]);
    for (RequestRecord& record : ended_) {
      count(engine, -1);
      Active& active = active_[static_cast<std::size_t>(record.id)];
      const bool whole = engine < pool_size() || active.incoming.output_tokens == 1;
      if (engine >= pool_size()) hand_over(active, record, engine, whole);
      if (!whole) continue;
      record.arrival = active.incoming.arrival;
      // The front end writes out the tokens of all that run beside it, one after the other: on average that many come
      // first.
      record.first_token = record.first_token + static_cast<double>(record.beside_first) * spec_.stream_overhead;
      const SimTime last = record.last_token + static_cast<double>(record.beside_last) * spec_.stream_overhead;
      record.last_token = std::max(record.first_token, last);
      listener_.finished(active.incoming, record);
      leave(record.id, record.last_token);
    }
  }

  /// A prefill replica sends one cache after the other.
  void hand_over(Active& active, const RequestRecord& record, std::size_t engine, bool ended) {
    if (ended) {
      engines_[engine].release(record.id, record.last_token);
      report(engine);
      return;
    }
    active.record = record;
    const SimTime start = std::max(link_free_[engine], record.last_token);
    const double tokens = active.request.prompt_tokens;
    link_free_[engine] = start + tokens * spec_.transfer.per_token;
    events_.push(link_free_[engine] + spec_.transfer.fixed, SimPhase::transfer, {{}, record.id});
  }

  void leave(std::int64_t slot, SimTime now) {
    IncomingRequest follow;
    const IncomingRequest done = active_[static_cast<std::size_t>(slot)].incoming;
    free_.push_back(slot);
    // The next turn of a conversation, or the next request of a client, comes back through the event queue.
    if (source_.follow(done, now, follow)) events_.push(follow.arrival, SimPhase::arrival, {follow, -1});
  }

  const SimulatedService& spec_;
  RequestSource& source_;
  ServiceListener& listener_;
  std::vector<Engine> engines_;
  ReportTree reports_;
  std::vector<SimTime> link_free_, front_free_;
  std::deque<Active> active_;  ///< stays where it is: engines see its hashes
  std::vector<std::int64_t> free_;
  std::vector<RequestRecord> ended_;
  std::vector<StepRun> last_run_;  ///< of each engine, not yet told; no steps: none
  EventQueue<Event> events_;
  IncomingRequest next_;
  bool has_next_ = false;
  bool hashes_ = false;  ///< somebody looks at them
  FleetSpec fleet_;
  std::vector<PoolView> views_;
  std::vector<std::size_t> pool_of_;  ///< of each engine
  Router router_;
};

}  // namespace

void simulate_service(const SimulatedService& spec, RequestSource& source, ServiceListener& listener) {
  ServiceSimulation(spec, source, listener).run();
}

}  // namespace stargate
