// The one place where an engine is put together: the catalogue's record of it, what the user changes, and the replica
// it runs on become its rules, its pool of cache blocks and its step times. `serve`, `serve size`, `serve simulate`, a
// service's study, `validate` and `calibrate` all come through here, so that what is validated is what they run.
//   bytes of a sequence of L tokens on the fullest rank = per_token * L + fixed      (windows full, states whole)
//   pool of an attention group = KV room of its fullest rank / (block_size * per_token) blocks
#pragma once

#include <functional>
#include <memory>
#include <variant>

#include "stargate/engine/engine_spec.hpp"
#include "stargate/serving/cache_report.hpp"
#include "stargate/serving/service_simulation.hpp"
#include "stargate/serving/step_table.hpp"

namespace stargate {

/// What a user may change of an engine, in vLLM's names; empty: as its record and its kind have it.
struct EngineChanges {
  std::optional<int> max_num_seqs;               ///< of one attention group
  std::optional<int> max_num_batched_tokens;     ///< of one step of one group
  std::optional<double> gpu_memory_utilization;  ///< 0 to 1; of what, the engine's rules of memory say
  std::optional<int> max_model_len;              ///< tokens; the engine starts only if one such sequence has room
  std::optional<int> block_size;                 ///< tokens
  std::optional<double> kv_cache_tokens;  ///< of one attention group, as an engine's log states it; else what fits
  std::optional<bool> prefix_caching, chunked_prefill;  ///< as the flags of these names
  std::optional<int> long_prefill_token_threshold;      ///< tokens; 0: no limit
  std::optional<AdmissionPolicy> admission;             ///< who may join
  std::optional<QueueOrder> order;                      ///< who goes first
  std::optional<PreemptionMode> preemption;             ///< computed again or swapped
  std::optional<bool> mixed_chunks;                     ///< SGLang: decodes ride along with prompts
  SpeculationSpec speculation;                          ///< none unless asked for
  bool static_batch = false;     ///< a batch runs until its last sequence ends, whatever the engine
  bool fresh_server = false;     ///< just started: the first prompts find it cold (warm_up of the record)
  bool walk_every_step = false;  ///< for tests: same answer, slower
};

/// An engine that has been chosen, before it is put on a replica. The limits (max_num_seqs, max_num_batched_tokens) are
/// the coefficients'; those of `rules` follow them when the replica is made. Coefficients are those fitted for the
/// engine's version by `stargate calibrate`, as its record holds them.
struct EngineSetup : EngineCoefficients {
  std::string name;     ///< of the record: "vLLM with its V1 scheduler"
  std::string kernels;  ///< "vllm", "sglang" or "trtllm": whose kernels and collectives are meant (kernel_choice)
  EngineSpec rules;     ///< without limits and pool, which the replica gives
  double kv_cache_tokens = 0;  ///< of one attention group; 0: what fits
  int max_model_len = 0;       ///< that one sequence must have room for; 0: not asked
  bool fresh_server = false;   ///< the first step with a prompt takes the record's warm_up longer
};
/// An engine's default limits on an accelerator: lower where its rules of memory say so.
void lower_limits(EngineCoefficients& engine, const Accelerator& accelerator);
/// With the rules of memory of the record's newest version and the limits it has on the accelerator; null: of a large
/// one. A record of an engine other than SGLang and TensorRT-LLM is run by vLLM's scheduler.
EngineSetup set_up_engine(const ServingEngine& record, const EngineChanges& changes = {},
                          const Accelerator* accelerator = nullptr);
/// By the name of an engine: the newest the catalogue has, or the one of a version. "static" is TensorRT-LLM's kernels
/// under a static batch. A fault names an engine the catalogue does not have. "engine" is the path of the fault.
Result<EngineSetup> set_up_engine(const Catalogue& catalogue, const std::string& engine,
                                  const std::string& version = {}, const EngineChanges& changes = {},
                                  const Accelerator* accelerator = nullptr);
/// The same on the side that only prefills: no drafts, and the cache is handed over.
EngineSetup prefill_side(EngineSetup setup);

/// What one token and one sequence take on the rank that holds most. Bytes of cache on one accelerator.
struct SequenceCost {
  /// Bytes of L tokens are per_token * L + fixed.
  Bytes per_token, fixed;
};
/// Found from two sequences longer than any window; exact for caches that are linear from there on, as all are.
SequenceCost sequence_cost(const Replica& replica);

/// A replica that can be simulated. Model and machine outlive it.
struct ReplicaEngine {
  Replica replica;                         ///< what was put together
  ReplicaMemory memory;                    ///< how the fullest accelerator's memory is used
  CacheReport cache;                       ///< as the engine reports it
  EngineSpec spec;                         ///< checked, with the pool its memory leaves
  std::shared_ptr<const StepModel> model;  ///< kept alive by every table made of it
  std::shared_ptr<StepTable> table;  ///< for one thread

  /// Makes further tables of the same step times, one for each thread; they keep the model alive.
  std::function<std::unique_ptr<StepCost>()> cost_maker() const;
};
using ReplicaEngineAnswer = std::variant<ReplicaEngine, DoesNotFit>;
/// Faults: a layout that the model or the machine cannot run, rules that contradict each other. What a sequence keeps
/// whatever its length (windows, recurrent states) is charged as whole blocks.
Result<ReplicaEngineAnswer> make_replica_engine(const Model& model, const ServingMachine& machine,
                                                const ServingLayout& layout, const ServingPrecision& precision,
                                                const EngineSetup& setup);

/// What an engine can never take.
struct Refusal {
  std::int64_t tokens = 0;  ///< of its prompt and answer; of its prompt alone where a step is too short for it
  std::int64_t room = 0;    ///< tokens of a rank's cache, or of a step
  bool by_step = false;     ///< the engine does not cut prompts
};
/// Of a request of so many tokens, by the rule of Engine::fits; nothing where it is taken.
std::optional<Refusal> refusal_of(const EngineSpec& engine, std::int64_t prompt, std::int64_t output);
/// "does not fit: a prompt of 9000 tokens in a step of 8192 (max_num_batched_tokens), and the engine cuts no prompt"
std::string refusal_text(const Refusal& refusal);

/// Every rank sends its part of the cache of so many tokens over its own scale-out link. `tokens` of a prompt; latency
/// and efficiency of the link as the fabric has them. Of the fullest rank: all ranks send at the same time.
Duration cache_transfer_time(const Replica& replica, double tokens);
/// The same as a straight line through one token and a prompt of 8,192.
CacheTransfer cache_transfer(const Replica& replica);

}  // namespace stargate
