// The answer as written and the answer with the changes of `set` and `without`, side by side, and which
// parts of the step make the difference.
#pragma once

#include <optional>

#include "stargate/questions/layout_answer.hpp"

namespace stargate {

struct TrainComparison {
  std::string changes;                      ///< in words
  std::optional<LayoutAnswer> as_written;   ///< empty: no layout fits
  std::optional<LayoutAnswer> same_layout;  ///< the layout as written under the changes; empty: it breaks a rule there
  std::optional<LayoutAnswer> changed;      ///< the layout given, or the best under the changes
};

std::string comparison_text(const TrainComparison& comparison);
void write_train_comparison(JsonWriter& json, const TrainComparison& comparison, const TrainingJob& job);
const AnswerFields& comparison_answer_fields();

}  // namespace stargate
