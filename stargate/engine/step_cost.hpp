// What the engine asks of the hardware: how long a step takes. Decoding is linear in the context between two points, so
// that the sum of a thousand steps has a closed form; a step with prefill is asked for one at a time.
#pragma once

#include "stargate/units/quantity.hpp"

namespace stargate {

/// A step that decodes: time = at_zero + per_token * context while context <= context_end. Contexts are sums over the
/// sequences, of the tokens they see in the step.
struct DecodeCost {
  Duration at_zero, per_token;  ///< of the whole step; of a token of summed context
  /// Summed context up to which the line holds.
  double context_end = 0;
};

/// A step with prefill. Of prefill it is the fullest group's (attention data parallel rank or pipeline micro-batch):
/// the others wait for it.
struct PrefillBatch {
  int decoding = 0;           ///< sequences that decode beside it, of all groups
  double decode_context = 0;  ///< tokens they see, summed
  int all_tokens = 0;         ///< of prompts in this step, in all groups: these meet at the experts
  int sequences = 0;          ///< with a prompt or a part of one in this step
  int tokens = 0;             ///< of prompts in this step
  double pairs = 0;  ///< queries times the keys each sees, summed: of q tokens up to context c, q * (c - (q - 1) / 2)
};

/// Answers must not depend on the order of questions. May fill tables while it is asked, so one for each thread.
class StepCost {
 public:
  virtual ~StepCost() = default;
  /// Of `sequences` decoding with `context` tokens in all, both of all groups.
  virtual DecodeCost decode(int sequences, double context) const = 0;
  /// The whole step, decodes beside it included.
  virtual Duration prefill(const PrefillBatch& batch) const = 0;
};

/// For tests and textbook queues: a constant, and so much a sequence and a token.
struct LinearStepCost final : StepCost {
  Duration step, decoding_sequence, context_token, prefill_token, pair;  ///< each a price of one; zero: free

  DecodeCost decode(int sequences, double) const override {
    return {step + sequences * decoding_sequence, context_token, 1e18};
  }
  Duration prefill(const PrefillBatch& b) const override {
    return step + b.decoding * decoding_sequence + b.decode_context * context_token + b.tokens * prefill_token +
           b.pairs * pair;
  }
};

}  // namespace stargate
