// Groups of the tables of expert exchange, rows left out by rule, and the fit of each mode and way.
#include "stargate/calibration/exchange_fit.hpp"

#include <algorithm>
#include <array>

#include "stargate/calibration/row_groups.hpp"
#include "stargate/perf/exchange_law.hpp"

namespace stargate {
namespace {

constexpr double kHuber = 0.05;
constexpr double kDisturbed = 2;          // times what two larger calls take
constexpr double kNothing = 10;           // times the lower bound
constexpr double kNode = 8, kTray = 4;    // accelerators a node; a node of a rack that is one domain
constexpr int kLargestHost = 16;          // accelerators; a larger domain is a rack
constexpr const char* kLowLatency = "wideep_deepep_ll";
constexpr const char* kNormal = "wideep_deepep_normal";

struct ExchangeRow {
  ExchangeCall call;
  double microseconds = 0;
};
using Group = RowGroup<ExchangeRow>;

/// Bytes are counted in a rank's memory at the least once.
bool asks_no_less(const ExchangeRow& other, const ExchangeRow& row) {
  const ExchangeCall &a = other.call, &b = row.call;
  return a.tokens >= b.tokens && a.hidden >= b.hidden && a.top_k >= b.top_k && a.experts == b.experts &&
         a.ranks >= b.ranks && a.units <= b.units;
}

void mark_broken(Group& group) {
  group.reasons.assign(group.calls.size(), {});
  for (std::size_t i = 0; i < group.calls.size(); ++i) {
    const ExchangeCall& call = group.calls[i].call;
    if (!(group.calls[i].microseconds > 0) || !(call.tokens >= 1)) group.reasons[i] = "no time or no shape";
  }
  const auto by_time = sort_by_time(group.calls, [&](std::size_t i) { return group.reasons[i].empty(); });
  for (std::size_t i = 0; i < group.calls.size(); ++i) {
    if (group.reasons[i].empty() && is_disturbed(by_time, group.calls[i], kDisturbed, asks_no_less)) {
      group.reasons[i] = "disturbed: well over the time of two calls that ask for no less";
    }
  }
}

std::map<std::string, Group> groups_of(const KernelTable& table, const Accelerator& device) {
  std::map<std::string, Group> groups;
  const bool low_latency = table.table == kLowLatency;
  const double node = device.scale_up_domain > kLargestHost ? kTray : kNode;
  for (std::size_t i = 0; i < table.rows; ++i) {
    const auto number = [&](const char* column) { return table.number(column)[i]; };
    ExchangeCall call;
    call.mode = low_latency ? ExchangeMode::low_latency : ExchangeMode::normal;
    call.combine = table.text("op_name")[i] == "combine";
    call.tokens = number("num_tokens"), call.hidden = number("hidden_size");
    call.top_k = number("num_topk"), call.experts = number("num_experts");
    call.per_domain = node, call.ranks = node * number("node_num");
    if (device.scale_up_domain > kLargestHost) call.per_domain = call.ranks;
    call.row_bytes = exchange_row_bytes(call.hidden, 1, call.combine);
    if (!low_latency) call.units = number("sms");
    Group& group = groups[exchange_group_name(call)];
    group.rows.push_back(i);
    group.calls.push_back({call, number("latency_ms") * 1e3});
  }
  for (auto& [name, group] : groups) mark_broken(group);
  return groups;
}

/// Of one group: between domains or inside one. Between them the network is what binds, and says nothing of the links.
std::vector<ExchangeField> fields_of(bool across) {
  std::vector<ExchangeField> out;
  for (const ExchangeField& f : exchange_fields()) {
    const bool link = f.member == &ExchangeCoefficients::link_share;
    if (across ? !link : !f.across) out.push_back(f);
  }
  return out;
}

ExchangeCoefficients fit_rows(const std::vector<ExchangeRow>& rows, const ExchangeDevice& device,
                              const std::vector<ExchangeField>& fields) {
  std::vector<double> measured;
  std::vector<Parameter> parameters;
  for (const ExchangeRow& row : rows) measured.push_back(row.microseconds);
  for (const ExchangeField& f : fields) {
    const bool launch = f.member == &ExchangeCoefficients::launch_us;
    const double start = launch ? std::clamp(0.8 * shortest_time(rows), f.lower, f.upper) : f.start;
    parameters.push_back({f.name, f.unit, f.meaning, start, f.lower, f.upper, true});
  }
  const auto with_values = [&](std::span<const double> values) {
    ExchangeCoefficients out;
    for (std::size_t j = 0; j < values.size(); ++j) out.*fields[j].member = values[j];
    return out;
  };
  const Predictor predict = [&](std::span<const double> values, std::span<double> predicted) {
    const ExchangeCoefficients c = with_values(values);
    for (std::size_t i = 0; i < rows.size(); ++i) predicted[i] = exchange_us(c, device, rows[i].call);
  };
  ExchangeCoefficients out =
      with_values(fit_parameters(parameters, predict, measured, {}, {.huber = kHuber, .starts = 4}).values);
  // A time that the search leaves at next to nothing is one the kernel does not take.
  for (const ExchangeField& f : fields) {
    const bool optional = f.member == &ExchangeCoefficients::expert_us || f.member == &ExchangeCoefficients::row_us;
    if (optional && out.*f.member < kNothing * f.lower) out.*f.member = 0;
  }
  return out;
}

CalibratedGroup fit_group(const std::string& name, const Group& group, const KernelTable& table,
                          const Accelerator& device) {
  CalibratedGroup out;
  const auto shapes_of = [](const ExchangeRow& row) {
    return std::array{std::pair{"tokens", row.call.tokens}, std::pair{"hidden", row.call.hidden},
                      std::pair{"experts", row.call.experts}, std::pair{"ranks", row.call.ranks}};
  };
  const auto [used, held_out] = split_rows(group, shapes_of, out);
  const ExchangeDevice facts = exchange_device(device);
  const auto fields = fields_of(name.ends_with(".across"));
  const ExchangeCoefficients c = fit_rows(used, facts, fields);
  const auto time_of = [&](const ExchangeRow& row) { return exchange_us(c, facts, row.call); };
  out.law = "expert_exchange", out.device = device.id, out.engine = table.engine, out.version = table.version;
  out.precision = name;
  for (const ExchangeField& f : fields) out.coefficients[f.name] = c.*f.member;
  out.used = errors_of(used, time_of), out.held_out = errors_of(held_out, time_of);
  return out;
}

class ExchangeFit final : public LawFit {
 public:
  std::string law() const override { return "expert_exchange"; }
  bool accepts(const KernelTable& table) const override { return table.table == kLowLatency || table.table == kNormal; }
  std::vector<Parameter> parameters() const override {
    std::vector<Parameter> out;
    for (const ExchangeField& f : exchange_fields()) {
      out.push_back({f.name, f.unit, f.meaning, f.start, f.lower, f.upper, true});
    }
    return out;
  }
  std::vector<CalibratedGroup> fit(const KernelTable& table, const Accelerator& device) const override {
    return fit_groups(groups_of(table, device), [&](const std::string& name, const Group& group) {
      return fit_group(name, group, table, device);
    });
  }
  std::vector<Prediction> predict(const KernelTable& table, const Accelerator& device,
                                  const std::vector<CalibratedGroup>& groups) const override {
    const ExchangeDevice facts = exchange_device(device);
    const Unpredicted unpredicted{"the law has no place for this exchange", "no coefficients of this exchange"};
    std::map<std::string, Group> of_table = groups_of(table, device);
    // Inside a domain and across are two laws: one says nothing of the other.
    std::erase_if(of_table, [&](const auto& entry) {
      return std::none_of(groups.begin(), groups.end(),
                          [&](const CalibratedGroup& g) { return g.precision == entry.first; });
    });
    return predict_groups(table, of_table, groups, unpredicted,
                          [&](const std::string&, const std::map<std::string, double>& coefficients) {
                            return [&facts, c = read_exchange_coefficients(coefficients)](const ExchangeRow& row) {
                              return exchange_us(c, facts, row.call);
                            };
                          });
  }
};

}  // namespace

std::unique_ptr<LawFit> make_exchange_fit() { return std::make_unique<ExchangeFit>(); }

}  // namespace stargate
