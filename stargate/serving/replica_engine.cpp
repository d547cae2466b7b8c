// From names and bytes to rules and blocks. The two terms of a sequence's cache are read off two long sequences.
#include "stargate/serving/replica_engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace stargate {
namespace {

// Longer than any window, so that the rest is a straight line.
constexpr double kLong = 1 << 22, kLonger = 1 << 23;
constexpr double kEndlessPool = 1e12;       // blocks, where the cache does not grow
constexpr double kTypicalPrompt = 1 << 13;  // tokens
constexpr const char* kStatic = "static";

/// Whose scheduler: by the engine's name; every other runs vLLM's.
EngineKind kind_of(const ServingEngine& record, const EngineChanges& changes) {
  if (changes.static_batch) return EngineKind::static_batch;
  for (const auto kind : {EngineKind::sglang, EngineKind::trtllm}) {
    if (record.engine == engine_kind_name(kind)) return kind;
  }
  return EngineKind::vllm;
}

template <class T>
void change(T& value, const std::optional<T>& to) {
  if (to) value = *to;
}

/// Nothing when the rank has no room for a block and what one sequence keeps. Where only states of fixed size are kept,
/// it is their number that memory limits.
std::optional<DoesNotFit> give_pool(const ReplicaEngine& made, double kv_cache_tokens, EngineSpec& spec) {
  const CachePools pools = cache_pools(made.replica, made.memory.kv_room);
  const bool apart = pools.growing < made.memory.kv_room;  // recurrent states have a pool of their own
  auto [token_bytes, fixed] = sequence_cost(made.replica);
  if (apart) fixed = max(Bytes{}, fixed - rank_state_bytes(made.replica));
  const Bytes room = pools.growing, block = token_bytes * spec.kv.block_size;
  // One block and what a sequence keeps whatever its length is the least that could serve anybody.
  if (room < block + fixed) return DoesNotFit{block + fixed - room, made.memory};
  double blocks = kEndlessPool;
  if (apart) {
    spec.max_num_seqs = std::max(1, static_cast<int>(std::min<double>(spec.max_num_seqs, pools.state_sequences)));
  }
  if (token_bytes > Bytes{}) {
    blocks = room / block;
    // Windows and states charged as whole blocks of the pool, rounded up.
    spec.kv.blocks_per_sequence = static_cast<std::int64_t>(std::ceil(fixed / block - 1e-9));
  } else if (fixed > Bytes{}) {
    spec.max_num_seqs = std::min(spec.max_num_seqs, std::max(1, static_cast<int>(room / fixed)));
  }
  if (kv_cache_tokens > 0) blocks = std::round(kv_cache_tokens / spec.kv.block_size);
  spec.kv.blocks = static_cast<std::int64_t>(blocks);
  return std::nullopt;
}

}  // namespace

/// Of vLLM: fewer sequences and tokens where the memory is small. Of SGLang: requests are looked for every step but on
/// the architectures where it is started otherwise.
void lower_limits(EngineCoefficients& engine, const Accelerator& accelerator) {
  const auto& seldom = engine.receive_architectures;
  if (std::find(seldom.begin(), seldom.end(), accelerator.architecture) == seldom.end()) {
    engine.receive_interval = engine.busy_receive_interval = 1;
  }
  const MemoryRules& rules = engine.memory_rules();
  const auto& small = rules.small_architectures;
  const bool named = std::find(small.begin(), small.end(), accelerator.architecture) != small.end();
  if (!named && accelerator.memory_capacity - accelerator.driver_memory >= rules.large_memory) return;
  engine.max_num_seqs = std::min(engine.max_num_seqs, rules.small_max_num_seqs);
  engine.max_num_batched_tokens = std::min(engine.max_num_batched_tokens, rules.small_max_num_batched_tokens);
}

EngineSetup set_up_engine(const ServingEngine& record, const EngineChanges& changes, const Accelerator* accelerator) {
  EngineSetup out;
  static_cast<EngineCoefficients&>(out) = record;
  if (accelerator != nullptr) lower_limits(out, *accelerator);
  out.name = record.name, out.kernels = record.engine;
  change(out.max_num_seqs, changes.max_num_seqs);
  change(out.max_num_batched_tokens, changes.max_num_batched_tokens);
  if (changes.gpu_memory_utilization) out.gpu_memory_utilization = changes.gpu_memory_utilization;
  change(out.max_model_len, changes.max_model_len);
  out.kv_cache_tokens = changes.kv_cache_tokens.value_or(0);
  out.fresh_server = changes.fresh_server;
  EngineSpec& rules = out.rules = default_engine_spec(kind_of(record, changes));
  if (rules.kind == EngineKind::vllm && record.prefill_first) {  // its first scheduler
    rules.prefill_first = true;
    rules.chunked_prefill = rules.kv.prefix_caching = false;
  }
  // MAX_UTILIZATION: the record says that nothing is reserved for answers.
  if (rules.kind == EngineKind::trtllm && !record.reserve_output) rules.admission = AdmissionPolicy::fits_now;
  change(rules.kv.block_size, changes.block_size);
  change(rules.kv.prefix_caching, changes.prefix_caching);
  change(rules.chunked_prefill, changes.chunked_prefill);
  change(rules.long_prefill_token_threshold, changes.long_prefill_token_threshold);
  change(rules.admission, changes.admission);
  change(rules.order, changes.order);
  change(rules.preemption, changes.preemption);
  change(rules.mixed_chunks, changes.mixed_chunks);
  rules.speculation = changes.speculation;
  rules.walk_every_step = changes.walk_every_step;
  return out;
}

Result<EngineSetup> set_up_engine(const Catalogue& catalogue, const std::string& engine, const std::string& version,
                                  const EngineChanges& changes, const Accelerator* accelerator) {
  EngineChanges all = changes;
  if (engine == kStatic) all.static_batch = true;
  const ServingEngine* record = find_engine(catalogue, engine == kStatic ? "trtllm" : engine, version);
  if (record != nullptr) {
    ServingEngine of_version = *record;
    static_cast<EngineCoefficients&>(of_version) = coefficients_of(catalogue, *record, version);
    return set_up_engine(of_version, all, accelerator);
  }
  return Diagnostic{
      {}, 0, 0, "engine", "the catalogue has no engine '" + engine + "'", "vllm, sglang, trtllm or static", {}};
}

EngineSetup prefill_side(EngineSetup setup) {
  setup.rules.prefill_only = true;
  setup.rules.speculation = {};
  return setup;
}

SequenceCost sequence_cost(const Replica& replica) {
  const Bytes at_long = rank_sequence_bytes(replica, kLong), at_longer = rank_sequence_bytes(replica, kLonger);
  // Beyond every window the bytes are a straight line in the length: its slope, and what is left at zero.
  const Bytes per_token = (at_longer - at_long) / (kLonger - kLong);
  return {per_token, max(Bytes{}, at_long - kLong * per_token)};
}

std::function<std::unique_ptr<StepCost>()> ReplicaEngine::cost_maker() const {
  return
      [model = model, drafts = spec.speculation.draft_tokens] { return std::make_unique<StepTable>(model, drafts); };
}

/// Limits of the setup become those of the rules here, where the groups are known.
Result<ReplicaEngineAnswer> make_replica_engine(const Model& model, const ServingMachine& machine,
                                                const ServingLayout& layout, const ServingPrecision& precision,
                                                const EngineSetup& setup) {
  Diagnostics faults;
  for (const auto& fault : layout_faults(model, layout)) {
    faults.push_back(
        {{}, 0, 0, {}, format_layout(layout) + ": " + fault, "choose other --tp, --pp, --ep or --attention-dp", {}});
  }
  if (!faults.empty()) return faults;
  ReplicaEngine out;
  out.replica = {&model, &machine, layout, precision, setup, setup.rules.speculation};
  out.memory = replica_memory(out.replica);
  EngineSpec& spec = out.spec = setup.rules;
  spec.max_num_seqs = setup.max_num_seqs;
  spec.max_num_batched_tokens = setup.max_num_batched_tokens;
  spec.data_parallel = layout.attention_dp;
  spec.pipeline = layout.pp;
  spec.attention_dp_wait = setup.attention_dp_wait;
  spec.receive_interval = setup.receive_interval, spec.busy_receive_interval = setup.busy_receive_interval;
  spec.busy_batch = setup.busy_batch;
  spec.warm_up = setup.fresh_server ? setup.warm_up : Duration{};
  out.cache = cache_report(out.replica, out.memory.kv_room, setup.max_model_len);
  if (setup.kv_cache_tokens > 0) {  // as the engine's log has it
    out.cache.tokens = setup.kv_cache_tokens;
    out.cache.requests = setup.kv_cache_tokens / out.cache.max_model_len;
  }
  if (setup.max_model_len > 0 && out.cache.requests < 1) {
    return ReplicaEngineAnswer(DoesNotFit{out.cache.request - out.memory.kv_room, out.memory});
  }
  if (auto lack = give_pool(out, setup.kv_cache_tokens, spec)) return ReplicaEngineAnswer(std::move(*lack));
  if (spec.preemption == PreemptionMode::swap && machine.host_bandwidth > ByteRate{}) {
    spec.swap_token = sequence_cost(out.replica).per_token / machine.host_bandwidth;
  }
  if (auto check = check_engine_spec(spec); !check.ok()) return check.faults();
  out.model = std::make_shared<const StepModel>(out.replica);
  out.table = std::make_shared<StepTable>(out.model, spec.speculation.draft_tokens);
  return ReplicaEngineAnswer(std::move(out));
}

std::optional<Refusal> refusal_of(const EngineSpec& engine, std::int64_t prompt, std::int64_t output) {
  const bool whole_prompts = !engine.chunked_prefill && engine.kind != EngineKind::static_batch;
  if (whole_prompts && prompt > engine.max_num_batched_tokens) {
    return Refusal{prompt, engine.max_num_batched_tokens, true};
  }
  const std::int64_t tokens = prompt + (engine.prefill_only ? 0 : output);
  const std::int64_t drafts = engine.prefill_only ? 0 : engine.speculation.draft_tokens;
  const std::int64_t blocks = std::max<std::int64_t>(0, engine.kv.blocks - engine.kv.blocks_per_sequence);
  if (tokens + drafts <= blocks * engine.kv.block_size) return std::nullopt;
  return Refusal{tokens, blocks * engine.kv.block_size, false};
}

std::string refusal_text(const Refusal& refusal) {
  if (refusal.by_step) {
    return fmt::format("does not fit: a prompt of {} tokens in a step of {} (max_num_batched_tokens), and the engine "
                       "cuts no prompt", refusal.tokens, refusal.room);
  }
  return fmt::format("does not fit: a request of {} tokens in a cache of {}, {} missing", refusal.tokens,
                     refusal.room, refusal.tokens - refusal.room);
}

Duration cache_transfer_time(const Replica& replica, double tokens) {
  Fabric across = replica.machine->fabric;
  const Group pair{2, 1};
  const Bytes sent = resident_sequence_bytes(replica, tokens, SlidingCache::window);
  return collective_time(across, Collective::send_receive, sent, pair);
}

/// Latency is in both times, so their difference is the bandwidth's.
CacheTransfer cache_transfer(const Replica& replica) {
  const Duration least = cache_transfer_time(replica, 1);
  const Duration per_token = (cache_transfer_time(replica, kTypicalPrompt) - least) / (kTypicalPrompt - 1);
  return {max(Duration{}, least - per_token), per_token};
}

}  // namespace stargate
