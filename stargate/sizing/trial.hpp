// A deployment tried under traffic: the engines are simulated, and the latencies of the requests, less a first tenth
// that finds them empty, are held against the targets.
#pragma once

#include <functional>

#include "stargate/serving/replica_engine.hpp"
#include "stargate/serving/service_simulation.hpp"
#include "stargate/sizing/deployment.hpp"
#include "stargate/traffic/source.hpp"

namespace stargate {

/// What a latency must not exceed, in the mean or for a share of the requests.
struct LatencyGoal {
  std::optional<Duration> limit;
  double share = 0;  ///< 0: the mean; 0.99: the 99th percentile

  Duration of(std::vector<double>& seconds) const;  ///< the figure the limit is about; orders `seconds`
};
struct SizingTargets {
  LatencyGoal ttft, tpot;
};

/// Requests at a rate, the same ones faster or slower for the same number.
using TrafficMaker = std::function<std::unique_ptr<RequestSource>(double rate, std::int64_t requests)>;
struct TrialTraffic {
  TrafficMaker make;
  std::int64_t requests = 2000;
  int prefix_block_tokens = 0;  ///< of a prefix's hash, at least
  RouterPolicy router = RouterPolicy::least_loaded;
};

struct TrialResult {
  double rate = 0;  ///< requests a second offered
  Duration ttft_mean, tpot_mean;
  Duration ttft, tpot;                       ///< as the goals have them
  double output_tokens_per_s = 0;            ///< while requests came
  double prefill_busy = 0, decode_busy = 0;  ///< share of all engines' time, weighted by accelerators
  double cached_share = 0;                   ///< of prompt tokens, found in prefix caches
  bool misses_ttft = false, misses_tpot = false;
  std::int64_t refused = 0;  ///< too long for the cache

  bool meets() const { return !misses_ttft && !misses_tpot && refused == 0; }
};

/// One deployment of a model on a machine, with the tables of its step times; for one thread.
class Trial {
 public:
  Trial(const Model& model, const ServingMachine& machine, const ServingQuestion& question,
        const Deployment& deployment);

  TrialResult run(double rate, const TrialTraffic& traffic, const SizingTargets& targets) const;

 private:
  Deployment deployment_;
  Duration front_end_, stream_;  ///< of the engine: a request, and a token for each sequence beside it
  ReplicaEngine main_;
  std::optional<ReplicaEngine> prefill_;
};

}  // namespace stargate
