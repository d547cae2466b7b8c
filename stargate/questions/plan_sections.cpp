// report_with -> each named question, asked of the same study -> its answer
#include "stargate/questions/plan_sections.hpp"

#include <algorithm>

#include "stargate/questions/plan_alliance.hpp"
#include "stargate/questions/plan_near.hpp"
#include "stargate/questions/plan_replay.hpp"
#include "stargate/questions/plan_risk.hpp"
#include "stargate/questions/plan_why.hpp"

namespace stargate {
namespace {

using Ask = Result<Answer> (*)(const PlanQuestion&, const QuestionContext&);

/// The question Q as its command would ask it without further flags.
template <class Q, Result<Answer> (*answer)(const Q&, const QuestionContext&)>
Result<Answer> ask_section(const PlanQuestion& plan, const QuestionContext& context) {
  Q question;
  static_cast<ChangeFields&>(question) = plan;
  if constexpr (std::is_base_of_v<ConfidenceField, Q>) static_cast<ConfidenceField&>(question) = plan;
  question.study = plan.study;
  return answer(question, context);
}

struct KnownSection {
  const char* name;
  Ask ask;
};
constexpr KnownSection kSections[] = {{"why", ask_section<WhyQuestion, answer_why>},
                                      {"near", ask_section<NearQuestion, answer_near>},
                                      {"alliance", ask_section<AllianceQuestion, answer_alliance>},
                                      {"risk", ask_section<RiskQuestion, answer_risk>},
                                      {"replay", ask_section<ReplayQuestion, answer_replay>}};

}  // namespace

Check check_plan_sections(const PlanQuestion& question, const QuestionContext& context) {
  const auto& asked = question.report_with;
  if (asked.empty()) return Done{};
  if (context.path_of("html").empty()) {
    return context.fault("report_with", "names sections of a page that nobody asked for", "add --html FILE");
  }
  std::vector<std::string> known;
  for (const auto& section : kSections) known.emplace_back(section.name);
  for (const auto& name : asked) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return context.fault("report_with", "the report has no section '" + name + "'", suggest_name(name, known));
  }
  return Done{};
}

Result<std::vector<PlanSection>> answer_plan_sections(const PlanQuestion& question, QuestionContext context) {
  std::vector<PlanSection> out;
  const auto& asked = question.report_with;
  context.wanted.clear();
  for (const auto& section : kSections) {
    if (std::find(asked.begin(), asked.end(), section.name) == asked.end()) continue;
    context.progress(std::string("report: plan ") + section.name);
    auto answer = section.ask(question, context);
    if (!answer) return answer.faults();
    out.push_back({section.name, std::move(*answer)});
  }
  return out;
}

void write_plan_sections(JsonWriter& json, const std::vector<PlanSection>& sections) {
  if (sections.empty()) return;
  json.key("with").begin_object();
  for (const auto& section : sections) {
    json.key(section.name).begin_object();
    section.answer.members(json);
    json.end_object();
  }
  json.end_object();
}

}  // namespace stargate
