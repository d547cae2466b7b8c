// CSV, inflated by zlib when gzipped. Which columns a law reads, and whether as numbers or as text, is one list here: a
// column that is missing or holds the other, or numbers too large, is a fault with its line, before any law is asked.
// Of other columns, those are numbers in which every filled cell reads as one. An empty cell among numbers becomes NaN,
// for the laws' rules on broken rows to count.
#include "stargate/calibration/kernel_table.hpp"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>

#include "stargate/base/check.hpp"
#include "stargate/base/csv.hpp"

namespace stargate {
namespace {

constexpr std::size_t kLargestTable = std::size_t{32} << 20;  // inflated: 40 times the largest table known

/// What the laws read of each table; "?" before a column that a table may lack.
struct TableColumns {
  const char* table;
  std::vector<const char*> texts, numbers;
};
const std::vector<TableColumns>& known_tables() {
  const std::vector<const char*> attention_texts{"kernel_source", "attn_dtype", "kv_cache_dtype"};
  const std::vector<const char*> attention_numbers{"batch_size",          "isl",      "step",         "num_heads",
                                                   "num_key_value_heads", "head_dim", "?window_size", "latency_ms"};
  const std::vector<const char*> mla_texts{"mla_dtype", "kv_cache_dtype", "kernel_source"};
  const std::vector<const char*> mla_numbers{"batch_size", "num_heads", "isl", "step", "latency_ms"};
  const std::vector<const char*> delta_numbers{"batch_size", "seq_len",     "d_conv",     "num_k_heads",
                                               "head_k_dim", "num_v_heads", "head_v_dim", "latency_ms"};
  const std::vector<const char*> block_texts{"kernel_source", "model", "mla_dtype", "kv_cache_dtype", "gemm_type"};
  const std::vector<const char*> compressed{"batch_size", "num_heads", "isl", "step", "compress_ratio", "latency_ms"};
  const std::vector<const char*> expert_texts{"moe_dtype", "kernel_source", "distribution"};
  const std::vector<const char*> expert_numbers{"num_tokens",  "inter_size", "moe_tp_size", "hidden_size",
                                                "num_experts", "topk",       "moe_ep_size", "latency_ms"};
  static const std::vector<TableColumns> tables{
      {"gemm", {"gemm_dtype", "?kernel_source"}, {"m", "n", "k", "latency_ms"}},
      {"context_attention", attention_texts, attention_numbers},
      {"generation_attention", attention_texts, attention_numbers},
      {"context_mla", mla_texts, mla_numbers},
      {"generation_mla", mla_texts, mla_numbers},
      {"moe", expert_texts, expert_numbers},
      {"dsv4_megamoe_module", expert_texts, expert_numbers},
      {"gdn", {"kernel_source"}, delta_numbers},
      {"kda", {"kernel_source"}, delta_numbers},
      {"mamba2",
       {"kernel_source"},
       {"batch_size", "seq_len", "d_conv", "d_state", "nheads", "head_dim", "n_groups", "latency_ms"}},
      {"dsa_context_module", block_texts, mla_numbers},
      {"dsa_generation_module", block_texts, mla_numbers},
      {"dsv4_csa_context_module", block_texts, compressed},
      {"dsv4_csa_generation_module", block_texts, compressed},
      {"dsv4_hca_context_module", block_texts, compressed},
      {"dsv4_hca_generation_module", block_texts, compressed},
      {"custom_allreduce", {"allreduce_dtype", "?backend"}, {"num_gpus", "message_size", "latency_ms"}},
      {"nccl", {"nccl_dtype", "op_name"}, {"num_gpus", "message_size", "latency_ms"}}};
  return tables;
}

Diagnostic table_fault(const std::string& file, int line, const std::string& message, const std::string& hint = {}) {
  return {.file = file, .line = line, .column = 0, .path = {}, .message = message, .hint = hint, .text = {}};
}

Result<std::string> inflate_gzip(const std::string& file, const std::string& bytes) {
  z_stream stream{};
  STARGATE_CHECK(inflateInit2(&stream, 15 + 16) == Z_OK, "zlib starts");       // 15 bits of window, gzip framing
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // NOLINT: zlib's C interface
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out, block(std::size_t{1} << 18, '\0');
  int state = Z_OK;
  while (state == Z_OK && out.size() <= kLargestTable) {
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    state = inflate(&stream, Z_NO_FLUSH);
    out.append(block.data(), block.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (out.size() > kLargestTable) {
    return table_fault(file, 0, "is larger than 32 MiB once inflated", "no table of kernels is near that: split it");
  }
  if (state != Z_STREAM_END) return table_fault(file, 0, "is not a whole gzip file", "fetch it again");
  return out;
}

/// "h100_sxm.gemm.vllm-0.24.0.csv.gz" into its parts; false when it is not of that form.
bool read_name(const std::string& path, KernelTable& table) {
  std::string_view name = path;
  if (const auto slash = name.find_last_of('/'); slash != std::string_view::npos) name.remove_prefix(slash + 1);
  if (name.ends_with(".gz")) name.remove_suffix(3);
  if (!name.ends_with(".csv")) return false;
  name.remove_suffix(4);
  const auto first = name.find('.');
  const auto second = first == std::string_view::npos ? first : name.find('.', first + 1);
  const auto dash = second == std::string_view::npos ? second : name.find('-', second);
  if (dash == std::string_view::npos) return false;
  table.device = name.substr(0, first);
  table.table = name.substr(first + 1, second - first - 1);
  table.engine = name.substr(second + 1, dash - second - 1);
  table.version = name.substr(dash + 1);
  return !table.device.empty() && !table.table.empty() && !table.engine.empty() && !table.version.empty();
}

/// Beyond any that was measured, and within what laws count with (32 bits); bytes of a message may be more.
double largest_of(std::string_view column) { return column == "message_size" ? 1e15 : 1e9; }

/// A cell as a number, an empty one as NaN.
std::optional<double> number_of(const std::string& cell) {
  return cell.empty() ? std::numeric_limits<double>::quiet_NaN() : parse_csv_number(cell);
}

enum class ColumnKind { text, number, either };

class ColumnReader {
 public:
  ColumnReader(KernelTable& table, CsvTable& csv) : table_(table), csv_(csv) {}

  Diagnostics read() {
    const auto known = std::find_if(known_tables().begin(), known_tables().end(),
                                    [&](const TableColumns& columns) { return columns.table == table_.table; });
    if (known != known_tables().end()) {
      for (const char* column : known->texts) want(column, ColumnKind::text);
      for (const char* column : known->numbers) want(column, ColumnKind::number);
    }
    for (std::size_t i = 0; i < csv_.header.size() && faults_.empty(); ++i) {
      const auto wanted = kinds_.find(csv_.header[i]);
      take(i, wanted == kinds_.end() ? ColumnKind::either : wanted->second);
    }
    return std::move(faults_);
  }

 private:
  void want(std::string_view column, ColumnKind kind) {
    const bool optional = column.starts_with('?');
    if (optional) column.remove_prefix(1);
    kinds_[std::string(column)] = kind;
    if (optional || csv_.column(column)) return;
    faults_.push_back(table_fault(table_.file, 1, "the column '" + std::string(column) + "' is missing",
                                  suggest_name(column, csv_.header)));
  }

  void take(std::size_t at, ColumnKind kind) {
    const std::string& name = csv_.header[at];
    std::vector<double> numbers;
    bool filled = csv_.rows.empty() || kind == ColumnKind::number;
    for (const auto& row : csv_.rows) {
      if (kind == ColumnKind::text) break;
      const auto number = number_of(row.cells[at]);
      if (!number && kind == ColumnKind::either) break;
      const bool too_large = number && kind == ColumnKind::number && std::abs(*number) > largest_of(name);
      if (!number || too_large) {
        const std::string cell = row.cells[at].size() > 60 ? row.cells[at].substr(0, 57) + "..." : row.cells[at];
        const std::string what = too_large ? "is beyond what any kernel is run with" : "is not a number";
        faults_.push_back(table_fault(table_.file, row.line, name + ": '" + cell + "' " + what));
        if (faults_.size() >= 100) return;
      }
      filled = filled || !row.cells[at].empty();
      numbers.push_back(number.value_or(0));
    }
    if (kind != ColumnKind::text && filled && numbers.size() == csv_.rows.size()) {
      table_.numbers[name] = std::move(numbers);
      return;
    }
    auto& texts = table_.texts[name];
    for (auto& row : csv_.rows) texts.push_back(std::move(row.cells[at]));
  }

  KernelTable& table_;
  CsvTable& csv_;
  std::map<std::string, ColumnKind> kinds_;
  Diagnostics faults_;
};

Result<KernelTable> parse_rows(KernelTable table, std::string_view content) {
  auto csv = parse_csv(table.file, content);
  if (!csv) return csv.faults();
  table.columns = csv->header;
  table.rows = csv->rows.size();
  auto faults = ColumnReader(table, *csv).read();
  if (!faults.empty()) return faults;
  return table;
}

}  // namespace

const std::vector<double>& KernelTable::number(const std::string& column) const {
  const auto it = numbers.find(column);
  STARGATE_CHECK(it != numbers.end(), "a column of numbers that the law asked for");
  return it->second;
}

const std::vector<std::string>& KernelTable::text(const std::string& column) const {
  const auto it = texts.find(column);
  STARGATE_CHECK(it != texts.end(), "a column of text that the law asked for");
  return it->second;
}

Result<KernelTable> load_kernel_table(const std::string& path) {
  KernelTable table;
  table.file = path;
  if (!read_name(path, table)) {
    return table_fault(path, 0, "is not named as a kernel table",
                       "name it DEVICE.TABLE.ENGINE-VERSION.csv, or .csv.gz");
  }
  auto bytes = DiskFileReader().read(path);
  if (!bytes.ok()) return bytes.faults();
  if (!path.ends_with(".gz")) return parse_rows(std::move(table), *bytes);
  const auto content = inflate_gzip(path, *bytes);
  if (!content.ok()) return content.faults();
  return parse_rows(std::move(table), content.value());
}

std::vector<std::string> list_kernel_tables(const std::string& folder) {
  std::vector<std::string> paths;
  for (const char* suffix : {".csv", ".csv.gz"}) {
    for (std::string& path : DiskFileReader().list(folder, suffix)) {
      KernelTable named;
      if (read_name(path, named)) paths.push_back(std::move(path));
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace stargate
