// One engine's rules: whom it lets in, what it puts into a step, what it does when the cache is full. Names and
// defaults are vLLM's (V1) where the engines share an idea.
#pragma once

#include "stargate/base/result.hpp"
#include "stargate/units/quantity.hpp"

namespace stargate {

/// Whose scheduler's rules hold; the coefficients of times are in StepCost.
enum class EngineKind {
  vllm,          ///< decodes first, prompts in chunks with the tokens left (vLLM V1)
  sglang,        ///< prompts first while the decodes wait, room kept for answers (SGLang)
  trtllm,        ///< in-flight batching: decodes first, admission by TensorRT-LLM's capacity scheduler
  static_batch,  ///< a batch is formed, runs until its last sequence ends, and the next is formed
};
/// "vllm", "sglang", "trtllm" or "static", as flags and records write it.
const char* engine_kind_name(EngineKind kind);

/// When a request may join those that run.
enum class AdmissionPolicy {
  fits_now,          ///< blocks for what it computes in its first step are free (vLLM; TensorRT-LLM's MAX_UTILIZATION)
  guaranteed,        ///< blocks for its last token are kept for it: nobody is ever preempted (GUARANTEED_NO_EVICT)
  expected_outputs,  ///< its prompt and a share of all outputs still to come fit (SGLang's new_token_ratio)
};

/// What becomes of the cache of a sequence that must give way. Computed again from the prompt when it comes back, or
/// moved to the host's memory and back.
enum class PreemptionMode { recompute, swap };

/// First come first served, or the smallest priority first.
enum class QueueOrder { fcfs, priority };

/// The cache of one data-parallel rank. A request lives on one rank from its first step to its last: what no rank has
/// room for never fits, however much all of them have together.
struct KvPoolSpec {
  std::int64_t blocks = 0;               ///< of `block_size` tokens, of each rank
  int block_size = 16;                   ///< tokens; 1 makes the prefix cache exact to the token, as a radix tree is
  std::int64_t blocks_per_sequence = 0;  ///< besides its tokens: windows and states of fixed size
  bool prefix_caching = false;           ///< blocks are found again by the hash of all before them
};

/// Drafts are proposed by something whose own time is not modelled; the step verifies all of them.
struct SpeculationSpec {
  int draft_tokens = 0;        ///< proposed a step and sequence; 0: no speculation
  double acceptance_rate = 0;  ///< that a draft token is accepted when those before it were
  /// Mean tokens a step: 1 + a + ... + a^drafts (Leviathan, Kalman, Matias 2023, eq. 1).
  double tokens_per_step() const;
};

/// Token and sequence limits are an engine's own names; durations are added to the step that causes them. Counts of
/// sequences and tokens are of one data-parallel rank or one step of it, as said beside each.
struct EngineSpec {
  EngineKind kind = EngineKind::vllm;                     ///< whose scheduler
  int max_num_seqs = 256;                                 ///< of one data-parallel rank
  int max_num_batched_tokens = 8192;                      ///< of one step of one group
  bool chunked_prefill = true;                            ///< else a prompt goes whole or waits
  int long_prefill_token_threshold = 0;                   ///< largest chunk of one prompt; 0: no limit
  bool prefill_first = false;                             ///< prompts have the step to themselves while decodes wait
  bool mixed_chunks = false;                              ///< ... but take the decodes along, as SGLang can
  AdmissionPolicy admission = AdmissionPolicy::fits_now;  ///< when a request may join
  double new_token_ratio = 0.098;  ///< share of outputs to come that SGLang keeps room for, once settled
  PreemptionMode preemption = PreemptionMode::recompute;  ///< what becomes of a cache that gives way
  QueueOrder order = QueueOrder::fcfs;                    ///< who is let in first
  KvPoolSpec kv;                                          ///< of each data-parallel rank
  SpeculationSpec speculation;                            ///< none unless drafts are asked for
  int data_parallel = 1, pipeline = 1;  ///< groups that step together, each with a share of the sequences
  /// Steps for which prompts wait until each data-parallel rank can have one, while somebody decodes (TensorRT-LLM's
  /// attention_dp_config, enable_balance with timeout_iters); 0: they do not wait.
  int attention_dp_wait = 0;
  /// While somebody decodes, new requests are looked for every so many decode steps and after each step with prompts
  /// (SGLang's --scheduler-recv-interval); the second while `busy_batch` or more decode.
  int receive_interval = 1, busy_receive_interval = 1, busy_batch = 1;
  Duration warm_up;              ///< by which a fresh engine's first step with a prompt is longer
  Duration swap_token;           ///< to move one token's cache to the host or back
  bool prefill_only = false;     ///< disaggregated: requests end with their first token, blocks stay until released
  bool walk_every_step = false;  ///< no fast-forward; the same answer, slower

  /// Batches in flight: each data-parallel rank has one for each stage of the pipeline.
  int groups() const { return data_parallel * pipeline; }
  std::int64_t all_blocks() const { return kv.blocks * data_parallel; }
};
/// As the engine of that kind does it unless told otherwise. The limits and the pool are left for whoever puts the
/// engine on a replica.
EngineSpec default_engine_spec(EngineKind kind);
/// Paths are field names. Faults: limits below 1, no blocks, shares outside 0 to 1, rules that contradict each other.
Check check_engine_spec(const EngineSpec& spec);

}  // namespace stargate
