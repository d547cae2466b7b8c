// Published serving runs, their configuration fully stated by the publisher, against the steady state. Nothing is
// fitted to them: the device law holds literature values and the engine its defaults.
//   TensorRT-LLM  NVIDIA, TensorRT-LLM documentation, perf-overview.md, versions 0.20 and 1.0: output tokens a second,
//                 all requests queued at once, fixed lengths, fp8 weights and cache, H100 SXM
//   vLLM          SemiAnalysis InferenceX (formerly InferenceMAX) of 2025-10-29 as recorded in NVIDIA AIConfigurator's
//                 silicon_sample.csv: closed loop, lengths uniform in 0.8 to 1.0 of the nominal, means, fp8, H200 SXM
// Tolerances are factors: 1.3 for TPOT; 1.6 for throughput at full load, whose batch limit is not published (1,024 is
// assumed; at TP 8 we are up to half too fast). TTFT is judged as a lower bound and to a factor of 6: the front end
// (HTTP, tokenising) and the burst at the start of such a benchmark are not in a steady state.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "stargate/serving/steady_state.hpp"

using namespace stargate;

namespace {

const Catalogue& catalogue() {
  static const Catalogue loaded = [] {
    auto result = load_catalogue(DiskFileReader(), STARGATE_SOURCE_DIR "/catalogue");
    if (!result) FAIL(format_diagnostics(result.faults()));
    return std::move(*result);
  }();
  return loaded;
}

SteadyState predicted(const std::string& model, const std::string& system, int tp, Precision kv,
                      const ServingWorkload& workload, double concurrency) {
  const Catalogue& known = catalogue();
  const auto machine = make_serving_machine(known, known.systems.at(system));
  REQUIRE(machine.ok());
  const Replica replica{&known.models.at(model), &*machine, {tp, 1, 1, 1}, serving_precision(Precision::fp8, kv), {}};
  const auto answer = steady_state_at_concurrency(StepModel(replica), workload, concurrency);
  REQUIRE(std::holds_alternative<SteadyState>(answer));
  return std::get<SteadyState>(answer);
}

double factor(double a, double b) { return std::exp(std::abs(std::log(a / b))); }

}  // namespace

TEST_CASE("TensorRT-LLM at full load: output tokens a second on H100") {
  struct Row {
    const char *version, *model;
    int tp;
    double isl, osl, measured;
  };
  constexpr Row rows[] = {
      {"1.0", "llama-3.1-8b", 1, 128, 128, 28312},    {"1.0", "llama-3.1-8b", 1, 128, 2048, 22714},
      {"1.0", "llama-3.1-8b", 1, 1000, 1000, 15220},  {"1.0", "llama-3.1-8b", 1, 2048, 128, 3450},
      {"1.0", "llama-3.1-8b", 1, 5000, 500, 3459},    {"1.0", "llama-3.1-8b", 1, 20000, 2000, 1351},
      {"0.20", "llama-3.1-70b", 2, 128, 128, 6217},   {"0.20", "llama-3.1-70b", 2, 500, 2000, 4684},
      {"0.20", "llama-3.1-70b", 4, 128, 2048, 11465}, {"0.20", "llama-3.1-70b", 4, 500, 2000, 9904},
      {"0.20", "llama-3.1-70b", 8, 500, 2000, 14554}, {"0.20", "llama-3.1-70b", 8, 128, 4096, 12625}};
  for (const Row& row : rows) {
    const SteadyState state = predicted(row.model, "hgx-h100", row.tp, Precision::fp8, {row.isl, row.osl, 0}, 1e6);
    const double got = state.output_tokens.base();
    MESSAGE(fmt::format("{:14} TP {} {:5.0f}/{:<4.0f} measured {:6.0f} predicted {:6.0f} ({:+.0f} %), batch {:.0f}, {}",
                        row.model, row.tp, row.isl, row.osl, row.measured, got, 100 * (got / row.measured - 1),
                        state.decoding, explain(state.mean_step)));
    CHECK(factor(got, row.measured) < 1.6);
  }
}

TEST_CASE("vLLM by concurrency: TPOT and TTFT of Llama 70B on H200") {
  struct Row {
    int tp;
    double osl, concurrency, tpot_ms, ttft_ms;
  };
  constexpr Row rows[] = {{1, 1024, 4, 21.47, 202.8},  {1, 1024, 16, 24.72, 315.8}, {2, 1024, 8, 14.36, 154.1},
                          {2, 1024, 64, 22.71, 417.0}, {4, 1024, 16, 10.94, 126.2}, {4, 1024, 64, 16.07, 264.5},
                          {8, 1024, 4, 7.93, 73.0},    {8, 1024, 64, 12.73, 194.9}, {2, 8192, 64, 26.84, 413.0},
                          {4, 8192, 32, 15.84, 178.0}, {8, 8192, 16, 9.75, 101.4}};
  for (const Row& row : rows) {
    const SteadyState state = predicted("llama-3.1-70b", "hgx-h200", row.tp, Precision::bf16,
                                        {0.9 * 1024, 0.9 * row.osl, 0}, row.concurrency);
    const double tpot = state.tpot.in(millisecond), ttft = state.ttft.in(millisecond);
    MESSAGE(fmt::format(
        "TP {} 1024/{:.0f}, {:.0f} clients: TPOT measured {:5.2f} predicted {:5.2f} ms ({:+.0f} %), TTFT "
        "{:3.0f} and {:3.0f} ms",
        row.tp, row.osl, row.concurrency, row.tpot_ms, tpot, 100 * (tpot / row.tpot_ms - 1), row.ttft_ms, ttft));
    CHECK(factor(tpot, row.tpot_ms) < 1.3);
    CHECK(factor(ttft, row.ttft_ms) < 6);
    CHECK(ttft < row.ttft_ms);
  }
}
