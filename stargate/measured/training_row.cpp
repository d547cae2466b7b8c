// The columns as one table of name and member, so that reading and the list of missing columns cannot disagree.
#include "stargate/measured/training_row.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <variant>

namespace stargate {
namespace {

using R = MeasuredRow;
using Member = std::variant<std::string R::*, int R::*, std::int64_t R::*, double R::*, bool R::*>;
struct Field {
  const char* column;
  Member member;
};

const auto& fields() {
  static const std::array<Field, 38> table = {{{"id", &R::id},
                                               {"source_key", &R::source},
                                               {"framework", &R::framework},
                                               {"model", &R::model},
                                               {"notes", &R::notes},
                                               {"year", &R::year},
                                               {"params_b", &R::params_b},
                                               {"layers", &R::layers},
                                               {"hidden", &R::hidden},
                                               {"heads", &R::heads},
                                               {"kv_heads", &R::kv_heads},
                                               {"ffn_hidden", &R::ffn_hidden},
                                               {"gated_ffn", &R::gated_ffn},
                                               {"vocab", &R::vocab},
                                               {"moe_experts", &R::moe_experts},
                                               {"moe_topk", &R::moe_topk},
                                               {"seq_len", &R::seq_len},
                                               {"accelerator", &R::accelerator},
                                               {"accel_mem_gb", &R::accel_mem_gb},
                                               {"gpus", &R::gpus},
                                               {"gpus_per_node", &R::gpus_per_node},
                                               {"intra_node_net", &R::intra_node_net},
                                               {"inter_node_net", &R::inter_node_net},
                                               {"precision", &R::precision},
                                               {"tp", &R::tp},
                                               {"sp", &R::sp},
                                               {"pp", &R::pp},
                                               {"vpp", &R::vpp},
                                               {"cp", &R::cp},
                                               {"ep", &R::ep},
                                               {"dp", &R::dp},
                                               {"zero_or_fsdp", &R::zero_or_fsdp},
                                               {"microbatch", &R::microbatch},
                                               {"global_batch_seqs", &R::global_batch_seqs},
                                               {"recompute", &R::recompute},
                                               {"metric", &R::metric},
                                               {"value", &R::value},
                                               {"flops_convention", &R::flops_convention}}};
  return table;
}

constexpr double kLargestCount = 1e9;

/// Writes one cell into its member; false when it is no number that the member can hold.
struct CellReader {
  const std::string& cell;
  MeasuredRow& row;

  bool operator()(std::string R::*member) const {
    row.*member = cell;
    return true;
  }
  bool operator()(bool R::*member) const {
    row.*member = cell != "no";
    return cell.empty() || cell == "yes" || cell == "no";
  }
  bool operator()(double R::*member) const {
    if (cell.empty()) return true;
    const auto number = parse_csv_number(cell);
    row.*member = number.value_or(0);
    return number && *number >= 0;
  }
  bool operator()(int R::*member) const { return count(member); }
  bool operator()(std::int64_t R::*member) const { return count(member); }

  template <class Int>
  bool count(Int R::*member) const {
    if (cell.empty()) return true;
    const auto number = parse_csv_number(cell);
    if (!number || *number < 0 || *number > kLargestCount || std::floor(*number) != *number) return false;
    row.*member = static_cast<Int>(*number);
    return true;
  }
};

const char* expected(const Member& member) {
  if (std::holds_alternative<bool R::*>(member)) return "yes or no";
  return std::holds_alternative<double R::*>(member) ? "a number of at least 0" : "a whole number of at least 0";
}

}  // namespace

Result<std::vector<MeasuredRow>> read_measured_rows(const CsvTable& table) {
  Diagnostics faults;
  std::vector<std::pair<Field, std::size_t>> columns;
  const auto find = [&](const Field& field, bool required) {
    if (const auto at = table.column(field.column)) {
      columns.emplace_back(field, *at);
    } else if (required) {
      faults.push_back({table.file,
                        1,
                        0,
                        {},
                        fmt::format("the column '{}' is missing", field.column),
                        suggest_name(field.column, table.header),
                        {}});
    }
  };
  for (const auto& field : fields()) find(field, true);
  find({"completeness", &R::completeness}, false);
  find({"same_config_rows", &R::same_config_rows}, false);
  if (!faults.empty()) return faults;
  std::vector<MeasuredRow> rows;
  rows.reserve(table.rows.size());
  for (const auto& line : table.rows) {
    MeasuredRow row;
    row.line = line.line;
    for (const auto& [field, at] : columns) {
      if (std::visit(CellReader{line.cells[at], row}, field.member)) continue;
      faults.push_back({table.file,
                        line.line,
                        0,
                        field.column,
                        fmt::format("'{}' is not {}", line.cells[at], expected(field.member)),
                        {},
                        {}});
    }
    if (row.completeness.empty()) row.completeness = "unstated";
    rows.push_back(std::move(row));
  }
  if (!faults.empty()) return faults;
  return rows;
}

Result<std::vector<MeasuredRow>> load_measured_rows(const FileReader& files, const std::string& path) {
  const auto text = files.read(path);
  if (!text) return text.faults();
  const auto table = parse_csv(path, *text);
  if (!table) return table.faults();
  return read_measured_rows(*table);
}

}  // namespace stargate
