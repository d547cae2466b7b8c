// `plan whole`: the plan whose buildings, vendors and training runs come whole or not at all, beside the one in parts.
#pragma once

#include "stargate/questions/plan_study.hpp"

namespace stargate {

struct WholeQuestion : PlanStudyFields {
  Power building = 150.0 * megawatt;  ///< at the meter; the largest that is begun at once
  std::int64_t quarters = 12;         ///< from the first, in which buildings are whole
  Money qualification;                ///< of a vendor of whom nothing is bought yet
  bool contracts = false;             ///< options that bind are taken whole or not
  std::vector<std::string> runs;      ///< services, by id
  double network = 0.9;               ///< of a run's rate, where the campuses of a country run it
  double gap = 0.005;                 ///< of the value
  std::int64_t nodes = 2000;          ///< of the search
  static const QuestionTable<WholeQuestion>& table();
};
Result<Answer> answer_whole(const WholeQuestion& question, const QuestionContext& context);
Question whole_question();

}  // namespace stargate
