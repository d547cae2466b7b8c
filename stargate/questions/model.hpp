// `model`: parameters, cache and operations of a model, from its config.json.
#pragma once

#include "stargate/questions/question.hpp"

namespace stargate {

struct ModelQuestion {
  std::string model;  ///< id, or a config.json

  static const QuestionTable<ModelQuestion>& table();
};
Result<Answer> answer_model(const ModelQuestion& question, const QuestionContext& context);
Question model_question();

}  // namespace stargate
