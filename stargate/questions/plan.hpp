// `plan`: the build plan of a study, and with a change both plans side by side.
#pragma once

#include "stargate/questions/changes.hpp"
#include "stargate/questions/confidence.hpp"

namespace stargate {

struct PlanQuestion : ConfidenceField, ChangeFields {
  static constexpr bool kTellsUnusedChanges = true;  ///< the plan as written is there to compare with
  std::string study;                                 ///< file
  bool no_cache = false;                             ///< rate every machine anew
  bool no_range = false;  ///< the plan at this confidence only
  std::vector<std::string> report_with;  ///< sections of the page that are answers of their own

  static const QuestionTable<PlanQuestion>& table();
};
Result<Answer> answer_plan(const PlanQuestion& question, const QuestionContext& context);
Question plan_question();

}  // namespace stargate
