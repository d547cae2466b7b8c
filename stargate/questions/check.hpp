// `stargate check`: the whole catalogue, and studies, without answering them.
#pragma once

#include "stargate/questions/question.hpp"

namespace stargate {

struct CheckQuestion {
  std::vector<std::string> studies;  ///< files
  static const QuestionTable<CheckQuestion>& table();
};

Result<Answer> answer_check(const CheckQuestion& question, const QuestionContext& context);
Question check_question();

}  // namespace stargate
