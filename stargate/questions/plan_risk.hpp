// `plan risk`: what to order and begin now so that it suits all that may happen, what that is worth over the plan of
// the study's own figures, and what it would be worth to know.
#pragma once

#include "stargate/questions/changes.hpp"

namespace stargate {

struct RiskQuestion : ChangeFields {
  std::string study;         ///< file
  double cvar_weight = 0.5;  ///< of the worst part, in a second plan
  double tail = 0.25;        ///< share of the probability that is the worst part
  std::int64_t decided = 0;  ///< quarters; 0: as the study says
  std::int64_t drawn = 0;    ///< scenarios drawn from the study's drivers; 0: its own scenarios
  std::int64_t seed = 1;     ///< of the draws
  static const QuestionTable<RiskQuestion>& table();
};
Result<Answer> answer_risk(const RiskQuestion& question, const QuestionContext& context);
Question risk_question();

}  // namespace stargate
