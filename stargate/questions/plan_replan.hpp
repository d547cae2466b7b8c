// `plan replan`: the programme planned anew each quarter with what is known by then, against the plan kept and the plan
// that knew everything.
#pragma once

#include "stargate/questions/changes.hpp"

namespace stargate {

struct ReplanQuestion : ChangeFields {
  std::string study;     ///< file
  std::string scenario;  ///< id of the study's: what comes true
  static const QuestionTable<ReplanQuestion>& table();
};
Result<Answer> answer_replan(const ReplanQuestion& question, const QuestionContext& context);
Question replan_question();

}  // namespace stargate
