// Sections of the report page that are answers of their own: why, near, alliance, risk, replay. Each is the JSON that
// its command prints of the same study with the same changes.
#pragma once

#include "stargate/questions/plan.hpp"

namespace stargate {

/// In the order of the page.
struct PlanSection {
  std::string name;  ///< of `plan NAME`
  Answer answer;
};
/// Before anything is planned: names no section has, sections without a page.
Check check_plan_sections(const PlanQuestion& question, const QuestionContext& context);
/// Those that the question names in report_with, which has been checked. A fault: the study has no ground for one.
Result<std::vector<PlanSection>> answer_plan_sections(const PlanQuestion& question, QuestionContext context);

/// Member "with", an object with a member a section; nothing without sections.
void write_plan_sections(JsonWriter& json, const std::vector<PlanSection>& sections);

}  // namespace stargate
