// study -> plan; with changes: study as written -> plan, study changed -> plan, both side by side
#include "stargate/questions/plan.hpp"

#include "stargate/lp/clp_solver.hpp"
#include "stargate/lp/mps.hpp"
#include "stargate/questions/html_report.hpp"
#include "stargate/questions/plan_report.hpp"
#include "stargate/questions/plan_sections.hpp"
#include "stargate/questions/unused_changes.hpp"

namespace stargate {
namespace {

struct PlanAnswer {
  StudyReport report;               ///< with the changes
  PlanBasis basis;                  ///< of its rates
  std::optional<StudyReport> base;  ///< as written, where something is changed
  std::string change;               ///< in words
  std::vector<PlanSection> sections;  ///< of the page

  std::optional<Comparison> comparison() const {
    if (!base) return std::nullopt;
    return Comparison{change, &*base, &report};
  }
};

std::string plan_text(const PlanAnswer& answer) {
  const auto comparison = answer.comparison();
  return (comparison ? format_comparison_text(*comparison) : format_plan_text(answer.report)) +
         format_plan_basis(answer.basis);
}

void write_plan(JsonWriter& json, const PlanAnswer& answer) {
  const auto comparison = answer.comparison();
  write_plan_answer(json, answer.report, comparison ? &*comparison : nullptr);
  write_plan_basis(json, answer.basis);
  write_plan_sections(json, answer.sections);
}

std::string plan_json(const PlanAnswer& answer) {
  JsonWriter json;
  write_plan(json.begin_object(), answer);
  return json.end_object().text();
}

/// The engines its services run on, in words.
Result<PlanBasis> make_basis(const PreparedStudy& prepared, const QuestionContext& context) {
  auto errors = load_expected_errors(context);
  if (!errors) return errors.faults();
  PlanBasis out;
  for (const auto& rate : prepared.rates) {
    const ServingEngine* record = rate.engine.empty() ? nullptr : find_engine(prepared.catalogue, rate.engine);
    if (record != nullptr) out.engines.insert_or_assign(rate.engine, make_engine_basis(*record, *errors));
  }
  for (const auto& service : prepared.study.services) {
    if (service.kind == ServiceKind::training) out.training_error = format_training_errors(*errors);
  }
  return out;
}

/// The plan alone, as two plans are compared.
std::string figures_of(const StudyReport& report) {
  JsonWriter json;
  write_plan_answer(json.begin_object(), report);
  return json.end_object().text();
}

bool same_plan(const StudyReport& a, const StudyReport& b) {
  return changed_parts(a.prepared.programme, b.prepared.programme).empty() && figures_of(a) == figures_of(b);
}

/// Each change is left out in turn; of a single one that is the study as written.
Result<std::vector<std::string>> find_unused(const PlanAnswer& answer, const PlanQuestion& question,
                                             const StudyRequest& request, QuestionContext context,
                                             const LpSolver& solver) {
  std::vector<std::string> out;
  const std::vector<std::string> changes = changes_of(*context.asked);
  if (changes.size() == 1 && same_plan(answer.report, *answer.base)) return changes;
  for (std::size_t i = 0; changes.size() > 1 && i < changes.size(); ++i) {
    context.left_out_change = i;
    auto others = parse_changes(asked_changes(context, question));
    if (!others) return others.faults();
    StudyRequest without = request;
    without.catalogue_changes = others->catalogue, without.study_changes = others->study;
    context.progress("the study without " + changes[i]);
    auto report = run_study(without, context.files, solver, context.progress);
    if (report.ok() && same_plan(answer.report, *report)) out.push_back(changes[i]);
  }
  return out;
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
  if (auto good = check_plan_sections(question, context); !good.ok()) return good.faults();
  const auto solver = make_clp_solver();
  PlanAnswer answer;
  StudyRequest request{question.study, context.catalogue_folder, changes->catalogue, changes->study};
  if (question.no_cache) request.cache_folder.clear();
  request.confidence = question.confidence;
  request.range = !question.no_range && !question.any();  // of two plans side by side each is of one end

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
  auto basis = make_basis(answer.report.prepared, context);
  if (!basis) return basis.faults();
  answer.basis = std::move(*basis);
  std::vector<std::string> unused;
  if (answer.base) {
    auto found = find_unused(answer, question, request, context, *solver);
    if (!found) return found.faults();
    unused = std::move(*found);
  }

  const bool planned = std::holds_alternative<Plan>(answer.report.outcome);
  auto sections = answer_plan_sections(question, context);
  if (!sections) return sections.faults();
  answer.sections = std::move(*sections);
  auto files = plan_files(answer, context);
  Answer out = make_answer(planned ? AnswerKind::answered : AnswerKind::is_no, std::move(answer), plan_text, write_plan);
  out.files = std::move(files);
  out.unused_changes = std::move(unused);
  return out;
}

const QuestionTable<PlanQuestion>& PlanQuestion::table() {
  static const auto table = [] {
    QuestionTable<PlanQuestion> t("plan", "The build plan of a study: what, where, when, for how much, and what binds");
    t.required("study", &PlanQuestion::study, "Study file").positional();
    t.optional("no_cache", &PlanQuestion::no_cache,
               "Rate every machine anew; else rates kept from earlier runs are used");
    add_confidence_field(t);
    t.optional("no_range", &PlanQuestion::no_range, "This plan alone; else those at low and high are told beside it");
    t.optional("report_with", &PlanQuestion::report_with,
               "Sections that the page has beside the plan: why, near, alliance, risk, replay")
        .commas()
        .otherwise("none");
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
