// Every engine with every format and mode, in the order of their names.
#include "stargate/sizing/serving_ways.hpp"

#include <algorithm>

namespace stargate {
namespace {

/// One token drafted by the layer that a model was trained with for it; "85 % to 90 %" of them are accepted
/// (DeepSeek-AI, "DeepSeek-V3 Technical Report", arXiv 2412.19437, section 5.4.3).
constexpr SpeculationSpec kOwnDrafts{1, 0.85};

}  // namespace

bool engine_runs_on(const std::string& engine, const std::string& vendor) {
  return engine != "trtllm" || vendor == "NVIDIA";
}

std::vector<std::string> engines_for(const Catalogue& catalogue, const std::string& vendor) {
  std::vector<std::string> names;
  for (const auto& [id, engine] : catalogue.engines) {
    if (engine_runs_on(engine.engine, vendor)) names.push_back(engine.engine);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Result<ServingWays> make_serving_ways(const Catalogue& catalogue, const Model& model, const System& system,
                                      const std::string& engine, const std::vector<ServingPrecision>& precisions,
                                      FleetMode mode, const std::string& version, const EngineChanges& changes) {
  const std::string& vendor = catalogue.accelerators.at(system.accelerator).vendor;
  std::vector<std::string> names = engines_for(catalogue, vendor);
  if (engine != "best") {
    const auto* record = find_engine(catalogue, engine);
    if (record != nullptr && !engine_runs_on(engine, vendor)) {
      return Diagnostic{"",
                        0,
                        0,
                        "engine",
                        record->name + " does not run on " + vendor + "'s accelerators",
                        "choose best, or another engine",
                        ""};
    }
    names = {engine};
  }
  ServingWays ways;
  for (const auto& name : names) {
    auto setup = set_up_engine(catalogue, name, version, changes, &catalogue.accelerators.at(system.accelerator));
    if (!setup) return setup.faults();
    auto machine = make_serving_machine(catalogue, system, kernel_choice(model, setup->kernels));
    if (!machine) return machine.faults();
    ways.machines.push_back(std::make_unique<ServingMachine>(std::move(*machine)));
    std::vector<EngineSetup> setups{*setup};
    if (model.mtp_layers > 0) setups.emplace_back(*setup).rules.speculation = kOwnDrafts;
    for (const auto& precision : precisions) {
      for (const bool apart : {false, true}) {
        if (mode == (apart ? FleetMode::aggregated : FleetMode::disaggregated)) continue;
        for (const auto& with : setups) ways.options.push_back({ways.machines.back().get(), precision, with, apart});
      }
    }
  }
  return ways;
}

/// Large enough that rounding to whole replicas does not decide, small enough to simulate.
int rated_accelerators(const System& system) {
  constexpr int kLeast = 64;
  const int domain = std::max(1, system.scale_up_domain);
  return domain >= kLeast ? std::min(domain, kWidestReplica) : kLeast;
}

}  // namespace stargate
