// The fit finds again the coefficients that made a table, tells kernels apart, and leaves out what cannot be.
#include "stargate/calibration/attention_fit.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

namespace stargate {
namespace {

Accelerator chip() {
  Accelerator a;
  a.id = "h100-sxm";
  a.compute_units = 132;
  a.clock = Frequency::from_base(1.98e9);
  a.last_level_cache = Bytes::from_base(50e6);
  a.memory_bandwidth = ByteRate::from_base(3.35e12);
  a.peak = {{Precision::bf16, FlopRate::from_base(989e12)}, {Precision::fp8, FlopRate::from_base(1979e12)}};
  return a;
}

/// A table of 270 decode calls of one kernel, without times.
KernelTable decode_table() {
  KernelTable t;
  t.device = "h100_sxm", t.table = "generation_attention", t.engine = "sglang", t.version = "0.5";
  for (double batch = 1; batch <= 256; batch *= 2) {
    for (double step = 15; step < 65536; step = 4 * step + 3) {
      for (const double kv_heads : {1, 2, 4, 8, 16}) {
        const std::pair<const char*, double> cells[] = {{"batch_size", batch},
                                                        {"isl", 1},
                                                        {"step", step},
                                                        {"num_heads", 4 * kv_heads},
                                                        {"head_dim", 128},
                                                        {"latency_ms", 0},
                                                        {"num_key_value_heads", kv_heads}};
        for (const auto& [column, value] : cells) t.numbers[column].push_back(value);
        t.texts["kernel_source"].push_back("fa3");
        t.texts["attn_dtype"].push_back("bfloat16");
        t.texts["kv_cache_dtype"].push_back("bfloat16");
        ++t.rows;
      }
    }
  }
  return t;
}

DecodeCoefficients truth() {
  DecodeCoefficients c;
  c.launch_us = 6.5, c.tile_us = 0.8, c.stream_share = 0.9, c.memory_share = 0.86, c.merge_us = 2;
  c.query_tile = 64, c.regroup_us = 0, c.max_splits = 20;
  return c;
}

KernelTable timed_table() {
  KernelTable t = decode_table();
  const auto rows = read_attention_rows(t);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    t.numbers["latency_ms"][i] = 1e-3 * decode_attention_us(truth(), attention_device(chip()), rows[i].call);
  }
  return t;
}

TEST_CASE("The fit finds the coefficients that made a table, and predicts the rows it never saw") {
  const KernelTable table = timed_table();
  const auto fit = make_decode_attention_fit();
  REQUIRE(fit->accepts(table));
  const auto groups = fit->fit(table, chip());
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].precision == "bf16/fa3/128");
  CHECK(groups[0].coefficients.at("launch_us") == doctest::Approx(6.5).epsilon(0.1));
  CHECK(groups[0].coefficients.at("memory_share") == doctest::Approx(0.86).epsilon(0.03));
  CHECK(groups[0].held_out.median_pct < 2);
  CHECK(groups[0].held_out.rows * 3 <= groups[0].used.rows + 3);
  for (const auto& p : fit->predict(table, chip(), groups)) CHECK(p.milliseconds > 0);
}

TEST_CASE("A row faster than the memory or much slower than larger calls is named, left out and not predicted") {
  KernelTable table = timed_table();
  auto& times = table.numbers["latency_ms"];
  const std::size_t large = table.rows - 1, small = 0;
  times[large] /= 10, times[small] *= 20;
  const auto broken = broken_attention_rows(read_attention_rows(table), attention_device(chip()));
  CHECK(broken[large] == "faster than the device can be");
  CHECK(broken[small] == "disturbed: half slower than calls that ask for more");
  CHECK(std::count_if(broken.begin(), broken.end(), [](const auto& b) { return !b.empty(); }) == 2);
  const auto fit = make_decode_attention_fit();
  const auto groups = fit->fit(table, chip());
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].skipped.size() == 2);
  const auto predictions = fit->predict(table, chip(), groups);
  CHECK(std::isnan(predictions[large].milliseconds));
  CHECK(predictions[large].reason == broken[large]);
}

TEST_CASE("Kernels, precisions and kinds of calls are told apart") {
  KernelTable table = timed_table();
  table.texts["kernel_source"][0] = "vllm_flash_attn_fa2";
  table.texts["kv_cache_dtype"][1] = "fp8";
  table.numbers["window_size"].assign(table.rows, 0);
  table.numbers["window_size"][2] = 128;
  const auto rows = read_attention_rows(table);
  CHECK(rows[0].name.text() == "bf16/fa2/128");
  CHECK(rows[1].name.text() == "bf16_kv_fp8/fa3/128");
  CHECK(rows[2].name.text() == "bf16/fa3/128/window");
  CHECK(rows[3].name.text() == "bf16/fa3/128");
}

TEST_CASE("A device without a group of the name takes the nearest; without any it says so") {
  const KernelTable table = timed_table();
  const auto fit = make_decode_attention_fit();
  auto groups = fit->fit(table, chip());
  REQUIRE(groups.size() == 1);
  groups[0].precision = "bf16/fa2/256";
  CHECK(fit->predict(table, chip(), groups)[0].group == "bf16/fa2/256");
  CHECK(fit->predict(table, chip(), {})[0].reason == "no calibrated group");
}

}  // namespace
}  // namespace stargate
