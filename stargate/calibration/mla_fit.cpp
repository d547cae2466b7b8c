// Groups of the MLA tables (format and kernel), rows left out by rule, and the fits of prefill and decode.
#include "stargate/calibration/mla_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "stargate/base/check.hpp"
#include "stargate/calibration/row_groups.hpp"

namespace stargate {
namespace {

constexpr double kFastest = 1.08;        // of the data-sheet rate: clocks may stand this much above those it assumes
constexpr double kDisturbed = 2;         // times what two larger calls take
constexpr double kClearlyBetter = 0.99;  // of the loss, for another structure
constexpr double kHuber = 0.05;
constexpr std::size_t kRowsToChoose = 400;        // enough to choose a structure by
constexpr std::array kCacheStarts = {0.7, 0.15};  // what fits in the cache has an edge: a search stays on its side

/// One of the two laws, for what both fits share.
struct PrefillLaw {
  using Coefficients = MlaPrefillCoefficients;
  static constexpr const char* name = "mla_prefill";
  static constexpr const char* table = "context_mla";
  static constexpr bool decode = false;
  static auto fields() { return mla_prefill_fields(); }
  static auto structure() { return mla_prefill_structure_fields(); }
  static std::vector<Coefficients> structures() {
    std::vector<Coefficients> out;
    for (const double rows : {128.0, 64.0, 32.0, 16.0}) {
      Coefficients c;
      c.query_tile = rows;
      out.push_back(c);
    }
    return out;
  }
  static Coefficients read(const std::map<std::string, double>& values) {
    return read_mla_prefill_coefficients(values);
  }
  static double time(const Coefficients& c, const MlaDevice& device, const MlaFormat& format, const MlaCall& call) {
    return mla_prefill_us(c, device, format, call);
  }
};

struct DecodeLaw {
  using Coefficients = MlaDecodeCoefficients;
  static constexpr const char* name = "mla_decode";
  static constexpr const char* table = "generation_mla";
  static constexpr bool decode = true;
  static auto fields() { return mla_decode_fields(); }
  static auto structure() { return mla_decode_structure_fields(); }
  static std::vector<Coefficients> structures() {
    std::vector<Coefficients> out;
    for (const double splits : {1.0, 0.0}) {
      for (const double heads : {64.0, 128.0, 16.0}) {
        Coefficients c;
        c.splits = splits, c.job_heads = heads;
        out.push_back(c);
      }
    }
    return out;
  }
  static Coefficients read(const std::map<std::string, double>& values) { return read_mla_decode_coefficients(values); }
  static double time(const Coefficients& c, const MlaDevice& device, const MlaFormat& format, const MlaCall& call) {
    return mla_decode_us(c, device, format, call);
  }
};

template <class Coefficients>
struct Solution {
  Coefficients coefficients;
  double loss = std::numeric_limits<double>::infinity();
};

/// Fits the coefficients of one structure to every `stride`th row.
template <class Law>
Solution<typename Law::Coefficients> solve_from(const std::vector<MlaRow>& rows, std::size_t stride,
                                                const MlaDevice& device, const MlaFormat& format,
                                                const typename Law::Coefficients& start) {
  std::vector<double> measured;
  std::vector<MlaCall> calls;
  for (std::size_t i = 0; i < rows.size(); i += stride) {
    measured.push_back(rows[i].microseconds);
    calls.push_back(rows[i].call);
  }
  std::vector<Parameter> parameters;
  for (const auto& f : Law::fields()) {
    parameters.push_back({f.name, f.unit, f.meaning, start.*f.member, f.lower, f.upper, true});
  }
  const auto with_values = [&](std::span<const double> values) {
    auto out = start;
    for (std::size_t j = 0; j < values.size(); ++j) out.*Law::fields()[j].member = values[j];
    return out;
  };
  const Predictor predict = [&](std::span<const double> values, std::span<double> predicted) {
    const auto c = with_values(values);
    for (std::size_t i = 0; i < calls.size(); ++i) predicted[i] = Law::time(c, device, format, calls[i]);
  };
  const Fit fit = fit_parameters(parameters, predict, measured, {},
                                 {.huber = kHuber, .max_iterations = stride > 1 ? 30 : 60, .starts = 1});
  return {with_values(fit.values), fit.loss};
}

/// Every structure from both starts of the cache's share, on a sample; the best, with a handicap for later ones so that
/// near ties keep the first, is then fitted to all rows.
template <class Law>
typename Law::Coefficients fit_rows(const std::vector<MlaRow>& rows, const MlaDevice& device, const MlaFormat& format) {
  STARGATE_CHECK(!rows.empty(), "a fit needs rows");
  const std::size_t stride = std::max<std::size_t>(1, rows.size() / kRowsToChoose);
  Solution<typename Law::Coefficients> best;
  for (auto start : Law::structures()) {
    for (const auto& f : Law::fields()) start.*f.member = f.start;
    start.launch_us = std::clamp(0.8 * shortest_time(rows), 1.0, 400.0);
    for (const double cache : kCacheStarts) {
      start.cache_share = cache;
      const auto other = solve_from<Law>(rows, stride, device, format, start);
      if (other.loss < kClearlyBetter * best.loss) best = other;
    }
  }
  return solve_from<Law>(rows, 1, device, format, best.coefficients).coefficients;
}

using Group = RowGroup<MlaRow>;

template <class Law>
std::map<std::string, Group> groups_of(const KernelTable& table, const Accelerator& device) {
  std::map<std::string, Group> groups;
  for (std::size_t i = 0; i < table.rows; ++i) {
    const std::string name =
        mla_group_name(table.text("mla_dtype")[i], table.text("kv_cache_dtype")[i], table.text("kernel_source")[i]);
    if (find_mla_format(name) == nullptr) continue;
    Group& group = groups[name];
    group.rows.push_back(i);
    group.calls.push_back(
        {{table.number("batch_size")[i], table.number("num_heads")[i], table.number("isl")[i], table.number("step")[i]},
         table.number("latency_ms")[i] * 1e3});
  }
  for (auto& [name, group] : groups) {
    const MlaFormat& format = *find_mla_format(name);
    group.reasons = broken_mla_rows(group.calls, mla_device(device, format), format, Law::decode);
  }
  return groups;
}

template <class Law>
CalibratedGroup fit_group(const std::string& name, const Group& group, const KernelTable& table,
                          const Accelerator& device) {
  CalibratedGroup out;
  const auto shapes_of = [](const MlaRow& row) {
    return std::array{std::pair{"sequences", row.call.sequences}, std::pair{"heads", row.call.heads},
                      std::pair{"query", row.call.query}, std::pair{"cached", row.call.cached}};
  };
  const auto [used, held_out] = split_rows(group, shapes_of, out);
  const MlaFormat& format = *find_mla_format(name);
  const MlaDevice facts = mla_device(device, format);
  const auto coefficients = fit_rows<Law>(used, facts, format);
  const auto time_of = [&](const MlaRow& row) { return Law::time(coefficients, facts, format, row.call); };
  out.law = Law::name, out.device = device.id, out.engine = table.engine, out.version = table.version;
  out.precision = name;
  for (const auto fields : {Law::fields(), Law::structure()}) {
    for (const auto& f : fields) out.coefficients[f.name] = coefficients.*f.member;
  }
  out.used = errors_of(used, time_of), out.held_out = errors_of(held_out, time_of);
  return out;
}

template <class Law>
class MlaFit final : public LawFit {
 public:
  std::string law() const override { return Law::name; }
  bool accepts(const KernelTable& table) const override {
    const auto has = [&](const auto& columns, std::initializer_list<const char*> names) {
      return std::all_of(names.begin(), names.end(), [&](const char* n) { return columns.contains(n); });
    };
    return table.table == Law::table && has(table.texts, {"mla_dtype", "kv_cache_dtype", "kernel_source"}) &&
           has(table.numbers, {"num_heads", "batch_size", "isl", "step"});
  }
  std::vector<Parameter> parameters() const override {
    std::vector<Parameter> out;
    for (const auto& f : Law::fields()) {
      out.push_back({f.name, f.unit, f.meaning, f.start, f.lower, f.upper, f.lower > 0});
    }
    for (const auto& f : Law::structure()) {
      out.push_back({f.name, f.unit, f.meaning, f.start, f.lower, f.upper, f.lower > 0, true});
    }
    return out;
  }
  std::vector<CalibratedGroup> fit(const KernelTable& table, const Accelerator& device) const override {
    return fit_groups(groups_of<Law>(table, device), [&](const std::string& name, const Group& group) {
      return fit_group<Law>(name, group, table, device);
    });
  }
  std::vector<Prediction> predict(const KernelTable& table, const Accelerator& device,
                                  const std::vector<CalibratedGroup>& groups) const override {
    const Unpredicted unpredicted{"the law has no such format", "no coefficients of this format"};
    return predict_groups(table, groups_of<Law>(table, device), groups, unpredicted,
                          [&](const std::string& name, const std::map<std::string, double>& coefficients) {
                            const MlaFormat& format = *find_mla_format(name);
                            return [&format, facts = mla_device(device, format),
                                    c = Law::read(coefficients)](const MlaRow& row) {
                              return Law::time(c, facts, format, row.call);
                            };
                          });
  }
};

bool asks_no_less(const MlaRow& other, const MlaRow& row) {
  return other.call.sequences >= row.call.sequences && other.call.heads >= row.call.heads &&
         other.call.query >= row.call.query && other.call.cached >= row.call.cached;
}

/// Decode works on the latent (scores 576 wide, values 512), prefill on expanded heads (192 and 128). `pairs` takes new
/// tokens as half seen, which is the least.
std::string broken_reason(const MlaRow& row, const MlaDevice& device, const MlaFormat& format, bool decode) {
  const MlaCall& call = row.call;
  if (!(row.microseconds > 0) || !(call.sequences >= 1) || !(call.heads >= 1) || !(call.query >= 1) ||
      !(call.cached >= 0)) {
    return "no time or no shape";
  }
  if (!(device.peak > 0)) return "the device has no rate for this format";
  const double pairs = call.query * (call.cached + call.query / 2);
  const double flops = 2 * call.sequences * call.heads * pairs * (decode ? 576 + 512 : 192 + 128);
  if (flops > row.microseconds * device.peak * kFastest) return "faster than the matrix units can be";
  const double read = decode ? call.sequences * call.cached * 576 * format.cache_bytes - device.cache : 0;
  if (read > row.microseconds * device.bandwidth) return "faster than the memory can be, its cache taken off";
  return {};
}

}  // namespace

std::string mla_group_name(const std::string& dtype, const std::string& cache_dtype, const std::string& kernel_source) {
  std::string name = dtype == "bfloat16" ? "bf16" : dtype;
  if (cache_dtype != dtype) name += "_kv_" + (cache_dtype == "bfloat16" ? "bf16" : cache_dtype);
  for (const char* word : {"flashmla", "flash_att", "trtllm", "triton"}) {
    if (kernel_source.find(word) != std::string::npos) return name + "." + word;
  }
  return name + ".default";
}

std::vector<std::string> broken_mla_rows(const std::vector<MlaRow>& rows, const MlaDevice& device,
                                         const MlaFormat& format, bool decode) {
  std::vector<std::string> reasons(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) reasons[i] = broken_reason(rows[i], device, format, decode);
  const auto by_time = sort_by_time(rows, [&](std::size_t i) { return reasons[i].empty(); });
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (reasons[i].empty() && is_disturbed(by_time, rows[i], kDisturbed, asks_no_less)) {
      reasons[i] = "disturbed: well over the time of two calls that ask for no less";
    }
  }
  return reasons;
}

MlaPrefillCoefficients fit_mla_prefill_rows(const std::vector<MlaRow>& rows, const MlaDevice& device,
                                            const MlaFormat& format) {
  return fit_rows<PrefillLaw>(rows, device, format);
}

MlaDecodeCoefficients fit_mla_decode_rows(const std::vector<MlaRow>& rows, const MlaDevice& device,
                                          const MlaFormat& format) {
  return fit_rows<DecodeLaw>(rows, device, format);
}

std::unique_ptr<LawFit> make_mla_prefill_fit() { return std::make_unique<MlaFit<PrefillLaw>>(); }
std::unique_ptr<LawFit> make_mla_decode_fit() { return std::make_unique<MlaFit<DecodeLaw>>(); }

}  // namespace stargate
