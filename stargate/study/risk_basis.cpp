// Both follow from records and rates.
#include "stargate/study/risk_basis.hpp"

#include <algorithm>

namespace stargate {

RiskBasis risk_basis(const PreparedStudy& prepared) {
  RiskBasis out;
  out.programme = prepared.programme;
  for (const auto& choice : prepared.study.systems) {
    const System& system = prepared.catalogue.systems.at(choice.system);
    const Accelerator& accelerator = prepared.catalogue.accelerators.at(system.accelerator);
    const auto& price = prepared.catalogue.memories.at(accelerator.memory).price;
    if (!price || !(system.price.mid > Money{})) continue;
    const Money memory = static_cast<double>(system.accelerators) * (accelerator.memory_capacity * price->mid);
    out.memory_share[choice.system] = std::min(1.0, memory / system.price.mid);
  }
  if (prepared.ends.empty()) return out;
  const MachineRates& low = prepared.ends.at(Confidence::low);
  const MachineRates& high = prepared.ends.at(Confidence::high);
  for (std::size_t i = 0; i < prepared.rates.size(); ++i) {
    const MachineRate& mid = prepared.rates[i];
    if (!mid.ranged || !(mid.per_accelerator.base() > 0)) continue;
    out.ranges.push_back({mid.service, mid.system, low[i].per_accelerator / mid.per_accelerator,
                          high[i].per_accelerator / mid.per_accelerator});
  }
  return out;
}

std::vector<std::string> unmeasured_systems(const PreparedStudy& prepared) {
  std::vector<std::string> out;
  for (const auto& choice : prepared.study.systems) {
    const bool ranged = std::any_of(prepared.rates.begin(), prepared.rates.end(), [&](const MachineRate& rate) {
      return rate.ranged && rate.system == choice.system;
    });
    if (ranged) out.push_back(choice.system);
  }
  return out;
}

}  // namespace stargate
