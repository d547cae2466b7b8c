// The ways in which a system can serve a model: engines, formats of weights and cache, replicas whole or apart; and how
// many of its accelerators a machine is rated by.
#pragma once

#include <memory>

#include "stargate/sizing/size_fleet.hpp"

namespace stargate {

/// Replicas that do whole requests, that prefill or decode, or whichever is better.
enum class FleetMode { aggregated, disaggregated, best };
template <>
struct EnumNames<FleetMode> {
  static constexpr std::pair<const char*, FleetMode> names[] = {
      {"aggregated", FleetMode::aggregated}, {"disaggregated", FleetMode::disaggregated}, {"best", FleetMode::best}};
};

struct ServingWays {
  std::vector<std::unique_ptr<ServingMachine>> machines;  ///< one for each engine: its kernels are its own
  std::vector<FleetOption> options;
};

/// TensorRT-LLM is NVIDIA's; the others run on every vendor's accelerators.
bool engine_runs_on(const std::string& engine, const std::string& vendor);

/// The engines of the catalogue that run on the vendor's accelerators, each in its newest version. Names as kernels
/// have them ("vllm", "sglang", "trtllm"), sorted.
std::vector<std::string> engines_for(const Catalogue& catalogue, const std::string& vendor);

/// `engine`: a name, or "best": all of engines_for; each without drafts and, where the model was trained to draft
/// (MTP), with them. `version` of the engine (empty: the newest) and `changes` hold for all. Faults: an
/// engine the catalogue does not have or that does not run there. The options point into
/// the machines, which they must not outlive.
Result<ServingWays> make_serving_ways(const Catalogue& catalogue, const Model& model, const System& system,
                                      const std::string& engine, const std::vector<ServingPrecision>& precisions,
                                      FleetMode mode, const std::string& version = {},
                                      const EngineChanges& changes = {});

/// Accelerators whose steady state stands for all that are bought of the system: a scale-up domain, as many systems as
/// make 64 where it is smaller, and 128 of a larger one.
int rated_accelerators(const System& system);

}  // namespace stargate
