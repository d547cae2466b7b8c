// How many accelerators a service needs: every layout is tried, its best batch under the latency targets found, and the
// one that needs the fewest accelerators kept.
//   replicas = ceil(requests a second / (headroom * requests a second of a replica)), accelerators = replicas * layout
#pragma once

#include <cstdint>

#include "stargate/serving/replica_engine.hpp"
#include "stargate/serving/steady_state.hpp"

namespace stargate {

/// Accelerators.
inline constexpr int kWidestReplica = 128;
/// Layouts to try. Powers of two; a tensor group stays inside a scale-up domain.
struct LayoutSearch {
  int max_accelerators = 0;  ///< of one replica; 0: a scale-up domain, 64 at least and 128 at most
  int max_pp = 8;            ///< pipeline stages
  bool attention_dp = true;  ///< of models with experts
};

struct ServingQuestion {
  ServingWorkload workload;    ///< mean tokens and share found in a cache
  LatencyTarget target;        ///< means
  ServingPrecision precision;  ///< of weights and cache
  EngineSetup engine;          ///< its limits and overheads
  LayoutSearch search;         ///< which layouts are tried
};

/// Layouts that lost, by cause.
struct LayoutLosses {
  /// Layouts that fell out, each counted once.
  int memory = 0, latency = 0, topology = 0, costlier = 0;
};

/// What more of would help most.
enum class ServingLimit { memory_capacity, memory_bandwidth, compute, network, engine, tpot_target, ttft_target };
/// As answers print it: "memory bandwidth".
const char* binding_limit_name(ServingLimit limit);

/// The best a kind of machine does, a replica at a time.
struct ServingChoice {
  ServingLayout layout;
  SteadyState steady;                                       ///< at the largest load that meets the targets
  ReplicaMemory memory;                                     ///< of its fullest accelerator
  TokenRate output_per_accelerator, input_per_accelerator;  ///< tokens a second, answers; prompts
  TokenRate output_per_user;                                ///< 1 / TPOT
  Frequency requests_per_accelerator;                       ///< what layouts are ranked by
  ServingLimit binding = ServingLimit::memory_bandwidth;    ///< at that load
  LayoutLosses losses;                                      ///< of all the other layouts
};

/// No layout serves it: the nearest there is.
struct ServingShortfall {
  std::optional<Bytes> missing;                   ///< of one accelerator, in the layout nearest to fitting
  std::optional<Duration> best_ttft, best_tpot;   ///< the lowest over layouts, when some fit
  bool misses_ttft = false, misses_tpot = false;  ///< even the lowest over layouts does
  LayoutLosses losses;
  std::string sentence;  ///< for people
};

/// Output tokens a second of an accelerator under the targets, at its highest: what a plan needs to know of a kind of
/// machine. Faults: of the workload only.
Result<std::variant<ServingChoice, ServingShortfall>> best_throughput_per_accelerator(const Model& model,
                                                                                      const ServingMachine& machine,
                                                                                      const ServingQuestion& question);

/// Every layout that meets the targets with its best batch, the highest rate an accelerator first, and why others do
/// not.
struct RankedLayouts {
  std::vector<ServingChoice> choices;  ///< highest rate an accelerator first
  ServingShortfall shortfall;
};
/// Some hundred layouts, each with a search over its batch: a fraction of a second.
RankedLayouts rank_layouts(const Model& model, const ServingMachine& machine, const ServingQuestion& question);
/// Writes the sentence that names what no layout reached. Also sets which targets are missed. For a shortfall without
/// any layout that serves.
void explain_shortfall(ServingShortfall& shortfall, const LatencyTarget& target);

struct Traffic {
  Frequency requests;     ///< a second, the mean
  double headroom = 0.8;  ///< share of a replica's best rate that is planned for; the rest takes bursts
};

/// Accelerators are replicas times the layout; `systems` rounds up to whole ones.
struct SizedService {
  ServingChoice choice;
  std::int64_t replicas = 0, accelerators = 0, systems = 0;  ///< bought whole
  Money price;                                               ///< of the systems, zero when no price is known
  SteadyState at_load;                                       ///< of a replica under its share of the traffic
  TokenRate output_per_accelerator;                          ///< at that load
  std::string sentence;                                      ///< "40 accelerators = 5 replicas x TP 8"
};
/// By the estimate alone, without simulation; systems are bought whole.
Result<std::variant<SizedService, ServingShortfall>> size_service(const Model& model, const ServingMachine& machine,
                                                                  const ServingQuestion& question,
                                                                  const Traffic& traffic);
/// Every layout the search tries, in order of tp, pp, attention_dp, ep; also those topology forbids.
std::vector<ServingLayout> candidate_layouts(const Model& model, const ServingMachine& machine,
                                             const LayoutSearch& search);

}  // namespace stargate
