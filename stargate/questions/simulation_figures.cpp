// Sums over the report, and the judgement whether the queue grew.
#include "stargate/questions/simulation_figures.hpp"

#include <algorithm>
#include <cmath>

namespace stargate {

std::array<LatencyMetric, 5> latency_metrics(const ServiceReport& report) {
  const LatencyReport& l = report.latency();
  return {{{"TTFT", "ttft", &l.ttft},
           {"TPOT", "tpot", &l.tpot},
           {"ITL", "itl", &l.itl},
           {"E2E", "e2e", &l.end_to_end},
           {"in queue", "queue", &l.queue}}};
}

/// Energy = idle power over the whole span + (busy - idle) x (time in steps with prompts + decode_share x time in
/// others).
ServiceBill make_bill(const Simulation& s, const ServiceReport& report) {
  ServiceBill bill;
  const Duration span = report.span();
  const auto add = [&](const ReplicaPower& power, int replicas, const ServiceReport::Work& work) {
    const Duration active = work.prompts + ReplicaPower::decode_share * work.decodes;
    bill.energy += power.idle * span * static_cast<double>(replicas) + (power.busy - power.idle) * active;
  };
  add(s.power, s.service.pool.replicas, report.work(false));
  if (s.service.prefill) add(s.prefill_power, s.service.prefill->replicas, report.work(true));
  if (span > Duration{}) bill.mean = bill.energy / span;
  bill.rate = s.price.mid * static_cast<double>(s.accelerators);
  bill.cost = bill.rate * span;
  return bill;
}

CacheCapacity cache_capacity(const ReplicaEngine& engine) {
  const int groups = engine.spec.data_parallel;
  return {engine.cache.tokens * groups, engine.cache.tokens, groups};
}

Bytes SimulationReport::refused_missing() const {
  const ReplicaEngine& engine = simulation->pool;
  const Bytes wanted = rank_sequence_bytes(engine.replica, static_cast<double>(longest_refused));
  return longest_refused > 0 ? max(Bytes{}, wanted - engine.memory.kv_room) : Bytes{};
}

LoadFinding find_load(const Simulation& simulation, const ServiceReport& report, SimTime last_arrival) {
  LoadFinding load;
  const Duration came = last_arrival - report.first_arrival();
  if (simulation.offered_rate <= 0 || came <= Duration{}) return load;
  load.offered = simulation.offered_rate;
  load.too_short = came.base() < 2 * report.latency().end_to_end.mean();
  const auto in_flight = [&](double from, double to) {
    const SimTime begin = report.first_arrival() + from * came, end = report.first_arrival() + to * came;
    return report.series().waiting.mean(begin, end) + report.series().running.mean(begin, end);
  };
  // The middle of the last quarter comes half of the traffic's time after the middle of the second.
  const double grown = in_flight(0.75, 1) - in_flight(0.25, 0.5), between = came.base() / 2;
  const double arrived = load.offered * between;
  load.growth = std::max(0.0, grown / between);
  // More than three deviations of a Poisson count, and than what drifts by chance on long runs.
  load.overloaded = grown > 3 * std::sqrt(arrived) && grown > 0.02 * arrived;
  load.served = load.overloaded ? std::max(0.0, load.offered - load.growth) : load.offered;
  return load;
}

}  // namespace stargate
