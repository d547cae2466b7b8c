// `plan replan`: the programme planned anew each quarter with what is known by then, against the plan kept and the plan
// that knew everything.
#pragma once

#include "stargate/questions/changes.hpp"

namespace stargate {

struct ReplanQuestion : ChangeFields {
  std::string study;                  ///< file
  std::vector<std::string> scenarios;  ///< ids of the study's that come true, one at a time; none: all
  std::int64_t news = 4;              ///< quarters after the first in which an undated change becomes known
  std::int64_t longer = 0;            ///< quarters by which the horizon grows, to see what that changes; 0: not asked
  static const QuestionTable<ReplanQuestion>& table();
};
Result<Answer> answer_replan(const ReplanQuestion& question, const QuestionContext& context);
Question replan_question();

}  // namespace stargate
