// One line of a table of measured training runs, its cells as numbers and words but not yet understood. What a source
// does not state is zero or empty. docs/explanation/training-validation.md lists the columns.
#pragma once

#include <string>
#include <vector>

#include "stargate/base/csv.hpp"
#include "stargate/base/file_reader.hpp"

namespace stargate {

struct MeasuredRow {
  int line = 0;                              ///< of the file
  std::string id, source, framework, model;  ///< as the table names them
  std::string rules;                         ///< ids of the rules that set columns of the row (column_rules.hpp)
  // the model
  /// Billions.
  double params_b = 0;
  /// Counts; hidden and ffn_hidden are widths in elements, ffn_hidden of an expert where there are some.
  int layers = 0, hidden = 0, heads = 0, kv_heads = 0, ffn_hidden = 0, vocab = 0, moe_experts = 0, moe_topk = 0;
  bool gated_ffn = true;  ///< three matrices in a feed-forward
  /// Tokens.
  std::int64_t seq_len = 0;
  // the cluster
  std::string accelerator;
  double accel_power_w = 0, accel_mem_bw_tbps = 0;     ///< where a part differs from the usual one
  double accel_mem_gb = 0, accelerator_share = 1;      ///< share of an accelerator that the row counts as one (a core)
  std::int64_t gpus = 0;                               ///< of the run
  int gpus_per_node = 0;                               ///< 0: not stated
  int scale_up_domain = 0;                             ///< 0: the node
  double scale_out_gbps = 0, node_scale_out_gbps = 0;  ///< per direction, of one accelerator or of its node
  // how it runs
  std::string precision, sp, recompute;
  std::string recompute_modules;  ///< of selective recomputation, by name; "layer": the whole layer; empty: attention
  int tp = 0, pp = 0, vpp = 0, cp = 0, ep = 0, dp = 0, microbatch = 0;  ///< 0: not stated
  /// Sequences of one step, over all ranks.
  std::int64_t global_batch_seqs = 0;
  int zero_stage = 1;                      ///< the distributed optimizer, which every present framework turns on
  int shard_size = 0, shard_replicas = 0;  ///< 0: one copy over all ranks
  /// Of an element as it is reduced.
  int gradient_bytes = 4;
  /// Who issues kernels; whose attention kernels; whether other kernels are fused; whether published operations count
  /// the attention square whole or half.
  std::string launch = "host", attention = "native", kernels = "fused", flops_attention = "half";
  bool context_balanced = true;  ///< front and back pieces of the sequence on one rank
  /// Whether transfers of this kind run under computation.
  bool tensor_overlap = true, data_overlap = true, expert_overlap = false;
  bool one_copy_per_domain = false, parameter_owners = false, host_optimizer = false, frozen_weights = false;
  bool padded_experts = false;  ///< experts take a fixed number of tokens and drop the rest
  bool mtp = false;  ///< trains the model's layers of multi-token prediction
  // what was measured
  std::string metric, flops_convention, completeness;
  /// In the unit of `metric`: iteration_s (seconds), tokens_per_s_per_gpu or tflops_per_gpu.
  double value = 0;
  /// Rows of the table that repeat this configuration: a row weighs one over it.
  int same_config_rows = 1;
};

/// From the table's columns alone (read_measured_table has the faults).
Result<std::vector<MeasuredRow>> read_measured_rows(const CsvTable& table);
/// The same from a file, its prose first turned into columns (apply_column_rules).
Result<std::vector<MeasuredRow>> load_measured_rows(const FileReader& files, const std::string& path);

}  // namespace stargate
