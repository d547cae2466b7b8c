// The MLA laws: what must hold of any time of prefill and decode.
#include "stargate/perf/mla_law.hpp"

#include <doctest/doctest.h>

using namespace stargate;

namespace {

MlaDevice device() { return {132, 989e6, 3.35e6, 50e6}; }

}  // namespace

TEST_CASE("MLA prefill takes longer with each of sequences, heads, new and cached tokens") {
  const MlaFormat& format = *find_mla_format("bf16");
  const MlaPrefillCoefficients c;
  const MlaCall base{4, 16, 1024, 512};
  const double time = mla_prefill_us(c, device(), format, base);
  for (const MlaCall& more : {MlaCall{8, 16, 1024, 512}, {4, 32, 1024, 512}, {4, 16, 1500, 512}, {4, 16, 1024, 4096}}) {
    CHECK(mla_prefill_us(c, device(), format, more) > time);
  }
  MlaDevice faster = device();
  faster.peak *= 2, faster.bandwidth *= 2;
  CHECK(mla_prefill_us(c, faster, format, base) < time);
}

TEST_CASE("long MLA prefill nears the share of the peak that the law grants") {
  const MlaPrefillCoefficients c;
  const double n = 65536, flops = 2 * 128 * n * n / 2 * (192 + 128);
  const double time = mla_prefill_us(c, device(), *find_mla_format("bf16"), {1, 128, n, 0});
  CHECK(flops / time / device().peak > 0.9 * c.compute_share);
  CHECK(flops / time / device().peak < c.compute_share);
}

TEST_CASE("MLA decode is never faster than reading the latent cache, and heads of a rank share that read") {
  MlaDecodeCoefficients c;
  c.cold_cache = 1;
  for (const char* name : {"bf16", "bf16_kv_fp8.trtllm"}) {
    const MlaFormat& format = *find_mla_format(name);
    double last = 0;
    for (double cached = 1; cached < 2e5; cached = cached * 2 + 1) {
      const double time = mla_decode_us(c, device(), format, {64, 16, 1, cached});
      CHECK(time > 64 * cached * 576 * format.cache_bytes / device().bandwidth);
      CHECK(time >= last);
      last = time;
    }
    const MlaCall few{128, 1, 1, 32768}, many{128, 16, 1, 32768};
    CHECK(mla_decode_us(c, device(), format, many) < 1.1 * mla_decode_us(c, device(), format, few));
  }
}

TEST_CASE("an MLA decode kernel that does not split walks one long context on one unit") {
  MlaDecodeCoefficients split, whole;
  split.block_us = whole.block_us = 3;
  whole.splits = 0;
  const MlaFormat& format = *find_mla_format("bf16");
  const MlaCall lone{1, 16, 1, 65535};
  CHECK(mla_decode_us(whole, device(), format, lone) > 10 * mla_decode_us(split, device(), format, lone));
}

TEST_CASE("an fp8 latent cache halves the read, and other formats are no format") {
  MlaDecodeCoefficients c;
  c.cold_cache = 1;
  const MlaCall call{256, 16, 1, 32768};
  const double wide = mla_decode_us(c, device(), *find_mla_format("bf16"), call);
  CHECK(mla_decode_us(c, device(), *find_mla_format("bf16_kv_fp8"), call) < 0.65 * wide);
  CHECK(find_mla_format("int8") == nullptr);
}
