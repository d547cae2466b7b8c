// What a row says in words is read by rule: the accelerator by its name in `hw`, the network's bandwidth by "8x400Gb/s"
// or "3200 Gb/s per node". A row that does not say what the law needs is left out and counted with the reason.
#include "stargate/calibration/collective_sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>

#include "stargate/base/check.hpp"
#include "stargate/base/csv.hpp"
#include "stargate/measured/column_rules.hpp"
#include "stargate/measured/names.hpp"
#include "stargate/perf/fabric.hpp"
#include "stargate/perf/law_choice.hpp"

namespace stargate {
namespace {

constexpr std::size_t kFewestRows = 12;
constexpr double kCoarseBusbw = 0.1;  // GB/s: where two decimals are off by more than 5 %

double number_or_zero(std::string_view text) { return parse_csv_number(text).value_or(0); }

class SweepText {
 public:
  SweepText(const std::map<std::string, std::size_t>& columns, const CsvRow& row) : columns_(columns), row_(row) {}
  const std::string& text(const char* column) const { return row_.cells[columns_.at(column)]; }
  double number(const char* column) const { return number_or_zero(text(column)); }
  bool mentions(const char* column, const char* word) const { return text(column).find(word) != std::string::npos; }

 private:
  const std::map<std::string, std::size_t>& columns_;
  const CsvRow& row_;
};

/// The chip of a machine: words after a bracket, a comma or a plus, and those of the host or the link, are not its
/// name.
std::string device_of(const SweepText& row, const Records<Accelerator>& accelerators) {
  std::string chip = row.text("hw");
  for (const char* end : {" (", ",", " +"}) chip = chip.substr(0, chip.find(end));
  for (const char* of_host : {"DGX ", " nodes", "-class", " p5 instance", " NVLink"}) {
    /// A word of the host in front is cut off, one behind ends the name.
    const auto at = chip.find(of_host);
    if (at == 0) chip.erase(0, std::string_view(of_host).size());
    if (at != 0 && at != std::string::npos) chip.resize(at);
  }
  const auto found = find_accelerator_by_name(accelerators, chip);
  return found ? found.value->id : std::string();
}

struct NamedCollective {
  const char *in_file, *name;
  Collective collective;
};
constexpr NamedCollective kNames[] = {
    {"all_reduce", "all_reduce", Collective::all_reduce},
    {"all_gather", "all_gather", Collective::all_gather},
    {"reduce_scatter", "reduce_scatter", Collective::reduce_scatter},
    {"alltoall", "all_to_all", Collective::all_to_all},
    {"broadcast", "broadcast", Collective::broadcast},
    {"sendrecv", "send_receive", Collective::send_receive},
};

/// Bytes a microsecond of one rank's share of its node's network cards, where the text says; else nothing.
std::optional<double> stated_network(const std::string& text, double ranks_per_node) {
  constexpr double kBytesPerUs = 1e9 / 8 * 1e-6;  // of a Gb/s
  std::vector<std::string> found;
  const auto number = [&](std::size_t i) { return parse_csv_number(found[i]).value_or(0); };
  if (mentions(text, "{n}x{n} Gb", found)) return number(0) * number(1) * kBytesPerUs / ranks_per_node;
  if (mentions(text, "{n} Gb/s per node", found)) return number(0) * kBytesPerUs / ranks_per_node;
  if (mentions(text, "{n} Gb/s", found) && mentions(text, "per GPU", found)) return number(0) * kBytesPerUs;
  return std::nullopt;
}

/// The tool that measured, as the engine of the group; its version is the year, see fit_collective_sweeps.
std::string engine_of(const SweepText& row) {
  for (const char* name : {"nccl-tests", "rccl-tests", "torch"}) {
    if (row.mentions("algo_or_lib", name)) return name;
  }
  return "nccl";
}

/// Why a row cannot be used, before its network is looked at.
std::string why_not(const SweepText& row, const NamedCollective* named) {
  if (named == std::end(kNames)) return "not a collective the law knows";
  if (!(row.number("bytes") > 0) || !(row.number("time_us") > 0)) return "a peak without message size or time";
  if (!(row.number("gpus") >= 2) || !(row.number("nodes") >= 1)) return "no ranks or nodes";
  if (row.mentions("algo_or_lib", "Ring") || row.mentions("algo_or_lib", "NVLS_ENABLE")) return "algorithm forced";
  if (row.mentions("notes", "complaint")) return "reported as a fault by its author";
  if (row.mentions("notes", "2 decimals") && row.number("busbw_GBps") < kCoarseBusbw) {
    return "time derived from a figure of two decimals too small for them";
  }
  return {};
}

/// Fills the row, or says why it cannot.
std::string read_row(const SweepText& text, const Records<Accelerator>& accelerators, CollectiveSweepRow& out) {
  const auto* named =
      std::find_if(std::begin(kNames), std::end(kNames), [&](const auto& n) { return text.text("op") == n.in_file; });
  if (auto reason = why_not(text, named); !reason.empty()) return reason;
  const auto device = accelerators.find(device_of(text, accelerators));
  if (device == accelerators.end()) return "accelerator not stated or not in the catalogue";
  const int ranks = static_cast<int>(text.number("gpus"));
  const int domain = std::max(1, device->second.scale_up_domain), domains = (ranks + domain - 1) / domain;
  out.source = text.text("source"), out.device = device->first, out.year = text.text("year");
  out.engine = engine_of(text);
  out.group = named->name;
  /// Ranks are taken as spread evenly over the domains they need at least.
  out.row.call = {named->collective, text.number("bytes"), ranks, (ranks + domains - 1) / domains};
  out.row.microseconds = text.number("time_us");
  out.row.domain_bandwidth = domain_link(device->second);
  if (!out.row.crosses()) return {};
  const std::string& network = text.text("inter_node_net");
  if (network.empty() || network.starts_with("not stated")) return "network between nodes not stated";
  const double own = device->second.scale_out_bandwidth.base() * 1e-6;
  out.row.network_bandwidth = stated_network(network, ranks / text.number("nodes")).value_or(own);
  out.group += across_suffix(network.find("EFA") != std::string::npos ? "efa" : "rdma", domain);
  return {};
}

/// Cells that must be numbers where they are filled, each within what it counts.
Diagnostics check_numbers(const std::string& file, const SweepText& row, int line) {
  constexpr std::pair<const char*, double> kColumns[] = {
      {"nodes", 1e6}, {"gpus", 1e6}, {"bytes", 1e15}, {"time_us", 1e12}, {"busbw_GBps", 1e9}};
  Diagnostics faults;
  for (const auto& [column, most] : kColumns) {
    const std::string& cell = row.text(column);
    const auto number = parse_csv_number(cell);
    if (cell.empty() || (number && *number >= 0 && *number <= most)) continue;
    faults.push_back(
        {file, line, 0, column, fmt::format("'{:.60}' is not a number from 0 to {:g}", cell, most), {}, {}});
  }
  return faults;
}

using GroupKey = std::array<std::string, 3>;  // device, engine, group

struct SweepGroup {
  std::vector<CollectiveRow> rows;
  std::vector<std::size_t> at;
};

std::map<GroupKey, SweepGroup> groups_of(const CollectiveSweeps& sweeps) {
  std::map<GroupKey, SweepGroup> out;
  for (std::size_t i = 0; i < sweeps.rows.size(); ++i) {
    const auto& row = sweeps.rows[i];
    auto& group = out[{row.device, row.engine, row.group}];
    group.rows.push_back(row.row);
    group.at.push_back(i);
  }
  return out;
}

/// Rules of disturbance compare rows of one run: a group may mix sources of faster and slower software.
std::vector<std::string> broken_by_source(const CollectiveSweeps& sweeps, const SweepGroup& group) {
  std::vector<std::string> out(group.rows.size());
  std::set<std::string> sources;
  for (const std::size_t i : group.at) sources.insert(sweeps.rows[i].source);
  for (const std::string& source : sources) {
    std::vector<CollectiveRow> rows;
    std::vector<std::size_t> where;
    for (std::size_t j = 0; j < group.at.size(); ++j) {
      if (sweeps.rows[group.at[j]].source != source) continue;
      rows.push_back(group.rows[j]);
      where.push_back(j);
    }
    const auto broken = broken_collective_rows(rows);
    for (std::size_t j = 0; j < where.size(); ++j) out[where[j]] = broken[j];
  }
  return out;
}

}  // namespace

Result<CollectiveSweeps> parse_collective_sweeps(const std::string& file, const std::string& content,
                                                 const Records<Accelerator>& accelerators) {
  const auto table = parse_csv(file, content);
  if (!table) return table.faults();
  CollectiveSweeps out;
  Diagnostics faults;
  std::map<std::string, std::size_t> columns;
  for (std::size_t i = 0; i < table->header.size(); ++i) columns[table->header[i]] = i;
  for (const char* needed : {"source", "year", "hw", "inter_node_net", "nodes", "gpus", "op", "bytes", "time_us",
                             "busbw_GBps", "algo_or_lib", "notes"}) {
    if (columns.contains(needed)) continue;
    faults.push_back(
        {file, 1, 0, {}, fmt::format("the column '{}' is missing", needed), suggest_name(needed, table->header), {}});
  }
  if (!faults.empty()) return faults;
  for (const CsvRow& line : table->rows) {
    if (auto wrong = check_numbers(file, SweepText(columns, line), line.line); !wrong.empty()) {
      if (faults.size() < 100) faults.insert(faults.end(), wrong.begin(), wrong.end());
      continue;
    }
    CollectiveSweepRow row;
    const std::string reason = read_row(SweepText(columns, line), accelerators, row);
    if (reason.empty()) {
      out.rows.push_back(std::move(row));
    } else {
      ++out.skipped[reason];
    }
  }
  if (!faults.empty()) return faults;
  return out;
}

Result<CollectiveSweeps> load_collective_sweeps(const std::string& path, const Records<Accelerator>& accelerators) {
  const auto content = DiskFileReader().read(path);
  if (!content.ok()) return content.faults();
  return parse_collective_sweeps(path, content.value(), accelerators);
}

std::vector<CalibratedGroup> fit_collective_sweeps(const CollectiveSweeps& sweeps, const Catalogue& catalogue) {
  std::vector<CalibratedGroup> out;
  for (const auto& [key, group] : groups_of(sweeps)) {
    if (group.rows.size() < kFewestRows) continue;
    const auto& [device, engine, name] = key;
    const DomainLinks links = domain_links(catalogue.accelerators.at(device), catalogue.networks);
    const auto parameters = collective_parameters(group.rows, links, name);
    CalibratedGroup fitted = fit_collective_group(group.rows, broken_by_source(sweeps, group), parameters);
    if (fitted.coefficients.empty()) continue;
    fitted.device = device, fitted.engine = engine, fitted.precision = name;
    for (const std::size_t i : group.at) fitted.version = std::max(fitted.version, sweeps.rows[i].year);
    out.push_back(std::move(fitted));
  }
  return out;
}

namespace {

/// A group's prediction where nothing like it was measured: the literature, with the links of a system of the device.
std::optional<double> literature_time(const Catalogue& catalogue, const std::string& device, const CollectiveRow& row) {
  for (const auto& [id, system] : catalogue.systems) {
    if (system.accelerator != device) continue;
    const auto fabric = make_fabric(catalogue, system);
    if (!fabric.ok()) continue;
    if (row.crosses()) {
      return across_collective_us(literature_across_coefficients(*fabric, row.call.collective), row.call,
                                  row.domain_bandwidth, row.network_bandwidth);
    }
    return domain_collective_us(literature_domain_coefficients(*fabric, row.call.collective), row.call,
                                row.domain_bandwidth);
  }
  return std::nullopt;
}

}  // namespace

void tally_collective_sweeps(const CollectiveSweeps& sweeps, const Catalogue& catalogue, ValidationTally& tally) {
  for (const auto& [reason, rows] : sweeps.skipped) tally.skip(reason, rows);
  for (const auto& [key, group] : groups_of(sweeps)) {
    const auto& [device, engine, name] = key;
    const auto chosen = choose_groups(catalogue, catalogue.accelerators.at(device), {"collective", engine, {}, {}});
    const auto it =
        std::find_if(chosen.begin(), chosen.end(), [&wanted = name](const auto& c) { return c.group->precision == wanted; });
    const auto broken = broken_by_source(sweeps, group);
    for (std::size_t j = 0; j < group.rows.size(); ++j) {
      const CollectiveRow& row = group.rows[j];
      const auto& source = sweeps.rows[group.at[j]].source;
      const ValidationKey validation{
          source, device, engine, name, row.crosses() ? "collective across nodes" : "collective in node", {}};
      if (!broken[j].empty()) {
        tally.skip(validation, broken[j]);
        continue;
      }
      const std::optional<double> predicted = it != chosen.end() ? predict_collective(row, it->group->coefficients)
                                                                 : literature_time(catalogue, device, row);
      if (!predicted) {
        tally.skip(validation, "no coefficients, and no system of the accelerator, for " + name);
        continue;
      }
      const LawOrigin origin = it != chosen.end() ? it->origin : LawOrigin::specification;
      tally.add(validation, law_origin_name(origin), 1e-3 * row.microseconds, 1e-3 * *predicted);
      if (tally.is_among_worst(row.microseconds, *predicted)) {
        tally.note_worst({source, fmt::format("{} ranks={} bytes={:g}", name, row.call.ranks, row.call.bytes),
                          1e-3 * row.microseconds, 1e-3 * *predicted});
      }
    }
  }
}

}  // namespace stargate
