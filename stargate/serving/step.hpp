// The time of one engine step, and where it goes. A step runs a batch of prefill chunks and decodes through every
// layer:
//   stage  = sum over layers (operators of the tokens + attention of each group + collectives)
//   step   = pp * slowest stage + hand-overs + output projection + engine overhead
// With pp stages, pp such batches are in flight at once, each of 1/pp of the sequences.
#pragma once

#include <array>
#include <span>

#include "stargate/serving/replica.hpp"
#include "stargate/serving/stage.hpp"

namespace stargate {

/// Equal sequences in a step: `query` new tokens each (1 when decoding) that see `context` tokens at the end of the
/// step. Counts are of one attention group of one batch in flight, and may be fractions: means of many steps.
struct SequenceGroup {
  double sequences = 0, query = 1, context = 1;  ///< how many; new tokens of each; tokens each sees
  bool decode = true;                            ///< false: a prompt or a chunk of one
  double outputs = 1;                            ///< share of the sequences that sample a token after this step
};

/// Where a step's time goes.
enum class ServingStepPart {
  weights,          ///< streaming parameters: products held back by memory
  arithmetic,       ///< products held back by the matrix units
  kv_cache,         ///< reading caches and recurrent states
  attention,        ///< scores and values, held back by the matrix units
  activations,      ///< norms, activations, permutations
  launch,           ///< start and drain of kernels
  all_reduce,       ///< across a tensor group
  expert_exchange,  ///< tokens to their experts and back
  hand_over,        ///< between pipeline stages
  engine,           ///< scheduling, sampling, handing tokens out
};
inline constexpr int kServingStepPartCount = 10;
/// As reports print it: "KV cache".
const char* serving_step_part_name(ServingStepPart part);

struct ServingStep {
  std::array<Duration, kServingStepPartCount> parts{};  ///< by ServingStepPart

  Duration& operator[](ServingStepPart part) { return parts[static_cast<std::size_t>(part)]; }
  Duration operator[](ServingStepPart part) const { return parts[static_cast<std::size_t>(part)]; }
  Duration total() const;
  ServingStep& operator+=(const ServingStep& other);
  friend ServingStep operator*(double k, const ServingStep& step);
};
/// "71 % weights, 18 % kv cache, 11 % all-reduce"; parts below 1 % left out, largest first. For people; the shares are
/// of the total and need not add up to 100.
std::string explain(const ServingStep& step);

/// Times steps of one replica; made once, asked often. The model and machine outlive it. Thread-safe: nothing is kept
/// between questions. A question walks every shape of the model through the device law, hence StepTable for
/// simulations.
class StepModel {
 public:
  explicit StepModel(const Replica& replica);  ///< copies the replica; model and machine stay the caller's

  /// `batch`: of the attention group that holds the step up; `shared`: tokens of the mean group over those of `batch`,
  /// since all groups' tokens meet at the experts. An empty batch is a step of overheads only.
  ServingStep step_time(std::span<const SequenceGroup> batch, double shared = 1) const;
  /// All sequences of the replica decoding, spread evenly over stages' batches and attention groups; with speculation
  /// each verifies its drafts, and the step makes tokens_per_step() tokens of each. `context`: tokens each sequence
  /// sees, itself included.
  ServingStep decode_time(double sequences, double context) const;
  double tokens_per_step() const { return replica_.speculation.tokens_per_step(); }
  const Replica& replica() const { return replica_; }

 private:
  /// Of one attention group.
  struct Tokens {
    /// New tokens of prompts and of decodes, rows sampled, sequences; `shared` as in step_time.
    double prefill = 0, decode = 0, outputs = 0, sequences = 0, shared = 1;
    double all() const { return prefill + decode; }
  };
  ServingStep layer_step(const LayerShape& layer, std::span<const SequenceGroup> batch, const Tokens& tokens) const;
  /// After attention and after the feed-forward part; the exchange of experts' tokens, if any, to `routed`.
  void add_layer_collectives(const LayerShape& layer, const Tokens& tokens, ServingStep& step,
                             ServingStep& routed) const;
  /// Experts and their exchange as one kernel, where the engine has one and it is faster.
  void fuse_exchange(const ExpertCall& call, ServingStep& routed) const;
  void hide_launches(ServingStep& step) const;  ///< without captured graphs: only what the host is late by
  void add_ends(const Tokens& tokens, ServingStep& step) const;    ///< output projection, sampling, engine
  Duration plain_launch(const Operator& op) const;                 ///< inside a captured graph
  void add_operator(const Operator& op, ServingStep& step) const;  ///< to the part that holds it back
  Duration group_time(Collective collective, double bytes, const Group& group) const;  ///< on the replica's fabric

  Replica replica_;                               ///< a copy
  Shard shard_;                                   ///< what one rank has of a layer
  Duration kernel_launch_;                        ///< of the plainest kernel
  ComputePrecision compute_;                      ///< of the products
  std::vector<ServingStage> stages_;              ///< pp of them
  Group tensor_group_, rank_group_, stage_pair_;  ///< tp ranks; all of a stage; two neighbouring stages
};

}  // namespace stargate
