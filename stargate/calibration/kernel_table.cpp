// CSV of plain cells (the collected tables quote nothing), inflated by zlib when gzipped. A column is numbers when
// every filled cell reads as one; an empty cell among numbers becomes NaN, for the laws' rules on broken rows to count.
#include "stargate/calibration/kernel_table.hpp"

#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>

#include "stargate/base/check.hpp"

namespace stargate {
namespace {

constexpr std::size_t kLargestTable = std::size_t{1} << 30;  // inflated: 30 times the largest table known

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
  while (state == Z_OK && out.size() < kLargestTable) {
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    state = inflate(&stream, Z_NO_FLUSH);
    out.append(block.data(), block.size() - stream.avail_out);
  }
  inflateEnd(&stream);
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

void split_cells(std::string_view line, std::vector<std::string>& cells) {
  cells.clear();
  for (std::size_t from = 0; from <= line.size();) {
    const auto comma = std::min(line.find(',', from), line.size());
    cells.emplace_back(line.substr(from, comma - from));
    from = comma + 1;
  }
}

std::optional<double> number_of(const std::string& cell) {
  if (cell.empty()) return std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size()) return std::nullopt;
  return value;
}

/// Moves each text column in which every filled cell is a number to the numbers.
void sort_columns(KernelTable& table) {
  for (const std::string& column : table.columns) {
    const auto& cells = table.texts.at(column);
    std::vector<double> numbers;
    bool filled = cells.empty();
    for (const std::string& cell : cells) {
      const auto number = number_of(cell);
      if (!number) break;
      filled = filled || !cell.empty();
      numbers.push_back(*number);
    }
    if (!filled || numbers.size() != cells.size()) continue;
    table.numbers[column] = std::move(numbers);
    table.texts.erase(column);
  }
}

Result<KernelTable> parse_rows(KernelTable table, std::string_view content) {
  Diagnostics faults;
  std::vector<std::string> cells;
  int line_number = 0;
  while (!content.empty()) {
    const auto end = std::min(content.find('\n'), content.size());
    std::string_view line = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    ++line_number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    split_cells(line, cells);
    if (table.columns.empty()) {
      table.columns = cells;
      for (const auto& column : cells) {
        if (!table.texts.try_emplace(column).second) {
          faults.push_back(table_fault(table.file, line_number, "column '" + column + "' is there twice"));
        }
      }
      if (!faults.empty()) return faults;
    } else if (cells.size() != table.columns.size()) {
      faults.push_back(table_fault(table.file, line_number,
                                   "has " + std::to_string(cells.size()) + " cells where the header names " +
                                       std::to_string(table.columns.size())));
    } else {
      for (std::size_t i = 0; i < cells.size(); ++i) table.texts[table.columns[i]].push_back(cells[i]);
      ++table.rows;
    }
  }
  if (table.columns.empty()) faults.push_back(table_fault(table.file, 0, "has no header"));
  if (!faults.empty()) return faults;
  sort_columns(table);
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
