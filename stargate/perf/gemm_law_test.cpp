// What would hurt a user of the GEMM law: times faster than the chip can be, times that fall when there is more to do,
// coefficients lost between files and law.
#include "stargate/perf/gemm_law.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace stargate {
namespace {

// An H100 by its data sheet: 132 SMs, 989 TFLOP/s, 3.35 TB/s, 50 MB, 1.98 GHz.
constexpr GemmDevice kDevice{132, 989e6, 3.35e6, 50e6, 1980};

GemmCoefficients by_rows() {
  GemmCoefficients c;
  c.tiling = {64, 64, 64, 128, 128, 128, 2};
  return c;
}

const double kRows[] = {1, 3, 16, 17, 64, 65, 128, 129, 257, 512, 1025, 4096, 32768};
const double kWidths[] = {32, 256, 768, 4096, 7168, 65536};

TEST_CASE("no product is faster than the matrix units or, with cold weights, than the memory") {
  for (const GemmCoefficients& c : {GemmCoefficients{}, by_rows()}) {
    const GemmLaw law = GemmLaw(kDevice, *find_gemm_format("bf16"), c).with_cold_weights();
    for (const double m : kRows) {
      for (const double n : kWidths) {
        for (const double k : kWidths) {
          const double time = law.microseconds(m, n, k);
          CHECK(time > 2 * m * n * k / kDevice.peak);
          CHECK(time > n * k * 2 / kDevice.bandwidth);
        }
      }
    }
  }
}

TEST_CASE("twice the rows, the columns or the depth never take less time where tiles are searched") {
  const GemmLaw law(kDevice, *find_gemm_format("fp8"), {});
  for (const double m : kRows) {
    for (const double n : kWidths) {
      for (const double k : kWidths) {
        const double time = law.microseconds(m, n, k) * (1 - 1e-12);
        CHECK(law.microseconds(2 * m, n, k) >= time);
        CHECK(law.microseconds(m, 2 * n, k) >= time);
        CHECK(law.microseconds(m, n, 2 * k) >= time);
      }
    }
  }
}

TEST_CASE("more bandwidth, more units or a larger cache never make a product slower") {
  GemmDevice memory = kDevice, units = kDevice, cache = kDevice;
  memory.bandwidth *= 1.5, cache.cache *= 2;
  units.units *= 2, units.peak *= 2;
  const GemmFormat& format = *find_gemm_format("bf16");
  const GemmLaw law(kDevice, format, {}), faster(memory, format, {}), wider(units, format, {}), kept(cache, format, {});
  for (const double m : kRows) {
    for (const double n : kWidths) {
      const double time = law.microseconds(m, n, 4096) * (1 + 1e-9);
      // Clocks fall more where memory holds the matrix units up less, so the gain may be small.
      CHECK(faster.microseconds(m, n, 4096) <= time);
      CHECK(kept.microseconds(m, n, 4096) <= time);
      CHECK(wider.microseconds(m, n, 4096) <= time);
    }
  }
}

TEST_CASE("few rows cost the weights' way through the memory, many rows the matrix units") {
  const GemmLaw law(kDevice, *find_gemm_format("bf16"), {});
  const double weights = 16384.0 * 8192 * 2 / kDevice.bandwidth;
  CHECK(law.microseconds(8, 16384, 8192) / weights == doctest::Approx(1.3).epsilon(0.15));
  CHECK(law.microseconds(64, 16384, 8192) < 1.2 * law.microseconds(8, 16384, 8192));
  const double flops = 2.0 * 8192 * 8192 * 8192;
  CHECK(flops / law.microseconds(8192, 8192, 8192) / kDevice.peak == doctest::Approx(0.77).epsilon(0.1));
}

TEST_CASE("tiles by rows pay for whole tiles: one row more than a cluster takes costs another cluster") {
  GemmCoefficients c = by_rows();
  c.wave_share = 1, c.edge_share = 1;
  const GemmLaw law(kDevice, *find_gemm_format("bf16"), c);
  CHECK(law.microseconds(513, 16384, 4096) > 1.25 * law.microseconds(512, 16384, 4096));
}

TEST_CASE("the host's floor and the launch that quantises stand beside the product") {
  GemmCoefficients c;
  const GemmLaw plain(kDevice, *find_gemm_format("fp8"), c);
  c.host_us = 90;
  const GemmLaw slow_host(kDevice, *find_gemm_format("fp8"), c);
  CHECK(slow_host.microseconds(1, 64, 64) == doctest::Approx(90).epsilon(0.01));
  CHECK(slow_host.microseconds(16384, 16384, 16384) ==
        doctest::Approx(plain.microseconds(16384, 16384, 16384)).epsilon(0.01));
  c.host_us = 0, c.row = 20;
  CHECK(GemmLaw(kDevice, *find_gemm_format("fp8"), c).microseconds(4096, 64, 64) >
        plain.microseconds(4096, 64, 64) + 30);
}

TEST_CASE("coefficients survive the way through names, and a searched library stays one") {
  GemmCoefficients c = by_rows();
  double value = 0.11;
  for (const GemmField& field : gemm_fields()) c.*field.member = value += 0.01;
  const auto values = write_gemm_coefficients(c);
  const auto again = write_gemm_coefficients(read_gemm_coefficients(values));
  CHECK(values == again);
  CHECK(!read_gemm_coefficients(values).tiling.searched());
  CHECK(read_gemm_coefficients(write_gemm_coefficients({})).tiling.searched());
  CHECK(values.size() == gemm_fields().size() + 7);
}

TEST_CASE("formats are found by the name before the dot") {
  REQUIRE(find_gemm_format("fp8_block.deepgemm") != nullptr);
  CHECK(find_gemm_format("fp8_block.deepgemm")->precision == Precision::fp8);
  CHECK(find_gemm_format("int4_weight")->weight_bytes == 0.5);
  CHECK(find_gemm_format("nvfp4")->quantises);
  CHECK(find_gemm_format("fp7") == nullptr);
}

TEST_CASE("bounds enclose where a search begins, and no share of a specification exceeds it") {
  for (const GemmField& field : gemm_fields()) {
    CAPTURE(field.name);
    CHECK(field.lower < field.start);
    CHECK(field.start < field.upper);
    const std::string name = field.name;
    if (name == "peak_share" || name == "bandwidth_share") CHECK(field.upper <= 1);
  }
}

}  // namespace
}  // namespace stargate
