// The answer about a job under failures, as text and JSON: where the wall-clock goes by the closed form, what the
// simulation says beside it, and the range of days and dollars it draws.
#pragma once

#include "stargate/questions/goodput_terms.hpp"
#include "stargate/questions/training_job.hpp"

namespace stargate {

/// A job below this makes no headway worth the name: the answer is no.
inline constexpr double kLeastEttr = 0.01;

/// Shares of the wall-clock; times and money of the whole run.
struct GoodputAnswer {
  std::string title;     ///< the job in a line
  AskedJob asked;        ///< model, system, layout
  GoodputTerms terms;    ///< rates, times and prices that were used
  GoodputReport report;  ///< closed form
  /// With the fleet's rate, and with rates drawn for each scenario; not simulated where the job makes no headway.
  GoodputDistribution exact, spread;

  bool makes_headway() const { return report.ettr() >= kLeastEttr; }
};

std::string goodput_text(const GoodputAnswer& answer);
void write_goodput_answer(JsonWriter& json, const GoodputAnswer& answer);
const AnswerFields& goodput_answer_fields();

}  // namespace stargate
