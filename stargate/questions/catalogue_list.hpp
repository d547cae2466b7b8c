// `catalogue list`: the kinds of records, or the records of one kind with the figures people compare first.
#pragma once

#include "stargate/questions/question.hpp"

namespace stargate {

struct CatalogueListQuestion {
  std::string kind;  ///< empty: all

  static const QuestionTable<CatalogueListQuestion>& table();
};
Result<Answer> answer_catalogue_list(const CatalogueListQuestion& question, const QuestionContext& context);
Question catalogue_list_question();

}  // namespace stargate
