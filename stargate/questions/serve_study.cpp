// Read, run, reported; rows of requests are gathered only when a file for them is named.
#include "stargate/questions/serve_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <thread>

#include "stargate/questions/serve_study_report.hpp"
#include "stargate/questions/serving_figures.hpp"

namespace stargate {
namespace {

constexpr const char* kRequestHeader =
    "request,tenant,session,turn,outcome,arrival_s,first_token_s,last_token_s,isl,osl,cached,replica,region,retries\n";

void add_request_row(std::string& rows, const FleetRequestRecord& r) {
  rows +=
      fmt::format("{},{},{},{},{},{:.6f},{:.6f},{:.6f},{},{},{},{},{},{}\n", r.number, r.tenant, r.session, r.turn,
                  request_outcome_name(r.outcome), r.arrival.seconds(), r.first_token.seconds(), r.last_token.seconds(),
                  r.prompt_tokens, r.output_tokens, r.cached_tokens, r.replica, r.region, r.retries);
}

ServingPrecision study_precision(const ServiceStudySpec& study, const Model& model) {
  ServingPrecision precision = stored_precision(model);
  if (study.precision) precision.linear = precision.expert = *study.precision;
  if (study.kv_precision) precision.kv = *study.kv_precision;
  return precision;
}

/// Of each system that stands somewhere, once.
Result<std::vector<SystemBasis>> bases_of(const Catalogue& catalogue, const ServiceStudySpec& study,
                                          const QuestionContext& context) {
  auto errors = load_expected_errors(context);
  if (!errors) return errors.faults();
  const Model& model = catalogue.models.at(study.model);
  const ServingPrecision precision = study_precision(study, model);
  auto setup = set_up_engine(catalogue, study.engine);
  if (!setup) return setup.faults();
  std::set<std::string> systems;
  for (const auto& site : study.sites) systems.insert(site.system);
  std::vector<SystemBasis> out;
  for (const auto& id : systems) {
    auto machine = make_serving_machine(catalogue, catalogue.systems.at(id), kernel_choice(model, setup->kernels));
    if (!machine) return machine.faults();
    out.push_back({id, make_serving_basis(catalogue, *errors, *setup, *machine, precision)});
  }
  return out;
}

/// Where the service runs, for how long and for whom: every answer about it changes with these.
std::string service_figures(const ServiceStudySpec& study) {
  std::string out = fmt::format("{} {} {}", study.duration.base(), study.operation.headroom,
                                mean_workload(study).osl);
  for (const auto& site : study.sites) out += fmt::format(" {} on {}", site.site, site.system);
  for (const auto& t : study.tenants) {
    out += fmt::format(" {} {} {} {}", t.seats, t.sessions_per_seat, t.prompt.mean(), t.output.mean());
  }
  return out;
}

/// The same, and those of each machine.
Result<std::string> study_figures(const ServeStudyQuestion& question, const QuestionContext& context) {
  auto changes = parse_changes(asked_changes(context, question));
  if (!changes) return changes.faults();
  auto catalogue = load_catalogue(context.files, context.catalogue_folder, changes->catalogue);
  if (!catalogue) return catalogue.faults();
  auto study = load_service_study(context.files, question.study, *catalogue, changes->study);
  if (!study) return study.faults();
  auto setup = set_up_engine(*catalogue, study->engine);
  if (!setup) return setup.faults();
  const Model& model = catalogue->models.at(study->model);
  std::string out = service_figures(*study);
  for (const auto& site : study->sites) {
    const System& system = catalogue->systems.at(site.system);
    auto machine = make_serving_machine(*catalogue, system, kernel_choice(model, setup->kernels));
    if (!machine) return machine.faults();
    const HourPrice price = chosen_price(*catalogue, system, question.price);
    out += "\n" + serving_figures({*catalogue, system, model, *machine, *setup, study_precision(*study, model)}, price);
  }
  return out;
}

std::string study_text(const ServeStudyReport& report) { return format_service_study_text(report); }

}  // namespace

const QuestionTable<ServeStudyQuestion>& ServeStudyQuestion::table() {
  using Q = ServeStudyQuestion;
  static const auto table = [] {
    QuestionTable<Q> t("serve study",
                       "A service's study: its sites sized, its tenants simulated over a day, and priced");
    t.required("study", &Q::study, "File of the study").positional().type("FILE");
    add_price_field(t);
    add_change_fields(t);
    return t;
  }();
  return table;
}

Result<Answer> answer_serve_study(const ServeStudyQuestion& question, const QuestionContext& context) {
  auto changes = parse_changes(asked_changes(context, question));
  if (!changes) return changes.faults();
  auto catalogue = load_catalogue(context.files, context.catalogue_folder, changes->catalogue);
  if (!catalogue) return catalogue.faults();
  auto study = load_service_study(context.files, question.study, *catalogue, changes->study);
  if (!study) return study.faults();
  auto bases = bases_of(*catalogue, *study, context);
  if (!bases) return bases.faults();
  ServiceStudyOptions options;
  options.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  options.progress = context.progress;
  options.price = [&](const System& system) { return chosen_price(*catalogue, system, question.price).mid; };
  const std::string rows_file = context.path_of("requests_csv");
  std::string rows = kRequestHeader;
  if (!rows_file.empty()) {
    options.on_request = [&](const FleetRequestRecord& record) { add_request_row(rows, record); };
  }
  auto ran = run_service_study(*catalogue, *study, options);
  if (!ran) return ran.faults();
  const auto kind = ran->served ? AnswerKind::answered : AnswerKind::is_no;
  Answer answer = make_answer(kind, ServeStudyReport{std::move(*study), std::move(*ran), std::move(*bases)}, study_text,
                              write_service_study);
  if (!rows_file.empty()) answer.files.push_back({rows_file, std::move(rows)});
  return answer;
}

Question serve_study_question() {
  return make_question(
      answer_serve_study,
      {{"studies/crystal-intelligence.yaml --set \"duration=2 min\"", "the shipped study, two minutes of its day"}},
      service_study_answer_fields(), {{"requests_csv", "FILE", "A row a request"}}, study_figures);
}

}  // namespace stargate
