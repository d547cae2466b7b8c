// One copy of a model being served: which machine, how it is split, in which precision, with which engine; and what
// its accelerators have to hold.
//   KV room = usable - weights - activations - runtime, as the engine's version counts them (MemoryRules)
//   accelerators = tp * attention_dp * pp; experts: ep * etp = tp * attention_dp
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "stargate/catalogue/catalogue.hpp"
#include "stargate/engine/engine_spec.hpp"
#include "stargate/perf/device_law.hpp"
#include "stargate/perf/fabric.hpp"
#include "stargate/perf/layer_operators.hpp"
#include "stargate/perf/product_times.hpp"

namespace stargate {

/// A kind of machine as serving sees it. Owns its law and fabric, so that it can be kept without the catalogue it came
/// from.
struct ServingMachine {
  std::string system;         ///< id
  DeviceLaw law;              ///< with the kernels of the engine
  Fabric fabric;              ///< with its collectives
  Bytes memory;               ///< of one accelerator, as programs see it
  int accelerators = 8;       ///< in one system as it is bought
  Money price;                ///< of one system, most likely; zero when not known
  Power power;                ///< of one system at its plug
  ByteRate host_bandwidth{};  ///< of one accelerator to its host's memory; zero when not known
  std::string architecture{}; ///< of the accelerator: an engine chooses by it what multiplies experts

  /// By the law; products are found once, as layouts and batches of a search share most of them.
  OperatorTime operator_parts(const Operator& op) const {
    if (op.kind != OperatorKind::gemm || op.experts.tokens > 0) return law.operator_parts(op);
    return products.times->at(op, [&] { return law.operator_parts(op); });
  }

  /// A copy begins with none: its law may be changed before it is asked.
  struct Products {
    std::unique_ptr<ProductTimes<OperatorTime>> times = std::make_unique<ProductTimes<OperatorTime>>();
    Products() = default;
    Products(const Products&) : Products() {}
    Products(Products&&) = default;
    Products& operator=(const Products&) {
      times = std::make_unique<ProductTimes<OperatorTime>>();
      return *this;
    }
    Products& operator=(Products&&) = default;
    ~Products() = default;
  } products{};
};
/// With the kernels and the collectives of the choice's engine. Faults: a network that the catalogue lacks. `catalogue`
/// need not outlive it.
Result<ServingMachine> make_serving_machine(const Catalogue& catalogue, const System& system,
                                            const KernelChoice& kernels = {});
/// The kernels an engine ("vllm", "sglang", "trtllm") runs the model's weights with. By how the model's files store
/// weights: block-scaled fp8 and microscaled fp4 have kernels of their own. Microscaled: four bits with a scale for 32
/// elements.
KernelChoice kernel_choice(const Model& model, const std::string& engine = kUsualEngine);

/// How a replica is split. `attention_dp` groups of `tp` ranks each attend to their own sequences and share the
/// experts. Ranks are numbered tensor parallelism innermost, then attention groups, then stages.
struct ServingLayout {
  /// Ranks that split a layer, stages, groups with sequences of their own; accelerators are the product of the three.
  int tp = 1, pp = 1, attention_dp = 1;
  int ep = 1;  ///< expert groups; the other tp * attention_dp / ep ranks split each expert

  int ranks() const { return tp * attention_dp; }  ///< of a stage
  int accelerators() const { return ranks() * pp; }
  Shard shard() const { return {.tp = tp, .ep = ep, .etp = ranks() / ep}; }
  friend bool operator==(const ServingLayout&, const ServingLayout&) = default;
};
/// "TP 8", "TP 4 x PP 2", "TP 2 x DP 4, EP 8". What is 1 is left out.
std::string format_layout(const ServingLayout& layout);

/// `linear`: attention's projections and dense feed-forwards; `expert`: experts; `kv`: the cache.
struct ServingPrecision {
  Precision linear = Precision::bf16, expert = Precision::bf16, kv = Precision::bf16;
  friend bool operator==(const ServingPrecision&, const ServingPrecision&) = default;
};
/// As the model's files store it. The cache in the format the model's configuration asks for.
ServingPrecision stored_precision(const Model& model);
/// All large matrices in `weights` (embeddings and the output projection stay bf16), the cache in `kv`.
ServingPrecision serving_precision(Precision weights, Precision kv);

/// Model and machine outlive it. Light to copy: it points to its model and machine.
struct Replica {
  const Model* model = nullptr;             ///< not owned
  const ServingMachine* machine = nullptr;  ///< not owned
  ServingLayout layout;                     ///< free of layout_faults
  ServingPrecision precision;               ///< of weights and cache
  EngineCoefficients engine;                ///< limits, memory and overheads
  SpeculationSpec speculation{};            ///< drafts each decode verifies
};

/// What the layout breaks: heads that do not divide, more ranks than experts, more stages than layers. Empty when it
/// can be run: a tensor group wider than a scale-up domain, slow as it is, can.
std::vector<std::string> layout_faults(const Model& model, const ServingLayout& layout);

/// Of the accelerator that holds most: the stage with the largest weights and caches.
struct ReplicaMemory {
  Bytes capacity;     ///< of the accelerator, as programs see it
  double share = 0;   ///< gpu_memory_utilization, given or the engine's default
  Bytes usable;       ///< what the share leaves for all below and the cache
  Bytes weights;      ///< parameters with their padding
  Bytes padding;      ///< of them, zeros to which the engine widens experts
  Bytes activations;  ///< the largest step, where the engine profiles one
  Bytes runtime;      ///< handles, workspaces, collectives, and captured graphs where they are charged
  Bytes graphs;       ///< captured graphs, charged or not
  Bytes kv_room;      ///< negative when the rest does not fit
  Bytes used() const { return weights + activations + runtime; }
};
/// Does not ask whether it fits: kv_room says. By the rules of the engine's version.
ReplicaMemory replica_memory(const Replica& replica);

/// Cache of one sequence of `length` tokens on the rank that holds most of it: states of recurrent layers whole, and of
/// layers with a window what the engine keeps of them. `length` in tokens, prompt and answer so far together.
Bytes rank_sequence_bytes(const Replica& replica, double length);

/// The same with the windows kept so: of what must be moved, `SlidingCache::window`.
Bytes resident_sequence_bytes(const Replica& replica, double length, SlidingCache sliding);

/// One accelerator lacks `missing` bytes to hold the weights and one sequence.
struct DoesNotFit {
  Bytes missing;         ///< on the fullest accelerator, above 0
  ReplicaMemory memory;  ///< what it holds without any sequence
};
/// Sequences of isl input and osl output tokens the whole replica holds at once.
struct Fits {
  double sequences = 0;
  ReplicaMemory memory;  ///< where the room for them comes from
};
/// Sequences in flight are at all ages, so one takes the cache of isl + osl/2 tokens on average; the pool keeps two
/// standard deviations of the sum free (ages uniform and independent), and holds one whole sequence at least. isl and
/// osl in tokens.
std::variant<Fits, DoesNotFit> sequences_that_fit(const Replica& replica, double isl, double osl);

/// At the plug, of one replica: its share of the system. Idle accelerators draw what perf/power_law.hpp's idle_power
/// says of them, the rest of the machine the same as ever.
///   power = idle + (busy - idle) * (share of time in steps with prompts * prefill_share + in others * decode_share)
struct ReplicaPower {
  /// At the plug, of the whole replica.
  Power idle, busy;
  /// Of the range from idle to busy, what steps with prompts and steps that only decode draw. Until somebody asks about
  /// the steps (with_step_shares) a prompt draws the maximum and decoding some 0.6 of it (Patel et al., "Splitwise",
  /// ISCA 2024, on power of the two phases; the figure from memory, unverified).
  double prefill_share = 1, decode_share = 0.6;
  Power chip_idle{}, chip_busy{};  ///< of one accelerator, without its share of the machine

  Power prefilling() const { return idle + prefill_share * (busy - idle); }
  Power decoding() const { return idle + decode_share * (busy - idle); }
};
/// `accelerators`: of the replica, which may be a part of a system or several.
ReplicaPower replica_power(const Catalogue& catalogue, const System& system, int accelerators);

}  // namespace stargate
