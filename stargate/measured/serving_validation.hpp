// Measured serving figures against the simulation that users run: by source, engine, accelerator and metric, apart by
// how far a row is to be trusted ("A" to "C") and whether it states its whole configuration ("A full", "B part").
#pragma once

#include "stargate/config/json_writer.hpp"
#include "stargate/measured/column_rules.hpp"
#include "stargate/measured/simulated_run.hpp"
#include "stargate/measured/validation_report.hpp"

namespace stargate {

/// One predicted row, in the unit of its metric.
struct PredictedServing {
  const MeasuredServing* row;       ///< of the rows given
  std::string accelerator, layout;  ///< id; "tp8", as printed elsewhere
  std::string record;               ///< id of the engine's
  int replicas = 1;
  double predicted = 0;  ///< in the unit of the row's figure
  std::string command;   ///< with which a user gets the run it is a figure of
};

struct ServingValidation {
  ValidationReport report;                 ///< errors by group
  std::vector<PredictedServing> rows;      ///< their rows are those given, which must outlive them
  std::vector<ValidationGroup> by_source;  ///< TPOT, throughput and TTFT of each
  std::vector<ValidationGroup> by_figure;  ///< the same of all sources
  RuleCounts rules;                        ///< that set columns of the rows
};

/// What the run would print under the row's metric; empty for metrics and percentiles nobody defined here. Per-GPU
/// figures count every accelerator of every replica.
std::optional<double> predicted_serving_metric(const MeasuredServing& row, const MeasuredService& service,
                                               const RunFigures& figures);
/// "tpot", "ttft" or "throughput".
std::string serving_figure(const std::string& metric);

/// Rows that ran the same are simulated once, on as many threads as there are; the result does not depend on their
/// number. `worst`: how many of the rows most off are listed. A row that is skipped or does not fit counts in its
/// group, without a prediction.
ServingValidation validate_serving(const Catalogue& catalogue, const std::vector<MeasuredServing>& rows,
                                   std::size_t worst);

/// For people; `write_` below gives the members of an open JSON object.
std::string format_serving_validation_text(const ServingValidation& validation);
void write_serving_validation(JsonWriter& json, const ServingValidation& validation);
/// Every predicted row beside its measurement.
std::string format_serving_validation_csv(const ServingValidation& validation);

}  // namespace stargate
