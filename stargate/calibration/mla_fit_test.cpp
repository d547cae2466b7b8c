// The MLA fits: coefficients put into rows come out again, and broken rows are left out for the reason they are.
#include "stargate/calibration/mla_fit.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace stargate;

namespace {

MlaDevice device() { return {132, 989e6, 3.35e6, 50e6}; }

template <class Time>
std::vector<MlaRow> rows_of(bool decode, const Time& time) {
  std::vector<MlaRow> rows;
  for (const double sequences : {1.0, 8.0, 64.0}) {
    for (const double heads : {1.0, 8.0, 32.0, 128.0}) {
      for (double tokens = 16; tokens <= 32768; tokens *= 2) {
        const MlaCall call = decode ? MlaCall{sequences, heads, 1, tokens} : MlaCall{sequences, heads, tokens, 0};
        rows.push_back({call, time(call)});
      }
    }
  }
  return rows;
}

double median_error(const std::vector<MlaRow>& rows, const auto& time) {
  std::vector<double> errors;
  for (const MlaRow& row : rows) errors.push_back(std::abs(time(row.call) / row.microseconds - 1));
  std::sort(errors.begin(), errors.end());
  return errors[errors.size() / 2];
}

}  // namespace

TEST_CASE("fits to times the MLA laws made predict them") {
  const MlaFormat& format = *find_mla_format("bf16");
  MlaPrefillCoefficients prefill;
  prefill.launch_us = 20, prefill.compute_share = 0.5, prefill.query_tile = 64;
  const auto prefill_rows =
      rows_of(false, [&](const MlaCall& call) { return mla_prefill_us(prefill, device(), format, call); });
  const auto found = fit_mla_prefill_rows(prefill_rows, device(), format);
  CHECK(median_error(prefill_rows, [&](const MlaCall& c) { return mla_prefill_us(found, device(), format, c); }) <
        0.01);
  CHECK(found.query_tile == 64);

  MlaDecodeCoefficients decode;
  decode.launch_us = 9, decode.memory_share = 0.7, decode.splits = 0, decode.block_us = 4;
  const auto decode_rows =
      rows_of(true, [&](const MlaCall& call) { return mla_decode_us(decode, device(), format, call); });
  const auto seen = fit_mla_decode_rows(decode_rows, device(), format);
  CHECK(median_error(decode_rows, [&](const MlaCall& c) { return mla_decode_us(seen, device(), format, c); }) < 0.02);
  CHECK(seen.splits == 0);
}

TEST_CASE("MLA rows that cannot be are left out, each with its reason") {
  const MlaFormat& format = *find_mla_format("bf16");
  auto rows = rows_of(true, [&](const MlaCall& call) { return mla_decode_us({}, device(), format, call); });
  const auto clean = broken_mla_rows(rows, device(), format, true);
  CHECK(std::all_of(clean.begin(), clean.end(), [](const std::string& r) { return r.empty(); }));
  rows[0].microseconds = 0;
  rows[1].microseconds *= 5;
  rows.back().microseconds = 20;  // 64 sequences of 32768 tokens: 2.4 GB
  const auto reasons = broken_mla_rows(rows, device(), format, true);
  CHECK(reasons[0] == "no time or no shape");
  CHECK(reasons[1] == "disturbed: well over the time of two calls that ask for no less");
  CHECK(reasons.back() == "faster than the matrix units can be");
}

TEST_CASE("an MLA group is a format of multiplication and cache and a kernel") {
  CHECK(mla_group_name("bfloat16", "bfloat16", "default") == "bf16.default");
  CHECK(mla_group_name("bfloat16", "fp8", "vllm_flashmla") == "bf16_kv_fp8.flashmla");
  CHECK(mla_group_name("bfloat16", "fp8", "trtllm_mla") == "bf16_kv_fp8.trtllm");
}
