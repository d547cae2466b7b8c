// `train`: step time, memory and MFU of a training job under a layout; without one, the best layout answers.
#pragma once

#include "stargate/questions/training_fields.hpp"

namespace stargate {

struct TrainQuestion : TrainingFields {
  bool memory = false;   ///< a table of the memory of a layout
  bool compare = false;  ///< the answer as written beside the changed one

  static const QuestionTable<TrainQuestion>& table();
};
Result<Answer> answer_train(const TrainQuestion& question, const QuestionContext& context);
Question train_question();

}  // namespace stargate
