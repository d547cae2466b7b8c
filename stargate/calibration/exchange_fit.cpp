// Groups of the tables of expert exchange, rows left out by rule, and the fit of each mode and way.
#include "stargate/calibration/exchange_fit.hpp"

#include <algorithm>
#include <limits>

#include "stargate/calibration/row_fit.hpp"
#include "stargate/perf/exchange_law.hpp"

namespace stargate {
namespace {

constexpr double kHuber = 0.05;
constexpr double kDisturbed = 2;          // times what two larger calls take
constexpr double kNothing = 10;           // times the lower bound
constexpr double kNode = 8, kTray = 4;    // accelerators a node; a node of a rack that is one domain
constexpr int kLargestHost = 16;          // accelerators; a larger domain is a rack
constexpr double kRackStart = 1.5;        // bytes a clock of a unit that copies a row through a buffer
constexpr const char* kLowLatency = "wideep_deepep_ll";
constexpr const char* kNormal = "wideep_deepep_normal";
constexpr const char* kInsideRack = "trtllm_alltoall";

struct ExchangeRow {
  ExchangeCall call;
  double microseconds = 0;
};
using Group = RowGroup<ExchangeRow>;

/// Bytes are counted in a rank's memory at the least once.
bool asks_no_less(const ExchangeRow& other, const ExchangeRow& row) {
  const ExchangeCall &a = other.call, &b = row.call;
  return a.tokens >= b.tokens && a.hidden >= b.hidden && a.top_k >= b.top_k && a.experts == b.experts &&
         a.ranks >= b.ranks && a.units <= b.units && a.row_bytes >= b.row_bytes;
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

/// DeepEP's tables: all ranks of some nodes, rows sent in 8 bits.
ExchangeCall node_call(const KernelTable& table, std::size_t i, const Accelerator& device) {
  const auto number = [&](const char* column) { return table.number(column)[i]; };
  ExchangeCall call;
  call.mode = table.table == kLowLatency ? ExchangeMode::low_latency : ExchangeMode::normal;
  call.way = table.text("op_name")[i] == "combine" ? ExchangeWay::combine : ExchangeWay::dispatch;
  call.top_k = number("num_topk");
  const bool rack = device.scale_up_domain > kLargestHost;
  call.ranks = (rack ? kTray : kNode) * number("node_num"), call.per_domain = rack ? call.ranks : kNode;
  call.row_bytes = exchange_row_bytes(number("hidden_size"), 1, call.way);
  if (call.mode == ExchangeMode::normal) call.units = number("sms");
  return call;
}

/// TensorRT-LLM's all-to-all inside a rack. False of what no step runs: results narrowed on their way back.
bool read_rack_call(const KernelTable& table, std::size_t i, ExchangeCall& call) {
  const std::string &op = table.text("op_name")[i], &type = table.text("moe_dtype")[i];
  if (op.ends_with("low_precision")) return false;
  const bool one_sided = table.text("kernel_source")[i] == "NVLinkOneSided";
  call.mode = one_sided ? ExchangeMode::one_sided : ExchangeMode::two_sided;
  call.way = op.ends_with("prepare")   ? ExchangeWay::prepare
             : op.ends_with("combine") ? ExchangeWay::combine
                                       : ExchangeWay::dispatch;
  call.top_k = table.number("topk")[i];
  call.ranks = call.per_domain = table.number("moe_ep_size")[i];
  const double bytes = type == "nvfp4" ? 0.5 : type == "fp8" ? 1 : 2;
  call.row_bytes = exchange_row_bytes(table.number("hidden_size")[i], bytes, call.way);
  return true;
}

RowGroups<ExchangeRow> exchange_groups(const KernelTable& table, const Accelerator& device) {
  RowGroups<ExchangeRow> groups;
  for (std::size_t i = 0; i < table.rows; ++i) {
    ExchangeCall call;
    if (table.table == kInsideRack) {
      if (!read_rack_call(table, i, call)) continue;
    } else {
      call = node_call(table, i, device);
    }
    call.tokens = table.number("num_tokens")[i], call.hidden = table.number("hidden_size")[i];
    call.experts = table.number("num_experts")[i];
    Group& group = groups[exchange_group_name(call)];
    group.rows.push_back(i);
    group.calls.push_back({call, table.number("latency_ms")[i] * 1e3});
  }
  for (auto& [name, group] : groups) mark_broken(group);
  return groups;
}

bool is_rack_group(const std::string& group) { return group.find("_sided/") != std::string::npos; }

/// Of one group. Between domains the network is what binds, and says nothing of the links; a rack's library was
/// measured at one number of experts and one width.
std::vector<ExchangeField> fields_of(const std::string& group) {
  using C = ExchangeCoefficients;
  const bool across = group.ends_with(".across"), rack = is_rack_group(group), counts = group.ends_with("prepare");
  std::vector<ExchangeField> out;
  for (const ExchangeField& f : exchange_fields()) {
    const bool link = f.member == &C::link_share, fixed = f.member == &C::expert_us || f.member == &C::row_us;
    if (f.where == ExchangeField::inside_racks ? !rack : f.where == ExchangeField::between && !across) continue;
    if (((across || counts) && link) || (rack && fixed)) continue;
    out.push_back(f);
  }
  return out;
}

class ExchangeFit final : public RowFit<ExchangeRow> {
 public:
  std::string law() const override { return "expert_exchange"; }
  bool accepts(const KernelTable& table) const override {
    return table.table == kLowLatency || table.table == kNormal || table.table == kInsideRack;
  }
  std::vector<Parameter> parameters() const override {
    std::vector<Parameter> out;
    for (const ExchangeField& f : exchange_fields()) out.push_back(parameter_of(f));
    return out;
  }
  /// Inside a domain and across are two laws: one says nothing of the other.
  std::vector<Prediction> predict(const KernelTable& table, const Accelerator& device,
                                  const std::vector<CalibratedGroup>& groups) const override {
    std::vector<Prediction> out = RowFit::predict(table, device, groups);
    for (const auto& [name, group] : exchange_groups(table, device)) {
      const auto is_own = [&](const CalibratedGroup& g) { return g.precision == name; };
      if (std::any_of(groups.begin(), groups.end(), is_own)) continue;
      for (const std::size_t row : group.rows) {
        out[row] = {std::numeric_limits<double>::quiet_NaN(), name, unpredicted().no_coefficients};
      }
    }
    return out;
  }

 protected:
  RowGroups<ExchangeRow> groups_of(const KernelTable& table, const Accelerator& device) const override {
    return exchange_groups(table, device);
  }
  Shapes shapes_of(const ExchangeRow& row) const override {
    return {{"tokens", row.call.tokens}, {"hidden", row.call.hidden}, {"experts", row.call.experts},
            {"ranks", row.call.ranks}};
  }
  std::map<std::string, double> fit_rows(const std::string& group, const std::vector<ExchangeRow>& rows,
                                         const Accelerator& accelerator) const override {
    using C = ExchangeCoefficients;
    const auto fields = fields_of(group);
    const ExchangeDevice device = exchange_device(accelerator);
    C start;
    for (const ExchangeField& f : exchange_fields()) start.*f.member = 0;
    for (const ExchangeField& f : fields) start.*f.member = f.start;
    start.launch_us = std::clamp(0.8 * shortest_time(rows), 0.5, 200.0);
    if (!(start.link_share > 0)) start.link_share = C{}.link_share;
    if (!(start.across_share > 0)) start.across_share = C{}.across_share;
    const auto time = [&](const C& c, const ExchangeRow& row) { return exchange_us(c, device, row.call); };
    if (is_rack_group(group)) start.unit_rate = kRackStart;
    C fitted = fit_fields(start, fields, rows, time, {.huber = kHuber, .starts = 4}).coefficients;
    std::map<std::string, double> out;
    if (is_rack_group(group)) out["expert_us"] = out["row_us"] = 0;
    for (const ExchangeField& f : fields) {
      // A time that the search leaves at next to nothing is one the kernel does not take.
      const bool optional = f.member == &C::expert_us || f.member == &C::row_us || f.member == &C::rank_us;
      if (optional && fitted.*f.member < kNothing * f.lower) fitted.*f.member = 0;
      out[f.name] = fitted.*f.member;
    }
    return out;
  }
  TimeOf time_of(const std::map<std::string, double>& coefficients, const Accelerator& device) const override {
    return [c = read_exchange_coefficients(coefficients), facts = exchange_device(device)](const ExchangeRow& row) {
      return exchange_us(c, facts, row.call);
    };
  }
  Unpredicted unpredicted() const override {
    return {"the law has no place for this exchange", "no coefficients of this exchange"};
  }
};

}  // namespace

std::unique_ptr<LawFit> make_exchange_fit() { return std::make_unique<ExchangeFit>(); }

}  // namespace stargate
