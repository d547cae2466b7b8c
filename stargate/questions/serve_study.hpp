// `stargate serve study`: a service's study, its tenants and sites: sized, simulated and priced.
#pragma once

#include "stargate/questions/serving_fields.hpp"

namespace stargate {

struct ServeStudyQuestion : ChangeFields {
  std::string study;  ///< file
  std::optional<MoneyRate> price;
  static const QuestionTable<ServeStudyQuestion>& table();
};

Result<Answer> answer_serve_study(const ServeStudyQuestion& question, const QuestionContext& context);
Question serve_study_question();

}  // namespace stargate
