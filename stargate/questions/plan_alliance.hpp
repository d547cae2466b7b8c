// `plan alliance`: what each partner of a programme is worth, alone, last and over all orders of joining, whoever takes
// an absent partner's place.
#pragma once

#include "stargate/questions/changes.hpp"
#include "stargate/questions/confidence.hpp"

namespace stargate {

struct AllianceQuestion : ConfidenceField, ChangeFields {
  std::string study;                  ///< file
  std::vector<std::string> partners;  ///< ids of the study's; empty: all; the others are always in it
  std::int64_t coalitions = 512;      ///< plans for each counterfactual: all coalitions, or a sample of the orders
  std::int64_t quarters = 8;          ///< planned one by one; years after them
  std::int64_t seed = 1;              ///< of the sample
  static const QuestionTable<AllianceQuestion>& table();
};
Result<Answer> answer_alliance(const AllianceQuestion& question, const QuestionContext& context);
Question alliance_question();

}  // namespace stargate
