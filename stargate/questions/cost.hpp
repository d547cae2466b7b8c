// `cost`: what owning a machine costs by the hour, and a machine, a rack, a site full of it: the bill by class.
#pragma once

#include "stargate/questions/changes.hpp"

namespace stargate {

struct CostQuestion : ChangeFields {
  std::string system;
  std::string owner = "hyperscaler";
  std::string site;
  double cluster = 16'384;
  Power power = gigawatt;
  static const QuestionTable<CostQuestion>& table();
};
Result<Answer> answer_cost(const CostQuestion& question, const QuestionContext& context);
Question cost_question();

}  // namespace stargate
