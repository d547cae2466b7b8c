// StepModel behind the engine's question, fast enough to be asked at every event: answers are kept, and between them
// the law is taken as linear, with knots where it bends.
//   decode(n, C)        between contexts of half an octave; n as it is, of several groups to three percent
//   prefill(n, C, T)    bare(T + n) + pair(T) * pairs + extra(n) + decode(n, C) - decode(n, n * c0)
// Where several groups attend to sequences of their own, T and n are the fullest group's, and all groups' tokens meet
// at the experts: bare is asked with the fullest group alone and with all as full, and taken as linear between. bare: a
// step of so many tokens without its attention; pair: attention of one query to one key, in a chunk of T; extra: what n
// decodes add over as many tokens of a prompt (sampling, caches read at c0). Token counts are cut into stretches of 16,
// both ends asked: tiles of kernels end at multiples of it, so a jump lies between two stretches.
#pragma once

#include <memory>
#include <vector>

#include "stargate/engine/step_cost.hpp"
#include "stargate/serving/step.hpp"

namespace stargate {

/// Fills itself while it is used: one for each thread. What it holds does not depend on the order of questions.
class StepTable final : public StepCost {
 public:
  /// `draft_tokens`: proposed with each decode, which the step verifies.
  explicit StepTable(std::shared_ptr<const StepModel> model, int draft_tokens = 0);

  DecodeCost decode(int sequences, double context) const override;
  Duration prefill(const PrefillBatch& batch) const override;

 private:
  /// Seconds of a step at both ends of a stretch of token counts, and of a pair at its upper end.
  struct Stretch {
    double first = -1, last = 0, pair = 0;  ///< seconds; negative first: not asked yet
  };
  /// Stretches when all groups are as full as the fullest, or when it is alone.
  struct Stretches {
    double shared = 1;          ///< tokens of the mean group over those of the fullest
    std::vector<Stretch> list;  ///< by 16 tokens, from 1 on
  };
  double decode_seconds(int sequences, int knot) const;                       ///< at a knot of the context
  double prompt_seconds(double tokens, double context, double shared) const;  ///< of one prompt alone
  const Stretch& stretch(double tokens, Stretches& of) const;                 ///< the one these tokens lie in
  double bare_seconds(double tokens, Stretches& of) const;                    ///< without attention
  double bare_seconds(double tokens, double shared) const;  ///< between the fullest group alone and all as full
  double extra_seconds(int group_sequences) const;          ///< of decodes beside a prompt

  std::shared_ptr<const StepModel> model_;
  double groups_, query_;                            ///< batches in flight; tokens a decode puts through the model
  double sequence_seconds_ = 0;                      ///< of one more prompt in a step
  mutable std::vector<std::vector<float>> decodes_;  ///< by sequences and knot; negative: not asked yet
  mutable Stretches full_, alone_;                   ///< all groups as full as the fullest; the fullest alone
  mutable std::vector<double> extras_;               ///< by decodes of a group; NaN: not asked yet
};

}  // namespace stargate
