// What varies is chosen by what the hardware has: sharing of PCIe roots and of host memory only without a scale-up
// network, adding in switches from NVLink 4 on, a slower add only where 1-byte elements were measured. A weak pull
// towards each coefficient's usual value (a hundredth of a row each) settles what the rows do not.
#include "stargate/calibration/collective_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

#include "stargate/base/check.hpp"
#include "stargate/calibration/fit_rows.hpp"

namespace stargate {
namespace {

constexpr double kDisturbed = 1.5;
constexpr std::size_t kNearest = 3;
constexpr double kPull = 0.01;
constexpr int kStarts = 6;

/// Bytes through one rank's link over the bytes of the call, below which no way to do the collective can go: what a
/// ring carries, or for all-reduce what switches that add leave. 0 across domains.
double least_volume(const CollectiveCall& call) {
  const double n = call.ranks, m = call.per_domain;
  if (m < n) return 0;  // judged by the network's own figure, which sources round
  switch (call.collective) {
    case Collective::all_reduce:
      return std::min(2 * (n - 1) / n, 1 + 1 / n);
    case Collective::send_receive:
    case Collective::broadcast:
      return 1;
    default:
      return (n - 1) / n;
  }
}

/// How far apart two calls are in size and in ranks, both as ratios.
double distance(const CollectiveCall& a, const CollectiveCall& b) {
  return std::abs(std::log(a.bytes / b.bytes)) + std::abs(std::log(static_cast<double>(a.ranks) / b.ranks));
}

/// Median time of the nearest calls that ask for no less; infinity when there are none.
double nearest_larger(const std::vector<CollectiveRow>& rows, const CollectiveRow& row) {
  std::vector<std::pair<double, double>> larger;
  for (const CollectiveRow& other : rows) {
    const CollectiveCall &a = row.call, &b = other.call;
    if (a.element_bytes != b.element_bytes || b.ranks < a.ranks || b.bytes < a.bytes) continue;
    if (b.ranks == a.ranks && b.bytes == a.bytes) continue;
    larger.emplace_back(distance(a, b), other.microseconds);
  }
  std::sort(larger.begin(), larger.end());
  if (larger.empty()) return std::numeric_limits<double>::infinity();
  larger.resize(std::min(larger.size(), kNearest));
  std::vector<double> times;
  for (const auto& [far, time] : larger) times.push_back(time);
  std::sort(times.begin(), times.end());
  const std::size_t half = times.size() / 2;
  return times.size() % 2 == 1 ? times[half] : (times[half - 1] + times[half]) / 2;
}

template <class Field>
Parameter parameter_of(const Field& field) {
  const bool structure = std::string_view(field.name) == "one_shot";  // set by the kind of kernel, not fitted
  return {field.name, field.unit, field.meaning, field.start, field.lower, field.upper, field.lower > 0, structure};
}

/// Whether a coefficient can have an effect on these rows; the others stay out of the fit and read as 0.
bool is_used(const std::string& name, const std::vector<CollectiveRow>& rows, const DomainLinks& links,
             const std::string& group) {
  const Collective collective = rows.front().call.collective;
  const bool reduces = collective == Collective::all_reduce || collective == Collective::reduce_scatter;
  const bool narrow = std::any_of(rows.begin(), rows.end(), [](const auto& r) { return r.call.element_bytes < 2; });
  static constexpr std::array pcie = {"contention", "far_share", "spill_contention", "spill_bytes"};
  if (std::find(pcie.begin(), pcie.end(), name) != pcie.end()) return links.through_host;
  if (name == "local_copy") return !links.through_host;
  if (name.starts_with("switch_")) return collective == Collective::all_reduce && links.switches_add;
  if (name == "narrow_rate") return reduces && narrow;
  if (name == "host_us") return group.ends_with(".eager");
  if (name == "one_shot") return group.starts_with("custom_");
  return true;
}

}  // namespace

DomainLinks domain_links(const Accelerator& device, const Records<Network>& networks) {
  const auto network = networks.find(device.scale_up);
  if (network == networks.end()) return {true, false};
  return {network->second.network_class == NetworkClass::host, network->second.in_network_reduction};
}

double domain_link(const Accelerator& device) {
  const ByteRate link = device.scale_up_bandwidth.base() > 0 ? device.scale_up_bandwidth : device.host_bandwidth;
  return link.base() * 1e-6;
}

std::vector<std::string> broken_collective_rows(const std::vector<CollectiveRow>& rows) {
  std::vector<std::string> reasons(rows.size());
  std::vector<CollectiveRow> timed;
  for (const auto& row : rows) {
    if (row.microseconds > 0) timed.push_back(row);
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const CollectiveRow& row = rows[i];
    if (!(row.microseconds > 0)) {
      reasons[i] = "no time measured";
    } else if (row.call.bytes * least_volume(row.call) > row.microseconds * row.domain_bandwidth) {
      reasons[i] = "faster than the links can carry";
    } else if (row.microseconds > kDisturbed * nearest_larger(timed, row)) {
      reasons[i] = "disturbed: half slower than larger calls of more ranks";
    }
  }
  return reasons;
}

std::vector<Parameter> collective_parameters(const std::vector<CollectiveRow>& rows, const DomainLinks& links,
                                             const std::string& group) {
  STARGATE_CHECK(!rows.empty(), "parameters are for rows");
  std::vector<Parameter> out;
  if (rows.front().crosses()) {
    for (const auto& field : across_fields()) out.push_back(parameter_of(field));
    return out;
  }
  for (const auto& field : domain_fields()) {
    if (!is_used(field.name, rows, links, group)) continue;
    Parameter parameter = parameter_of(field);
    if (parameter.name == "one_shot") parameter.start = parameter.lower = parameter.upper = 1;
    if (parameter.name == "low_share") {  // flags beside the data take at least half of a link
      if (!group.starts_with("custom_")) parameter.upper = 0.6;
      if (group.starts_with("custom_")) parameter.start = 0.5;
    }
    out.push_back(parameter);
  }
  return out;
}

double predict_collective(const CollectiveRow& row, const std::map<std::string, double>& coefficients) {
  if (row.crosses()) {
    return across_collective_us(read_across_coefficients(coefficients), row.call, row.domain_bandwidth,
                                row.network_bandwidth);
  }
  return domain_collective_us(read_domain_coefficients(coefficients), row.call, row.domain_bandwidth);
}

namespace {

std::map<std::string, double> by_name(const std::vector<Parameter>& parameters, std::span<const double> values) {
  std::map<std::string, double> out;
  for (std::size_t j = 0; j < parameters.size(); ++j) out[parameters[j].name] = values[j];
  return out;
}

/// Behind the rows comes one artificial row a coefficient, the value over its usual one measured as 1: the weak pull
/// named at the head of the file. The two structs are read once a trial and not once a row.
std::vector<double> fit_values(const std::vector<CollectiveRow>& rows, const std::vector<Parameter>& parameters) {
  const bool crosses = rows.front().crosses();
  std::vector<double> measured, weights;
  for (const auto& row : rows) measured.push_back(row.microseconds), weights.push_back(1);
  for (std::size_t j = 0; j < parameters.size(); ++j) measured.push_back(1), weights.push_back(kPull);
  const Predictor predict = [&](std::span<const double> values, std::span<double> predicted) {
    const auto named = by_name(parameters, values);
    const auto domain = read_domain_coefficients(named);
    const auto across = read_across_coefficients(named);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const CollectiveRow& r = rows[i];
      predicted[i] = crosses ? across_collective_us(across, r.call, r.domain_bandwidth, r.network_bandwidth)
                             : domain_collective_us(domain, r.call, r.domain_bandwidth);
    }
    for (std::size_t j = 0; j < parameters.size(); ++j) predicted[rows.size() + j] = values[j] / parameters[j].start;
  };
  FitSettings settings;
  settings.starts = kStarts;
  return fit_parameters(parameters, predict, measured, weights, settings).values;
}

}  // namespace

CalibratedGroup fit_collective_group(const std::vector<CollectiveRow>& rows, const std::vector<std::string>& broken,
                                     const std::vector<Parameter>& parameters) {
  STARGATE_CHECK(rows.size() == broken.size(), "a verdict a row");
  CalibratedGroup group;
  group.law = "collective";
  std::vector<CollectiveRow> used, held_out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!broken[i].empty()) {
      ++group.skipped[broken[i]];
      continue;
    }
    (i % 4 == 3 ? held_out : used).push_back(rows[i]);
  }
  if (used.empty()) return group;
  for (const auto& row : used) {
    widen(group.fitted_on, "bytes", row.call.bytes);
    widen(group.fitted_on, "ranks", row.call.ranks);
  }
  group.coefficients = by_name(parameters, fit_values(used, parameters));
  const auto time_of = [&](const CollectiveRow& row) { return predict_collective(row, group.coefficients); };
  group.used = errors_of(used, time_of), group.held_out = errors_of(held_out, time_of);
  return group;
}

namespace {

/// A table's rows by group, with where in the table each stands.
struct TableGroup {
  std::vector<CollectiveRow> rows;
  std::vector<std::size_t> at;
};

struct TableRows {
  std::map<std::string, TableGroup> groups;
  std::vector<std::string> group, reason;  ///< of each row of the table
};

double element_bytes(const std::string& type) {
  if (type == "half" || type == "bfloat16" || type == "float16") return 2;
  if (type == "int8" || type == "uint8" || type == "fp8" || type == "float8") return 1;
  if (type == "float" || type == "float32") return 4;
  return 0;
}

struct NamedCollective {
  const char *table_name, *name;
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

/// custom_allreduce tables hold an engine's own kernels, called eagerly or from a captured graph; nccl tables name the
/// collective. `message_size` counts elements.
TableRows rows_of(const KernelTable& table, const Accelerator& device) {
  TableRows out;
  out.group.resize(table.rows), out.reason.resize(table.rows);
  const bool custom = table.table == "custom_allreduce";
  const auto& types = table.text(custom ? "allreduce_dtype" : "nccl_dtype");
  for (std::size_t i = 0; i < table.rows; ++i) {
    const NamedCollective* named = &kNames[0];
    if (custom) {
      const bool eager = table.texts.contains("backend") && table.text("backend")[i].ends_with("eager");
      out.group[i] = eager ? "custom_all_reduce.eager" : "custom_all_reduce.graph";
    } else {
      const auto& op = table.text("op_name")[i];
      named = std::find_if(std::begin(kNames), std::end(kNames), [&](const auto& n) { return n.table_name == op; });
      out.group[i] = named != std::end(kNames) ? named->name : op;
    }
    const double size = element_bytes(types[i]);
    const double ranks = table.number("num_gpus")[i], bytes = table.number("message_size")[i] * size;
    if (named == std::end(kNames)) {
      out.reason[i] = "not a collective the law knows";
    } else if (!(size > 0)) {
      out.reason[i] = "element type not known";
    } else if (!(ranks >= 2) || !(bytes > 0)) {
      out.reason[i] = "no ranks or no bytes";
    } else {
      auto& group = out.groups[out.group[i]];
      const int n = static_cast<int>(ranks);
      group.rows.push_back(
          {{named->collective, bytes, n, n, size}, 1e3 * table.number("latency_ms")[i], domain_link(device), 0});
      group.at.push_back(i);
    }
  }
  for (const auto& [name, group] : out.groups) {
    const auto broken = broken_collective_rows(group.rows);
    for (std::size_t i = 0; i < broken.size(); ++i) out.reason[group.at[i]] = broken[i];
  }
  return out;
}

class CollectiveFit final : public LawFit {
 public:
  explicit CollectiveFit(Records<Network> networks) : networks_(std::move(networks)) {}
  std::string law() const override { return "collective"; }
  bool accepts(const KernelTable& table) const override {
    const bool custom = table.table == "custom_allreduce";
    if (!custom && table.table != "nccl") return false;
    const auto is_number = [&](const char* column) { return table.numbers.contains(column); };
    return table.texts.contains(custom ? "allreduce_dtype" : "nccl_dtype") &&
           (custom || table.texts.contains("op_name")) && is_number("num_gpus") && is_number("message_size") &&
           is_number("latency_ms");
  }
  std::vector<Parameter> parameters() const override {
    std::vector<Parameter> out;
    for (const auto& field : domain_fields()) out.push_back(parameter_of(field));
    for (const auto& field : across_fields()) out.push_back(parameter_of(field));
    return out;
  }
  std::vector<CalibratedGroup> fit(const KernelTable& table, const Accelerator& device) const override {
    std::vector<CalibratedGroup> out;
    const TableRows rows = rows_of(table, device);
    for (const auto& [name, group] : rows.groups) {
      std::vector<std::string> broken;
      for (const std::size_t i : group.at) broken.push_back(rows.reason[i]);
      CalibratedGroup fitted = fit_collective_group(
          group.rows, broken, collective_parameters(group.rows, domain_links(device, networks_), name));
      if (fitted.coefficients.empty()) continue;
      fitted.device = device.id, fitted.engine = table.engine, fitted.version = table.version;
      fitted.precision = name;
      out.push_back(std::move(fitted));
    }
    return out;
  }
  std::vector<Prediction> predict(const KernelTable& table, const Accelerator& device,
                                  const std::vector<CalibratedGroup>& groups) const override {
    const TableRows rows = rows_of(table, device);
    std::vector<Prediction> out(table.rows);
    for (std::size_t i = 0; i < table.rows; ++i) {
      out[i] = {std::numeric_limits<double>::quiet_NaN(), rows.group[i], rows.reason[i]};
    }
    for (const auto& [name, group] : rows.groups) {
      const auto fitted =
          std::find_if(groups.begin(), groups.end(), [&wanted = name](const auto& g) { return g.precision == wanted; });
      for (std::size_t i = 0; i < group.at.size(); ++i) {
        Prediction& prediction = out[group.at[i]];
        if (!prediction.reason.empty()) continue;
        if (fitted == groups.end()) {
          prediction.reason = "no coefficients of " + name;
        } else {
          prediction.milliseconds = 1e-3 * predict_collective(group.rows[i], fitted->coefficients);
        }
      }
    }
    return out;
  }

 private:
  Records<Network> networks_;
};

}  // namespace

std::unique_ptr<LawFit> make_collective_fit(const Records<Network>& networks) {
  return std::make_unique<CollectiveFit>(networks);
}

}  // namespace stargate
