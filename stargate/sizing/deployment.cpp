// Layouts are rated one by one; whole replicas then follow from the demand, disaggregated ones from the best
// layouts of each side in the numbers that match their rates.
#include "stargate/sizing/deployment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace stargate {
namespace {

constexpr double kBusiest = 0.95;  // of prefilling: nearer to its limit a queue's mean says nothing
constexpr int kSidesKept = 3;      // layouts of either side that are combined
constexpr int kMostInGroup = 12;   // replicas of a side that are simulated together

LatencyTarget loosened(const LatencyTarget& target) {
  LatencyTarget out = target;
  if (out.ttft) *out.ttft *= kEstimateSlack;
  if (out.tpot) *out.tpot *= kEstimateSlack;
  return out;
}

/// Requests a second of a replica that only prefills; nothing when one prompt alone is too slow.
std::optional<double> prefill_rate(const StepModel& step, const ServingQuestion& question,
                                   ServingShortfall& shortfall) {
  const ServingWorkload& w = question.workload;
  const double fresh = w.isl * (1 - w.cached_share);
  const double chunks = std::ceil(fresh / step.replica().engine.max_num_batched_tokens);
  // The mean of its chunks: equal lengths, and the context half-way between the first chunk's and the last's. The last
  // one alone samples.
  const SequenceGroup prompt{1, fresh / chunks, w.isl - fresh * (chunks - 1) / (2 * chunks), false, 1 / chunks};
  const Duration alone = chunks * step.step_time({&prompt, 1}).total();
  shortfall.best_ttft = shortfall.best_ttft ? min(*shortfall.best_ttft, alone) : alone;
  double busy = kBusiest;
  if (question.target.ttft) {
    const double spare = *question.target.ttft / alone - 1;  // over the time alone
    // A prompt that finds the replica idle is already too late.
    if (spare <= 0) return std::nullopt;
    // TTFT / S - 1 = rho / (2 (1 - rho)) solved for rho
    busy = std::min(busy, 2 * spare / (1 + 2 * spare));
  }
  const auto& layout = step.replica().layout;
  // Attention groups and stages work on prompts of their own at the same time.
  return busy * layout.attention_dp * layout.pp / alone.in(second);
}

/// Requests a second of a replica that only decodes, in the largest batch that meets TPOT.
std::optional<double> decode_rate(const StepModel& step, const ServingQuestion& question, double room,
                                  ServingShortfall& shortfall) {
  const ServingWorkload& w = question.workload;
  const auto& replica = step.replica();
  // Sequences are at all ages: the mean has half of its answer.
  const double context = w.isl + w.osl / 2;
  const double most = std::min(room, static_cast<double>(replica.engine.max_num_seqs) * replica.layout.attention_dp);
  const double tokens = step.tokens_per_step();
  const auto time = [&](double sequences) { return step.decode_time(sequences, context).total() / tokens; };
  const Duration alone = time(1);
  shortfall.best_tpot = shortfall.best_tpot ? min(*shortfall.best_tpot, alone) : alone;
  double sequences = std::max(1.0, std::floor(most));
  if (question.target.tpot && time(sequences) > *question.target.tpot) {
    if (alone > *question.target.tpot) return std::nullopt;
    double low = 1, high = sequences;
    // To half a sequence, or half a percent of many: finer than the estimate itself.
    while (high - low > std::max(0.5, 0.005 * low)) {
      const double middle = (low + high) / 2;
      (time(middle) <= *question.target.tpot ? low : high) = middle;
    }
    sequences = low;
  }
  // Little: each stays for osl - 1 tokens, the first having come from the prefill side.
  return sequences / ((w.osl - 1) * time(sequences).in(second));
}

struct Sides {
  std::vector<ReplicaGroup> prefill, decode;
};

void keep_best(std::vector<ReplicaGroup>& groups) {
  std::stable_sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
    return a.rate_each / a.layout.accelerators() > b.rate_each / b.layout.accelerators();
  });
  if (groups.size() > kSidesKept) groups.resize(kSidesKept);
}

/// Every layout as a prefill and as a decode replica; the best few of each side by rate of an accelerator are kept.
Sides rate_sides(const Model& model, const ServingMachine& machine, const ServingQuestion& question,
                 ServingShortfall& shortfall) {
  Sides sides;
  for (const auto& layout : candidate_layouts(model, machine, question.search)) {
    if (!layout_faults(model, layout).empty()) {
      ++shortfall.losses.topology;
      continue;
    }
    const Replica replica{&model, &machine, layout, question.precision, question.engine,
                          question.engine.rules.speculation};
    const auto room = sequences_that_fit(replica, question.workload.isl, question.workload.osl);
    if (const auto* lack = std::get_if<DoesNotFit>(&room)) {
      ++shortfall.losses.memory;
      shortfall.missing = shortfall.missing ? min(*shortfall.missing, lack->missing) : lack->missing;
      continue;
    }
    const StepModel step(replica);
    const auto prefill = prefill_rate(step, question, shortfall);
    const auto decode = decode_rate(step, question, std::get<Fits>(room).sequences, shortfall);
    if (prefill) sides.prefill.push_back({layout, 1, *prefill});
    if (decode) sides.decode.push_back({layout, 1, *decode});
    if (!prefill && !decode) ++shortfall.losses.latency;
  }
  keep_best(sides.prefill), keep_best(sides.decode);
  return sides;
}

/// The numbers of both sides that serve most with these accelerators.
std::optional<Deployment> within(const ReplicaGroup& prefill, const ReplicaGroup& decode, int accelerators) {
  std::optional<Deployment> best;
  // Every split is tried: prefill replicas x, and decode replicas on what is left.
  for (int x = 1; x * prefill.layout.accelerators() < accelerators; ++x) {
    const int y = (accelerators - x * prefill.layout.accelerators()) / decode.layout.accelerators();
    if (y < 1) break;
    Deployment d{decode, prefill};
    d.prefill->replicas = x, d.main.replicas = y;
    if (!best || d.estimated_rate() > best->estimated_rate()) best = d;
  }
  return best;
}

/// As many of each side as the rate needs; of a large fleet a part in the same proportion.
Deployment for_rate(const ReplicaGroup& prefill, const ReplicaGroup& decode, double rate) {
  Deployment d{decode, prefill};
  const double x = rate / prefill.rate_each, y = rate / decode.rate_each;
  // Both sides divided by the same number, so that their proportion stays; capacity of the part scales up again.
  const double part = std::max({1.0, x / kMostInGroup, y / kMostInGroup});
  d.prefill->replicas = std::max(1, static_cast<int>(std::ceil(x / part - 1e-9)));
  d.main.replicas = std::max(1, static_cast<int>(std::ceil(y / part - 1e-9)));
  return d;
}

void rank(std::vector<Deployment>& deployments, const SizingDemand& demand) {
  std::stable_sort(deployments.begin(), deployments.end(), [&](const Deployment& a, const Deployment& b) {
    return deployment_worth(a, demand) < deployment_worth(b, demand);
  });
}

/// About the target that was asked for, not the loosened one. What no layout could be asked for has been said.
void say_why(ServingShortfall& shortfall, const LatencyTarget& target) {
  if (!shortfall.best_tpot && !shortfall.missing && !shortfall.sentence.empty()) return;
  shortfall.sentence.clear();
  explain_shortfall(shortfall, target);
}

}  // namespace

double deployment_worth(const Deployment& d, const SizingDemand& demand, double optimism) {
  const double rate = optimism * d.estimated_rate();
  if (demand.accelerators > 0) return -rate;
  // A part may stand for many of itself; whole replicas are counted one by one and rounded up.
  if (d.disaggregated()) return std::max(1.0, (1 + demand.headroom) * demand.rate / rate) * d.accelerators();
  return std::ceil((1 + demand.headroom) * demand.rate / (optimism * d.main.rate_each) - 1e-9) *
         d.main.layout.accelerators();
}

std::string format_deployment(const Deployment& d) {
  const auto group = [](const ReplicaGroup& g) { return fmt::format("{} x {}", g.replicas, format_layout(g.layout)); };
  return d.prefill ? group(*d.prefill) + " prefill + " + group(d.main) + " decode" : group(d.main);
}

std::optional<Deployment> match_sides(const ReplicaGroup& prefill, const ReplicaGroup& decode,
                                      const SizingDemand& demand) {
  if (demand.accelerators > 0) return within(prefill, decode, demand.accelerators);
  return for_rate(prefill, decode, (1 + demand.headroom) * demand.rate);
}

/// As many replicas as the estimate asks for, or as fit the accelerators given.
DeploymentChoice whole_deployments(const Model& model, const ServingMachine& machine, const ServingQuestion& question,
                                   const SizingDemand& demand) {
  ServingQuestion loose = question;
  loose.target = loosened(question.target);
  auto ranked = rank_layouts(model, machine, loose);
  DeploymentChoice choice;
  choice.shortfall = std::move(ranked.shortfall);
  for (const auto& c : ranked.choices) {
    ReplicaGroup group{c.layout, 1, c.steady.requests.in(per_second)};
    if (demand.accelerators > 0) {
      group.replicas = demand.accelerators / c.layout.accelerators();
      if (group.replicas < 1) continue;
    } else {
      group.replicas = std::max(1, static_cast<int>(std::ceil(demand.rate / group.rate_each)));
    }
    choice.deployments.push_back({group, std::nullopt});
  }
  rank(choice.deployments, demand);
  if (ranked.choices.empty()) say_why(choice.shortfall, question.target);
  return choice;
}

DeploymentChoice disaggregated_deployments(const Model& model, const ServingMachine& machine,
                                           const ServingQuestion& question, const SizingDemand& demand) {
  ServingQuestion loose = question;
  loose.target = loosened(question.target);
  DeploymentChoice choice;
  const Sides sides = rate_sides(model, machine, loose, choice.shortfall);
  for (const auto& prefill : sides.prefill) {
    for (const auto& decode : sides.decode) {
      if (const auto matched = match_sides(prefill, decode, demand)) choice.deployments.push_back(*matched);
    }
  }
  rank(choice.deployments, demand);
  if (sides.prefill.empty() || sides.decode.empty()) say_why(choice.shortfall, question.target);
  return choice;
}

}  // namespace stargate
