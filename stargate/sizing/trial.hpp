// A deployment tried under traffic: its engines are simulated until the figures are steady, and the latencies of the
// requests, less a warm-up that finds the engines empty (steadiness.hpp), are held against the targets.
//   a goal is met        figure + half-width / 2 <= limit, when the half-width is below 5 % of the figure; earlier when
//                        figure + half-width <= limit
//   a goal is missed     every batch above the limit, or figure - half-width > limit
//   the shortest trial   8 batches that together take 5 times as long as a request is inside
// A trial with looser targets ends no later and passes wherever one with tighter targets passes: sizing stays monotone.
#pragma once

#include <functional>

#include "stargate/serving/replica_engine.hpp"
#include "stargate/sizing/deployment.hpp"
#include "stargate/sizing/steadiness.hpp"
#include "stargate/traffic/source.hpp"

namespace stargate {

/// Requests at a rate, the same ones faster or slower; at most so many.
using TrafficMaker = std::function<std::unique_ptr<RequestSource>(double rate, std::int64_t requests)>;
/// What comes; the rate is the trial's to say.
struct TrialTraffic {
  TrafficMaker make;                                 ///< called once a trial
  std::int64_t most_requests = 20'000;               ///< of the longest trial
  int prefix_block_tokens = 0;                       ///< of a prefix's hash, at least
  RouterPolicy router = RouterPolicy::least_loaded;  ///< over the deployment's replicas
};

/// How long a trial ran and how sure its figures are.
struct TrialLength {
  std::int64_t requests = 0;                        ///< that came
  std::int64_t counted = 0;                         ///< whose latencies count: after the warm-up
  Duration simulated;                               ///< until the last came
  int batches = 0;                                  ///< in order of arrival
  double ttft_half_width = 0, tpot_half_width = 0;  ///< of the figures, at 99 %, as shares of them
  bool steady = false;                              ///< else the longest trial ended first
};

struct TrialResult {
  double rate = 0;                           ///< requests a second offered
  Duration ttft_mean, tpot_mean;             ///< over the counted requests
  Duration ttft, tpot;                       ///< as the goals have them
  double prefill_busy = 0, decode_busy = 0;  ///< share of all engines' time, weighted by accelerators
  double cached_share = 0;                   ///< of prompt tokens, found in prefix caches
  /// Which targets the trial missed, beyond doubt or at its end.
  bool misses_ttft = false, misses_tpot = false;
  bool overloaded = false;       ///< more come than leave: the queue grows without end
  bool prompts_pile_up = false;  ///< ... before the replicas that prefill
  std::int64_t refused = 0;      ///< too long for the cache or a step
  Refusal refusal;               ///< of the first refused
  TrialLength length;            ///< and how sure the figures are

  bool meets() const { return !overloaded && !misses_ttft && !misses_tpot && refused == 0; }
};

/// Tables of step times by layout and side, of one model, machine, precision and engine. Trials that differ in replicas
/// or token budgets share them, since no step time depends on either. For one thread.
class TriedSteps {
 public:
  /// Those of an earlier replica of this layout; the first one's own are kept.
  std::shared_ptr<const StepTable> at(const ServingLayout& layout, bool prefill_side, const ReplicaEngine& own);

 private:
  struct Known {
    ServingLayout layout;
    bool prefill_side;
    std::shared_ptr<const StepTable> table;
  };
  std::vector<Known> known_;
};

/// One deployment of a model on a machine, with the tables of its step times; for one thread.
class Trial {
 public:
  /// Aborts when the deployment does not fit: the estimate has only let through what does. Model and machine outlive
  /// it; `steps` are of the same model, machine, precision and engine.
  Trial(const Model& model, const ServingMachine& machine, const ServingQuestion& question,
        const Deployment& deployment, TriedSteps& steps);

  /// Until it is decided whether the rate is served inside the targets. Deterministic for a rate. Takes as long as the
  /// figures need, at most traffic.most_requests.
  TrialResult run(double rate, const TrialTraffic& traffic, const SizingTargets& targets) const;
  /// All of `requests`, as `serve simulate` runs and counts them; ends early only when there is no hope.
  TrialResult hold(double rate, std::int64_t requests, const TrialTraffic& traffic, const SizingTargets& targets) const;

 private:
  TrialResult simulate(double rate, const TrialTraffic& traffic, class TrialWatch& watch) const;

  Deployment deployment_;                 ///< numbers of replicas
  /// Of the engine: a request, a token of its prompt, and a token given out for each sequence beside it.
  Duration front_end_, token_, stream_;
  ReplicaEngine main_;                    ///< with the table of its step times
  std::optional<ReplicaEngine> prefill_;  ///< of the side that prefills
  std::shared_ptr<const StepTable> main_steps_, prefill_steps_;
};

}  // namespace stargate
