// study -> plan; with changes: study as written -> plan, study changed -> plan, both side by side
#include "stargate/questions/plan.hpp"

#include "stargate/lp/clp_solver.hpp"
#include "stargate/lp/mps.hpp"
#include "stargate/questions/html_report.hpp"
#include "stargate/questions/plan_report.hpp"

namespace stargate {
namespace {

struct PlanAnswer {
  StudyReport report;               ///< with the changes
  std::optional<StudyReport> base;  ///< as written, where something is changed
  std::string change;               ///< in words

  std::optional<Comparison> comparison() const {
    if (!base) return std::nullopt;
    return Comparison{change, &*base, &report};
  }
};

std::string plan_text(const PlanAnswer& answer) {
  const auto comparison = answer.comparison();
  return comparison ? format_comparison_text(*comparison) : format_plan_text(answer.report);
}

std::string plan_json(const PlanAnswer& answer) {
  const auto comparison = answer.comparison();
  return format_plan_json(answer.report, comparison ? &*comparison : nullptr);
}

std::vector<OutputFile> plan_files(const PlanAnswer& answer, const QuestionContext& context) {
  std::vector<OutputFile> out;
  if (const auto folder = context.path_of("csv"); !folder.empty()) {
    for (auto& file : format_plan_csv(answer.report))
      out.push_back({folder + "/" + file.name, std::move(file.content)});
  }
  if (const auto path = context.path_of("html"); !path.empty()) {
    out.push_back({path, format_html_report(plan_json(answer))});
  }
  if (const auto path = context.path_of("mps"); !path.empty()) {
    out.push_back({path, format_mps(build_programme_lp(answer.report.prepared.programme))});
  }
  return out;
}

/// The faults of the changes, which nobody should wait for until the study as written is planned.
Check check_changes(const StudyRequest& request, const FileReader& files) {
  auto catalogue = load_catalogue(files, request.catalogue_folder, request.catalogue_changes);
  if (!catalogue) return catalogue.faults();
  auto study = load_study(files, request.file, *catalogue, {request.study_changes, request.catalogue_changes.without});
  if (!study) return study.faults();
  return Done{};
}

}  // namespace

Result<Answer> answer_plan(const PlanQuestion& question, const QuestionContext& context) {
  auto changes = parse_changes(asked_changes(context, question));
  if (!changes) return changes.faults();
  const auto solver = make_clp_solver();
  PlanAnswer answer;
  StudyRequest request{question.study, context.catalogue_folder, changes->catalogue, changes->study};
  if (question.no_cache) request.cache_folder.clear();

  // The study as written, where the changed one is to be seen beside it. What is in short supply there stays so.
  if (question.any()) {
    answer.change = describe_changes(question);
    if (auto good = check_changes(request, context.files); !good.ok()) return good.faults();
    context.progress("the study as written");
    StudyRequest written = request;
    written.catalogue_changes = {}, written.study_changes = {};
    auto base = run_study(written, context.files, *solver, context.progress);
    if (!base) return base.faults();
    // A supplier taken out by --without must not make its product unlimited.
    request.limiting_products = supplied_products(base->prepared.catalogue);
    answer.base = std::move(*base);
    context.progress("the study with the changes");
  }
  auto report = run_study(request, context.files, *solver, context.progress);
  if (!report) return report.faults();
  answer.report = std::move(*report);

  const bool planned = std::holds_alternative<Plan>(answer.report.outcome);
  auto files = plan_files(answer, context);
  Answer out = make_answer(planned ? AnswerKind::answered : AnswerKind::is_no, std::move(answer), plan_text, plan_json);
  out.files = std::move(files);
  return out;
}

const QuestionTable<PlanQuestion>& PlanQuestion::table() {
  static const auto table = [] {
    QuestionTable<PlanQuestion> t("plan", "The build plan of a study: what, where, when, for how much, and what binds");
    t.required("study", &PlanQuestion::study, "Study file").positional();
    t.optional("no_cache", &PlanQuestion::no_cache,
               "Rate every machine anew; else rates kept from earlier runs are used");
    add_change_fields(t);
    return t;
  }();
  return table;
}

Question plan_question() {
  return make_question(answer_plan,
                       {{"studies/stargate.yaml", "a programme to 2030"},
                        {"studies/stargate.yaml --without supplier:samsung", "the same, when a supplier fails"}},
                       plan_answer_fields(),
                       {{"csv", "DIR", "Write CSV files into this folder"},
                        {"html", "FILE", "Write one page with charts"},
                        {"mps", "FILE", "Write the linear programme for other solvers"}});
}

}  // namespace stargate
