// One line of a table of measured serving figures, its cells as numbers and words but not yet understood. What a source
// does not state is zero or empty. docs/explanation/serving-validation.md lists the columns.
#pragma once

#include <string>
#include <vector>

#include "stargate/base/csv.hpp"
#include "stargate/base/file_reader.hpp"

namespace stargate {

struct MeasuredServing {
  int line = 0;          ///< of the file
  int year = 0;          ///< of publication
  std::string measured;  ///< month of the run, "2025-10"
  /// `trust` is the table's own grade of the source, "A" the best.
  std::string id, source, trust, engine, engine_version, model;
  std::string rules;  ///< ids of the rules that set columns of the row (column_rules.hpp)
  /// Whether the source states all that its figure depends on.
  bool full_config = true;
  std::string weights_dtype, kv_dtype, accelerator;  ///< as the table names them
  /// As the accelerator is sold, in GB.
  double accel_mem_gb = 0;
  /// gpus: of the whole deployment; the others of one replica.
  int gpus = 0, tp = 0, pp = 0, ep = 0, dp = 0;
  /// Disaggregated: replicas of each side and their layout, tp of attention, ranks tp * attention_dp. No prefill
  /// workers: replicas do whole requests.
  int prefill_workers = 0, prefill_tp = 0, prefill_ep = 0, prefill_attention_dp = 0;
  /// 0: not disaggregated, or not stated
  int decode_workers = 0, decode_tp = 0, decode_ep = 0, decode_attention_dp = 0;
  bool wrapper_version = false;  ///< engine_version is of what the engine runs under, not its own
  bool attention_dp = false;  ///< each rank of tp attends to its own sequences, with whole experts
  /// Tokens of a request, nominal.
  double isl = 0, osl = 0;
  double shortest_length = 1;      ///< lengths lie between this share and the whole of the nominal ones
  int max_num_batched_tokens = 0;  ///< 0: the engine's
  double transfer_ms = 0;          ///< of the cache from a prefill to a decode replica
  /// Of the whole deployment: clients that wait for their answer, or requests of one batch; 0: not stated.
  double concurrency_or_batch = 0;
  std::string request_rate;  ///< requests a second, "inf" when all are sent at once, empty for one batch
  /// "ttft_ms", "tpot_ms", "output_tokens_per_s", "output_tokens_per_s_per_gpu", "total_tokens_per_s" or
  /// "requests_per_s"; `value` is in that unit. "p50", "mean" or empty.
  std::string metric, percentile;
  double value = 0;  ///< of the row's figure, in its unit
};

/// From the table's columns alone (read_measured_table has the faults).
Result<std::vector<MeasuredServing>> read_measured_serving(const CsvTable& table);
/// The same from a file, its prose first turned into columns (apply_column_rules).
Result<std::vector<MeasuredServing>> load_measured_serving(const FileReader& files, const std::string& path);

}  // namespace stargate
