// `plan why`: what binds each decision of a plan in each quarter, what its limits are worth when moved far, what each
// supplier limits, why an option was left and at what price it would not be; of a study without a plan, what conflicts.
#pragma once

#include "stargate/questions/plan_study.hpp"

namespace stargate {

struct WhyQuestion : PlanStudyFields {
  std::int64_t limits = 3;   ///< followed from half to one and a half
  double precision = 0.01;   ///< of an entry price
  static const QuestionTable<WhyQuestion>& table();
};
Result<Answer> answer_why(const WhyQuestion& question, const QuestionContext& context);
Question why_question();

}  // namespace stargate
