// What must hold of the attention law whatever its coefficients: more work never takes less, no time below what the
// device allows, and each call takes the coefficients of its own kind.
#include "stargate/perf/attention_law.hpp"

#include <doctest/doctest.h>

namespace stargate {
namespace {

AttentionDevice device() {
  return {.units = 132, .clock = 1900, .cache = 50e6, .bandwidth = 3.35e6, .peak = 989e6, .narrow_peak = 1979e6};
}
AttentionCall call(double sequences, double query, double context) {
  AttentionCall c;
  c.sequences = sequences, c.query = query, c.context = context;
  c.heads = 32, c.kv_heads = 8, c.score_dim = c.value_dim = 128;
  return c;
}
double prefill(const AttentionCall& c) { return prefill_attention_us({}, device(), c, false); }
double decode(const AttentionCall& c) { return decode_attention_us({}, device(), c); }

TEST_CASE("Prefill time never falls with more tokens, more cached prefix or a wider head") {
  double last = 0;
  for (double tokens = 1; tokens <= 65536; tokens *= 2) {
    const double now = prefill(call(4, tokens, tokens));
    CHECK(now >= last);
    last = now;
  }
  CHECK(prefill(call(4, 1024, 8192)) > prefill(call(4, 1024, 1024)));
  AttentionCall wide = call(4, 2048, 2048);
  wide.score_dim = wide.value_dim = 256;
  CHECK(prefill(wide) > prefill(call(4, 2048, 2048)));
}

TEST_CASE("Long prefill is as fast as its share of the peak, no faster") {
  const AttentionCall c = call(8, 16384, 16384);
  PrefillCoefficients coefficients;
  coefficients.math_share = 1, coefficients.score_cycles = 0;
  const double least = c.flops() / device().peak;
  const double time = prefill_attention_us(coefficients, device(), c, false);
  CHECK(time >= least);
  CHECK(time < 1.1 * least);
}

TEST_CASE("A prefix already cached costs what the rest of the whole prompt costs") {
  const double whole = prefill(call(1, 16384, 16384)), first = prefill(call(1, 8192, 8192)),
               second = prefill(call(1, 8192, 16384));
  CHECK(first + second == doctest::Approx(whole).epsilon(0.08));
}

TEST_CASE("A sliding window saves what it hides, unless the kernel works through it") {
  AttentionCall windowed = call(1, 16384, 16384);
  windowed.window = 1024;
  const double full = prefill(call(1, 16384, 16384));
  CHECK(prefill(windowed) < full / 4);
  PrefillCoefficients masks_only;
  masks_only.window_skip = 0;
  CHECK(prefill_attention_us(masks_only, device(), windowed, false) == doctest::Approx(full));
  windowed.window = 32768;
  CHECK(prefill(windowed) == doctest::Approx(full));
}

TEST_CASE("Decode never takes less for more sequences or a longer context, nor beats the memory") {
  double last = 0;
  for (double context = 16; context <= 131072; context *= 2) {
    const AttentionCall c = call(64, 1, context);
    const double now = decode(c);
    CHECK(now >= last);
    if (c.cache_bytes() > 2 * device().cache) CHECK(now > c.cache_bytes() / device().bandwidth);
    last = now;
  }
  CHECK(decode(call(128, 1, 4096)) > 1.8 * decode(call(64, 1, 4096)));
}

TEST_CASE("Splitting the cache spreads one long sequence over the whole device") {
  DecodeCoefficients whole;
  whole.splits = 0;
  AttentionCall lone = call(1, 1, 65536);
  CHECK(decode(lone) < decode_attention_us(whole, device(), lone) / 4);
}

TEST_CASE("Half the clock doubles what a small call takes, and memory-bound calls hardly notice") {
  AttentionDevice slow = device();
  slow.clock /= 2;
  CHECK(decode_attention_us({}, slow, call(1, 1, 16)) > 1.8 * decode(call(1, 1, 16)));
  CHECK(decode_attention_us({}, slow, call(256, 1, 32768)) < 1.1 * decode(call(256, 1, 32768)));
}

TEST_CASE("Names of groups read back as they were written") {
  for (const char* text :
       {"bf16/fa3/128", "bf16_kv_fp8/trtllm/64/one_head", "fp8/triton/192/window", "fp8_kv_bf16/x/80"}) {
    CHECK(parse_attention_group(text).text() == text);
  }
}

CalibratedGroup group(const char* name, int rows, double launch_us) {
  CalibratedGroup out;
  out.precision = name, out.used.rows = rows, out.coefficients = {{"launch_us", launch_us}};
  return out;
}

TEST_CASE("A call takes the group of its precision, head width and kind, and of the kernel with most rows") {
  Accelerator accelerator;
  accelerator.compute_units = 132;
  accelerator.memory_bandwidth = ByteRate::from_base(3.35e12);
  accelerator.peak[Precision::bf16] = FlopRate::from_base(989e12);
  const std::vector<CalibratedGroup> prefill_groups = {
      group("bf16/fa3/128", 500, 5), group("bf16/fa3/128/window", 90, 15), group("bf16/triton/128", 60, 30),
      group("bf16_kv_fp8/fa3/64", 200, 25)};
  const std::vector<CalibratedGroup> decode_groups = {group("bf16/trtllm/128", 100, 5),
                                                      group("bf16/trtllm/128/one_head", 100, 20)};
  const AttentionLaw law(accelerator, prefill_groups, decode_groups);
  AttentionCall c = call(1, 4, 4);
  const double plain = law.prefill_us(c, Precision::bf16);
  CHECK(plain < 10);
  c.window = 2;
  CHECK(law.prefill_us(c, Precision::bf16) == doctest::Approx(plain + 10).epsilon(0.1));
  c.window = 0, c.kv_precision = Precision::fp8;
  CHECK(law.prefill_us(c, Precision::bf16) > 20);
  AttentionCall one = call(1, 1, 64);
  const double grouped = law.decode_us(one);
  one.kv_heads = 32;
  CHECK(law.decode_us(one) > grouped + 10);
}

}  // namespace
}  // namespace stargate
