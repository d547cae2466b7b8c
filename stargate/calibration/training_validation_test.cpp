// Validation and fit of training steps on a catalogue and a table made up here: what is counted, reported apart,
// ranked, and that a fit finds the coefficient that made the table.
#include "stargate/measured/training_validation.hpp"

#include <doctest/doctest.h>

#include "stargate/calibration/training_fit.hpp"

using namespace stargate;

namespace {

Catalogue make_catalogue() {
  Catalogue c;
  Accelerator a;
  a.id = "x100", a.vendor = "NVIDIA", a.scale_up = "up";
  a.memory_capacity = 80 * gigabyte, a.memory_bandwidth = 2 * terabyte / second;
  a.peak = {{Precision::bf16, 300.0 * teraflop / second}};
  a.compute_units = 100;
  a.scale_up_bandwidth = 300 * gigabyte / second, a.scale_out_bandwidth = 25 * gigabyte / second;
  c.accelerators[a.id] = a;
  Network up, out;
  up.bandwidth = 300 * gigabyte / second, out.bandwidth = 25 * gigabyte / second;
  out.topology = Topology::fat_tree;
  c.networks = {{"up", up}, {"out", out}};
  return c;
}

/// Four layouts of one model on 16 accelerators, each as long as the model of `catalogue` says.
std::vector<MeasuredRow> measured_by(const Catalogue& catalogue) {
  std::vector<MeasuredRow> rows;
  for (const int tp : {1, 2, 4, 8}) {
    MeasuredRow row;
    row.id = std::to_string(tp), row.source = "paper", row.framework = "Megatron-LM (2024)", row.model = "GPT";
    row.layers = 8, row.hidden = 2048, row.heads = row.kv_heads = 16, row.ffn_hidden = 8192;
    row.vocab = 51200, row.seq_len = 2048, row.accelerator = "X100", row.gpus = 16, row.gpus_per_node = 8;
    row.precision = "bf16", row.zero_stage = 0, row.recompute = "none", row.metric = "iteration_s";
    row.tp = tp, row.pp = 1, row.dp = 16 / tp, row.microbatch = 1, row.global_batch_seqs = 32;
    row.completeness = "strict", row.value = 1;
    auto made = make_measured_run(row, catalogue);
    const auto& run = std::get<MeasuredRun>(made);
    row.value = simulate_step(run.job, run.layout).step_time().base();
    rows.push_back(row);
  }
  return rows;
}

}  // namespace

TEST_CASE("measured runs are reported by source and completeness, layouts are ranked and the rest is counted") {
  const Catalogue catalogue = make_catalogue();
  auto rows = measured_by(catalogue);
  rows.push_back(rows[0]);
  rows.back().completeness = "near", rows.back().value *= 2, rows.back().id = "slow";
  rows.push_back(rows[0]);
  rows.back().global_batch_seqs = 0;
  const auto validation = validate_training(catalogue, rows, 1);
  REQUIRE(validation.by_completeness.size() == 2);
  CHECK(validation.by_completeness[0].key.completeness == "near");
  CHECK(validation.by_completeness[0].errors.bias_pct == doctest::Approx(-50));
  CHECK(validation.by_completeness[1].rows == 5);
  CHECK(validation.by_completeness[1].errors.rows == 4);
  CHECK(validation.by_completeness[1].errors.mean_pct == doctest::Approx(0));
  CHECK(validation.report.skipped.at("the global batch is not stated") == 1);
  CHECK(validation.report.groups[0].key.engine == "Megatron-LM");
  REQUIRE(validation.report.worst.size() == 1);
  CHECK(validation.report.worst[0].row.starts_with("slow GPT on 16 x100"));
  REQUIRE(validation.rankings.size() == 1);
  CHECK(validation.rankings[0].configurations == 4);
  JsonWriter json;
  write_training_validation(json.begin_object(), validation);
  CHECK(json.end_object().text().find("\"rank_correlation\"") != std::string::npos);
}

TEST_CASE("a fit finds the coefficient that made the rows, and a source left out is judged by the others") {
  Catalogue truth = make_catalogue();
  truth.training["coefficients"].straggling = 0.02;
  auto rows = measured_by(truth);
  const Catalogue catalogue = make_catalogue();
  const auto fit = fit_training(catalogue, rows, {{"straggling"}, false});
  REQUIRE(fit);
  CHECK(fit->coefficients[0].after == doctest::Approx(0.02).epsilon(0.05));
  CHECK(fit->loss_after < fit->loss_before);
  CHECK(fit->left_out.empty());
  auto slow = rows;
  for (auto& row : slow) row.source = "slow", row.value *= 1.25;
  rows.insert(rows.end(), slow.begin(), slow.end());
  const auto judged = fit_training(catalogue, rows, {{"straggling"}, true});
  REQUIRE(judged);
  REQUIRE(judged->left_out.size() == 2);
  CHECK(judged->left_out[1].source == "slow");
  CHECK(judged->left_out[1].bias_pct == doctest::Approx(-20).epsilon(0.05));
}

TEST_CASE("every predicted row can be had with where its step goes") {
  const Catalogue catalogue = make_catalogue();
  const auto rows = measured_by(catalogue);
  const auto table = parse_csv("rows.csv", format_training_validation_csv(validate_training(catalogue, rows, 0)));
  REQUIRE(table);
  CHECK(table->rows.size() == rows.size());
  REQUIRE(table->column("pipeline_bubble_s"));
  const double predicted = *parse_csv_number(table->rows[0].cells[*table->column("predicted_s")]);
  double sum = 0;
  for (std::size_t i = *table->column("predicted_s") + 1; i < table->header.size(); ++i) {
    sum += *parse_csv_number(table->rows[0].cells[i]);
  }
  CHECK(sum == doctest::Approx(predicted).epsilon(1e-4));
}

TEST_CASE("a fit names coefficients that do not exist and tables without a usable row") {
  const Catalogue catalogue = make_catalogue();
  const auto unknown = fit_training(catalogue, measured_by(catalogue), {{"stragling"}, false});
  REQUIRE_FALSE(unknown);
  CHECK(unknown.faults()[0].message == "'stragling' is not known");
  CHECK(unknown.faults()[0].hint.find("straggling") != std::string::npos);
  const auto empty = fit_training(catalogue, {}, {{"straggling"}, false});
  REQUIRE_FALSE(empty);
  CHECK(empty.faults()[0].message == "no row is both strict and predictable");
}
