// What a benchmark tool would print of a row's run: the service the row states, under the load it states, through the
// simulation that `stargate serve simulate` runs. `simulate_command` gives the line with which a user gets the same.
//   all queued at once   as many clients as requests                          --concurrency N --requests N
//   clients              ten requests each, on a server that has just started  --concurrency C --fresh-server
//   Poisson arrivals     1,000 requests                                        --rate R
//   one batch            formed at once, decoded to its end                    --static-batch --concurrency B
// TTFT: from sending to the first token at the client; TPOT = (last token - first) / (output tokens - 1).
#pragma once

#include <array>

#include "stargate/measured/serving_run.hpp"
#include "stargate/serving/replica_engine.hpp"

namespace stargate {

/// Of all requests of a run, in seconds.
struct LatencyFigures {
  double mean = 0;                      ///< seconds
  std::array<double, 4> percentiles{};  ///< 50, 90, 95, 99; linear between two requests
};

struct RunFigures {
  LatencyFigures ttft, tpot;                                                   ///< over the requests counted
  double requests_per_s = 0, output_tokens_per_s = 0, input_tokens_per_s = 0;  ///< of all replicas
  double batch = 0;                                                            ///< decoding, mean over decode steps
  /// At random arrivals: more came than was served, so latencies are of the run's length and not of the service.
  bool overloaded = false;
};

/// Requests that a tool sends when nobody says, to all replicas: ten for each client (InferenceX); when all are queued
/// at once 3,000 a replica, and fewer when they are long, as TensorRT-LLM's tables have it.
std::int64_t run_requests(const MeasuredService& service);

/// Of whole requests; disaggregated, of decoding, and the other of prefilling.
struct RunEngines {
  ReplicaEngine pool;                    ///< of whole requests, or of decoding
  std::optional<ReplicaEngine> prefill;  ///< disaggregated
};
using RunEnginesAnswer = std::variant<RunEngines, DoesNotFit>;

/// The row's engines, as any command assembles them, with the coefficients the service carries. A run that was measured
/// took its prompts: where TensorRT-LLM's step is too short for the longest one, prompts are chunked.
Result<RunEnginesAnswer> make_run_engines(const MeasuredService& service);

/// Deterministic. `known`: engines of the same replicas, whose step times are used again. DoesNotFit also when an
/// engine refuses every request; it then says how much one sequence lacks.
std::variant<RunFigures, DoesNotFit> simulate_run(const MeasuredService& service, const RunEngines* known = nullptr);

/// Equal for runs on the same replica.
std::string replica_key(const MeasuredService& service);

/// "stargate serve simulate --model ..."; says in words what no flag can say.
std::string simulate_command(const Catalogue& catalogue, const MeasuredService& service);

}  // namespace stargate
