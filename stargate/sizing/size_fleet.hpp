// The cheapest deployment of a model on a kind of machine for a traffic and its latency targets: the long-run estimate
// (deployment.hpp) says which are worth trying, the simulation how much each really takes.
//   capacity: the highest rate at which the simulated deployment meets the targets, to 3 %
//   replicas = ceil((1 + headroom) * rate / capacity of one)
#pragma once

#include "stargate/sizing/trial.hpp"

namespace stargate {

struct FleetQuestion {
  ServingQuestion serving;  ///< its targets are the goals' limits
  SizingTargets targets;
  SizingDemand demand;
  TrialTraffic traffic;
  double mean_output = 256;  ///< tokens of an answer
  int tries = 5;             ///< deployments simulated on each machine and side
};

struct SizedFleet {
  Deployment deployment;                   ///< all of it
  double capacity = 0;                     ///< requests a second it takes inside the targets
  TrialResult at_capacity, at_load;        ///< of the part that was simulated
  int max_num_batched_tokens = 0;          ///< the engine is to be run with
  double output_per_accelerator = 0;       ///< tokens a second at the load
  double best_output_per_accelerator = 0;  ///< at capacity
  double headroom = 0;                     ///< capacity over the rate, less 1
  ReplicaMemory memory;                    ///< of the fullest accelerator of the main side
  LayoutLosses losses;
  double estimated_output_per_accelerator = 0;  ///< what the estimate said at its own best
};

/// Which of memory, latency and topology kept it from being: see the losses and the sentence.
struct FleetShortfall {
  std::string sentence;
  LayoutLosses losses;
  std::optional<Bytes> missing;
  std::optional<Duration> best_ttft, best_tpot;  ///< of one request alone
};

using FleetAnswer = std::variant<SizedFleet, FleetShortfall>;
FleetAnswer size_fleet(const Model& model, const ServingMachine& machine, const FleetQuestion& question,
                       bool disaggregated);

/// Prices and power of a machine, for what a fleet costs to run.
struct RunningCost {
  MoneyRate accelerator_hour;  ///< as a rate: dollars an hour of one accelerator
  ReplicaPower power;          ///< of one accelerator
};
struct FleetEconomy {
  MoneyRate rate;
  MoneyPerToken per_token;  ///< of output
  Power power;
  double joules_per_token = 0;
};
FleetEconomy fleet_economy(const SizedFleet& fleet, const RunningCost& cost);

/// Speed for a user against tokens of an accelerator: the deployments no other beats in both, by the estimate, the
/// fastest for a user last.
struct ParetoPoint {
  double per_user = 0, per_accelerator = 0;  ///< output tokens a second
  Duration ttft;
  ServingLayout layout;
  double concurrency = 0;  ///< of a replica
};
std::vector<ParetoPoint> pareto_front(const Model& model, const ServingMachine& machine,
                                      const ServingQuestion& question);

}  // namespace stargate
