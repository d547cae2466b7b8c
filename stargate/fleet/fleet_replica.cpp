// The replica's own little order of events: deliveries and changes of state, with the engine advanced up to each.
#include "stargate/fleet/fleet_replica.hpp"

#include <algorithm>

namespace stargate {

ReplicaTotals& ReplicaTotals::operator+=(const ReplicaTotals& other) {
  paid_ns += other.paid_ns, running_ns += other.running_ns;
  prefill_busy_ns += other.prefill_busy_ns, decode_busy_ns += other.decode_busy_ns;
  prefill_tokens += other.prefill_tokens, output_tokens += other.output_tokens;
  failures += other.failures, starts += other.starts;
  most_blocks = std::max(most_blocks, other.most_blocks);
  return *this;
}

FleetReplica::FleetReplica(const ReplicaKind& kind, const StepCost& cost, const PoolSpec& pool, int index,
                           RandomStream stream)
    : spec_(&kind.engine),
      cost_(&cost),
      pool_(&pool),
      index_(index),
      stream_(stream),
      engine_(kind.engine, cost, index) {}

void FleetReplica::account(SimTime until) {
  // Time is paid for from the order on, and runs only while the replica can take work.
  const std::int64_t span = until.ns - now_.ns;
  if (state_ != ReplicaState::off) totals_.paid_ns += span;
  if (state_ == ReplicaState::ready || state_ == ReplicaState::draining) totals_.running_ns += span;
  now_ = until;
}

void FleetReplica::ran(const StepRun& run) {
  (run.prefill_tokens > 0 ? totals_.prefill_busy_ns : totals_.decode_busy_ns) += run.end.ns - run.start.ns;
  totals_.prefill_tokens += run.prefill_tokens;
  totals_.output_tokens += run.output_tokens;
  totals_.most_blocks = std::max(totals_.most_blocks, run.blocks_at_end);
}

void FleetReplica::start(SimTime now, bool at_once) {
  account(now);
  ++totals_.starts;
  state_ = ReplicaState::starting;
  next_change_ = at_once ? now : now + pool_->start_up;
  if (at_once) become_ready();
}

void FleetReplica::drain(SimTime now) {
  account(now);
  if (state_ == ReplicaState::ready) {
    state_ = ReplicaState::draining;
  } else {
    state_ = ReplicaState::off;
    next_change_ = SimTime::never();
  }
}

void FleetReplica::send(const Delivery& delivery) {
  // Few are on their way at once, and most come in order.
  const auto at = std::partition_point(pending_.begin(), pending_.end(),
                                       [&](const Delivery& other) { return other.at > delivery.at; });
  pending_.insert(at, delivery);
}

SimTime FleetReplica::next_event() const {
  SimTime next = next_change_;
  if (!pending_.empty()) next = std::min(next, pending_.back().at);
  if (state_ == ReplicaState::ready || state_ == ReplicaState::draining) next = std::min(next, engine_.next_event());
  return next;
}

/// Deliveries and changes of state one after the other, each after the engine has run up to it. A change comes before a
/// delivery of the same time.
void FleetReplica::run(SimTime until) {
  for (;;) {
    const SimTime delivery = pending_.empty() ? SimTime::never() : pending_.back().at;
    const SimTime next = std::min(delivery, next_change_);
    const bool runs = state_ == ReplicaState::ready || state_ == ReplicaState::draining;
    if (next > until) {
      if (runs) engine_.advance(until, *this);
      break;
    }
    if (runs) engine_.advance(next, *this);
    account(next);
    // A failure at the moment of a delivery comes first, so that the delivery is sent back instead of lost unseen.
    if (next_change_ <= delivery) {
      change_state();
    } else {
      const Delivery due = std::move(pending_.back());
      pending_.pop_back();
      deliver(due);
    }
  }
  account(until);
  if (state_ == ReplicaState::draining && pending_.empty()) {
    const EngineLoad load = engine_.load();
    if (load.waiting + load.running == 0) {
      state_ = ReplicaState::off;
      next_change_ = SimTime::never();
    }
  }
}

void FleetReplica::deliver(const Delivery& delivery) {
  const bool runs = state_ == ReplicaState::ready || state_ == ReplicaState::draining;
  if (delivery.what == Delivery::What::release) {
    // A release for a replica that failed since means nothing: its caches are gone.
    if (runs) engine_.release(delivery.request.id, delivery.at);
  } else if (!runs) {
    returned_.push_back({delivery.request.id, index_, delivery.at});
  } else if (delivery.what == Delivery::What::prefilled) {
    engine_.submit_prefilled(delivery.request, delivery.so_far);
  } else {
    engine_.submit(delivery.request);
  }
}

void FleetReplica::change_state() {
  if (state_ == ReplicaState::down) {
    state_ = ReplicaState::starting;
    next_change_ = now_ + pool_->start_up;
  } else if (state_ == ReplicaState::starting) {
    become_ready();
  } else {
    fail();
  }
}

void FleetReplica::become_ready() {
  state_ = ReplicaState::ready;
  const bool fails = pool_->failures.between.base() > 0;
  next_change_ = fails ? now_ + pool_->failures.between * stream_.exponential() : SimTime::never();
}

/// A draining replica that fails is not repaired.
void FleetReplica::fail() {
  ++totals_.failures;
  // Everything it had begins again elsewhere, from the prompt on: the tokens given out are lost with the cache.
  for (const auto& request : engine_.abandon()) returned_.push_back({request.id, index_, now_});
  engine_ = Engine(*spec_, *cost_, index_);
  const bool comes_back = state_ == ReplicaState::ready;
  state_ = comes_back ? ReplicaState::down : ReplicaState::off;
  next_change_ = comes_back ? now_ + pool_->failures.repair * stream_.exponential() : SimTime::never();
}

}  // namespace stargate
