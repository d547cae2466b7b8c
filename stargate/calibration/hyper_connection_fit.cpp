// Groups of the tables of hyper-connections and the fit of each site.
#include "stargate/calibration/hyper_connection_fit.hpp"

#include <algorithm>
#include <array>

#include "stargate/calibration/row_fit.hpp"
#include "stargate/perf/hyper_connection_law.hpp"

namespace stargate {
namespace {

constexpr double kHuber = 0.05;
constexpr double kDisturbed = 2;  // times what two larger calls take
// What fits in the cache has an edge, and a search stays on its side.
constexpr std::array kCacheStarts = {0.3, 0.05};

struct MixingRow {
  MixingCall call;
  double microseconds = 0;  ///< of one site
};

bool asks_no_less(const MixingRow& other, const MixingRow& row) {
  return other.call.tokens >= row.call.tokens && other.call.hidden >= row.call.hidden;
}

class HyperConnectionFit final : public RowFit<MixingRow> {
 public:
  std::string law() const override { return "hyper_connection"; }
  bool accepts(const KernelTable& table) const override { return table.table == "mhc_module"; }
  std::vector<Parameter> parameters() const override {
    std::vector<Parameter> out;
    for (const MixingField& field : mixing_fields()) out.push_back(parameter_of(field));
    return out;
  }
  std::vector<Call> calls(const KernelTable& table, const Accelerator& device) const override {
    std::vector<Call> out(table.rows);
    for (const auto& [name, group] : groups_of(table, device)) {
      for (std::size_t j = 0; j < group.rows.size(); ++j) {
        Operator op;
        op.kind = OperatorKind::mixing, op.part = OperatorPart::norm, op.mixing = group.calls[j].call;
        Call& call = out[group.rows[j]];
        call = {{}, name, group.reasons[j]};
        const auto sites = static_cast<std::size_t>(table.number("num_sites")[group.rows[j]]);
        if (call.reason.empty()) call.operators.assign(sites, op);
      }
    }
    return out;
  }
  /// A row of the table is all its sites.
  std::vector<Prediction> predict(const KernelTable& table, const Accelerator& device,
                                  const std::vector<CalibratedGroup>& groups) const override {
    std::vector<Prediction> out = RowFit::predict(table, device, groups);
    for (std::size_t i = 0; i < out.size(); ++i) out[i].milliseconds *= table.number("num_sites")[i];
    return out;
  }

 protected:
  RowGroups<MixingRow> groups_of(const KernelTable& table, const Accelerator&) const override {
    RowGroups<MixingRow> groups;
    for (std::size_t i = 0; i < table.rows; ++i) {
      const auto number = [&](const char* column) { return table.number(column)[i]; };
      MixingRow row;
      row.call = {number("num_tokens"), number("hidden_size"), number("hc_mult"), table.text("op_name")[i] == "pre"};
      row.microseconds = number("latency_ms") * 1e3 / std::max(1.0, number("num_sites"));
      auto& group = groups[mixing_group_name(row.call.before)];
      group.rows.push_back(i), group.calls.push_back(row);
    }
    for (auto& [name, group] : groups) group.reasons = reasons_of(group.calls);
    return groups;
  }
  Shapes shapes_of(const MixingRow& row) const override {
    return {{"tokens", row.call.tokens}, {"hidden", row.call.hidden}, {"streams", row.call.streams}};
  }
  std::map<std::string, double> fit_rows(const std::string&, const std::vector<MixingRow>& rows,
                                         const Accelerator& accelerator) const override {
    const MixingDevice device = mixing_device(accelerator);
    FieldSolution<MixingCoefficients> best;
    for (const double cache : kCacheStarts) {
      MixingCoefficients start;
      start.launch_us = std::max(0.8 * shortest_time(rows), 0.5), start.cache_share = cache;
      const auto other = fit_fields(
          start, mixing_fields(), rows,
          [&](const MixingCoefficients& c, const MixingRow& row) { return mixing_us(c, device, row.call); },
          {.huber = kHuber});
      if (cache == kCacheStarts.front() || other.loss < best.loss) best = other;
    }
    std::map<std::string, double> out;
    for (const MixingField& field : mixing_fields()) out[field.name] = best.coefficients.*field.member;
    return out;
  }
  TimeOf time_of(const std::map<std::string, double>& coefficients, const Accelerator& device) const override {
    return [c = read_mixing_coefficients(coefficients), facts = mixing_device(device)](const MixingRow& row) {
      return mixing_us(c, facts, row.call);
    };
  }
  Unpredicted unpredicted() const override {
    return {"the law has no place for this kernel", "no coefficients of this kernel"};
  }

 private:
  static std::vector<std::string> reasons_of(const std::vector<MixingRow>& rows) {
    std::vector<std::string> reasons(rows.size());
    const auto timed = [&](std::size_t i) { return rows[i].microseconds > 0 && rows[i].call.tokens >= 1; };
    const auto by_time = sort_by_time(rows, timed);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!timed(i)) {
        reasons[i] = "no time or no shape";
      } else if (is_disturbed(by_time, rows[i], kDisturbed, asks_no_less)) {
        reasons[i] = "disturbed: well over the time of two calls that ask for no less";
      }
    }
    return reasons;
  }
};

}  // namespace

std::unique_ptr<LawFit> make_hyper_connection_fit() { return std::make_unique<HyperConnectionFit>(); }

}  // namespace stargate
