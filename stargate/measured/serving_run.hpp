// What a row of measured serving figures ran: the model, machine, layout and engine as the catalogue knows them, and
// how load was put on. What a row leaves out is filled by these rules:
//   weights      missing: as the model's files store them; fp4 and fp8 are of all large matrices, but for models
//                published with experts in 4 bits (gpt-oss), which stay as they are
//   cache        missing: 8 bits where weights have 8 bits or fewer and the chip multiplies fp8, but 16 with the
//                authors' own files, which have no scales for it, unless recipes ask for 8: TensorRT-LLM's do,
//                vLLM's on chips that multiply fp4
//   tp, pp, dp   missing: 1, and the accelerators that are left are replicas; ep missing: experts split as the rest is,
//                unless attention_dp is set: then each rank attends to its own and has whole experts
//   lengths      fixed, unless shortest_length is below 1
//   sides        prefill_workers: replicas that prefill beside those that decode, each side with its own layout; the
//                cache goes over the scale-out link
//   engine       not known: the usual one (vLLM) of that time, reported apart
//   load         request_rate inf and no concurrency: everything is queued at once, the batch as large as memory and
//                engine let it; with a concurrency: as many clients, each sending when it was answered; a rate:
//                Poisson; no rate: one batch, prefilled and decoded together
//   token budget the engine's, unless max_num_batched_tokens says otherwise
//   TTFT, TPOT   means where the percentile is missing; percentiles known are p50, p90, p95 and p99
#pragma once

#include <memory>
#include <optional>
#include <variant>

#include "stargate/measured/names.hpp"
#include "stargate/measured/serving_row.hpp"
#include "stargate/serving/steady_state.hpp"

namespace stargate {

/// How requests come: all at once, from clients that wait, at random, or as one batch without an engine's scheduler.
enum class LoadKind { queued, clients, poisson, one_batch };

/// Lengths of requests: uniform between `shortest` and 1 of the nominal.
struct LengthSpread {
  double isl = 1024, osl = 1024;  ///< nominal tokens
  double shortest = 1;            ///< share of the nominal length
  double mean(double nominal) const { return nominal * (1 + shortest) / 2; }
};

/// Replicas that only prefill, beside those that decode.
struct PrefillSide {
  Replica replica;
  int replicas = 1;  ///< of equal machines
};

struct MeasuredService {
  std::string engine;                     ///< "vllm"
  const ServingEngine* record = nullptr;  ///< of the catalogue
  Replica replica;
  std::shared_ptr<const ServingMachine> machine;  ///< what the replica points to
  int replicas = 1;                               ///< disaggregated: that decode
  std::optional<PrefillSide> prefill;             ///< disaggregated
  LoadKind load = LoadKind::clients;              ///< how requests come
  /// Requests at once; requests a second.
  double concurrency = 0, rate = 0;  ///< of one replica
  LengthSpread lengths;              ///< of prompts and answers
  Duration transfer;                 ///< of the cache between a prefill and a decode replica, where the row states it
  std::string accelerator;
  bool typical = false;  ///< the catalogue has no coefficients of the row's engine: those of the usual one of that time
  /// The same for rows that ran the same.
  std::string configuration;
};

struct SkippedServing {
  std::string reason;  ///< why a row cannot be predicted
};

/// Makes services of rows; keeps the machines it has made. The catalogue outlives it and the services.
class ServiceMaker {
 public:
  explicit ServiceMaker(const Catalogue& catalogue) : catalogue_(catalogue) {}
  /// The reason is the first thing that is missing or not understood. Not thread-safe: it keeps machines.
  std::variant<MeasuredService, SkippedServing> make(const MeasuredServing& row);

 private:
  /// Made once for each pair.
  std::shared_ptr<const ServingMachine> machine(const Accelerator& accelerator, const KernelChoice& kernels);

  const Catalogue& catalogue_;
  std::map<std::string, std::shared_ptr<const ServingMachine>> machines_;  ///< by accelerator and kernels
};

}  // namespace stargate
