// Replicas are numbered through the pools; a replica's number chooses the thread that runs it.
#include "stargate/fleet/fleet_machines.hpp"

#include <algorithm>

namespace stargate {

FleetMachines::FleetMachines(const FleetSpec& spec, int threads) : spec_(spec), workers_(std::max(1, threads)) {
  for (const auto& kind : spec.kinds) {
    // Step costs fill tables while they are asked, so each lane has its own of every kind.
    for (int lane = 0; lane < workers_.lanes(); ++lane) costs_.push_back(kind.make_cost());
  }
  std::size_t all = 0;
  for (const auto& pool : spec.pools) all += static_cast<std::size_t>(pool.most_replicas());
  replicas_.reserve(all);
  for (std::size_t pool = 0; pool < spec.pools.size(); ++pool) add_pool(pool);
}

/// Replica n is always run by lane n % lanes, whose step costs nobody else uses.
void FleetMachines::add_pool(std::size_t index) {
  const auto& pool = spec_.pools[index];
  PoolView view;
  view.first = static_cast<int>(replicas_.size());
  view.outstanding.assign(static_cast<std::size_t>(pool.most_replicas()), PoolView::kNotReady);
  views_.push_back(view);
  scalers_.emplace_back(pool.autoscale.value_or(AutoscaleSpec{}));
  for (int i = 0; i < pool.most_replicas(); ++i) {
    const int number = static_cast<int>(replicas_.size()), lane = number % workers_.lanes();
    const StepCost& cost = *costs_[static_cast<std::size_t>(pool.kind * workers_.lanes() + lane)];
    replicas_.emplace_back(spec_.kinds[static_cast<std::size_t>(pool.kind)], cost, pool, number,
                           // Named by pool and place in it: another pool, or a thread more, changes no replica's
                           // failures.
                           RandomStream(spec_.seed, static_cast<std::uint32_t>(i), pool.name + "/failures"));
    pool_.push_back(static_cast<int>(index));
    if (i < pool.replicas) replicas_.back().start(SimTime{}, true);
    next_.push_back(replicas_.back().next_event());
    changed_.push_back(number);
  }
}

void FleetMachines::read_reports() {
  for (const int replica : changed_) set_state(replica);
  changed_.clear();
}

/// The view follows the replica's state; what is out with a replica that is lost comes back one by one.
void FleetMachines::set_state(int number) {
  PoolView& view = views_[static_cast<std::size_t>(pool(number))];
  std::int32_t& count = view.outstanding[static_cast<std::size_t>(number - view.first)];
  const bool was = count < PoolView::kNotReady, is = replica(number).state() == ReplicaState::ready;
  if (was == is) return;
  const std::int32_t out = was ? count : count - PoolView::kNotReady;
  count = is ? out : out + PoolView::kNotReady;
  view.ready += is ? 1 : -1;
  view.in_flight += is ? out : -out;
}

void FleetMachines::count_sent(int number, int change) {
  PoolView& view = views_[static_cast<std::size_t>(pool(number))];
  std::int32_t& count = view.outstanding[static_cast<std::size_t>(number - view.first)];
  // in_flight is of ready replicas alone; the count of the others waits under kNotReady.
  if (count < PoolView::kNotReady) view.in_flight += change;
  count += change;
}

/// The load counts what is out with replicas that are starting, too: they will serve it.
void FleetMachines::scale(SimTime now, const std::vector<double>& waiting) {
  for (std::size_t p = 0; p < spec_.pools.size(); ++p) {
    if (!spec_.pools[p].autoscale || scalers_[p].next_look() > now) continue;
    const PoolView& view = views_[p];
    double load = waiting[p];
    int there = 0;
    for (std::size_t i = 0; i < view.outstanding.size(); ++i) {
      const int number = view.first + static_cast<int>(i);
      const auto state = replica(number).state();
      if (state == ReplicaState::off || state == ReplicaState::draining) continue;
      ++there;
      load += view.outstanding[i] % PoolView::kNotReady;
    }
    const int wanted = scalers_[p].look(now, load, there);
    if (wanted == there) continue;
    scale_pool(static_cast<int>(p), wanted - there, now);
  }
}

/// The last ordered go first.
void FleetMachines::scale_pool(int pool, int more, SimTime now) {
  const PoolView& view = views_[static_cast<std::size_t>(pool)];
  const int count = static_cast<int>(view.outstanding.size());
  for (int number = view.first; number < view.first + count && more > 0; ++number) {
    FleetReplica& replica = replicas_[static_cast<std::size_t>(number)];
    if (replica.state() != ReplicaState::off) continue;
    // It has been off: run() only moves its clock to the moment of the order.
    replica.run(now);
    replica.start(now, false);
    touch(number), --more;
  }
  for (int number = view.first + count - 1; number >= view.first && more < 0; --number) {
    FleetReplica& replica = replicas_[static_cast<std::size_t>(number)];
    if (replica.state() == ReplicaState::off || replica.state() == ReplicaState::draining) continue;
    replica.drain(now);
    touch(number), ++more;
  }
}

void FleetMachines::touch(int number) {
  changed_.push_back(number);
  set_state(number);
  next_[static_cast<std::size_t>(number)] = replica(number).next_event();
}

void FleetMachines::send(int number, const Delivery& delivery) {
  replicas_[static_cast<std::size_t>(number)].send(delivery);
  SimTime& next = next_[static_cast<std::size_t>(number)];
  next = std::min(next, delivery.at);
}

/// Only replicas to which something happens by then.
void FleetMachines::run(bool decode, SimTime end) {
  active_.clear();
  for (std::size_t i = 0; i < next_.size(); ++i) {
    if (next_[i] > end) continue;
    const int number = static_cast<int>(i);
    if ((pool_spec(number).role == PoolRole::decode) == decode) active_.push_back(number);
  }
  workers_.run(active_, [&](int item) {
    const auto number = static_cast<std::size_t>(item);
    replicas_[number].run(end);
    next_[number] = replicas_[number].next_event();
  });
  collect();
}

void FleetMachines::run_all(SimTime end) {
  for (std::size_t i = 0; i < replicas_.size(); ++i) {
    replicas_[i].run(end);
    next_[i] = replicas_[i].next_event();
  }
}

/// In order of time; replicas of the same time in order of their numbers, whatever lane was first.
void FleetMachines::collect() {
  finished_.clear(), returned_.clear();
  for (const int number : active_) {
    FleetReplica& replica = replicas_[static_cast<std::size_t>(number)];
    finished_.insert(finished_.end(), replica.finished().begin(), replica.finished().end());
    returned_.insert(returned_.end(), replica.returned().begin(), replica.returned().end());
    replica.finished().clear(), replica.returned().clear();
    changed_.push_back(number);
  }
  // Lists were filled in order of replica numbers, so a stable sort by time gives one order on any number of threads.
  std::stable_sort(finished_.begin(), finished_.end(),
                   [](const auto& a, const auto& b) { return a.last_token < b.last_token; });
  std::stable_sort(returned_.begin(), returned_.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
}

SimTime FleetMachines::next_event() const {
  SimTime next = SimTime::never();
  for (const SimTime event : next_) next = std::min(next, event);
  for (std::size_t pool = 0; pool < scalers_.size(); ++pool) {
    if (spec_.pools[pool].autoscale) next = std::min(next, scalers_[pool].next_look());
  }
  return next;
}

}  // namespace stargate
