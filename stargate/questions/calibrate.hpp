// `stargate calibrate`: coefficients fitted to measurements: the laws of operators to kernels, what chips draw to their
// power, those of training to runs, those of engines to served figures.
#pragma once

#include "stargate/questions/changes.hpp"

namespace stargate {

/// Exactly one of the first four. `out` is the folder that a fit of kernels is written to, else calibration/ of the
/// catalogue; other fits are only shown.
struct CalibrateQuestion : ChangeFields {
  std::optional<std::string> kernels, power, training, serving;
  std::optional<std::string> collectives, out;
  std::vector<std::string> device, law, coefficients;
  bool leave_out = false;
  static const QuestionTable<CalibrateQuestion>& table();
};

/// Faults: none or several tables named, a table that cannot be read, coefficients that do not exist.
Result<Answer> answer_calibrate(const CalibrateQuestion& question, const QuestionContext& context);
Question calibrate_question();

}  // namespace stargate
