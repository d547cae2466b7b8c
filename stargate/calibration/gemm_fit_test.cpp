// The fit finds back what made the rows, leaves out what cannot be true, and says why it says nothing.
#include "stargate/calibration/gemm_fit.hpp"

#include <doctest/doctest.h>

#include <cmath>

namespace stargate {
namespace {

constexpr GemmDevice kDevice{132, 989e6, 3.35e6, 50e6, 1980};

Accelerator accelerator() {
  Accelerator a;
  a.id = "h100-sxm", a.vendor = "NVIDIA";
  a.peak[Precision::bf16] = FlopRate::from_base(989e12);
  a.memory_bandwidth = ByteRate::from_base(3.35e12);
  a.compute_units = 132;
  a.clock = Frequency::from_base(1.98e9);
  a.last_level_cache = Bytes::from_base(50e6);
  return a;
}

/// Every shape of a coarse grid, each fourth left out, timed by a law.
std::vector<GemmRow> rows_of(const GemmLaw& law, std::size_t stride) {
  std::vector<GemmRow> rows;
  std::size_t i = 0;
  for (const double m : {1.0, 8.0, 33.0, 64.0, 96.0, 160.0, 513.0, 1024.0, 4096.0}) {
    for (const double n : {64.0, 512.0, 2048.0, 6144.0, 16384.0}) {
      for (const double k : {128.0, 1024.0, 4096.0, 12288.0}) {
        if (++i % 4 < stride) rows.push_back({m, n, k, law.microseconds(m, n, k)});
      }
    }
  }
  return rows;
}

double worst_error(const GemmLaw& law, const std::vector<GemmRow>& rows) {
  double worst = 0;
  for (const GemmRow& r : rows) worst = std::max(worst, std::abs(law.microseconds(r.m, r.n, r.k) / r.microseconds - 1));
  return worst;
}

KernelTable table_of(const std::vector<GemmRow>& rows, const std::string& format) {
  KernelTable table;
  table.device = "h100_sxm", table.table = "gemm", table.engine = "vllm", table.version = "1.0";
  table.columns = {"gemm_dtype", "m", "n", "k", "latency_ms"};
  table.rows = rows.size();
  for (const GemmRow& r : rows) {
    table.texts["gemm_dtype"].push_back(format);
    table.numbers["m"].push_back(r.m), table.numbers["n"].push_back(r.n), table.numbers["k"].push_back(r.k);
    table.numbers["latency_ms"].push_back(r.microseconds * 1e-3);
  }
  return table;
}

TEST_CASE("rows made by a law are predicted by the law fitted to others of them, searched or by rows") {
  GemmCoefficients searched;
  searched.launch = 6, searched.peak_share = 0.8, searched.bandwidth_share = 0.9;
  GemmCoefficients by_rows = searched;
  by_rows.tiling = {64, 128, 64, 128, 128, 128, 2};
  by_rows.wave_share = 0.9, by_rows.edge_share = 1;
  for (const GemmCoefficients& truth : {searched, by_rows}) {
    const GemmFormat& format = *find_gemm_format("bf16");
    const GemmLaw law(kDevice, format, truth);
    const auto fitted = fit_gemm_rows(rows_of(law, 3), kDevice, format);
    CHECK(fitted.tiling.searched() == truth.tiling.searched());
    CHECK(fitted.launch == doctest::Approx(6).epsilon(0.05));
    CHECK(fitted.bandwidth_share == doctest::Approx(0.9).epsilon(0.05));
    CHECK(worst_error(GemmLaw(kDevice, format, fitted), rows_of(law, 4)) < 0.08);
  }
}

TEST_CASE("rows that cannot be true are left out, each with its reason") {
  const GemmFormat& format = *find_gemm_format("bf16");
  const std::vector<GemmRow> rows = {{64, 4096, 4096, 15}, {8192, 8192, 8192, 900}, {1, 65536, 8192, 200},
                                     {64, 4096, 4096, 0},  {32, 2048, 2048, 300},   {64, 2048, 4096, 14},
                                     {64, 4096, 2048, 14}, {32, 2048, 2048, 29}};
  const auto reasons = broken_gemm_rows(rows, kDevice, format);
  CHECK(reasons[0].empty());
  CHECK(reasons[1] == "faster than the matrix units can be");
  CHECK(reasons[2] == "faster than the memory can be, its cache taken off");
  CHECK(reasons[3] == "no time or no shape");
  CHECK(reasons[4] == "disturbed: over twice the time of two calls that ask for no less");
  CHECK(reasons[7] == "disturbed: over twice the time of two calls that ask for no less");
  GemmDevice without = kDevice;
  without.peak = 0;
  CHECK(broken_gemm_rows(rows, without, format)[0] == "the device has no rate for this format");
}

TEST_CASE("a table is fitted by format and predicted with what was fitted; another format gets a reason") {
  const GemmLaw law(kDevice, *find_gemm_format("bf16"), {});
  const auto fit = make_gemm_fit();
  const KernelTable table = table_of(rows_of(law, 4), "bfloat16");
  REQUIRE(fit->accepts(table));
  const auto groups = fit->fit(table, accelerator());
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].precision == "bf16");
  CHECK(groups[0].held_out.rows == static_cast<int>(table.rows / 4));
  CHECK(groups[0].held_out.median_pct < 2);
  CHECK(groups[0].fitted_on.at("m").high == 4096);
  const auto predictions = fit->predict(table, accelerator(), groups);
  CHECK(predictions[5].milliseconds == doctest::Approx(table.number("latency_ms")[5]).epsilon(0.05));
  const auto others = fit->predict(table_of(rows_of(law, 1), "fp8"), accelerator(), groups);
  CHECK(std::isnan(others[0].milliseconds));
  CHECK(!others[0].reason.empty());
  const auto unknown = fit->predict(table_of(rows_of(law, 1), "fp7"), accelerator(), groups);
  CHECK(unknown[0].reason == "the law has no such format");
}

TEST_CASE("the names of tables become the law's") {
  CHECK(gemm_format_name("bfloat16") == "bf16");
  CHECK(gemm_format_name("sq") == "int8");
  CHECK(gemm_format_name("int4_wo") == "int4_weight");
  CHECK(gemm_format_name("nvfp4") == "nvfp4");
}

}  // namespace
}  // namespace stargate
