// Validation and fit of serving on rows made here, and on measured ones where the folder STARGATE_DATA has them.
#include "stargate/measured/serving_validation.hpp"

#include <doctest/doctest.h>

#include "stargate/calibration/serving_fit.hpp"
#include "tests/measured_data.hpp"

using namespace stargate;

namespace {

const Catalogue& shipped() {
  static const Catalogue loaded = [] {
    auto result = load_catalogue(DiskFileReader(), STARGATE_SOURCE_DIR "/catalogue");
    if (!result) FAIL(format_diagnostics(result.faults()));
    return std::move(*result);
  }();
  return loaded;
}

/// TPOT of vLLM at three concurrencies as the shipped catalogue has it, times `factor`.
std::vector<MeasuredServing> rows_like_shipped(double factor) {
  std::vector<MeasuredServing> rows;
  for (const double clients : {4.0, 16.0, 64.0}) {
    MeasuredServing row;
    row.id = std::to_string(static_cast<int>(clients)), row.source = "paper", row.trust = "A", row.engine = "vLLM";
    row.model = "Llama 3.1 8B", row.weights_dtype = "bf16", row.accelerator = "NVIDIA H100 SXM 80GB";
    row.gpus = row.tp = 1, row.isl = 512, row.osl = 128, row.concurrency_or_batch = clients, row.request_rate = "inf";
    row.metric = "tpot_ms", row.percentile = "mean", row.value = 1;
    ServiceMaker maker(shipped());
    const auto service = std::get<MeasuredService>(maker.make(row));
    const auto figures = std::get<RunFigures>(simulate_run(service));
    row.value = factor * predicted_serving_metric(row, service, figures).value();
    rows.push_back(row);
  }
  return rows;
}

}  // namespace

TEST_CASE("serving figures are reported by source and trust, what is left out is counted") {
  auto rows = rows_like_shipped(1);
  rows.push_back(rows[0]);
  rows.back().value *= 2, rows.back().trust = "B", rows.back().full_config = false, rows.back().id = "slow";
  rows.push_back(rows[0]);
  rows.back().percentile = "p42";
  rows.push_back(rows[0]);
  rows.back().model = "Nothing 7B";
  const auto validation = validate_serving(shipped(), rows, 1);
  REQUIRE(validation.by_figure.size() == 2);
  CHECK(validation.by_figure[0].key.completeness == "A full");
  CHECK(validation.by_figure[0].rows == 5);
  CHECK(validation.by_figure[0].errors.rows == 3);
  CHECK(validation.by_figure[0].errors.mean_pct == doctest::Approx(0));
  CHECK(validation.by_figure[1].errors.bias_pct == doctest::Approx(-50));
  CHECK(validation.report.skipped.at("the catalogue has no model 'Nothing 7B'") == 1);
  CHECK(validation.report.skipped.at("metric or percentile not known") == 1);
  REQUIRE(validation.report.worst.size() == 1);
  CHECK(validation.report.worst[0].row.starts_with("slow vLLM Llama 3.1 8B"));
  JsonWriter json;
  write_serving_validation(json.begin_object(), validation);
  CHECK(json.end_object().text().find("\"by_figure\"") != std::string::npos);
}

TEST_CASE("a fit finds the step overhead that made the rows, and names coefficients that do not exist") {
  Catalogue other = shipped();
  const auto rows = rows_like_shipped(1);
  const std::string id = find_engine(other, "vllm")->id;
  const double truth = other.engines.at(id).step_overhead.base();
  other.engines.at(id).step_overhead = Duration::from_base(truth + 2e-3);
  const auto fit = fit_serving(other, rows, {{"step_overhead"}, false, 10});
  REQUIRE(fit);
  REQUIRE(fit->engines.size() == 1);
  CHECK(fit->engines[0].coefficients[0].after == doctest::Approx(truth).epsilon(0.1));
  CHECK(fit->engines[0].loss_after < 0.1 * fit->engines[0].loss_before);
  const auto unknown = fit_serving(other, rows, {{"step_overheat"}, false, 10});
  REQUIRE_FALSE(unknown);
  CHECK(unknown.faults()[0].hint.find("step_overhead") != std::string::npos);
}

TEST_SUITE_BEGIN("measured data");

TEST_CASE("measured serving: errors stay within what the page says") {
  const auto file = measured_data("serving/measured.csv");
  if (!file) return;
  const auto rows = load_measured_serving(DiskFileReader(), *file);
  REQUIRE(rows);
  const auto validation = validate_serving(shipped(), *rows, 0);
  for (const auto& group : validation.by_figure) {
    if (group.key.completeness != "A full") continue;
    CHECK(group.errors.rows > 0.9 * group.rows);
    if (group.key.metric == "tpot") CHECK(group.errors.median_pct < 9);
    if (group.key.metric == "throughput") CHECK(group.errors.median_pct < 10);
    if (group.key.metric == "ttft") CHECK(group.errors.median_pct < 22);
  }
}

TEST_SUITE_END();
