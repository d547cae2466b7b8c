// `plan near`: how far each figure of the best plan may move at a small loss, and plans near the best that differ most.
#pragma once

#include "stargate/questions/plan_study.hpp"

namespace stargate {

struct NearQuestion : PlanStudyFields {
  double range = 0.001;    ///< share of the value that may be lost, of the ranges
  double loss = 0.02;      ///< the same, of the other plans
  std::int64_t plans = 5;  ///< other plans
  static const QuestionTable<NearQuestion>& table();
};
Result<Answer> answer_near(const NearQuestion& question, const QuestionContext& context);
Question near_question();

}  // namespace stargate
