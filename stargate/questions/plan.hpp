// `plan`: the build plan of a study, and with a change both plans side by side.
#pragma once

#include "stargate/questions/changes.hpp"

namespace stargate {

struct PlanQuestion : ChangeFields {
  static constexpr bool kTellsUnusedChanges = true;  ///< the plan as written is there to compare with
  std::string study;                                 ///< file
  bool no_cache = false;                             ///< rate every machine anew

  static const QuestionTable<PlanQuestion>& table();
};
Result<Answer> answer_plan(const PlanQuestion& question, const QuestionContext& context);
Question plan_question();

}  // namespace stargate
