// `catalogue fields`: what a kind of record or a study may hold, as a Markdown page or as JSON Schema.
#pragma once

#include "stargate/questions/question.hpp"

namespace stargate {

struct CatalogueFieldsQuestion {
  std::string kind;     ///< a kind of record, study or service-study
  bool schema = false;  ///< as JSON Schema

  static const QuestionTable<CatalogueFieldsQuestion>& table();
};
Result<Answer> answer_catalogue_fields(const CatalogueFieldsQuestion& question, const QuestionContext& context);
Question catalogue_fields_question();

}  // namespace stargate
