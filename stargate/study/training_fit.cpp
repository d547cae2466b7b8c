// Rows become jobs once; each trial of the search walks their steps again.
#include "stargate/study/training_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stargate/base/text_table.hpp"
#include "stargate/study/pattern_search.hpp"

namespace stargate {
namespace {

struct FitRow {
  MeasuredRun run;
  double log_measured = 0, weight = 1;
  std::size_t device = 0;
};

/// Middle of the weight.
double weighted_median(std::vector<std::pair<double, double>> values) {
  std::sort(values.begin(), values.end());
  double all = 0, below = 0;
  for (const auto& [value, weight] : values) all += weight;
  for (const auto& [value, weight] : values) {
    below += weight;
    if (2 * below >= all) return value;
  }
  return 0;
}

class TrainingLoss {
 public:
  TrainingLoss(const Catalogue& catalogue, const std::vector<MeasuredRow>& rows, bool free_device_scale)
      : free_device_scale_(free_device_scale) {
    std::map<std::string, double> of_source;
    std::map<std::string, std::size_t> devices;
    std::vector<std::string> sources;
    for (const auto& row : rows) {
      if (row.completeness != "strict") continue;
      auto made = make_measured_run(row, catalogue);
      auto* run = std::get_if<MeasuredRun>(&made);
      if (run == nullptr) continue;
      const double weight = 1.0 / std::max(1, row.same_config_rows);
      const std::string device = run->accelerator->id + " " + precision_name(run->job.recipe.precision.linear);
      const double log_measured = std::log(measured_step_seconds(row, *run));
      rows_.push_back({std::move(*run), log_measured, weight, devices.emplace(device, devices.size()).first->second});
      sources.push_back(row.source);
      of_source[row.source] += weight;
    }
    for (std::size_t i = 0; i < rows_.size(); ++i) rows_[i].weight /= std::sqrt(of_source[sources[i]]);
    errors_.resize(rows_.size());
    devices_ = devices.size();
  }

  double operator()(const TrainingCoefficients& coefficients) {
    ++evaluations_;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      auto& job = rows_[i].run.job;
      job.coefficients = coefficients;
      errors_[i] = std::log(simulate_step(job, rows_[i].run.layout).step_time().base()) - rows_[i].log_measured;
    }
    const auto scales = device_scales();
    double sum = 0, weights = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      sum += rows_[i].weight * std::abs(errors_[i] - scales[rows_[i].device]);
      weights += rows_[i].weight;
    }
    return weights > 0 ? sum / weights : 0;
  }

  int rows() const { return static_cast<int>(rows_.size()); }
  int evaluations() const { return evaluations_; }

 private:
  std::vector<double> device_scales() const {
    std::vector<double> scales(devices_, 0);
    if (!free_device_scale_) return scales;
    std::vector<std::vector<std::pair<double, double>>> of_device(devices_);
    for (std::size_t i = 0; i < rows_.size(); ++i) of_device[rows_[i].device].emplace_back(errors_[i], rows_[i].weight);
    for (std::size_t d = 0; d < devices_; ++d) scales[d] = weighted_median(std::move(of_device[d]));
    return scales;
  }

  bool free_device_scale_;
  std::size_t devices_ = 0;
  std::vector<FitRow> rows_;
  std::vector<double> errors_;
  int evaluations_ = 0;
};

}  // namespace

Result<TrainingFit> fit_training(const Catalogue& catalogue, const std::vector<MeasuredRow>& rows,
                                 const TrainingFitQuestion& question) {
  Diagnostics faults;
  std::vector<const CoefficientHandle*> handles;
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
  TrainingLoss loss(catalogue, rows, question.free_device_scale);
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
  return fit;
}

std::string format_training_fit(const TrainingFit& fit) {
  TextTable table({{"coefficient", Align::left}, {"before"}, {"fitted"}, {"lowest"}, {"highest"}});
  for (const auto& c : fit.coefficients) {
    table.add_row({c.name, fmt::format("{:.4g}", c.before), fmt::format("{:.4g}", c.after),
                   fmt::format("{:.4g}", c.lower), fmt::format("{:.4g}", c.upper)});
  }
  return fmt::format(
      "{} rows, {} evaluations; mean |log(predicted / measured)| {:.4f}, was {:.4f}. Durations in s.\n{}", fit.rows,
      fit.evaluations, fit.loss_after, fit.loss_before, table.format());
}

}  // namespace stargate
