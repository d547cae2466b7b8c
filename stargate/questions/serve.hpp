// `stargate serve`: accelerators that a traffic needs under latency targets, on one or more systems, by the estimate.
#pragma once

#include "stargate/questions/serve_size.hpp"
#include "stargate/questions/serving_fields.hpp"

namespace stargate {

/// Lengths in tokens, `prefix_share` of the input; targets are of the means.
struct ServeQuestion : ServedModelFields, EngineStartFields, ConfidenceField, ChangeFields {
  std::vector<std::string> system;         ///< ids; empty: all of the catalogue
  double rate = 0;                         ///< requests a second
  int isl = 0, osl = 0;                    ///< tokens of prompt and answer
  double prefix_share = 0;                 ///< of the prompt, found in a cache
  SizedEngine engine = SizedEngine::best;  ///< whose rules and kernels
  std::optional<Latency> ttft, tpot;       ///< targets of the means
  static const QuestionTable<ServeQuestion>& table();
};

Result<Answer> answer_serve(const ServeQuestion& question, const QuestionContext& context);
Question serve_question();

}  // namespace stargate
