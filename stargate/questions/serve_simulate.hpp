// `stargate serve simulate`: equal replicas under a trace or a made-up traffic, simulated request by request.
#pragma once

#include "stargate/questions/serving_fields.hpp"

namespace stargate {

/// best: the fastest, on the replica asked for, of the engines with a record that run there.
enum class SimulatedEngine { vllm, sglang, trtllm, fixed_batch, best };
template <>
struct EnumNames<SimulatedEngine> {
  static constexpr std::pair<const char*, SimulatedEngine> names[] = {{"vllm", SimulatedEngine::vllm},
                                                                      {"sglang", SimulatedEngine::sglang},
                                                                      {"trtllm", SimulatedEngine::trtllm},
                                                                      {"static", SimulatedEngine::fixed_batch},
                                                                      {"best", SimulatedEngine::best}};
};

/// Sizes are ranks of one replica, `replicas` of the service.
struct ReplicaFields {
  std::string system;                                          ///< id
  int tp = 1, pp = 1, ep = 1, attention_dp = 1, replicas = 1;  ///< layout of a replica; how many
  /// Disaggregated: a pool that prefills, laid out as the other unless told otherwise.
  std::optional<int> prefill_replicas, prefill_tp, prefill_pp, prefill_ep, prefill_attention_dp;
  std::string router = "least-loaded";  ///< as sizing has it
};

/// Empty: as the engine's record and kind have it.
struct EngineFields {
  SimulatedEngine engine = SimulatedEngine::best;  ///< whose scheduler
  std::string engine_version;                      ///< empty: the newest of the catalogue
  /// Empty: the engine's own.
  std::optional<int> max_num_seqs, max_num_batched_tokens, max_model_len, block_size, long_prefill_token_threshold;
  std::optional<double> gpu_memory_utilization;                ///< 0 to 1
  std::optional<OnOff> prefix_caching, chunked_prefill;        ///< empty: the engine's
  QueueOrder scheduling_policy = QueueOrder::fcfs;             ///< who is let in first
  std::optional<AdmissionPolicy> capacity_policy;              ///< empty: the engine's
  PreemptionMode preemption_mode = PreemptionMode::recompute;  ///< of caches that give way
  bool enable_mixed_chunk = false, walk_every_step = false;    ///< SGLang's flag; same answer, slower
  bool static_batch = false, fresh_server = false;             ///< a batch at a time; cold at first
  int num_speculative_tokens = 0;                              ///< drafts a step
  double acceptance_rate = 0.7;                                ///< of a draft, when those before it were accepted
};

/// `isl` and `osl` as traffic/length.hpp reads them; rates are requests a second.
struct TrafficFields {
  std::string traffic = "poisson";             ///< a file, or "poisson"
  double rate = 0, cv = 1;                     ///< requests a second; variation of the gaps
  std::string isl = "1024", osl = "256";       ///< lengths as length.hpp reads them
  std::int64_t requests = 0, concurrency = 0;  ///< in all; clients, instead of a rate
  double duration = 0, from = 0;               ///< seconds
  int shared_prefix = 0;                       ///< tokens
  double turns = 1, think_time = 10;           ///< of a conversation; seconds between turns
  std::int64_t seed = 1;                       ///< of lengths and gaps
};

struct SimulateQuestion : ServedModelFields, ReplicaFields, EngineFields, TrafficFields, ConfidenceField, ChangeFields {
  std::optional<Latency> ttft, tpot;  ///< targets, for the share of good requests
  std::optional<MoneyRate> price;     ///< of an accelerator hour
  static const QuestionTable<SimulateQuestion>& table();
};

Result<Answer> answer_serve_simulate(const SimulateQuestion& question, const QuestionContext& context);
Question serve_simulate_question();

}  // namespace stargate
