// The laws of operators fitted to kernels: a file of coefficients for each device and law, and how well each fits rows
// it did not see.
#pragma once

#include "stargate/questions/calibrate.hpp"

namespace stargate {

Result<Answer> calibrate_kernels(const CalibrateQuestion& question, const Catalogue& catalogue,
                                 const QuestionContext& context);
const AnswerFields& kernel_fit_fields();

}  // namespace stargate
