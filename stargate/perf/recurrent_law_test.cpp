// The law of recurrent layers: what must hold of any time of a convolution, a scan and a step.
#include "stargate/perf/recurrent_law.hpp"

#include <doctest/doctest.h>

using namespace stargate;

namespace {

RecurrentDevice device() { return {132, 989e6, 3.35e6, 50e6}; }

RecurrentCall call_of(RecurrentKernel kernel, double sequences, double query) {
  RecurrentCall call;
  call.kernel = kernel, call.sequences = sequences, call.query = query;
  call.key_heads = 16, call.key_dim = 128, call.value_heads = 32, call.value_dim = 128;
  return call;
}

}  // namespace

TEST_CASE("a scan takes longer with each of sequences, tokens and heads, in one kernel or in several") {
  RecurrentCoefficients apart, one;
  apart.chunk_states = 1;
  one.one_kernel = 1, one.start_us = 10;
  for (const RecurrentCoefficients& c : {apart, one}) {
    const RecurrentCall base = call_of(RecurrentKernel::scan, 8, 1024);
    const double time = recurrent_us(c, device(), base);
    CHECK(recurrent_us(c, device(), call_of(RecurrentKernel::scan, 16, 1024)) > time);
    CHECK(recurrent_us(c, device(), call_of(RecurrentKernel::scan, 8, 2048)) > time);
    RecurrentCall wider = base;
    wider.value_heads = 64;
    CHECK(recurrent_us(c, device(), wider) > time);
  }
}

TEST_CASE("a scan of one long sequence waits for chunk after chunk, whatever the rate of the device") {
  const RecurrentCoefficients c;
  RecurrentDevice fast = device();
  fast.peak *= 1000, fast.bandwidth *= 1000;
  CHECK(recurrent_us(c, fast, call_of(RecurrentKernel::scan, 1, 65536)) > 1024 * c.chunk_us);
}

TEST_CASE("a step reads and writes the states once, and twice as much in 32 bits as in 16") {
  const RecurrentCoefficients c;
  RecurrentCall step = call_of(RecurrentKernel::step, 256, 1);
  const double wide = recurrent_us(c, device(), step);
  CHECK(wide > 256 * 2 * 4 * 32 * 128 * 128 / device().bandwidth);
  step.state_bytes = 2;
  CHECK(recurrent_us(c, device(), step) < 0.55 * wide);
}

TEST_CASE("groups of recurrent kernels name their rule and kernel") {
  RecurrentCall call;
  CHECK(read_recurrent_group_name("bf16/kda/fused_step.verify", call));
  CHECK(call.rule == RecurrentRule::channel_delta);
  CHECK(call.kernel == RecurrentKernel::fused_step);
  CHECK_FALSE(read_recurrent_group_name("bf16/gdn/scanner", call));
}
