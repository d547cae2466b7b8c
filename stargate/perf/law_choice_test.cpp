// Who lends coefficients to whom.
#include "stargate/perf/law_choice.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <map>

namespace stargate {
namespace {

Accelerator chip(const std::string& id, const std::string& vendor, const std::string& architecture, double terabytes) {
  Accelerator a;
  a.id = id, a.vendor = vendor, a.architecture = architecture;
  a.memory_bandwidth = terabytes * terabyte / second;
  a.peak = {{Precision::bf16, 1000.0 * teraflop / second}};
  a.compute_units = 132;
  return a;
}

void calibrate(Catalogue& catalogue, const std::string& device, const std::string& engine, const std::string& version,
               const std::string& precision) {
  auto& calibration = catalogue.calibrations[device + ".gemm"];
  calibration.device = device, calibration.law = "gemm";
  CalibratedGroup group;
  group.device = device, group.law = "gemm", group.engine = engine, group.version = version,
  group.precision = precision;
  group.held_out = {.rows = 100, .median_pct = 4, .mean_pct = 6, .p90_pct = 12, .bias_pct = 0};
  calibration.groups.push_back(group);
  calibration.left_out = ErrorSummary{.rows = 100, .median_pct = 11, .mean_pct = 15, .p90_pct = 30, .bias_pct = 2};
}

Catalogue catalogue() {
  Catalogue c;
  for (const auto& a : {chip("h100-sxm", "NVIDIA", "Hopper", 3.35), chip("h200-sxm", "NVIDIA", "Hopper", 4.8),
                        chip("h20", "NVIDIA", "Hopper", 4.0), chip("a100-sxm-80gb", "NVIDIA", "Ampere", 2.0),
                        chip("mi300x", "AMD", "CDNA 3", 5.3)}) {
    c.accelerators[a.id] = a;
  }
  c.accelerators["a100-sxm-80gb"].kernel_table_name = "a100_sxm";
  calibrate(c, "h100-sxm", "vllm", "0.14.0", "bf16");
  calibrate(c, "h100-sxm", "vllm", "0.24.0", "bf16");
  calibrate(c, "h200-sxm", "vllm", "0.24.0", "bf16");
  calibrate(c, "h200-sxm", "trtllm", "1.3.0rc20", "fp8");
  return c;
}

LawQuery query(const std::string& law, const std::string& version) { return {law, "vllm", version}; }

TEST_CASE("A device's own coefficients come first, of the version asked for or the nearest to it") {
  const auto c = catalogue();
  const auto& h100 = c.accelerators.at("h100-sxm");
  const auto exact = choose_groups(c, h100, query("gemm", "0.14.0"));
  REQUIRE(exact.size() == 2);
  CHECK(exact[0].group->version == "0.14.0");
  CHECK(exact[0].origin == LawOrigin::fitted);
  CHECK(exact[0].expected_pct == 4);
  CHECK(choose_groups(c, h100, query("gemm", "0.22.1"))[0].group->version == "0.24.0");
  CHECK(choose_groups(c, h100, query("gemm", ""))[0].group->version == "0.24.0");
  CHECK(choose_groups(c, h100, {"gemm", "vllm", "", "h100-sxm"})[0].group->device == "h200-sxm");
}

TEST_CASE(
    "What a device lacks it takes from its architecture's nearest, and says so with the error that carrying costs") {
  const auto c = catalogue();
  const auto fp8 = choose_groups(c, c.accelerators.at("h100-sxm"), query("gemm", "0.24.0"))[1];
  CHECK(fp8.group->device == "h200-sxm");
  CHECK(fp8.origin == LawOrigin::carried_over);
  CHECK(fp8.expected_pct == 11);
  const auto h20 = choose_groups(c, c.accelerators.at("h20"), query("gemm", "0.24.0"))[0];
  CHECK(h20.group->device == "h100-sxm");  // 4.0 TB/s is nearer to 3.35 than to 4.8 in ratio: 1.19 against 1.2
  CHECK(h20.origin == LawOrigin::carried_over);
}

TEST_CASE("Kernels of one engine are not filled up with those of another") {
  auto c = catalogue();
  calibrate(c, "h200-sxm", "vllm", "0.24.0", "bf16.large");
  calibrate(c, "h200-sxm", "trtllm", "1.3.0rc20", "bf16.small");
  const auto all = choose_groups(c, c.accelerators.at("h200-sxm"), query("gemm", ""));
  CHECK(all.size() == 4);
  std::vector<std::string> kept;
  for (const auto& chosen : keep_one_lender(all)) kept.push_back(chosen.group->precision);
  CHECK(kept == std::vector<std::string>{"bf16", "bf16.large", "fp8"});
  CHECK(all[3].group->precision == "fp8");
  CHECK(all[3].origin == LawOrigin::carried_over);  // its own device, but another engine
}

TEST_CASE("No other architecture lends alone, not even of the same vendor, unless both are of one family") {
  auto c = catalogue();
  CHECK(choose_groups(c, c.accelerators.at("a100-sxm-80gb"), query("gemm", "")).empty());
  CHECK(choose_groups(c, c.accelerators.at("mi300x"), query("gemm", "")).empty());
  CHECK(choose_groups(c, c.accelerators.at("h100-sxm"), query("moe", "")).empty());
  c.architectures["Hopper"].family = c.architectures["Ampere"].family = "kin";
  CHECK(choose_groups(c, c.accelerators.at("a100-sxm-80gb"), query("gemm", ""))[0].origin == LawOrigin::carried_over);
}

TEST_CASE("Architectures lend together to a device nobody measured, the nearer and those of its vendor more") {
  auto c = catalogue();
  c.accelerators["rubin"] = chip("rubin", "NVIDIA", "Rubin", 22);
  calibrate(c, "a100-sxm-80gb", "vllm", "0.24.0", "bf16");
  calibrate(c, "mi300x", "aiter", "2026", "bf16");
  std::map<std::string, double> weights;
  for (const auto& lender : lending_architectures(c, c.accelerators.at("rubin"))) weights[lender.id] = lender.weight;
  REQUIRE(weights.size() == 3);
  CHECK(weights.at("Hopper") > weights.at("Ampere"));
  CHECK(weights.at("Hopper") > 4 * weights.at("CDNA 3"));
  CHECK(lending_architectures(c, c.accelerators.at("h20")).size() == 2);
}

TEST_CASE("few rows serve their own engine's calls alone") {
  auto c = catalogue();
  for (auto& [id, calibration] : c.calibrations) {
    for (auto& group : calibration.groups) group.used.rows = 4;
  }
  const Accelerator& h100 = c.accelerators.at("h100-sxm");
  for (const char* engine : {"vllm", "trtllm"}) {
    const auto chosen = choose_groups(c, h100, {"gemm", engine, {}});
    REQUIRE(chosen.size() == 1);
    CHECK(chosen[0].group->engine == engine);
  }
  CHECK(choose_groups(c, h100, {"gemm", "sglang", {}}).empty());
}

TEST_CASE("What a unit takes from its cache grows with what it multiplies, and what it leaves unhidden falls") {
  auto c = catalogue();
  Accelerator wide = chip("wide", "NVIDIA", "Rubin", 22);
  wide.peak[Precision::bf16] *= 2;
  c.accelerators["wide"] = wide;
  for (auto& group : c.calibrations["h100-sxm.gemm"].groups) {
    group.coefficients = {{"feed", 80}, {"store", 20}, {"latency", 100}, {"launch", 5}};
    group.used.rows = 300;
  }
  LawQuery of_hopper = query("gemm", "");
  of_hopper.architecture = "Hopper";
  for (const auto& chosen : choose_groups(c, wide, of_hopper)) {
    if (chosen.group->device != "h100-sxm") continue;
    const auto scaled = scaled_coefficients(chosen);
    const double faces = std::pow(2, 2.0 / 3);  // of a block of twice the operations
    CHECK(scaled.at("feed") == doctest::Approx(80 * faces));
    CHECK(scaled.at("latency") == doctest::Approx(100 / faces));
    CHECK(scaled.at("launch") == 5);
  }
}

TEST_CASE("A question's change of a device does not change who lends to it") {
  auto c = catalogue();
  const auto before = choose_groups(c, c.accelerators.at("h20"), query("gemm", "0.24.0"))[0];
  c.listed.accelerators["h20"] = c.accelerators.at("h20");
  c.accelerators.at("h20").memory_bandwidth = 4.8 * terabyte / second;
  CHECK(choose_groups(c, c.accelerators.at("h20"), query("gemm", "0.24.0"))[0].group == before.group);
}

TEST_CASE("Tables name devices with underscores, or as the record says") {
  const auto c = catalogue();
  CHECK(find_table_device(c.accelerators, "h100_sxm")->id == "h100-sxm");
  CHECK(find_table_device(c.accelerators, "a100_sxm")->id == "a100-sxm-80gb");
  CHECK(find_table_device(c.accelerators, "abacus") == nullptr);
}

}  // namespace
}  // namespace stargate
