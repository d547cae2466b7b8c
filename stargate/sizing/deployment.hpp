// What sizing chooses between: replicas that do whole requests, or replicas that prefill and replicas that decode, each
// of a layout of its own; with what the long-run estimate says they serve.
//   prefill: rate = groups * rho / S,  S: time of one prompt alone,  TTFT = S (1 + rho / (2 (1 - rho)))      (M/D/1)
//   decode:  rate = D / ((osl - 1) * t(D)),  t(D): a step of D decodes and no prefill
#pragma once

#include "stargate/sizing/estimate.hpp"

namespace stargate {

/// Replicas of one kind and what one of them serves, requests a second, by the estimate.
struct ReplicaGroup {
  ServingLayout layout;  ///< of every replica of the group
  int replicas = 1;      ///< at least 1
  /// Requests a second of one replica: by the estimate, or by what a trial took.
  double rate_each = 0;

  int accelerators() const { return replicas * layout.accelerators(); }
  double rate() const { return replicas * rate_each; }
};

struct Deployment {
  ReplicaGroup main;                    ///< of whole requests; disaggregated, of decoding
  std::optional<ReplicaGroup> prefill;  ///< disaggregated: the side that prefills

  bool disaggregated() const { return prefill.has_value(); }
  int accelerators() const { return main.accelerators() + (prefill ? prefill->accelerators() : 0); }
  double estimated_rate() const { return prefill ? std::min(main.rate(), prefill->rate()) : main.rate(); }
};
/// "4 x TP 8", "2 x TP 2 prefill + 3 x TP 4 decode". As people and answers write it.
std::string format_deployment(const Deployment& deployment);

/// How much is wanted: requests a second, or as many as so many accelerators serve.
struct SizingDemand {
  double rate = 0;       ///< requests a second
  int accelerators = 0;  ///< above 0: all that these serve, and `rate` says nothing
  double headroom = 0;   ///< share of the rate that is planned for on top; of given accelerators, kept free
};

/// The deployments the estimate knows, the most promising first, and why other layouts are none. The targets of the
/// question are loosened by `slack`, since the simulation decides.
struct DeploymentChoice {
  std::vector<Deployment> deployments;  ///< least worth first, which is best
  ServingShortfall shortfall;           ///< counts every layout that is none
};
/// Targets of the estimate over those asked for, so that nothing the simulation might accept is lost to an estimate
/// that is a little pessimistic.
inline constexpr double kEstimateSlack = 1.15;
/// As many of each side as the demand needs, or as serve most of what is given; nothing when neither fits. For a rate
/// only a part of a large fleet, in the proportion of the two sides: at most a dozen replicas of either, which can be
/// simulated.
std::optional<Deployment> match_sides(const ReplicaGroup& prefill, const ReplicaGroup& decode,
                                      const SizingDemand& demand);
/// Sorted by deployment_worth. Empty when no layout fits or is fast enough even with the slack.
DeploymentChoice whole_deployments(const Model& model, const ServingMachine& machine, const ServingQuestion& question,
                                   const SizingDemand& demand);
DeploymentChoice disaggregated_deployments(const Model& model, const ServingMachine& machine,
                                           const ServingQuestion& question, const SizingDemand& demand);
/// What it is worth for the demand, the least the best: accelerators for a rate, less the rate for given accelerators;
/// when `optimism` times the estimated rate is what it takes.
double deployment_worth(const Deployment& deployment, const SizingDemand& demand, double optimism = 1);

}  // namespace stargate
