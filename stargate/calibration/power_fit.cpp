// The law of bursts is that of the same engine's kernels; rows whose time it misses by half are other kernels than it
// was fitted to and say nothing of clocks. Power is sampled ten times a second, so a row may carry some of its
// predecessor's: errors count in proportion and no more than half.
#include "stargate/calibration/power_fit.hpp"

#include <fmt/format.h>

#include <cmath>

#include "stargate/base/text_table.hpp"
#include "stargate/calibration/kernel_table.hpp"
#include "stargate/calibration/pattern_search.hpp"
#include "stargate/perf/device_law.hpp"

namespace stargate {
namespace {

constexpr double kMost = 0.5;         // of a logarithm
constexpr double kBusy = 1.0 / 3;     // use of the matrix units from which a clock may fall
constexpr double kShortest = 5;       // microseconds; below, launches fill the time
const std::vector<const char*> kFormats{"bfloat16", "fp8", "nvfp4"};

struct PowerRow {
  const Accelerator* device;
  double compute_use, memory_use;  ///< of the peaks, at the burst's time
  double burst_us, measured_us, watts;
};

using Handle = CoefficientHandle<KernelShares>;
const std::vector<Handle>& handles() {
  static const std::vector<Handle> all = {
      {"running_power", 50, 500, [](const KernelShares& s) { return s.running_power.base(); },
       [](KernelShares& s, double watts) { s.running_power = Power::from_base(watts); }},
      number_handle<KernelShares, &KernelShares::product_picojoules>("product_picojoules", 0.1, 5),
      number_handle<KernelShares, &KernelShares::stream_picojoules>("stream_picojoules", 5, 300)};
  return all;
}

double watts_of(const PowerRow& row, const KernelShares& shares) {
  return make_power_law(*row.device, shares, *row.device).power(row.compute_use, row.memory_use).base();
}
double time_of(const PowerRow& row, const KernelShares& shares) {
  return row.burst_us * make_power_law(*row.device, shares, *row.device).slowdown(row.compute_use, row.memory_use);
}

struct PowerLoss {
  const std::vector<PowerRow>& rows;
  double operator()(const KernelShares& shares) const {
    double sum = 0;
    for (const PowerRow& row : rows) {
      sum += std::min(kMost, std::abs(std::log(watts_of(row, shares) / row.watts)));
      if (row.compute_use < kBusy) continue;
      sum += std::min(kMost, std::abs(std::log(time_of(row, shares) / row.measured_us)));
    }
    return sum / static_cast<double>(rows.size());
  }
};

void add_rows(const KernelTable& table, const Accelerator& device, const DeviceLaw& law, std::vector<PowerRow>& rows) {
  for (std::size_t i = 0; i < table.rows; ++i) {
    const std::string& name = table.text("gemm_dtype")[i];
    const bool plain = std::any_of(kFormats.begin(), kFormats.end(), [&](const char* format) { return name == format; });
    const GemmFormat* format = plain ? find_gemm_format(name == "bfloat16" ? "bf16" : name) : nullptr;
    if (format == nullptr || !device.peak.contains(format->precision)) continue;
    const double m = table.number("m")[i], n = table.number("n")[i], k = table.number("k")[i];
    const double watts = table.number("power_w")[i], measured = table.number("latency_ms")[i] * 1e3;
    const Duration burst = law.gemm_time(format->precision, m, n, k);
    const double burst_us = burst / microsecond;
    if (!(watts > 0) || !(measured > kShortest) || std::abs(std::log(burst_us / measured)) > kMost) continue;
    rows.push_back({&device, Flops::from_base(2 * m * n * k) / (device.peak_rate(format->precision) * burst),
                    Bytes::from_base(gemm_bytes(format->precision, {m, n, k, 1})) / (device.memory_bandwidth * burst),
                    burst_us, measured, watts});
  }
}

ErrorSummary errors(const std::vector<PowerRow>& rows, bool busy, const auto& predicted, double PowerRow::*measured) {
  std::vector<double> a, b;
  for (const PowerRow& row : rows) {
    if (busy && row.compute_use < kBusy) continue;
    a.push_back(predicted(row)), b.push_back(row.*measured);
  }
  return summarise_errors(a, b);
}

ArchitecturePowerFit fit_architecture(const std::string& id, const KernelShares& before,
                                      const std::vector<PowerRow>& rows) {
  PowerLoss loss{rows};
  std::vector<const Handle*> all;
  for (const Handle& handle : handles()) all.push_back(&handle);
  KernelShares fitted = before;
  pattern_search(loss, all, fitted);
  ArchitecturePowerFit out;
  out.architecture = id, out.rows = static_cast<int>(rows.size());
  for (const Handle& h : handles()) out.coefficients.push_back({h.name, h.get(before), h.get(fitted), h.lower, h.upper});
  const auto watts = [](const KernelShares& s) { return [&s](const PowerRow& row) { return watts_of(row, s); }; };
  out.power_before = errors(rows, false, watts(before), &PowerRow::watts);
  out.power = errors(rows, false, watts(fitted), &PowerRow::watts);
  out.burst = errors(rows, true, [](const PowerRow& row) { return row.burst_us; }, &PowerRow::measured_us);
  out.sustained = errors(rows, true, [&](const PowerRow& row) { return time_of(row, fitted); }, &PowerRow::measured_us);
  return out;
}

}  // namespace

Result<PowerFit> fit_power(const Catalogue& catalogue, const std::string& folder) {
  std::map<std::string, std::vector<PowerRow>> by_architecture;
  Diagnostics faults;
  for (const std::string& path : list_kernel_tables(folder)) {
    if (path.find(".gemm.") == std::string::npos) continue;
    const auto table = load_kernel_table(path);
    if (!table) {
      for (const Diagnostic& fault : table.faults()) faults.push_back(fault);
      continue;
    }
    const Accelerator* device = find_table_device(catalogue.accelerators, table->device);
    if (device == nullptr || !table->numbers.contains("power_w")) continue;
    add_rows(*table, *device, DeviceLaw(*device, catalogue, table->engine), by_architecture[device->architecture]);
  }
  if (!faults.empty()) return faults;
  PowerFit out;
  for (const auto& [id, rows] : by_architecture) {
    const auto known = catalogue.architectures.find(id);
    const KernelShares before = known != catalogue.architectures.end() ? KernelShares(known->second) : KernelShares{};
    if (!rows.empty()) out.architectures.push_back(fit_architecture(id, before, rows));
  }
  if (out.architectures.empty()) {
    return Diagnostic{folder, 0, 0, {}, "no table of products here has a measured power",
                      "name a folder of DEVICE.gemm.ENGINE-VERSION.csv[.gz] with the column power_w", {}};
  }
  return out;
}

std::string format_power_fit(const PowerFit& fit) {
  TextTable values({{"architecture", Align::left}, {"share", Align::left}, {"before"}, {"fitted"}, {"lowest"},
                    {"highest"}});
  TextTable errors({{"architecture", Align::left}, {"rows"}, {"power"}, {"before"}, {"bias"}, {"before"},
                    {"time of busy rows"}, {"as bursts"}, {"bias"}, {"as bursts"}});
  const auto percent = [](double value) { return fmt::format("{:.1f} %", value); };
  for (const auto& a : fit.architectures) {
    for (const auto& c : a.coefficients) {
      values.add_row({a.architecture, c.name, fmt::format("{:.3g}", c.before), fmt::format("{:.3g}", c.after),
                      fmt::format("{:.3g}", c.lower), fmt::format("{:.3g}", c.upper)});
    }
    errors.add_row({a.architecture, std::to_string(a.rows), percent(a.power.median_pct),
                    percent(a.power_before.median_pct), percent(a.power.bias_pct), percent(a.power_before.bias_pct),
                    percent(a.sustained.median_pct), percent(a.burst.median_pct), percent(a.sustained.bias_pct),
                    percent(a.burst.bias_pct)});
  }
  return values.format() + "\nMedian errors\n" + errors.format();
}

}  // namespace stargate
