// Real runs, request by request, against the simulated engine: the same arrivals and lengths go through the engine, and
// each statistic of the latencies is put beside the measured one.
#pragma once

#include <string>
#include <vector>

#include "stargate/base/file_reader.hpp"
#include "stargate/catalogue/catalogue.hpp"
#include "stargate/config/json_writer.hpp"
#include "stargate/traffic/trace.hpp"

namespace stargate {

/// The rows of one run, in order of arrival. Times in seconds of any clock, lengths in tokens; tp and dp are the
/// replica's, 0 in a limit means the engine's own.
struct MeasuredRequests {
  std::string name, model, accelerator, engine, engine_version, weights_dtype;  ///< as the file states them
  int line = 0;                                                                 ///< of its first row
  int tp = 1, dp = 1, max_num_seqs = 0, max_num_batched_tokens = 0;             ///< as the file states them
  bool expert_parallel = false, prefix_caching = false;                         ///< as the file states them
  double kv_cache_tokens = 0;  ///< as the engine's log says; 0 when it does not
  struct Request {
    double arrival_s = 0, first_token_s = 0, last_token_s = 0;  ///< seconds on one clock
    std::int32_t isl = 1, osl = 1;                              ///< tokens
  };
  std::vector<Request> requests;  ///< in order of arrival
};
/// Columns run, model, accelerator, engine, engine_version, tp, dp, ep, weights_dtype, max_num_seqs,
/// max_num_batched_tokens, kv_cache_tokens, prefix_caching, isl, osl, arrival_s, first_token_s, last_token_s, in any
/// order. Faults: a column that is missing, a cell that is no number of its range, a first token before its arrival, no
/// rows. Runs stand in the order of their first rows.
Result<std::vector<MeasuredRequests>> load_measured_requests(const FileReader& files, const std::string& path);

/// Milliseconds.
struct ReplayStatistic {
  std::string metric, statistic;  ///< "ttft", "p90"
  /// Of the statistic over all requests of the run, each side with its own.
  double measured_ms = 0, predicted_ms = 0;
  double error_pct() const { return 100 * (predicted_ms / measured_ms - 1); }
};

struct ReplayedRun {
  std::string name, basis;                  ///< basis: what was simulated, in words
  std::string skipped;                      ///< why it could not be; empty when it was
  std::size_t requests = 0, predicted = 0;  ///< of the run; of them, those that were simulated
  /// Sequences that decode in a step, as simulated.
  double mean_batch = 0;
  std::vector<ReplayStatistic> statistics;  ///< TTFT, TPOT, E2E: mean, p50, p90, p95, p99
};
/// Deterministic. A run that cannot be understood or does not fit comes back with `skipped` set and no statistics.
ReplayedRun replay_run(const Catalogue& catalogue, const MeasuredRequests& run);

/// For people: a table a run, and what the errors are of.
std::string format_replay_text(const std::vector<ReplayedRun>& runs);
/// Members of an open object.
void write_replay(JsonWriter& json, const std::vector<ReplayedRun>& runs);

}  // namespace stargate
