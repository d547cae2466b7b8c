// `plan hedge`: how much power to trust to machines nobody has measured: what a cap on their share costs, and what it
// saves where they turn out slow.
#pragma once

#include "stargate/questions/changes.hpp"

namespace stargate {

struct HedgeQuestion : ChangeFields {
  std::string study;                 ///< file
  std::vector<std::string> systems;  ///< ids; empty: those nobody has measured
  static const QuestionTable<HedgeQuestion>& table();
};
Result<Answer> answer_hedge(const HedgeQuestion& question, const QuestionContext& context);
Question hedge_question();

}  // namespace stargate
