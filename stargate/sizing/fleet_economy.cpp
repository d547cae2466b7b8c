// What a fleet costs to run, and the choice between speed for a user and tokens of an accelerator.
#include <algorithm>
#include <cmath>

#include "stargate/sizing/size_fleet.hpp"

namespace stargate {
namespace {

constexpr double kParetoStep = 1.05;  // a point less apart says nothing new

}  // namespace

FleetEconomy fleet_economy(const SizedFleet& fleet, const RunningCost& cost) {
  const double accelerators = fleet.accelerators;
  const double output = fleet.output_per_accelerator * accelerators;  // tokens a second
  const TrialResult& load = fleet.at_load;
  FleetEconomy out;
  out.rate = accelerators * cost.accelerator_hour;
  out.per_token = out.rate / (output * token / second);
  const double dynamic = cost.power.prefill_share * load.prefill_busy + cost.power.decode_share * load.decode_busy;
  out.power = accelerators * (cost.power.idle + (cost.power.busy - cost.power.idle) * dynamic);
  out.joules_per_token = out.power.base() / output;
  return out;
}

std::vector<ParetoPoint> pareto_front(const Model& model, const ServingMachine& machine,
                                      const ServingQuestion& question) {
  constexpr int kBatches = 24;
  std::vector<ParetoPoint> points;
  for (const auto& layout : candidate_layouts(model, machine, question.search)) {
    if (!layout_faults(model, layout).empty()) continue;
    const Replica replica{&model, &machine, layout, question.precision, question.engine,
                          question.engine.rules.speculation};
    const auto room = decode_limit(replica, question.workload);
    if (!std::holds_alternative<DecodeLimit>(room)) continue;
    const double most = std::get<DecodeLimit>(room).sequences;
    const StepModel step(replica);
    for (int i = 0; i < kBatches; ++i) {
      const double decoding = std::pow(most, static_cast<double>(i) / (kBatches - 1));
      const SteadyState s = steady_state(step, question.workload, decoding);
      if (s.prefill_utilisation > 0.95 || (question.target.ttft && s.ttft > *question.target.ttft)) continue;
      const double each = s.output_tokens.in(token / second) / layout.accelerators();
      points.push_back({1 / s.tpot.in(second), each, s.ttft, layout, s.concurrency});
    }
  }
  std::stable_sort(points.begin(), points.end(),
                   [](const ParetoPoint& a, const ParetoPoint& b) { return a.per_user > b.per_user; });
  std::vector<ParetoPoint> front;
  for (const auto& point : points) {
    const bool gains = front.empty() || point.per_accelerator > front.back().per_accelerator * kParetoStep;
    if (gains) front.push_back(point);
  }
  std::reverse(front.begin(), front.end());
  return front;
}

}  // namespace stargate
