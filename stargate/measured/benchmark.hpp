// What a benchmark tool would print of one replica: its requests walked through continuous batching, from the burst at
// the start to the last answer. Between two changes of the batch all sequences only decode, and those steps are one
// sum: time is linear in the cache between two points of a table. For figures of published runs, whose starts, waits
// and ends are part of the figure; a steady load is in steady_state.hpp.
//   a step        = all that decode + prompts waiting, in chunks of what the token budget leaves  (or prompts alone)
//   TTFT          = from sending to the end of the step with the last chunk, and the front end's time
//   TPOT          = (last token - first) / (output tokens - 1)
#pragma once

#include <array>
#include <optional>

#include "stargate/measured/serving_run.hpp"

namespace stargate {

/// Of all requests of a run, in seconds.
struct LatencyFigures {
  double mean = 0;
  std::array<double, 4> percentiles{};  ///< 50, 90, 95, 99
};

struct BenchmarkFigures {
  LatencyFigures ttft, tpot;
  double requests_per_s = 0, output_tokens_per_s = 0, input_tokens_per_s = 0;  ///< of all replicas
  double batch = 0;                                                            ///< decoding, mean over steps
};

/// Requests that a tool sends when nobody says: ten for each client (InferenceX); when all are queued at once 3,000,
/// and fewer when they are long, as TensorRT-LLM's tables have it.
int benchmark_requests(const MeasuredService& service);

/// Deterministic; lengths and Poisson arrivals come from a named stream.
std::variant<BenchmarkFigures, DoesNotFit> run_benchmark(const MeasuredService& service);

}  // namespace stargate
