// `stargate serve simulate`: equal replicas under a trace or a made-up traffic, simulated request by request.
#pragma once

#include <optional>

#include "stargate/app/session.hpp"

namespace CLI {
class App;
}

namespace stargate {

struct ReplicaFlags {
  std::string model, system;
  int tp = 1, pp = 1, ep = 1, attention_dp = 1;
  int replicas = 1;
  std::string precision, kv_dtype;
};

/// Empty and zero: as the engine has it.
struct EngineFlags {
  std::string engine = "vllm", version;
  int max_num_seqs = 0, max_num_batched_tokens = 0, block_size = 0, long_prefill_token_threshold = 0;
  double gpu_memory_utilization = 0;
  std::string prefix_caching, chunked_prefill;  ///< "on", "off"
  std::string policy = "fcfs", admission, preemption = "recompute";
  bool mixed_chunks = false, walk_every_step = false;
  int draft_tokens = 0;
  double acceptance_rate = 0.7;
};

/// Another pool that prefills; its layout when it differs.
struct DisaggregationFlags {
  int replicas = 0;
  int tp = 0;
};

struct TrafficFlags {
  std::string trace = "poisson";  ///< a file, or "poisson"
  double rate = 0, cv = 1;
  std::string isl = "1024", osl = "256";
  std::int64_t requests = 0, concurrency = 0;
  double duration_s = 0, from_s = 0;
  std::int32_t shared_prefix = 0;
  double turns = 1, think_s = 10;
  std::uint64_t seed = 1;
};

struct SimulateFlags {
  std::string study;  ///< a service's study; the other flags are then of no use
  ReplicaFlags replica;
  EngineFlags engine;
  DisaggregationFlags prefill;
  TrafficFlags traffic;
  std::string router = "least-loaded";  ///< as sizing has it
  std::string ttft, tpot, price;
  std::string trace_file, requests_csv;
  ChangeFlags changes;
  bool json = false;
};

void serve_simulate(Session& session, const SimulateFlags& flags);
/// Under `serve`.
void add_serve_simulate(CLI::App& serve, Session& session);

/// A flag such as "300 ms"; a bare number is milliseconds, as the field's tools have it. Empty when not given.
std::optional<Duration> read_latency(Session& session, const char* flag, const std::string& text);

}  // namespace stargate
