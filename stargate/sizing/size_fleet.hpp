// The cheapest deployment of a model on a kind of machine for a traffic and its latency targets: the long-run estimate
// (deployment.hpp) ranks them all, trials of the simulated deployment say how much each really takes (capacity.hpp).
//   replicas = ceil((1 + headroom) * rate / capacity of one)
// One after the other is tried, the most promising first, until the best that is left cannot win any more even if it
// beat its estimate by as much as the luckiest so far. What wins is simulated whole, four times as long as its trial,
// and gets more replicas (or is asked for less) until it holds.
#pragma once

#include <span>

#include "stargate/sizing/capacity.hpp"

namespace stargate {

struct FleetQuestion {
  ServingQuestion serving;   ///< its targets are the goals' limits
  SizingTargets targets;     ///< percentiles or means, as the user has them
  SizingDemand demand;       ///< rate, or accelerators given
  TrialTraffic traffic;      ///< what trials are run with
  double mean_output = 256;  ///< tokens of an answer
};

/// One way to serve: an engine and a precision on a machine whose kernels are that engine's, whole or apart.
struct FleetOption {
  const ServingMachine* machine = nullptr;  ///< not owned
  ServingPrecision precision;
  EngineSetup engine;
  bool disaggregated = false;  ///< prefill and decode apart
  /// Of the replicas, or of those that decode and those that prefill: only these where the estimate knows them. Empty:
  /// all are tried.
  std::vector<ServingLayout> layouts{};
};

struct SizedFleet {
  Deployment deployment;                   ///< all of it
  std::size_t option = 0;                  ///< the one of those asked about
  int accelerators = 0;                    ///< the deployment's, or all that were given
  double capacity = 0;                     ///< requests a second it takes inside the targets
  TrialResult at_capacity;                 ///< of the part that was tried, at the highest rate that holds
  TrialResult at_load;                     ///< of the whole deployment, at what is wanted of it
  TrialLength held;                        ///< how long the whole deployment has kept its targets
  int max_num_batched_tokens = 0;          ///< the engine is to be run with
  double output_per_accelerator = 0;       ///< tokens a second at the load
  double best_output_per_accelerator = 0;  ///< at capacity
  double headroom = 0;                     ///< capacity over the rate, less 1
  ReplicaMemory memory;                    ///< of the fullest accelerator of the main side
  LayoutLosses losses;
  double estimated_output_per_accelerator = 0;  ///< what the estimate said at its own best
  int candidates = 0, simulated = 0;            ///< deployments the estimate knew; those that were tried
  int trials = 0;                               ///< simulated, of all that were tried
};

/// Which of memory, latency and topology kept it from being: see the losses and the sentence.
struct FleetShortfall {
  std::string sentence;  ///< for people: what was missed, by how much
  LayoutLosses losses;
  std::optional<Bytes> missing;                  ///< on each accelerator, in the layout nearest to fitting
  std::optional<Duration> best_ttft, best_tpot;  ///< of one request alone
  bool overloaded = false;                       ///< the queue grew without end wherever it was tried
};

using FleetAnswer = std::variant<SizedFleet, FleetShortfall>;
/// The best over all options; `question` says the rest. Deterministic; takes seconds. The model and the options'
/// machines outlive the call only.
FleetAnswer size_fleet(const Model& model, const FleetQuestion& question, std::span<const FleetOption> options);
/// One option: the engine and precision of the question.
FleetAnswer size_fleet(const Model& model, const ServingMachine& machine, const FleetQuestion& question,
                       bool disaggregated);

/// Prices and power of a machine, for what a fleet costs to run.
struct RunningCost {
  MoneyRate accelerator_hour;  ///< as a rate: dollars an hour of one accelerator
  ReplicaPower power;          ///< of one accelerator
};
struct FleetEconomy {
  MoneyRate rate;           ///< of all accelerators
  MoneyPerToken per_token;  ///< of output
  Power power;              ///< mean at the plug
  /// Of output.
  double joules_per_token = 0;
};
/// At the load that was asked for, all accelerators paid for, busy or not. Power at the plug, without the site's PUE.
FleetEconomy fleet_economy(const SizedFleet& fleet, const RunningCost& cost);

/// Speed for a user against tokens of an accelerator: the deployments no other beats in both, by the estimate, the
/// fastest for a user last.
struct ParetoPoint {
  double per_user = 0, per_accelerator = 0;  ///< output tokens a second
  Duration ttft;                             ///< mean, by the estimate
  ServingLayout layout;
  double concurrency = 0;  ///< of a replica
};
/// Of whole replicas; without simulation.
std::vector<ParetoPoint> pareto_front(const Model& model, const ServingMachine& machine,
                                      const ServingQuestion& question);

}  // namespace stargate
