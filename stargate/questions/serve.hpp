// `stargate serve`: accelerators that a traffic needs under latency targets, on one or more systems, by the estimate.
#pragma once

#include "stargate/questions/serve_size.hpp"
#include "stargate/questions/serving_fields.hpp"

namespace stargate {

/// Lengths in tokens, `prefix_share` of the input; targets are of the means.
struct ServeQuestion : ServedModelFields, ConfidenceField, ChangeFields {
  std::vector<std::string> system;
  double rate = 0;  ///< requests a second
  int isl = 0, osl = 0;
  double prefix_share = 0;
  SizedEngine engine = SizedEngine::best;
  std::optional<Latency> ttft, tpot;
  static const QuestionTable<ServeQuestion>& table();
};

Result<Answer> answer_serve(const ServeQuestion& question, const QuestionContext& context);
Question serve_question();

}  // namespace stargate
