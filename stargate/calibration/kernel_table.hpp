// Tables of measured kernels as NVIDIA's AIConfigurator collects them: DEVICE.TABLE.ENGINE-VERSION.csv, also gzipped.
// A table is columns of text and numbers; what they mean is for each law's fit to say.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "stargate/base/file_reader.hpp"

namespace stargate {

/// Read whole: a table is at most 32 MiB of text.
struct KernelTable {
  std::string file;                            ///< for messages
  std::string device, table, engine, version;  ///< from the file name: "h100_sxm", "gemm", "vllm", "0.24.0"
  /// In the order of the file.
  std::vector<std::string> columns;
  std::map<std::string, std::vector<double>> numbers;     ///< columns in which every cell is a number
  std::map<std::string, std::vector<std::string>> texts;  ///< all other columns
  std::size_t rows = 0;                                   ///< without the header

  const std::vector<double>& number(const std::string& column) const;     ///< STARGATE_CHECKs that it exists
  const std::vector<std::string>& text(const std::string& column) const;  ///< likewise
  bool has(const std::string& column) const { return numbers.contains(column) || texts.contains(column); }
};

/// Faults name file and line: a row with the wrong number of cells, no header, a column that a law reads and that is
/// missing or no numbers or beyond 10^9 (a message: 10^15 bytes), more than 32 MiB inflated, a name that is not
/// DEVICE.TABLE.ENGINE-VERSION.
Result<KernelTable> load_kernel_table(const std::string& path);
/// All tables below a folder, by name. Paths of files that end in .csv or .csv.gz, sorted.
std::vector<std::string> list_kernel_tables(const std::string& folder);

}  // namespace stargate
