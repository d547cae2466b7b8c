// The MoE fit: coefficients put into rows come out again, and broken rows are left out for the reason they are.
#include "stargate/calibration/moe_fit.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace stargate;

namespace {

MoeDevice device() { return {132, 989e6, 3.35e6, 50e6}; }

std::vector<MoeRow> rows_of(const MoeCoefficients& c, const MoeFormat& format) {
  std::vector<MoeRow> rows;
  for (const auto& [hidden, inter, experts, top_k] :
       {std::tuple{4096.0, 14336.0, 8.0, 2.0}, {7168.0, 2048.0, 256.0, 8.0}, {2048.0, 768.0, 128.0, 8.0}}) {
    for (const double ranks : {1.0, 4.0}) {
      for (const double tensor_ranks : {1.0, 4.0}) {
        for (double tokens = 1; tokens <= 16384; tokens *= 4) {
          for (const double skew : {0.0, 1.2}) {
            MoeRow row;
            row.shape = {hidden, inter / tensor_ranks, experts, top_k, ranks, true};
            row.tokens = tokens, row.skew = skew, row.model_inter = inter, row.tensor_ranks = tensor_ranks;
            row.microseconds = moe_time_us(c, device(), format, row.shape, routed_load(row.shape, tokens, skew));
            rows.push_back(row);
          }
        }
      }
    }
  }
  return rows;
}

}  // namespace

TEST_CASE("a fit to times the MoE law made predicts them") {
  const MoeFormat& format = *find_moe_format("fp8");
  MoeCoefficients truth;
  truth.launch_us = 31, truth.memory_share = 0.7, truth.compute_share = 0.45, truth.tile_small = 16;
  truth.tile_large = 64, truth.tile_rule = 1, truth.routed_traffic = 1.5;
  const auto rows = rows_of(truth, format);
  const MoeFitted fitted = fit_moe_rows(rows, device(), format);
  std::vector<double> errors;
  for (const MoeRow& row : rows) {
    const double predicted =
        moe_time_us(fitted.coefficients, device(), format, row.shape, routed_load(row.shape, row.tokens, row.skew));
    errors.push_back(std::abs(predicted / row.microseconds - 1));
  }
  std::sort(errors.begin(), errors.end());
  CHECK(errors[errors.size() / 2] < 0.02);
  CHECK(errors[errors.size() * 9 / 10] < 0.08);
  CHECK(fitted.coefficients.launch_us == doctest::Approx(31).epsilon(0.15));
}

TEST_CASE("MoE rows that cannot be are left out, each with its reason") {
  const MoeFormat& format = *find_moe_format("bf16");
  auto rows = rows_of({}, format);
  const auto clean = broken_moe_rows(rows, device(), format);
  CHECK(std::all_of(clean.begin(), clean.end(), [](const std::string& r) { return r.empty(); }));
  rows[0].microseconds = 0;
  rows[2].microseconds *= 30;  // 4 tokens; more take much less
  rows[12].microseconds = 1;   // 4096 tokens in a microsecond
  const auto reasons = broken_moe_rows(rows, device(), format);
  CHECK(reasons[0] == "no time or no shape");
  CHECK(reasons[2] == "disturbed: well over the time of two calls that ask for no less");
  CHECK(reasons[12] == "faster than the matrix units can be");
}

TEST_CASE("a MoE group is a format and a kernel, by the words of the kernel's name") {
  CHECK(moe_group_name("bfloat16", "sglang_fused_moe_triton") == "bf16.triton");
  CHECK(moe_group_name("fp8", "moe_torch_flow_nongated") == "fp8.default_nongated");
  CHECK(moe_group_name("int4_wo", "vllm_compressedtensorswna16marlinmoe_marlin_marlinexperts") == "int4_weight.marlin");
  CHECK(moe_group_name("nvfp4", "vllm_x_flashinfer_trtllm_trtllmnvfp4expertsmodular") == "nvfp4.trtllm_modular");
}
