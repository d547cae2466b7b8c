// Each kind that laws, engines and searches read has its line in both functions.
#include "stargate/study/rate_basis.hpp"

#include <algorithm>

#include "stargate/perf/dominance.hpp"
#include "stargate/perf/law_choice.hpp"
#include "stargate/sizing/serving_ways.hpp"

namespace stargate {
namespace {

/// The record as it is, and as it was before the changes.
template <class R>
void copy_record(Records<R> Catalogue::*kind, Records<R> ListedRecords::*listed, const std::string& id,
                 const Catalogue& from, Catalogue& to) {
  (to.*kind).emplace(id, (from.*kind).at(id));
  if (const auto before = (from.listed.*listed).find(id); before != (from.listed.*listed).end()) {
    (to.listed.*listed).insert(*before);
  }
}

void take(const RecordName& name, const Catalogue& from, Catalogue& to) {
  const auto& [kind, id] = name;
  if (kind == "accelerator") copy_record(&Catalogue::accelerators, &ListedRecords::accelerators, id, from, to);
  if (kind == "system") copy_record(&Catalogue::systems, &ListedRecords::systems, id, from, to);
  if (kind == "memory") copy_record(&Catalogue::memories, &ListedRecords::memories, id, from, to);
  if (kind == "network") copy_record(&Catalogue::networks, &ListedRecords::networks, id, from, to);
  if (kind == "architecture") to.architectures.emplace(id, from.architectures.at(id));
  if (kind == "training") to.training.emplace(id, from.training.at(id));
  if (kind == "engine") to.engines.emplace(id, from.engines.at(id));
  if (kind == "model") to.models.emplace(id, from.models.at(id));
  if (kind == "calibration") to.calibrations.emplace(id, from.calibrations.at(id));
}

RecordName split(const std::string& name) {
  const auto colon = name.find(':');
  return {name.substr(0, colon), name.substr(colon + 1)};
}

}  // namespace

RateBasis rate_basis(const Catalogue& catalogue, const StudyServiceSpec& service, const System& system) {
  const Accelerator& accelerator = catalogue.accelerators.at(system.accelerator);
  RateBasis basis;
  const auto add = [&](const char* kind, const auto& records, const std::string& id) {
    if (records.contains(id)) basis.records.push_back(std::string(kind) + ":" + id);
  };
  add("accelerator", catalogue.accelerators, accelerator.id);
  add("architecture", catalogue.architectures, accelerator.architecture);
  add("memory", catalogue.memories, accelerator.memory);
  add("network", catalogue.networks, accelerator.scale_up);
  for (const auto& [id, other] : catalogue.systems) {
    if (other.accelerator != accelerator.id) continue;
    add("system", catalogue.systems, id);
    add("network", catalogue.networks, other.scale_up), add("network", catalogue.networks, other.scale_out);
  }
  add("model", catalogue.models, service.model);
  if (service.kind == ServiceKind::training) {
    for (const auto& [id, record] : catalogue.training) add("training", catalogue.training, id);
  } else {
    const auto names = engines_for(catalogue, accelerator.vendor);
    const bool named = find_engine(catalogue, service.engine) != nullptr;
    for (const auto& [id, engine] : catalogue.engines) {
      const bool runs = std::find(names.begin(), names.end(), engine.engine) != names.end();
      if (named ? engine.engine == service.engine : runs) add("engine", catalogue.engines, id);
    }
  }
  for (const auto& [id, calibration] : catalogue.calibrations) {
    const Accelerator* device = find_listed(catalogue, calibration.device);
    const bool of_networks = calibration.law == "collective";
    if (device == nullptr || (of_networks && device->vendor != accelerator.vendor)) continue;
    add("calibration", catalogue.calibrations, id);
  }
  for (const auto& [id, other] : catalogue.accelerators) basis.lenders.push_back("accelerator:" + id);
  for (const Accelerator* other : no_better_devices(catalogue, accelerator)) {
    add("architecture", catalogue.architectures, other->architecture);
  }
  for (auto* names : {&basis.records, &basis.lenders}) {
    std::sort(names->begin(), names->end());
    names->erase(std::unique(names->begin(), names->end()), names->end());
  }
  for (const auto& [id, architecture] : catalogue.architectures) {
    if (std::binary_search(basis.records.begin(), basis.records.end(), "architecture:" + id)) continue;
    basis.kinships.push_back({id, architecture.family, architecture.from_whole_runs});
  }
  return basis;
}

Catalogue catalogue_part(const Catalogue& catalogue, const RateBasis& basis) {
  Catalogue part;
  part.confidence = catalogue.confidence;
  for (const auto& name : basis.records) take(split(name), catalogue, part);
  for (const auto& name : basis.lenders) {
    const std::string id = split(name).id;
    part.accelerators.emplace(id, *find_listed(catalogue, id));  // not where the device is its own lender
  }
  for (const auto& kinship : basis.kinships) {
    Architecture other;
    other.id = kinship.architecture, other.family = kinship.family, other.from_whole_runs = kinship.from_whole_runs;
    part.architectures.emplace(kinship.architecture, std::move(other));
  }
  return part;
}

}  // namespace stargate
