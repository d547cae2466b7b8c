// `plan when`: by which quarter a programme can have so much power, so many accelerators, or serve so many tokens, what
// being there then takes from its value, and what stands in the way before.
#pragma once

#include "stargate/questions/plan_study.hpp"

namespace stargate {

struct WhenQuestion : PlanStudyFields {
  std::optional<Power> power;           ///< energised, at the meter
  std::optional<double> accelerators;   ///< installed
  std::string service;                  ///< id, with `rate`
  std::optional<TokenRate> rate;        ///< served, on average over the quarter
  static const QuestionTable<WhenQuestion>& table();
};
Result<Answer> answer_when(const WhenQuestion& question, const QuestionContext& context);
Question when_question();

}  // namespace stargate
