// Laws of the operators and collectives, against counts made one by one and the wire.
#include <doctest/doctest.h>

#include "stargate/perf/device_law.hpp"
#include "stargate/perf/fabric.hpp"
#include "stargate/perf/layer_operators.hpp"

using namespace stargate;

namespace {

Accelerator h100() {
  Accelerator a;
  a.vendor = "NVIDIA";
  a.memory_bandwidth = 3.35 * terabyte / second;
  a.memory_capacity = 80 * gigabyte;
  a.peak = {{Precision::bf16, 989.0 * teraflop / second}, {Precision::fp8, 1979.0 * teraflop / second}};
  a.best_share = {{Precision::bf16, 794.5 / 989.0}};
  a.compute_units = 132;
  return a;
}

Fabric nvlink_cluster() {
  Fabric f;
  f.domain = 8;
  f.up = {450.0 * gigabyte / second, 1 * microsecond, 0.82};
  f.out = {50.0 * gigabyte / second, 3.5 * microsecond, 0.88};
  return f;
}

/// Pairs counted one by one, for the closed form to agree with.
double counted_pairs(int query, int context, int window) {
  double pairs = 0;
  for (int i = context - query + 1; i <= context; ++i) pairs += window > 0 ? std::min(i, window) : i;
  return pairs;
}

}  // namespace

TEST_CASE("causal attention counts each query's view, with a cache before it and a window over it") {
  for (const int query : {1, 7, 64}) {
    for (const int cached : {0, 5, 100}) {
      for (const int window : {0, 1, 16, 90, 1000}) {
        AttentionCall call;
        call.query = query, call.context = query + cached, call.window = window;
        CHECK(call.pairs() == counted_pairs(query, query + cached, window));
      }
    }
  }
}

TEST_CASE("a large matrix multiply comes near the best measured rate and no nearer") {
  const DeviceLaw law(h100());
  const double m = 8192, n = 8192, k = 8192;
  const double rate = 2 * m * n * k / law.gemm_time(Precision::bf16, m, n, k).in(second) / 1e12;
  CHECK(rate > 0.88 * 794.5);  // a usual shape, a little below the best one of a sweep
  CHECK(rate <= 794.5);
}

TEST_CASE("power lies between idle and limit: a large multiply draws the limit, a stream of weights about half of it") {
  Accelerator a = h100();
  a.power = 700.0 * watt, a.idle_power = 70.0 * watt;
  const DeviceLaw law(a);
  const auto power = [&](double m, double n, double k) {
    Operator op;
    op.m = m, op.n = n, op.k = k;
    return law.operator_energy(op) / law.operator_time(op);
  };
  CHECK(power(8192, 8192, 8192) > 0.9 * a.power);
  CHECK(power(8192, 8192, 8192) <= a.power);
  CHECK(power(1, 16384, 16384) > 0.4 * a.power);
  CHECK(power(1, 16384, 16384) < 0.6 * a.power);
  CHECK(power(1, 128, 128) < 0.15 * a.power);  // nearly all of it is launch
  CHECK(power(1, 128, 128) >= 70.0 * watt);
}

TEST_CASE("a lower power limit slows products that run on and on, not streams, and a higher one slows nothing") {
  KernelShares family;
  family.running_power = 130.0 * watt, family.product_picojoules = 1, family.stream_picojoules = 68;
  Accelerator listed = h100();
  listed.power = 700.0 * watt;
  const auto slowdown = [&](double watts, double compute, double memory) {
    Accelerator part = listed;
    part.power = watts * watt;
    return make_power_law(part, family, listed).slowdown(compute, memory);
  };
  CHECK(slowdown(700, 0.3, 0.2) == 1);
  CHECK(slowdown(700, 0.75, 0.1) > 1.05);  // measured of H200: 1.05 to 1.18
  CHECK(slowdown(700, 0.75, 0.1) < 1.2);
  CHECK(slowdown(500, 0.75, 0.1) > slowdown(700, 0.75, 0.1));
  CHECK(slowdown(900, 0.75, 0.1) < slowdown(700, 0.75, 0.1));
  CHECK(slowdown(350, 0.02, 0.8) == 1);  // tokens do not slow at half the limit
}

TEST_CASE("times by the data sheet hold at the listed limit, and a lower one acts on products alone") {
  Accelerator listed = h100();
  listed.power = 700.0 * watt;
  Catalogue catalogue;
  catalogue.accelerators["h100"] = catalogue.listed.accelerators["h100"] = listed;
  listed.id = "h100";
  Accelerator capped = listed;
  capped.power = 350.0 * watt;
  DeviceLaw law(listed, catalogue, "vllm"), low(capped, catalogue, "vllm");
  const Duration burst = law.gemm_time(Precision::bf16, 8192, 8192, 8192);
  CHECK(low.gemm_time(Precision::bf16, 8192, 8192, 8192) == burst);
  law.set_activity(1.2), low.set_activity(1.2);
  CHECK(law.gemm_time(Precision::bf16, 8192, 8192, 8192) == burst);
  CHECK(low.gemm_time(Precision::bf16, 8192, 8192, 8192) > 1.1 * burst);
  CHECK(low.gemm_time(Precision::bf16, 1, 8192, 8192) == law.gemm_time(Precision::bf16, 1, 8192, 8192));
}

TEST_CASE("with few rows a matrix multiply streams its weights") {
  const DeviceLaw law(h100());
  const Duration t = law.gemm_time(Precision::bf16, 1, 8192, 8192);
  const Duration wires = 2.0 * 8192 * 8192 * byte / (3.35 * terabyte / second);
  CHECK(t > wires);
  CHECK(t < 1.5 * wires);
  CHECK(law.gemm_time(Precision::bf16, 16, 8192, 8192) < 1.1 * t);
}

TEST_CASE("layer operators of a dense layer add up to two operations a weight and token") {
  Model model;
  model.hidden = 4096;
  LayerShape layer;
  layer.attention.heads = 32, layer.attention.kv_heads = 8, layer.attention.head_dim = layer.attention.value_dim = 128;
  layer.feed_forward = {.kind = FeedForwardKind::dense, .width = 14336};
  for (const int tp : {1, 2, 8}) {
    double flops = 0;
    visit_token_operators(model, layer, {.tp = tp}, {}, 100, false,
                          [&](const Operator& op) { flops += op.flops().base(); });
    const double weights = 4096.0 * (32 + 8 + 8 + 32) * 128 + 3.0 * 4096 * 14336;
    CHECK(flops * tp == doctest::Approx(2 * 100 * weights));
  }
}

TEST_CASE("experts' rows are the same in all under any split, when routing is balanced") {
  Model model;
  model.hidden = 2048;
  LayerShape layer;
  layer.attention.kind = AttentionKind::none;
  layer.feed_forward = {.kind = FeedForwardKind::experts, .width = 768, .experts = 128, .top_k = 8};
  const auto rank_flops = [&](const Shard& shard) {
    double flops = 0;
    visit_token_operators(model, layer, shard, {}, 4096, false, [&](const Operator& op) {
      if (op.part == OperatorPart::experts) flops += op.flops().base();
    });
    return flops;
  };
  const double whole = rank_flops({});
  CHECK(whole == doctest::Approx(4096 * 8 * 6.0 * 2048 * 768));
  CHECK(rank_flops({.tp = 4, .ep = 1, .etp = 4}) == doctest::Approx(whole / 4));
  CHECK(rank_flops({.tp = 4, .ep = 4, .etp = 1}) == doctest::Approx(whole / 4));
  CHECK(rank_flops({.tp = 1, .ep = 8, .etp = 1}) == doctest::Approx(whole));  // each rank brings its own tokens
}

TEST_CASE("experts that do not divide by the ranks are held twice by some") {
  FeedForwardShape feed;
  feed.experts = 256;
  CHECK(rank_experts(feed, 32) == 8);
  CHECK(rank_experts(feed, 48) == 6);
  CHECK(rank_experts(feed, 72) == 4);
}

TEST_CASE("collectives are never faster than the wire and a group of one costs nothing") {
  const Fabric fabric = nvlink_cluster();
  const Bytes size = 1 * gigabyte;
  CHECK(collective_time(fabric, Collective::all_reduce, size, {1, 1}) == Duration{});
  const Duration inside = collective_time(fabric, Collective::all_reduce, size, {8, 8});
  CHECK(inside > 2 * 7.0 / 8 * size / (450.0 * gigabyte / second));
  const Duration across = collective_time(fabric, Collective::all_reduce, size, {64, 8});
  CHECK(across > inside);
  CHECK(across > 2 * 7.0 / 8 * (size / 8.0) / (50.0 * gigabyte / second));
  CHECK(collective_time(fabric, Collective::send_receive, size, {2, 1}) > size / (50.0 * gigabyte / second));
}

TEST_CASE("groups fill a domain by their stride") {
  const Fabric fabric = nvlink_cluster();
  CHECK(place_group(fabric, 8, 1).per_domain == 8);
  CHECK(place_group(fabric, 16, 4).per_domain == 2);
  CHECK(place_group(fabric, 16, 8).per_domain == 1);
}
