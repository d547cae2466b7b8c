// `stargate serve size`: for every system the cheapest deployment that meets the latency targets of a traffic, with
// whole replicas and disaggregated, tried by simulation.
#pragma once

#include "stargate/app/session.hpp"

namespace CLI {
class App;
}

namespace stargate {

/// Latencies as text: "300", "300 ms", "1.5 s".
struct SizeTargetFlags {
  std::string ttft_p99, tpot_p99, ttft, tpot;  ///< the last two of the mean
};

struct SizeTrafficFlags {
  std::string trace;  ///< a file; empty: random arrivals of the lengths given
  double rate = 0, cv = 1;
  std::string isl = "1024", osl = "256";
  std::int32_t prefix = 0;  ///< tokens of the input that all requests share
  std::int64_t requests = 100'000;  ///< of the longest trial
  std::uint64_t seed = 1;
};

struct SizeFlags {
  std::string model;
  std::vector<std::string> systems;
  SizeTargetFlags targets;
  SizeTrafficFlags traffic;
  int accelerators = 0;
  double headroom = 0;
  std::string mode = "both";
  std::string engine = "vllm";
  std::string precision, kv_dtype, price;
  bool pareto = false, json = false;
  ChangeFlags changes;
};

void serve_size(Session& session, const SizeFlags& flags);
/// Under `serve`.
void add_serve_size(CLI::App& serve, Session& session);

}  // namespace stargate
