// `plan run`: the fleet that the plan builds, hour by hour: does it deliver what the plan promises, what is missing and
// why, and which margin of capacity would close the gap at what price.
#pragma once

#include "stargate/questions/plan_study.hpp"

namespace stargate {

enum class MarginKind { none, automatic };
template <>
struct EnumNames<MarginKind> {
  static constexpr std::pair<const char*, MarginKind> names[] = {{"none", MarginKind::none},
                                                                 {"auto", MarginKind::automatic}};
};

struct RunQuestion : PlanStudyFields {
  std::int64_t draws = 20;  ///< of late machines and of machines that do not work
  std::int64_t seed = 1;
  double failures = 1, late = 1;        ///< times what does not work; times the delays
  MarginKind margin = MarginKind::none;
  double tolerance = 0.001;             ///< share of what is promised that may be missing
  static const QuestionTable<RunQuestion>& table();
};
Result<Answer> answer_run(const RunQuestion& question, const QuestionContext& context);
Question run_question();

}  // namespace stargate
