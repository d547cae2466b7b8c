// Each deployment's capacity is bracketed and then halved down; the same requests come at every rate, only faster or
// slower, so that a rate that holds never fails for its luck.
#include "stargate/sizing/size_fleet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stargate/units/text.hpp"

namespace stargate {
namespace {

constexpr int kMostSimulated = 4;  // equal replicas that do whole requests
constexpr double kClose = 1.03;    // rates this near are the same
constexpr double kLeastOfEstimate = 0.05;
constexpr int kMostTrials = 12;
constexpr double kParetoStep = 1.05;  // a point less apart says nothing new
constexpr int kBudgetStep = 4;        // between token budgets
constexpr int kMatchings = 2;         // of the two sides, after the first

struct Capacity {
  double rate = 0;  ///< 0: no rate meets the targets
  TrialResult best, nearest;
};

Capacity find_capacity(const Trial& trial, double guess, const FleetQuestion& question) {
  Capacity out;
  double low = 0, high = 0, rate = guess;
  for (int i = 0; i < kMostTrials; ++i) {
    const TrialResult result = trial.run(rate, question.traffic, question.targets);
    if (result.meets()) {
      low = out.rate = rate;
      out.best = result;
    } else {
      high = rate;
      out.nearest = result;
    }
    if (low > 0 && high > 0 && high / low < kClose) break;
    if (low == 0 && rate < kLeastOfEstimate * guess) break;
    rate = low == 0 ? rate * 0.6 : high == 0 ? rate * 1.25 : std::sqrt(low * high);
  }
  return out;
}

/// The part of a deployment that is simulated: all of a disaggregated one, a few of many equal replicas.
Deployment simulated_part(const Deployment& whole) {
  Deployment part = whole;
  if (!part.disaggregated()) part.main.replicas = std::min(part.main.replicas, kMostSimulated);
  return part;
}

/// As many of it as the demand needs, when a part of it takes `capacity`.
Deployment whole_of(const Deployment& part, double capacity, const Deployment& planned, const SizingDemand& demand) {
  if (demand.accelerators > 0) return planned;
  Deployment whole = part;
  const double times = (1 + demand.headroom) * demand.rate / capacity;
  const auto scaled = [&](int replicas) { return std::max(1, static_cast<int>(std::ceil(times * replicas - 1e-9))); };
  if (!part.disaggregated()) {
    whole.main.replicas = scaled(part.main.replicas);
  } else if (times > 1) {
    whole.main.replicas = scaled(part.main.replicas), whole.prefill->replicas = scaled(part.prefill->replicas);
  }
  return whole;
}

struct Tried {
  SizedFleet fleet;
  Capacity capacity;
};

bool better(const SizedFleet& a, const SizedFleet& b, const SizingDemand& demand) {
  if (demand.accelerators > 0) return a.capacity > b.capacity;
  const int x = a.deployment.accelerators(), y = b.deployment.accelerators();
  return x != y ? x < y : a.capacity > b.capacity;
}

bool better(const Tried& a, const Tried& b, const SizingDemand& demand) {
  if (a.capacity.rate == 0 || b.capacity.rate == 0) return a.capacity.rate > b.capacity.rate;
  return better(a.fleet, b.fleet, demand);
}

Tried try_once(const Model& model, const ServingMachine& machine, const FleetQuestion& question,
               const Deployment& planned) {
  const Deployment part = simulated_part(planned);
  const Trial trial(model, machine, question.serving, part);
  Tried out;
  out.capacity = find_capacity(trial, part.estimated_rate(), question);
  if (out.capacity.rate == 0) return out;
  SizedFleet& fleet = out.fleet;
  fleet.deployment = whole_of(part, out.capacity.rate, planned, question.demand);
  fleet.max_num_batched_tokens = question.serving.engine.max_num_batched_tokens;
  // Of the whole, which the part stands for.
  const double parts = static_cast<double>(fleet.deployment.main.replicas) / part.main.replicas;
  fleet.capacity = out.capacity.rate * parts;
  fleet.at_capacity = fleet.at_load = out.capacity.best;
  const bool all = question.demand.accelerators > 0;
  const double load = all ? fleet.capacity : question.demand.rate;
  if (!all) fleet.at_load = trial.run(load / parts, question.traffic, question.targets);
  const double accelerators = fleet.deployment.accelerators();
  fleet.output_per_accelerator = load * question.mean_output / accelerators;
  fleet.best_output_per_accelerator = fleet.capacity * question.mean_output / accelerators;
  fleet.headroom = fleet.capacity / load - 1;
  fleet.estimated_output_per_accelerator = part.estimated_rate() * question.mean_output / part.accelerators();
  const Replica main{&model, &machine, part.main.layout, question.serving.precision, question.serving.engine};
  fleet.memory = replica_memory(main);
  return out;
}

/// Where chunks of prompts make decodes miss TPOT, smaller ones are tried: a share of the engine's budget.
Tried try_whole(const Model& model, const ServingMachine& machine, const FleetQuestion& question,
                const Deployment& planned) {
  Tried best = try_once(model, machine, question, planned);
  FleetQuestion smaller = question;
  int& budget = smaller.serving.engine.max_num_batched_tokens;
  for (Tried last = best; last.capacity.nearest.misses_tpot; best = better(last, best, question.demand) ? last : best) {
    budget /= kBudgetStep;
    if (budget < question.serving.engine.max_num_seqs) break;
    last = try_once(model, machine, smaller, planned);
    if (last.capacity.rate == 0 && best.capacity.rate > 0) break;
  }
  return best;
}

/// The side that ended the capacity is rated by it, and both are matched anew.
Tried try_disaggregated(const Model& model, const ServingMachine& machine, const FleetQuestion& question,
                        Deployment planned) {
  Tried best = try_once(model, machine, question, planned);
  Tried last = best;
  for (int i = 0; i < kMatchings && last.capacity.rate > 0; ++i) {
    ReplicaGroup& ended = last.capacity.nearest.misses_ttft ? *planned.prefill : planned.main;
    ended.rate_each = last.capacity.rate / ended.replicas;
    const auto matched = match_sides(*planned.prefill, planned.main, question.demand);
    if (!matched ||
        (matched->main.replicas == planned.main.replicas && matched->prefill->replicas == planned.prefill->replicas)) {
      break;
    }
    planned = *matched;
    last = try_once(model, machine, question, planned);
    if (better(last, best, question.demand)) best = last;
  }
  return best;
}

std::string goal_text(const char* name, const LatencyGoal& goal, Duration reached) {
  const std::string what = goal.share > 0 ? fmt::format("p{:g} ", goal.share * 100) : "mean ";
  return fmt::format("misses {}{} {}: {} simulated", what, name, format_quantity(*goal.limit),
                     format_quantity(reached));
}

FleetShortfall explain(const DeploymentChoice& choice, const std::vector<Capacity>& failed,
                       const SizingTargets& targets) {
  FleetShortfall out{choice.shortfall.sentence, choice.shortfall.losses, choice.shortfall.missing,
                     choice.shortfall.best_ttft, choice.shortfall.best_tpot};
  if (failed.empty()) {
    if (out.sentence.empty()) out.sentence = "no layout fits the accelerators given";
    return out;
  }
  out.losses.latency += static_cast<int>(failed.size());
  const TrialResult& nearest = failed.front().nearest;
  out.sentence.clear();
  if (nearest.refused > 0) out.sentence = fmt::format("{} requests are longer than the cache", nearest.refused);
  if (nearest.misses_ttft) out.sentence = goal_text("TTFT", targets.ttft, nearest.ttft);
  if (nearest.misses_tpot) {
    out.sentence += (out.sentence.empty() ? "" : ", ") + goal_text("TPOT", targets.tpot, nearest.tpot);
  }
  return out;
}

}  // namespace

FleetAnswer size_fleet(const Model& model, const ServingMachine& machine, const FleetQuestion& question,
                       bool disaggregated) {
  const auto choose = disaggregated ? disaggregated_deployments : whole_deployments;
  const DeploymentChoice choice = choose(model, machine, question.serving, question.demand, question.tries);
  std::optional<SizedFleet> best;
  std::vector<Capacity> failed;
  for (const auto& deployment : choice.deployments) {
    Tried tried = disaggregated ? try_disaggregated(model, machine, question, deployment)
                                : try_whole(model, machine, question, deployment);
    if (tried.capacity.rate == 0) {
      failed.push_back(tried.capacity);
    } else if (!best || better(tried.fleet, *best, question.demand)) {
      best = std::move(tried.fleet);
    }
  }
  if (!best) return explain(choice, failed, question.targets);
  best->losses = choice.shortfall.losses;
  best->losses.latency += static_cast<int>(failed.size());
  best->losses.costlier = static_cast<int>(choice.deployments.size() - failed.size()) - 1;
  return std::move(*best);
}

FleetEconomy fleet_economy(const SizedFleet& fleet, const RunningCost& cost) {
  const double accelerators = fleet.deployment.accelerators();
  const double output = fleet.output_per_accelerator * accelerators;  // tokens a second
  const TrialResult& load = fleet.at_load;
  FleetEconomy out;
  out.rate = accelerators * cost.accelerator_hour;
  out.per_token = out.rate / (output * token / second);
  const double dynamic = load.prefill_busy + ReplicaPower::decode_share * load.decode_busy;
  out.power = accelerators * (cost.power.idle + (cost.power.busy - cost.power.idle) * dynamic);
  out.joules_per_token = out.power.base() / output;
  return out;
}

std::vector<ParetoPoint> pareto_front(const Model& model, const ServingMachine& machine,
                                      const ServingQuestion& question) {
  constexpr int kBatches = 24;
  std::vector<ParetoPoint> points;
  for (const auto& layout : candidate_layouts(model, machine, question.search)) {
    if (!layout_faults(model, machine, layout).empty()) continue;
    const Replica replica{&model, &machine, layout, question.precision, question.engine};
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
