// The time of one operator and of one collective: laws are asked for millions of them while layouts are searched, so
// one must cost less than 50 ns. `nothing` is the same walk over the same shapes with no law: what the loop itself
// costs.
#include <benchmark/benchmark.h>

#include "stargate/perf/device_law.hpp"
#include "stargate/perf/fabric.hpp"

using namespace stargate;

namespace {

struct Bed {
  Bed() {
    auto loaded = load_catalogue(DiskFileReader(), STARGATE_SOURCE_DIR "/catalogue");
    STARGATE_CHECK(loaded.ok(), "the catalogue loads");
    catalogue = std::move(*loaded);
    law.emplace(catalogue.accelerators.at("h100-sxm"), catalogue, "vllm");
    auto made = make_fabric(catalogue, catalogue.systems.at("hgx-h100"));
    STARGATE_CHECK(made.ok(), "the fabric is whole");
    fabric = std::move(*made);
    for (int i = 0; i < 1024; ++i) {
      Operator op;
      op.m = 1 + (i * 37) % 8192, op.n = 128 * (1 + i % 96), op.k = 128 * (1 + (i * 7) % 96);
      op.precision = i % 2 == 0 ? Precision::bf16 : Precision::fp8;
      gemms.push_back(op);
      op.kind = OperatorKind::attention;
      auto& call = op.attention;
      call.sequences = 1 + i % 64, call.query = 1, call.context = 1 + (i * 131) % 32768;
      call.heads = 32, call.kv_heads = 8, call.score_dim = call.value_dim = 128;
      decodes.push_back(op);
      call.query = call.context;
      prefills.push_back(op);
    }
  }
  Catalogue catalogue;
  std::optional<DeviceLaw> law;
  Fabric fabric;
  std::vector<Operator> gemms, decodes, prefills;
};

const Bed& bed() {
  static const Bed made;
  return made;
}

/// Laws of a chip that was measured, and of one that nobody measured.
void law_made(benchmark::State& state) {
  const char* id = state.range(0) == 0 ? "h100-sxm" : "rubin-vr200";
  const Accelerator& accelerator = bed().catalogue.accelerators.at(id);
  for (auto _ : state) benchmark::DoNotOptimize(DeviceLaw(accelerator, bed().catalogue, "vllm"));
  state.SetLabel(id);
}
BENCHMARK(law_made)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

constexpr const char* kOperatorBar = "bar 50 ns";

template <class Evaluate>
void walk(benchmark::State& state, const std::vector<Operator>& operators, const Evaluate& evaluate) {
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(evaluate(operators[i++ & 1023]));
}

void nothing(benchmark::State& state) {
  walk(state, bed().gemms, [](const Operator& op) { return op.m; });
}
BENCHMARK(nothing);

void gemm(benchmark::State& state) {
  walk(state, bed().gemms, [](const Operator& op) { return bed().law->operator_time(op); });
  state.SetLabel(kOperatorBar);
}
BENCHMARK(gemm);

void prefill_attention(benchmark::State& state) {
  walk(state, bed().prefills, [](const Operator& op) { return bed().law->operator_time(op); });
  state.SetLabel(kOperatorBar);
}
BENCHMARK(prefill_attention);

void decode_attention(benchmark::State& state) {
  walk(state, bed().decodes, [](const Operator& op) { return bed().law->operator_time(op); });
  state.SetLabel(kOperatorBar);
}
BENCHMARK(decode_attention);

void collective(benchmark::State& state) {
  const Fabric& fabric = bed().fabric;
  const int ranks = static_cast<int>(state.range(0));
  walk(state, bed().gemms, [&](const Operator& op) {
    return collective_time(fabric, Collective::all_reduce, Bytes::from_base(op.m * op.n * 2),
                           {ranks, std::min(ranks, 8)});
  });
}
BENCHMARK(collective)->Arg(8)->Arg(64);

}  // namespace
