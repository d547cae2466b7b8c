// One line of a table of measured training runs, its cells as numbers and words but not yet understood. What a source
// does not state is zero or empty. docs/explanation/training-validation.md lists the columns.
#pragma once

#include <string>
#include <vector>

#include "stargate/base/csv.hpp"
#include "stargate/base/file_reader.hpp"

namespace stargate {

struct MeasuredRow {
  int line = 0;
  std::string id, source, framework, model, notes;
  int year = 0;
  // the model
  double params_b = 0;
  int layers = 0, hidden = 0, heads = 0, kv_heads = 0, ffn_hidden = 0, vocab = 0, moe_experts = 0, moe_topk = 0;
  bool gated_ffn = true;
  std::int64_t seq_len = 0;
  // the cluster
  std::string accelerator, intra_node_net, inter_node_net;
  double accel_mem_gb = 0;
  std::int64_t gpus = 0;
  int gpus_per_node = 0;
  // how it runs
  std::string precision, sp, zero_or_fsdp, recompute;
  int tp = 0, pp = 0, vpp = 0, cp = 0, ep = 0, dp = 0, microbatch = 0;
  std::int64_t global_batch_seqs = 0;
  // what was measured
  std::string metric, flops_convention, completeness;
  double value = 0;
  int same_config_rows = 1;
};

/// Columns are found by name and may stand in any order; those not needed are passed over. Faults: columns that are
/// missing and cells that are no numbers, each with its line.
Result<std::vector<MeasuredRow>> read_measured_rows(const CsvTable& table);
/// The same from a file.
Result<std::vector<MeasuredRow>> load_measured_rows(const FileReader& files, const std::string& path);

}  // namespace stargate
