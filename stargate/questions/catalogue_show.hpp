// `catalogue show`: one record, each field as written with its source.
#pragma once

#include "stargate/questions/question.hpp"

namespace stargate {

struct CatalogueShowQuestion {
  std::string record;  ///< kind:id

  static const QuestionTable<CatalogueShowQuestion>& table();
};
Result<Answer> answer_catalogue_show(const CatalogueShowQuestion& question, const QuestionContext& context);
Question catalogue_show_question();

}  // namespace stargate
