// The columns of measured serving figures.
#include "stargate/measured/serving_row.hpp"

#include "stargate/measured/column_rules.hpp"
#include "stargate/measured/measured_table.hpp"
#include "stargate/traffic/length.hpp"

namespace stargate {
namespace {

using R = MeasuredServing;

/// A row is simulated, every replica and request of it: ten times what a published benchmark has had.
constexpr double kMostAccelerators = 4096, kMostAtOnce = 100'000;

constexpr MeasuredField<R> kFields[] = {
    {"id", &R::id, true},
    {"source_group", &R::source, true},
    {"trust", &R::trust},
    {"full_config", &R::full_config},
    {"rules_applied", &R::rules},
    {"year", &R::year},
    {"measured", &R::measured},
    {"engine", &R::engine, true},
    {"engine_version", &R::engine_version},
    {"model", &R::model, true},
    {"weights_dtype", &R::weights_dtype, true},
    {"kv_dtype", &R::kv_dtype},
    {"accelerator", &R::accelerator, true},
    {"accel_mem_gb", &R::accel_mem_gb},
    {"gpus", &R::gpus, true, nullptr, kMostAccelerators},
    {"tp", &R::tp, true},
    {"pp", &R::pp, true},
    {"ep", &R::ep},
    {"dp", &R::dp},
    {"attention_dp", &R::attention_dp},
    {"wrapper_version", &R::wrapper_version},
    {"prefill_workers", &R::prefill_workers},
    {"prefill_tp", &R::prefill_tp},
    {"prefill_ep", &R::prefill_ep},
    {"prefill_attention_dp", &R::prefill_attention_dp},
    {"decode_workers", &R::decode_workers},
    {"decode_tp", &R::decode_tp},
    {"decode_ep", &R::decode_ep},
    {"decode_attention_dp", &R::decode_attention_dp},
    {"isl", &R::isl, true, nullptr, kLongestRequest},
    {"osl", &R::osl, true, nullptr, kLongestRequest},
    {"shortest_length", &R::shortest_length},
    {"concurrency_or_batch", &R::concurrency_or_batch, true, nullptr, kMostAtOnce},
    {"request_rate", &R::request_rate, true},
    {"max_num_batched_tokens", &R::max_num_batched_tokens},
    {"transfer_ms", &R::transfer_ms},
    {"metric", &R::metric, true},
    {"value", &R::value, true},
    {"percentile", &R::percentile},
};

bool is_rate(const std::string& cell) {
  const auto number = parse_csv_number(cell);
  return cell.empty() || cell == "inf" || (number && *number > 0);
}

/// "2025-10"; the quarter it lies in.
bool is_month(const std::string& cell) {
  if (cell.empty()) return true;
  const auto year = parse_csv_number(cell.substr(0, 4));
  const auto month = cell.size() == 7 && cell[4] == '-' ? parse_csv_number(cell.substr(5)) : std::nullopt;
  return year && month && *year >= 2000 && *month >= 1 && *month <= 12;
}

}  // namespace

Result<std::vector<MeasuredServing>> read_measured_serving(const CsvTable& table) {
  return read_measured_table<MeasuredServing>(table, kFields, [](MeasuredServing& row, const auto& fault) {
    if (!is_rate(row.request_rate)) fault("request_rate", row.request_rate, "a number above 0, inf or nothing");
    if (!is_month(row.measured)) fault("measured", row.measured, "a month like 2025-10");
    if (!(row.shortest_length > 0 && row.shortest_length <= 1)) {
      fault("shortest_length", fmt::format("{:g}", row.shortest_length), "a share above 0 and up to 1");
    }
  });
}

Result<std::vector<MeasuredServing>> load_measured_serving(const FileReader& files, const std::string& path) {
  const auto text = files.read(path);
  if (!text) return text.faults();
  auto table = parse_csv(path, *text);
  if (!table) return table.faults();
  apply_column_rules("serving", *table);
  return read_measured_serving(*table);
}

}  // namespace stargate
