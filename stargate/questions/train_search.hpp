// `train search`: the best layout there is, on one or several numbers of accelerators.
#pragma once

#include "stargate/questions/search_goal.hpp"

namespace stargate {

struct TrainSearchQuestion : TrainingFields, SearchFields {
  bool memory = false;   ///< a table of the best layout's memory
  bool compare = false;  ///< the answer as written beside the changed one

  static const QuestionTable<TrainSearchQuestion>& table();
};
Result<Answer> answer_train_search(const TrainSearchQuestion& question, const QuestionContext& context);
Question train_search_question();
/// What a search's JSON has beside law and best layout.
const AnswerFields& search_answer_fields();

}  // namespace stargate
