// Measured training runs against simulate_step: errors by source, accelerator, framework, precision, metric and how
// much of its configuration a row states; and whether layouts of one model on one cluster come out in the measured
// order.
#pragma once

#include "stargate/config/json_writer.hpp"
#include "stargate/measured/column_rules.hpp"
#include "stargate/measured/training_run.hpp"
#include "stargate/measured/validation_report.hpp"

namespace stargate {

/// Layouts of one source: median over its sets of at least four configurations with model, accelerators, sequence and
/// precision in common.
struct LayoutRanking {
  std::string source;                ///< id of catalogue/sources.yaml
  int sets = 0, configurations = 0;  ///< of layouts of one job; in them
  double median_spearman = 0;        ///< over the sets: 1 when predictions rank as measured
};

/// One predicted row.
struct PredictedRun {
  const MeasuredRow* row;   ///< of the rows given
  std::string accelerator;  ///< id
  TrainingLayout layout;
  double measured_s = 0, predicted_s = 0;  ///< of one step
  StepBreakdown time;                      ///< where the predicted time goes
  double measured_mfu = 0;                 ///< of the measured time, operations counted as in StepReport::mfu
  std::string kind;                        ///< dense, moe, or lora where weights are frozen
};

struct TrainingValidation {
  ValidationReport report;                                  ///< errors by group
  std::vector<PredictedRun> runs;                           ///< their rows are those given, which must outlive them
  std::vector<ValidationGroup> by_source, by_completeness;  ///< all metrics together
  std::vector<LayoutRanking> rankings;                      ///< by source
  double median_spearman = 0;                               ///< of the sources that have one
  RuleCounts rules;                                         ///< that set columns of the rows
};

/// `worst`: how many of the rows most off are listed. A set of layouts holds rows of one model, accelerator, number of
/// them, sequence and precision; fewer than four configurations are not ranked.
TrainingValidation validate_training(const Catalogue& catalogue, const std::vector<MeasuredRow>& rows,
                                     std::size_t worst);

/// For people; `write_` below gives the members of an open JSON object.
std::string format_training_validation_text(const TrainingValidation& validation);
void write_training_validation(JsonWriter& json, const TrainingValidation& validation);
/// Every predicted row with where its step goes.
std::string format_training_validation_csv(const TrainingValidation& validation);

}  // namespace stargate
