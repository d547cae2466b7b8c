// How far predictions were from measured runs, as `stargate validate` found: catalogue/expected_errors.yaml, which
// tools/expected_errors.py makes of its rows. Every answer about serving and training says it beside its figures.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "stargate/questions/question.hpp"

namespace stargate {

/// Medians of |predicted / measured - 1| over runs of one engine's record; empty: no such runs.
struct ServingErrors {
  std::optional<double> tpot, ttft, throughput;  ///< median |predicted / measured - 1|
  int rows = 0;                                  ///< they were found on
  static const RecordTable<ServingErrors>& table();
};
/// The median over the runs that state their whole configuration, of the time of a step. In percent, of |predicted /
/// measured - 1|.
struct TrainingErrors {
  double step_time = 0;  ///< median |predicted / measured - 1|
  int rows = 0;
  static const RecordTable<TrainingErrors>& table();
};
struct ExpectedErrors {
  std::map<std::string, ServingErrors> serving;  ///< by the id of the engine's record
  std::optional<TrainingErrors> training;        ///< empty: never validated
  static const RecordTable<ExpectedErrors>& table();
};

/// Nothing where the catalogue has no such file: one of the user's own. Faults: the file's.
Result<ExpectedErrors> load_expected_errors(const QuestionContext& context);

/// "half of 282 measured runs are within TPOT 9 %, TTFT 17 %".
std::string format_serving_errors(const ExpectedErrors& errors, const std::string& engine_record);
/// "half of 800 measured runs are within 6 %".
std::string format_training_errors(const ExpectedErrors& errors);

}  // namespace stargate
