// One replica of a fleet between two reports: what was sent to it arrives, its engine runs, it may fail and come back.
// It touches nothing outside itself, so that replicas run on any thread.
#pragma once

#include <vector>

#include "stargate/base/random.hpp"
#include "stargate/engine/engine.hpp"
#include "stargate/fleet/fleet_spec.hpp"

namespace stargate {

/// Something on its way to a replica. `request.id` is the caller's. `request`: to be done from its beginning.
/// `prefilled`: its prompt was computed elsewhere and its cache arrives with it. `release`: the cache of a request that
/// was handed on may be freed; only its id is read.
struct Delivery {
  enum class What { request, prefilled, release };
  SimTime at;                 ///< when it reaches the replica
  What what = What::request;  ///< which members mean something
  Request request;            ///< its hashes must live until it has left
  RequestRecord so_far;       ///< of a prefilled request
};

/// A request that came to nothing here, to be sent elsewhere.
struct Returned {
  std::int64_t id = 0;  ///< of the request, the caller's
  int replica = 0;      ///< that gave it back
  SimTime at;           ///< when the replica failed
};

/// Time and work, added up. Since the beginning of the simulation. paid_ns covers starting, ready, draining and down;
/// running_ns ready and draining.
struct ReplicaTotals {
  std::int64_t paid_ns = 0, running_ns = 0;              ///< ordered or there; able to take work
  std::int64_t prefill_busy_ns = 0, decode_busy_ns = 0;  ///< in steps with prefill, in steps without
  std::int64_t prefill_tokens = 0, output_tokens = 0;    ///< computed; given out
  std::int64_t failures = 0, starts = 0;                 ///< times
  std::int64_t most_blocks = 0;                          ///< of the cache, at the end of any run of steps

  std::int64_t busy_ns() const { return prefill_busy_ns + decode_busy_ns; }
  ReplicaTotals& operator+=(const ReplicaTotals& other);
};

enum class ReplicaState {
  off,       ///< not ordered, costs nothing
  starting,  ///< ordered, or repaired
  ready,
  draining,  ///< ends what it has
  down       ///< failed, being repaired
};

/// Engine and costs of its kind, failures of its own random stream. A failure loses the cache and all that ran or
/// waited: they come back as Returned. What arrives while it cannot work comes back at once.
class FleetReplica final : private EngineListener {
 public:
  /// All but the stream, which gives its failures, outlive it. Starts off.
  FleetReplica(const ReplicaKind& kind, const StepCost& cost, const PoolSpec& pool, int index, RandomStream stream);

  /// From off: ready after the pool's start-up time, or at once.
  void start(SimTime now, bool at_once);
  /// Takes no more; off when it is empty.
  void drain(SimTime now);
  void send(const Delivery& delivery);  ///< not before what it has run
  /// Everything that happens at or before `until`. Must not go back in time.
  void run(SimTime until);

  ReplicaState state() const { return state_; }
  /// Of the next thing that may happen here. never() when nothing is due: it need not be run before something is sent
  /// to it.
  SimTime next_event() const;
  const Engine& engine() const { return engine_; }
  /// Whether its cache could ever hold the request, empty or not.
  bool fits(const Request& request) const { return engine_.fits(request); }
  /// Since the last call; in order of time. The caller takes them and clears the list.
  std::vector<RequestRecord>& finished() { return finished_; }
  std::vector<Returned>& returned() { return returned_; }
  /// Up to the last `run`.
  const ReplicaTotals& totals() const { return totals_; }

 private:
  void finished(const RequestRecord& record) override { finished_.push_back(record); }
  void ran(const StepRun& run) override;   ///< splits busy time by prefill and decode
  void account(SimTime until);             ///< adds the time since then to the totals of its state
  void deliver(const Delivery& delivery);  ///< reaches the engine, or comes back at once
  void change_state();                     ///< whatever was due at next_change_
  void become_ready();                     ///< draws the time of its next failure
  void fail();                             ///< loses all it has

  const EngineSpec* spec_;
  const StepCost* cost_;
  const PoolSpec* pool_;
  int index_;                                     ///< its number in the fleet
  RandomStream stream_;                           ///< of its failures and repairs
  Engine engine_;                                 ///< made anew after a failure
  ReplicaState state_ = ReplicaState::off;        ///< changes at next_change_, or when it is told
  SimTime now_, next_change_ = SimTime::never();  ///< of state
  std::vector<Delivery> pending_;                 ///< by time, the latest first
  std::vector<RequestRecord> finished_;
  std::vector<Returned> returned_;
  ReplicaTotals totals_;
};

}  // namespace stargate
