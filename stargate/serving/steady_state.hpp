// A replica under continuous batching, in the long run, without simulating it. With D sequences decoding,
//   requests a step          r = D / (osl - 1)                      (each step gives every one of them a token)
//   prefill tokens a step    r * isl                                (what leaves must be replaced)
//   share of mixed steps     f = r * isl / chunk                    (chunk: tokens of prefill beside the decodes)
//   TPOT                     = f * t(decodes + chunk) + (1 - f) * t(decodes)
//   requests a second        X = r / TPOT
//   TTFT                     = rest of a step + wait + isl / chunk mixed steps,
//   wait                     = rho * S / (2 (1 - rho))              (M/D/1, Pollaczek-Khinchine; S: prefill of one)
//   concurrency              N = D + X * TTFT                       (Little's law)
// Pollaczek 1930, Khinchine 1932; Little 1961.
#pragma once

#include "stargate/serving/step.hpp"

namespace stargate {

/// Requests alike: input and output tokens, and the share of the input found in the prefix cache. Tokens of every
/// request; `cached_share` is of isl.
struct ServingWorkload {
  /// Mean tokens of a request.
  double isl = 1024, osl = 256;
  double cached_share = 0;  ///< in [0, 1)
};
/// isl at least 1, osl at least 2 (one token has no time between tokens), the share in [0, 1). Paths of faults: isl,
/// osl, cached_share.
Check check_workload(const ServingWorkload& workload);

/// Which limit keeps more sequences from decoding.
enum class BatchLimit {
  none,            ///< only as many requests are there
  kv_memory,       ///< the cache pool is full
  prefill_budget,  ///< every step is full of prefill tokens
  max_num_seqs,    ///< the engine's setting
  tpot,            ///< the next larger batch misses the target of TPOT
  ttft             ///< the next larger batch misses the target of TTFT
};
/// As answers print it: "KV memory".
const char* batch_limit_name(BatchLimit limit);

/// Of one replica. Rates are of the whole replica, not of one accelerator.
struct SteadyState {
  double decoding = 0;     ///< sequences that get a token each step
  double concurrency = 0;  ///< with those that wait or prefill
  Duration ttft, tpot;     ///< means; TPOT = (E2E - TTFT) / (osl - 1)
  /// Of the whole replica, as all figures here.
  Frequency requests;
  TokenRate output_tokens, input_tokens;  ///< of the whole replica
  double prefill_utilisation = 0;         ///< of the time prefilling could go on
  BatchLimit limit = BatchLimit::none;    ///< why no more decode
  ServingStep mean_step;                  ///< decodes with their share of prefill

  Duration end_to_end(double osl) const { return ttft + (osl - 1) * tpot; }
};

/// The most sequences that may decode at once, and why no more.
struct DecodeLimit {
  double sequences = 0;  ///< of the whole replica
  BatchLimit limit = BatchLimit::kv_memory;
};
/// Of the whole replica, all attention groups and stages together.
std::variant<DecodeLimit, DoesNotFit> decode_limit(const Replica& replica, const ServingWorkload& workload);

/// With `decoding` sequences in every step on average, requests arriving at random; at most decode_limit. Pure: nothing
/// is kept between calls. `decoding` above 0; fractions are means over time.
SteadyState steady_state(const StepModel& step, const ServingWorkload& workload, double decoding);
/// Closed loop: `concurrency` requests at any time, each followed by the next. What the pool cannot hold waits.
std::variant<SteadyState, DoesNotFit> steady_state_at_concurrency(const StepModel& step,
                                                                  const ServingWorkload& workload, double concurrency);
/// Open loop: `requests` a second, arriving at random. Overloaded when more come than the replica ever serves.
struct Overloaded {
  Frequency most;  ///< requests a second it can serve
};
std::variant<SteadyState, DoesNotFit, Overloaded> steady_state_at_rate(const StepModel& step,
                                                                       const ServingWorkload& workload,
                                                                       Frequency requests);

/// The same, never with more than `decoding` sequences, which must be enough for the load.
SteadyState steady_state_at_load(const StepModel& step, const ServingWorkload& workload, Frequency requests,
                                 double decoding);

/// On means: sizing by percentiles simulates.
struct LatencyTarget {
  std::optional<Duration> ttft, tpot;  ///< empty: no target
};
/// No batch meets the target; the latencies of one request alone.
struct MissesTarget {
  Duration best_ttft, best_tpot;                  ///< of the smallest batch
  bool misses_ttft = false, misses_tpot = false;  ///< by that batch
};
/// The batch of highest throughput that meets both targets, with prefilling no more than 95 % of the time.
std::variant<SteadyState, DoesNotFit, MissesTarget> best_steady_state(const StepModel& step,
                                                                      const ServingWorkload& workload,
                                                                      const LatencyTarget& target);

}  // namespace stargate
