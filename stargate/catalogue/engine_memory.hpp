// What an engine takes of an accelerator's memory before its cache, and how it lays the cache out: one record for each
// engine and range of versions (catalogue/engine_memory/), read in the engines' sources. No figure of a step's time is
// here: coefficients of times hold for wider ranges (serving_engine.hpp).
#pragma once

#include "stargate/catalogue/source.hpp"

namespace stargate {

/// What gpu_memory_utilization (mem_fraction_static, free_gpu_memory_fraction) is a share of.
///   total  cache = share * capacity - weights - profiled step - runtime          (vLLM)
///   free   cache = free with the weights - (1 - share) * free before them        (SGLang: nothing is profiled)
///   left   cache = share * (capacity - weights - profiled step - runtime)        (TensorRT-LLM)
enum class MemoryShare { total, free, left };
template <>
struct EnumNames<MemoryShare> {
  static constexpr std::pair<const char*, MemoryShare> names[] = {
      {"total", MemoryShare::total}, {"free", MemoryShare::free}, {"left", MemoryShare::left}};
};

/// How SGLang chooses its share when none is given. by_parallel_size: a table by tensor parallelism (0.4); by_capacity:
/// a reserve by the size of the memory (0.5.0 to 0.5.4); by_settings: a reserve of chunk, graphs and ranks (0.5.5 on).
enum class ShareDefault { fixed, by_parallel_size, by_capacity, by_settings };
template <>
struct EnumNames<ShareDefault> {
  static constexpr std::pair<const char*, ShareDefault> names[] = {{"fixed", ShareDefault::fixed},
                                                                   {"by_parallel_size", ShareDefault::by_parallel_size},
                                                                   {"by_capacity", ShareDefault::by_capacity},
                                                                   {"by_settings", ShareDefault::by_settings}};
};

/// What multiplies experts: it decides how their fp4 weights are padded and what a step sets aside for their rows.
enum class ExpertBackend { triton, triton_mxfp4, marlin, cutlass, deepgemm, flashinfer_cutlass, flashinfer_trtllm, rocm };
template <>
struct EnumNames<ExpertBackend> {
  static constexpr std::pair<const char*, ExpertBackend> names[] = {
      {"triton", ExpertBackend::triton},     {"triton_mxfp4", ExpertBackend::triton_mxfp4},
      {"marlin", ExpertBackend::marlin},     {"cutlass", ExpertBackend::cutlass},
      {"deepgemm", ExpertBackend::deepgemm}, {"flashinfer_cutlass", ExpertBackend::flashinfer_cutlass},
      {"rocm", ExpertBackend::rocm},         {"flashinfer_trtllm", ExpertBackend::flashinfer_trtllm}};
};
/// Multiples to which the hidden width and the width of an expert on a rank are padded in mxfp4.
struct ExpertPadding {
  int hidden = 1, width = 1;
};
ExpertPadding expert_padding(ExpertBackend backend);

/// What layers with a window keep of a long sequence. full: every token; window: the window alone; grouped: the window,
/// in blocks that all kinds of layers share (vLLM's hybrid cache); pool: a pool of their own, `sliding_pool_share` as
/// many tokens as the full layers' (SGLang).
enum class SlidingCache { full, window, grouped, pool };
template <>
struct EnumNames<SlidingCache> {
  static constexpr std::pair<const char*, SlidingCache> names[] = {{"full", SlidingCache::full},
                                                                   {"window", SlidingCache::window},
                                                                   {"grouped", SlidingCache::grouped},
                                                                   {"pool", SlidingCache::pool}};
};

/// Plain figures, without where they come from.
struct MemoryRules {
  MemoryShare share_of = MemoryShare::total;
  double gpu_memory_utilization = 0.9;               ///< unless the user says otherwise
  ShareDefault share_default = ShareDefault::fixed;  ///< where the default is no number
  bool profiled_step = true;                         ///< the largest step is run and charged before the cache
  double sampler_bytes = 8;                          ///< that it takes a logit: sequences x vocabulary of them
  int expert_chunk = 0;                              ///< tokens in one call of the experts; 0: all of the step
  std::map<std::string, ExpertBackend> experts;        ///< by architecture, "*": others; 8 and 16 bits, nvfp4
  std::map<std::string, ExpertBackend> mxfp4_experts;  ///< the same for mxfp4
  Bytes runtime = 2 * gigabyte;  ///< beside tensors: library handles, attention workspaces
  Bytes collectives;             ///< on more than one rank: channel buffers, the engine's own all-reduce
  int graph_batch = 512;         ///< largest batch that is captured
  int graph_modes = 1;           ///< graphs of one batch: whole steps, pieces for mixed ones
  Bytes graph;                   ///< of one captured graph
  bool graphs_charged = false;   ///< within the share; else they take from what it leaves free
  SlidingCache sliding_cache = SlidingCache::window;
  double sliding_pool_share = 0.8;  ///< pool: tokens of layers with a window over those of full ones
  double state_pool_share = 0;      ///< recurrent states over caches that grow, in bytes; 0: one pool for both
  bool capacity_by_requests = false;  ///< reported tokens = requests of the longest length x that length
  double tokens_in_flight = 1;        ///< budgets of tokens whose pages a request reserves
  // Limits on accelerators of little memory: vLLM's rule. Zero memory: everywhere the same.
  Bytes large_memory;                                     ///< from here on the engine's record holds
  std::vector<std::string> small_architectures;           ///< for which it never does
  int small_max_num_seqs = 256, small_max_num_batched_tokens = 2048;  ///< below it

  ExpertBackend backend(const std::string& architecture, bool mxfp4) const;
};

/// An engine's memory in versions from `since` up to and without `before`.
struct EngineMemory : Record, MemoryRules {
  std::string engine;         ///< as its record's
  std::string since, before;  ///< empty: no bound
  static const RecordTable<EngineMemory>& table();
};

}  // namespace stargate
