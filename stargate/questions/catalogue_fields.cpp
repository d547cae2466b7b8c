// Made from the field tables that reading uses.
#include "stargate/questions/catalogue_fields.hpp"

#include "stargate/config/reference.hpp"
#include "stargate/questions/record_document.hpp"
#include "stargate/service/service_study.hpp"
#include "stargate/study/study.hpp"

namespace stargate {
namespace {

struct FieldsPage {
  const RecordText* record;
  bool schema;
};

std::string fields_text(const FieldsPage& page) {
  return page.schema ? format_json_schema(*page.record) : format_reference(*page.record);
}
void write_fields(JsonWriter& json, const FieldsPage& page) { write_json_schema(json, *page.record); }

Result<const RecordText*> record_of(const std::string& name, const QuestionContext& context) {
  if (name == "study") return &StudySpec::table().text();
  if (name == "service-study") return &ServiceStudySpec::table().text();
  const RecordKind* kind = find_record_kind(name);
  if (kind == nullptr) return unknown_kind(context, name, {"study", "service-study"});
  if (kind->fields != nullptr) return kind->fields;
  return context.fault("kind", "models are Hugging Face config.json files", "see docs/explanation/models.md");
}

}  // namespace

const QuestionTable<CatalogueFieldsQuestion>& CatalogueFieldsQuestion::table() {
  static const auto table = [] {
    QuestionTable<CatalogueFieldsQuestion> t("catalogue fields", "The fields a kind of record or a study can have");
    t.required("kind", &CatalogueFieldsQuestion::kind, "A record kind, study or service-study").positional();
    t.optional("schema", &CatalogueFieldsQuestion::schema, "As JSON Schema");
    return t;
  }();
  return table;
}

Result<Answer> answer_catalogue_fields(const CatalogueFieldsQuestion& question, const QuestionContext& context) {
  auto record = record_of(question.kind, context);
  if (!record) return record.faults();
  return make_answer(AnswerKind::answered, FieldsPage{*record, question.schema}, fields_text, write_fields);
}

Question catalogue_fields_question() {
  return make_question(answer_catalogue_fields,
                       {{"site", "a page about the fields of a site"}, {"study --schema", "for an editor"}},
                       {{"*", "any", "The JSON Schema of such a file"}});
}

}  // namespace stargate
