// `plan replay`: the study's plan kept while everything may turn out otherwise: what it is worth then, quarter by
// quarter, when money runs out, and which risk moves it most.
#pragma once

#include "stargate/questions/changes.hpp"

namespace stargate {

struct ReplayQuestion : ChangeFields {
  std::string study;         ///< file
  std::int64_t draws = 1000; ///< of all drivers together
  std::int64_t seed = 1;
  static const QuestionTable<ReplayQuestion>& table();
};
Result<Answer> answer_replay(const ReplayQuestion& question, const QuestionContext& context);
Question replay_question();

}  // namespace stargate
