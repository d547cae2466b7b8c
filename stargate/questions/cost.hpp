// `cost`: what owning a machine costs by the hour, and a machine, a rack, a site full of it: the bill by class.
#pragma once

#include "stargate/finance/ownership_cost.hpp"
#include "stargate/questions/changes.hpp"

namespace stargate {

struct CostQuestion : ChangeFields {
  std::string system;
  std::string owner = kUsualOwner;
  std::string site;
  double cluster = kUsualCluster;
  Power power = gigawatt;
  static const QuestionTable<CostQuestion>& table();
};
Result<Answer> answer_cost(const CostQuestion& question, const QuestionContext& context);
Question cost_question();

}  // namespace stargate
