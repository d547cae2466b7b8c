// Sums over the report, and the judgement whether the queue grew.
#include "stargate/questions/simulation_figures.hpp"

#include <algorithm>
#include <cmath>

#include "stargate/serving/step_power.hpp"

namespace stargate {

std::array<LatencyMetric, 5> latency_metrics(const ServiceReport& report) {
  const LatencyReport& l = report.latency();
  return {{{"TTFT", "ttft", &l.ttft},
           {"TPOT", "tpot", &l.tpot},
           {"ITL", "itl", &l.itl},
           {"E2E", "e2e", &l.end_to_end},
           {"in queue", "queue", &l.queue}}};
}

/// Energy = idle power over the whole span, and what steps with prompts and other steps draw above it.
ServiceBill make_bill(const Simulation& s, const ServiceReport& report) {
  ServiceBill bill;
  const Duration span = report.span();
  const double requests = std::max(1.0, static_cast<double>(report.finished_count()));
  const ServingWorkload mean{std::max(1.0, static_cast<double>(report.prompt_tokens()) / requests),
                             std::max(2.0, static_cast<double>(report.output_tokens()) / requests)};
  const auto add = [&](ReplicaPower power, const Replica& replica, int replicas, const ServiceReport::Work& work) {
    const double decode_steps = std::max(1.0, static_cast<double>(work.steps));
    power = with_step_shares(power, replica, mean, work.decoding_steps / decode_steps);
    bill.energy += power.idle * span * static_cast<double>(replicas) +
                   (power.prefilling() - power.idle) * work.prompts + (power.decoding() - power.idle) * work.decodes;
  };
  add(s.power, s.pool.replica, s.service.pool.replicas, report.work(false));
  if (s.service.prefill) add(s.prefill_power, s.prefill.replica, s.service.prefill->replicas, report.work(true));
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
  load.at_once = came <= Duration{} && report.finished_count() > 1;
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
  load.overloaded = queue_grew(grown, arrived);
  load.served = load.overloaded ? std::max(0.0, load.offered - load.growth) : load.offered;
  return load;
}

}  // namespace stargate
