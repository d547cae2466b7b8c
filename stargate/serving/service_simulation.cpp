// The earliest of three is next: a request comes, a cache has been handed over, an engine reports. Who comes at the
// moment a step ends is in the next one.
#include "stargate/serving/service_simulation.hpp"

#include <algorithm>
#include <deque>

#include "stargate/sim/event_queue.hpp"

namespace stargate {
namespace {

/// Hashes shorter than this cost more than they tell: a cache that is exact to the token is exact to so many.
constexpr int kShortestHash = 16;

class ServiceSimulation {
 public:
  ServiceSimulation(const SimulatedService& spec, RequestSource& source, ServiceListener& listener)
      : spec_(spec), source_(source), listener_(listener) {
    for (int i = 0; i < spec.pool.replicas; ++i) add_engine(spec.pool, i);
    for (int i = 0; spec.prefill && i < spec.prefill->replicas; ++i) add_engine(*spec.prefill, i);
  }

  void run() {
    has_next_ = source_.next(next_);
    for (;;) {
      const SimTime fresh = has_next_ ? next_.arrival : SimTime::never(), event = events_.next_time();
      const auto soonest = std::min_element(reports_.begin(), reports_.end());
      if (std::min(fresh, event) <= *soonest) {
        if (std::min(fresh, event).is_never()) return;
        fresh <= event ? take_next() : take_event();
      } else {
        advance(static_cast<std::size_t>(soonest - reports_.begin()));
      }
    }
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
    void ran(const StepRun& run) override { service->listener_.ran(engine, run); }
  };

  void add_engine(const ServicePool& pool, int index) {
    engines_.emplace_back(pool.engine, *pool.cost, index);
    reports_.push_back(SimTime::never());
    link_free_.push_back(SimTime{});
  }
  std::size_t pool_size() const { return static_cast<std::size_t>(spec_.pool.replicas); }

  void take_next() {
    const IncomingRequest incoming = next_;
    has_next_ = source_.next(next_);
    arrive(incoming);
  }

  void take_event() {
    Event event = events_.pop();
    if (event.slot < 0) return arrive(event.incoming);
    Active& active = active_[static_cast<std::size_t>(event.slot)];
    const SimTime now = events_.now();
    engines_[active.prefilled_by].release(event.slot, now);
    report(active.prefilled_by);
    active.request.arrival = now;
    active.request.prefix_hashes = {};
    const std::size_t engine = choose(0, pool_size(), active.request, decode_turn_);
    engines_[engine].submit_prefilled(active.request, active.record);
    report(engine);
  }

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
    const EngineSpec& first = spec_.prefill ? spec_.prefill->engine : spec_.pool.engine;
    Request& r = active.request = {};
    r.id = slot, r.arrival = incoming.arrival + spec_.request_overhead, r.tenant = incoming.tenant,
    r.priority = incoming.priority;
    r.prompt_tokens = incoming.prompt_tokens, r.output_tokens = incoming.output_tokens;
    r.session = incoming.session;
    if (first.kv.prefix_caching) {
      r.prefix_block_tokens = std::max({first.kv.block_size, kShortestHash, spec_.prefix_block_tokens});
      source_.prefix_blocks(incoming, r.prefix_block_tokens, active.hashes);
      r.prefix_hashes = active.hashes;
    }
    if (!engines_.front().fits(r) || (spec_.prefill && !engines_.back().fits(r))) {
      listener_.refused(incoming);
      leave(slot, incoming.arrival);
      return;
    }
    const std::size_t begin = spec_.prefill ? pool_size() : 0;
    const std::size_t engine = choose(begin, spec_.prefill ? engines_.size() : pool_size(), r, turn_);
    active.prefilled_by = engine;
    engines_[engine].submit(r);
    report(engine);
  }

  /// One of engines [begin, end).
  std::size_t choose(std::size_t begin, std::size_t end, const Request& request, std::size_t& turn) const {
    const std::size_t count = end - begin;
    if (count == 1) return begin;
    if (spec_.router == ServiceRouter::round_robin) return begin + turn++ % count;
    std::size_t best = begin;
    double least = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const EngineLoad load = engines_[i].load();
      auto worth = static_cast<double>(load.waiting + load.running);
      if (spec_.router == ServiceRouter::prefix) {
        // As Dynamo's KV router weighs it: prompt tokens to compute, and what decodes already read each step.
        worth = static_cast<double>(load.waiting_prompt_tokens - engines_[i].prefix_match(request)) +
                static_cast<double>(load.blocks_used * spec_.pool.engine.kv.block_size);
      }
      if (i == begin || worth < least) best = i, least = worth;
    }
    return best;
  }

  void report(std::size_t engine) { reports_[engine] = engines_[engine].next_event(); }

  void advance(std::size_t engine) {
    Ends ends;
    ends.service = this, ends.engine = static_cast<int>(engine);
    ended_.clear();
    engines_[engine].advance(reports_[engine], ends);
    report(engine);
    for (RequestRecord& record : ended_) {
      Active& active = active_[static_cast<std::size_t>(record.id)];
      const bool whole = engine < pool_size() || active.incoming.output_tokens == 1;
      if (engine >= pool_size()) hand_over(active, record, engine, whole);
      if (!whole) continue;
      record.arrival = active.incoming.arrival;
      if (spec_.stream_overhead > Duration{}) {
        const auto beside = static_cast<double>(engines_[engine].load().running + 1);
        record.first_token = record.first_token + beside * spec_.stream_overhead;
        record.last_token = record.last_token + beside * spec_.stream_overhead;
      }
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
    link_free_[engine] = start + tokens * spec_.transfer_token;
    events_.push(link_free_[engine] + spec_.transfer_fixed, SimPhase::transfer, {{}, record.id});
  }

  void leave(std::int64_t slot, SimTime now) {
    IncomingRequest follow;
    const IncomingRequest done = active_[static_cast<std::size_t>(slot)].incoming;
    free_.push_back(slot);
    if (source_.follow(done, now, follow)) events_.push(follow.arrival, SimPhase::arrival, {follow, -1});
  }

  const SimulatedService& spec_;
  RequestSource& source_;
  ServiceListener& listener_;
  std::vector<Engine> engines_;
  std::vector<SimTime> reports_, link_free_;
  std::deque<Active> active_;  ///< stays where it is: engines see its hashes
  std::vector<std::int64_t> free_;
  std::vector<RequestRecord> ended_;
  EventQueue<Event> events_;
  IncomingRequest next_;
  bool has_next_ = false;
  std::size_t turn_ = 0, decode_turn_ = 0;
};

}  // namespace

void simulate_service(const SimulatedService& spec, RequestSource& source, ServiceListener& listener) {
  ServiceSimulation(spec, source, listener).run();
}

}  // namespace stargate
