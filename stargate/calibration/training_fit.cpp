// Rows become jobs once; each trial of the search walks their steps again.
#include "stargate/calibration/training_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "stargate/base/statistics.hpp"
#include "stargate/base/text_table.hpp"
#include "stargate/calibration/bounds.hpp"
#include "stargate/calibration/pattern_search.hpp"

namespace stargate {
namespace {

struct FitRow {
  MeasuredRun run;
  std::string source;
  double log_measured = 0, weight = 1;
  std::optional<ShardWork> work{};  ///< with the job's coefficients
};

class TrainingLoss {
 public:
  TrainingLoss(const Catalogue& catalogue, const std::vector<MeasuredRow>& rows) {
    std::map<std::string, double> of_source;
    AcceleratorLaws laws(catalogue);
    for (const auto& row : rows) {
      if (row.completeness != "strict") continue;
      auto made = make_measured_run(row, catalogue, laws);
      auto* run = std::get_if<MeasuredRun>(&made);
      if (run == nullptr) continue;
      const double weight = 1.0 / std::max(1, row.same_config_rows);
      const double log_measured = std::log(measured_step_seconds(row, *run));
      rows_.push_back({std::move(*run), row.source, log_measured, weight});
      of_source[row.source] += weight;
    }
    // A source weighs as the square root of its rows: many rows of one paper repeat its habits.
    for (auto& row : rows_) row.weight /= std::sqrt(of_source[row.source]);
  }

  /// Of all sources but the one left out.
  double operator()(const TrainingCoefficients& coefficients) {
    ++evaluations_;
    double sum = 0, weights = 0;
    for (auto& row : rows_) {
      if (row.source == left_out_) continue;
      sum += row.weight * std::abs(log_error(row, coefficients));
      weights += row.weight;
    }
    return weights > 0 ? sum / weights : 0;
  }

  void leave_out(std::string source) { left_out_ = std::move(source); }
  /// Of the source left out: errors of prediction over measurement, in percent; the bias is the signed median.
  LeftOutSource judge(const TrainingCoefficients& coefficients) {
    std::vector<double> errors, sizes;
    for (auto& row : rows_) {
      if (row.source == left_out_) errors.push_back(100 * std::expm1(log_error(row, coefficients)));
    }
    for (const double error : errors) sizes.push_back(std::abs(error));
    const double mean = std::accumulate(sizes.begin(), sizes.end(), 0.0) / static_cast<double>(sizes.size());
    return {left_out_, static_cast<int>(errors.size()), median(sizes), mean, median(errors)};
  }

  std::vector<std::string> sources() const {
    std::vector<std::string> names;
    for (const auto& row : rows_) names.push_back(row.source);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
  }
  int rows() const { return static_cast<int>(rows_.size()); }
  int evaluations() const { return evaluations_; }

 private:
  /// A step takes hundreds of times as long to find as what most coefficients change of it, so its work is kept.
  static double log_error(FitRow& row, const TrainingCoefficients& coefficients) {
    TrainingJob& job = row.run.job;
    const TrainingLayout& layout = row.run.layout;
    const bool known = row.work && give_same_work(job.coefficients, coefficients);
    set_coefficients(job, coefficients);
    if (!known) row.work = shard_work(job, layout);
    const ShardCosts costs = shard_costs(job, layout, *row.work);
    const auto stages = deal_layers(job, layout);
    const StepReport step = simulate_step(job, layout, costs, stages, training_memory(job, layout, costs, stages));
    return std::log(step.step_time().base()) - row.log_measured;
  }

  std::vector<FitRow> rows_;
  std::string left_out_;
  int evaluations_ = 0;
};

}  // namespace

Result<TrainingFit> fit_training(const Catalogue& catalogue, const std::vector<MeasuredRow>& rows,
                                 const TrainingFitQuestion& question) {
  Diagnostics faults;
  std::vector<const CoefficientHandle<TrainingCoefficients>*> handles;
  std::vector<std::string> known;
  for (const auto& handle : training_coefficient_handles()) known.push_back(handle.name);
  for (const auto& name : question.names) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) {
      faults.push_back(
          {{}, 0, 0, "coefficient", fmt::format("'{}' is not known", name), suggest_name(name, known), {}});
    } else {
      handles.push_back(&training_coefficient_handles()[static_cast<std::size_t>(found - known.begin())]);
    }
  }
  if (!faults.empty()) return faults;
  TrainingLoss loss(catalogue, rows);
  if (loss.rows() == 0) return Diagnostic{{}, 0, 0, {}, "no row is both strict and predictable", {}, {}};
  TrainingFit fit;
  fit.fitted = training_coefficients(catalogue);
  const TrainingCoefficients before = fit.fitted;
  fit.loss_before = loss(before);
  fit.loss_after = pattern_search(loss, handles, fit.fitted);
  fit.rows = loss.rows(), fit.evaluations = loss.evaluations();
  for (const auto* handle : handles) {
    fit.coefficients.push_back(
        {handle->name, handle->get(before), handle->get(fit.fitted), handle->lower, handle->upper});
  }
  if (question.leave_out) {
    for (const std::string& source : loss.sources()) {
      loss.leave_out(source);
      TrainingCoefficients others = before;
      pattern_search(loss, handles, others);
      fit.left_out.push_back(loss.judge(others));
    }
  }
  return fit;
}

std::string format_training_fit(const TrainingFit& fit) {
  TextTable table({{"coefficient", Align::left}, {"before"}, {"fitted"}, {"lowest"}, {"highest"}});
  for (const auto& c : fit.coefficients) {
    table.add_row({c.name, fmt::format("{:.4g}", c.before), fmt::format("{:.4g}", c.after),
                   fmt::format("{:.4g}", c.lower), fmt::format("{:.4g}", c.upper)});
  }
  std::string out =
      fmt::format("{} rows, {} evaluations; mean |log(predicted / measured)| {:.4f}, was {:.4f}. Durations in s.\n{}",
                  fit.rows, fit.evaluations, fit.loss_after, fit.loss_before, table.format());
  std::vector<AtBound> at_bounds;
  for (const auto& c : fit.coefficients) note_bound(at_bounds, {"training", c.name}, c.after, {c.lower, c.upper});
  out += format_bounds(at_bounds);
  if (fit.left_out.empty()) return out;
  TextTable left_out({{"left out of its fit", Align::left}, {"rows"}, {"median"}, {"mean"}, {"bias"}});
  for (const auto& s : fit.left_out) {
    left_out.add_row({s.source, std::to_string(s.rows), fmt::format("{:.1f} %", s.median_pct),
                      fmt::format("{:.1f} %", s.mean_pct), fmt::format("{:.1f} %", s.bias_pct)});
  }
  return out + "\n" + left_out.format();
}

}  // namespace stargate
