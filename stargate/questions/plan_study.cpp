// The study of a question about its plan, prepared; its programme's LP stands for all that an answer rests on.
#include "stargate/questions/plan_study.hpp"

#include "stargate/lp/mps.hpp"

namespace stargate {

Result<PreparedStudy> prepare_plan_study(const PlanStudyFields& question, const QuestionContext& context) {
  auto changes = parse_changes(asked_changes(context, question));
  if (!changes) return changes.faults();
  StudyRequest request{question.study, context.catalogue_folder, changes->catalogue, changes->study};
  request.confidence = question.confidence;
  return prepare_study(request, context.files, context.progress);
}

Result<std::string> plan_study_figures(const PlanStudyFields& question, const QuestionContext& context) {
  auto prepared = prepare_plan_study(question, context);
  if (!prepared) return prepared.faults();
  return format_mps(build_programme_lp(prepared->programme));
}

std::string format_quarters(Quarter first, Quarter last) {
  return first == last ? format_quarter(first) : format_quarter(first) + "-" + format_quarter(last);
}

}  // namespace stargate
