// One line of a table of measured serving figures, its cells as numbers and words but not yet understood. What a source
// does not state is zero or empty. docs/explanation/serving-validation.md lists the columns.
#pragma once

#include <string>
#include <vector>

#include "stargate/base/csv.hpp"
#include "stargate/base/file_reader.hpp"

namespace stargate {

struct MeasuredServing {
  int line = 0;
  int year = 0;  ///< of publication
  std::string id, source, trust, engine, engine_version, model, notes;
  bool full_config = true;
  std::string weights_dtype, kv_dtype, accelerator;
  double accel_mem_gb = 0;
  int gpus = 0, tp = 0, pp = 0, ep = 0, dp = 0;
  double isl = 0, osl = 0;
  double concurrency_or_batch = 0;
  std::string request_rate;  ///< requests a second, "inf" when all are sent at once, empty for one batch
  std::string metric, percentile;
  double value = 0;
};

/// Columns are found by name and may stand in any order; those not needed are passed over. Faults: columns that are
/// missing and cells that are no numbers, each with its line.
Result<std::vector<MeasuredServing>> read_measured_serving(const CsvTable& table);
/// The same from a file.
Result<std::vector<MeasuredServing>> load_measured_serving(const FileReader& files, const std::string& path);

}  // namespace stargate
