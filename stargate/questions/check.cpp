// The faults of all files are told together.
#include "stargate/questions/check.hpp"

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/config/json_writer.hpp"
#include "stargate/measured/published_cost.hpp"
#include "stargate/service/service_study.hpp"
#include "stargate/study/run.hpp"

namespace stargate {
namespace {

struct CheckReport {
  std::size_t records = 0, sources = 0;
  struct Study {
    std::string file;
    std::vector<std::pair<std::string, std::size_t>> counts;  ///< "sites": 5
  };
  std::vector<Study> studies;
};

std::string check_text(const CheckReport& report) {
  std::string out = fmt::format("catalogue: {} records, {} sources, no faults\n", report.records, report.sources);
  for (const auto& study : report.studies) {
    out += study.file + ":";
    for (const auto& [what, count] : study.counts) out += fmt::format(" {} {},", count, what);
    out += " no faults\n";
  }
  return out;
}

void write_check(JsonWriter& json, const CheckReport& report) {
  json.member("schema_version", 1).member("records", static_cast<std::int64_t>(report.records));
  json.member("sources", static_cast<std::int64_t>(report.sources)).key("studies").begin_array();
  for (const auto& study : report.studies) {
    json.begin_object().member("file", study.file);
    for (const auto& [what, count] : study.counts) json.member(what, static_cast<std::int64_t>(count));
    json.end_object();
  }
  json.end_array();
}

Result<CheckReport::Study> check_study(const std::string& file, const Catalogue& catalogue, const FileReader& files) {
  if (is_service_study(files, file)) {
    auto service = load_service_study(files, file, catalogue);
    if (!service) return service.faults();
    return CheckReport::Study{file, {{"sites", service->sites.size()}, {"tenants", service->tenants.size()}}};
  }
  auto study = load_study(files, file, catalogue, {});
  if (!study) return study.faults();
  return CheckReport::Study{
      file, {{"sites", study->sites.size()}, {"systems", study->systems.size()}, {"services", study->services.size()}}};
}

}  // namespace

const QuestionTable<CheckQuestion>& CheckQuestion::table() {
  static const auto table = [] {
    QuestionTable<CheckQuestion> t("check", "Check the whole catalogue, and studies");
    t.optional("studies", &CheckQuestion::studies, "Study files").positional().type("FILE");
    return t;
  }();
  return table;
}

Result<Answer> answer_check(const CheckQuestion& question, const QuestionContext& context) {
  auto catalogue = load_catalogue(context.files, context.catalogue_folder);
  if (!catalogue) return catalogue.faults();
  CheckReport report;
  for (const auto& kind : record_kinds()) report.records += record_ids(*catalogue, kind.name).size();
  report.sources = catalogue->sources.size();
  Diagnostics faults;
  if (!context.files.list(context.catalogue_folder, "published_costs.csv").empty()) {
    const auto costs = load_published_costs(context.files, context.catalogue_folder, *catalogue);
    if (!costs) faults = costs.faults();
  }
  for (const auto& file : question.studies) {
    auto study = check_study(file, *catalogue, context.files);
    if (study) {
      report.studies.push_back(std::move(*study));
    } else {
      faults.insert(faults.end(), study.faults().begin(), study.faults().end());
    }
  }
  if (!faults.empty()) return faults;
  return make_answer(AnswerKind::answered, std::move(report), check_text, write_check);
}

Question check_question() {
  return make_question(answer_check, {{"studies/stargate.yaml", "the catalogue and a study"}},
                       {{"records", "integer", "Of the catalogue"},
                        {"sources", "integer", "That its values cite"},
                        {"studies[]/file", "text", "As given"},
                        {"studies[]/sites", "integer", "Of the study"},
                        {"studies[]/systems", "integer", "Of a build-out"},
                        {"studies[]/services", "integer", "Of a build-out"},
                        {"studies[]/tenants", "integer", "Of a service's study"}});
}

}  // namespace stargate
