// What the fit of a law does with tables whose rows say by themselves which group they are of, and the search over a
// law's fields: all that is left to a law is how its rows are read, fitted and timed.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "stargate/calibration/row_groups.hpp"

namespace stargate {

/// Of the law's own fields (name, unit, meaning, start, lower, upper).
template <class Field>
Parameter parameter_of(const Field& field, bool structure = false) {
  return {field.name, field.unit, field.meaning, field.start, field.lower, field.upper, field.lower > 0, structure};
}

template <class Coefficients>
struct FieldSolution {
  Coefficients coefficients;
  double loss = 0;  ///< mean robust loss
};

/// Searches the members that `fields` name, beginning at `start`, whose others stay; `time_of(coefficients, row)` in
/// microseconds.
template <class Coefficients, class Fields, class Row, class TimeOf>
FieldSolution<Coefficients> fit_fields(const Coefficients& start, const Fields& fields, const std::vector<Row>& rows,
                                       const TimeOf& time_of, const FitSettings& settings) {
  std::vector<double> measured;
  std::vector<Parameter> parameters;
  for (const Row& row : rows) measured.push_back(row.microseconds);
  for (const auto& field : fields) {
    parameters.push_back(parameter_of(field));
    parameters.back().start = start.*field.member;
  }
  const auto with_values = [&](std::span<const double> values) {
    Coefficients out = start;
    for (std::size_t j = 0; j < values.size(); ++j) out.*fields[j].member = values[j];
    return out;
  };
  const Predictor predict = [&](std::span<const double> values, std::span<double> predicted) {
    const Coefficients c = with_values(values);
    for (std::size_t i = 0; i < rows.size(); ++i) predicted[i] = time_of(c, rows[i]);
  };
  const Fit fit = fit_parameters(parameters, predict, measured, {}, settings);
  return {with_values(fit.values), fit.loss};
}

/// A law's fit, by four answers about its rows. Every group of a table is fitted on its own, every fourth row held out.
template <class Row>
class RowFit : public LawFit {
 public:
  std::vector<CalibratedGroup> fit(const KernelTable& table, const Accelerator& device) const override {
    return fit_groups(groups_of(table, device), [&](const std::string& name, const RowGroup<Row>& group) {
      CalibratedGroup out;
      const auto [used, held_out] = split_rows(group, [&](const Row& row) { return shapes_of(row); }, out);
      out.law = law(), out.device = device.id, out.engine = table.engine, out.version = table.version;
      out.precision = name;
      out.coefficients = fit_rows(name, used, device);
      const auto time = time_of(out.coefficients, device);
      out.used = errors_of(used, time), out.held_out = errors_of(held_out, time);
      return out;
    });
  }
  std::vector<LawFit::Prediction> predict(const KernelTable& table, const Accelerator& device,
                                          const std::vector<CalibratedGroup>& groups) const override {
    return predict_groups(table, groups_of(table, device), groups, unpredicted(),
                          [&](const std::string&, const std::map<std::string, double>& coefficients) {
                            return time_of(coefficients, device);
                          });
  }

 protected:
  using Shapes = std::vector<std::pair<const char*, double>>;
  using TimeOf = std::function<double(const Row&)>;  ///< microseconds

  /// With the reason of each row that is left out.
  virtual RowGroups<Row> groups_of(const KernelTable& table, const Accelerator& device) const = 0;
  /// Of which the ranges are noted.
  virtual Shapes shapes_of(const Row& row) const = 0;
  virtual std::map<std::string, double> fit_rows(const std::string& group, const std::vector<Row>& rows,
                                                 const Accelerator& device) const = 0;
  virtual TimeOf time_of(const std::map<std::string, double>& coefficients, const Accelerator& device) const = 0;
  virtual Unpredicted unpredicted() const = 0;
};

}  // namespace stargate
