// What questions about the plan of a study share: which study, at which end of the range, with which changes.
#pragma once

#include "stargate/questions/changes.hpp"
#include "stargate/questions/confidence.hpp"
#include "stargate/study/run.hpp"

namespace stargate {

struct PlanStudyFields : ConfidenceField, ChangeFields {
  std::string study;  ///< file
};
template <class Q>
void add_plan_study_field(QuestionTable<Q>& table) {
  table.required("study", &Q::study, "Study file").positional();
}
template <class Q>
void add_plan_change_fields(QuestionTable<Q>& table) {
  add_confidence_field(table);
  add_change_fields(table);
}

/// Read, checked, machines rated.
Result<PreparedStudy> prepare_plan_study(const PlanStudyFields& question, const QuestionContext& context);
/// All that an answer about the best plan can rest on: the programme as an LP.
Result<std::string> plan_study_figures(const PlanStudyFields& question, const QuestionContext& context);

/// "2027Q1", "2027Q1-2028Q4".
std::string format_quarters(Quarter first, Quarter last);

}  // namespace stargate
