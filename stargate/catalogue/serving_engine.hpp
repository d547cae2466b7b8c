// What a serving engine adds to the operators and collectives of a step, and the limits it is run with: one record for
// each engine and range of versions (catalogue/engines/), for all models, sources and accelerators.
// `stargate calibrate --serving` fits those coefficients whose source is the fit.
//   step          = kernels + step_overhead + sequence_overhead * sequences
//   kernels       = sum over operators of launch_share * launch + work; element-wise traffic times unfused_traffic
//   TTFT          = request_overhead + token_overhead * prompt + waiting + prefill steps
//                   + stream_overhead * sequences decoding [+ warm_up]
#pragma once

#include <memory>
#include <optional>

#include "stargate/base/quarter.hpp"
#include "stargate/catalogue/coefficient_handle.hpp"
#include "stargate/catalogue/engine_memory.hpp"
#include "stargate/catalogue/source.hpp"

namespace stargate {

/// The limits are vLLM's (V1) defaults on accelerators of 70 GiB and more. Limits an engine is started with and
/// coefficients of its steps, together, since a question may change any of them.
struct EngineCoefficients {
  std::shared_ptr<const EngineMemory> memory;    ///< rules of its version; null: MemoryRules as they are by default
  std::optional<double> gpu_memory_utilization;  ///< as a question gives it; empty: as the rules have it
  int max_num_seqs = 1024;              ///< sequences in one batch
  int max_num_batched_tokens = 8192;    ///< tokens in one step
  bool prefill_first = false;           ///< whole prefills stop the decodes, instead of chunks among them
  bool reserve_output = false;          ///< a request is let in when its whole output has room, and never preempted
  bool captured_graphs = true;          ///< kernels are launched by a graph, not one by one beside those that run
  /// Inputs of products in 8 and in 4 bits are cast by a kernel of their own, not at the end of the one before.
  bool fp8_cast_kernel = true, fp4_cast_kernel = false;
  int attention_dp_wait = 0;            ///< steps a prompt waits for one on each attention group
  /// Decode steps from one look at new requests to the next, and the same once `busy_batch` sequences decode; on these
  /// architectures, every step on others.
  int receive_interval = 1, busy_receive_interval = 1, busy_batch = 1;
  std::vector<std::string> receive_architectures;
  // fitted
  Duration step_overhead = 500 * microsecond;    ///< scheduling and sampling that no kernel hides, a step
  Duration sequence_overhead = 4 * microsecond;  ///< inputs prepared and a token handed out, a sequence
  double launch_share = 0.6;                     ///< of a lone kernel's launch that is left in a captured graph
  Duration request_overhead;                     ///< front end: from the client to the scheduler and back, a request
  Duration token_overhead;                       ///< of its one thread, a token of a prompt: tokenising, copying
  Duration stream_overhead;                      ///< by which answers lag behind the engine, a sequence decoding
  Duration warm_up;                              ///< by which a fresh server keeps the first prompts of a run waiting
  double unfused_traffic = 1;                    ///< element-wise traffic over that of kernels that fuse all they can
  double expert_skew = 0.8;                      ///< of experts' popularity in real text (perf/moe_law.hpp)

  const MemoryRules& memory_rules() const;
};

/// An engine in versions from `since` up to and without `before`.
struct ServingEngine : Record, EngineCoefficients {
  std::string engine;               ///< whose kernels and collectives are meant: "vllm", "sglang", "trtllm"
  std::string since, before;        ///< empty: no bound
  std::optional<Quarter> released;  ///< of the first version
  static const RecordTable<ServingEngine>& table();
};

/// "0.16.0" against "1.2.0rc2": numbers compared one by one; what a letter begins comes before the plain version.
int compare_versions(const std::string& a, const std::string& b);

/// What a fit may move.
const std::vector<CoefficientHandle<EngineCoefficients>>& engine_coefficient_handles();

}  // namespace stargate
