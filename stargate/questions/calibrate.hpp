// `stargate calibrate`: coefficients fitted to measurements: the laws of operators to kernels, what chips draw to their
// power, those of training to runs, those of engines to served figures.
#pragma once

#include "stargate/questions/changes.hpp"

namespace stargate {

/// Exactly one of the first four. `out` is the folder that a fit of kernels is written to, else calibration/ of the
/// catalogue; other fits are only shown.
struct CalibrateQuestion : ChangeFields {
  std::optional<std::string> kernels, power, training, serving;  ///< folders or files of measurements; one of them
  std::optional<std::string> collectives, out;                   ///< file of sweeps; folder to write coefficients to
  std::vector<std::string> device, law, coefficients;            ///< only these; empty: all
  bool leave_out = false;                                        ///< fit again without each source, and judge by it
  static const QuestionTable<CalibrateQuestion>& table();
};

/// Faults: none or several tables named, a table that cannot be read, coefficients that do not exist.
Result<Answer> answer_calibrate(const CalibrateQuestion& question, const QuestionContext& context);
Question calibrate_question();

}  // namespace stargate
