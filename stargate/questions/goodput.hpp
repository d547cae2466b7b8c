// `train goodput`: failures, checkpoints and restarts of a job; days and dollars to a number of tokens.
#pragma once

#include "stargate/questions/goodput_terms.hpp"
#include "stargate/questions/training_fields.hpp"

namespace stargate {

struct GoodputQuestion : TrainingFields, GoodputFields {
  static const QuestionTable<GoodputQuestion>& table();
};
Result<Answer> answer_goodput(const GoodputQuestion& question, const QuestionContext& context);
Question goodput_question();

}  // namespace stargate
