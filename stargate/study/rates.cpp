// Every service on every system of the study.
#include "stargate/study/rates.hpp"

namespace stargate {

Result<std::vector<MachineRate>> rate_machines(const Catalogue& catalogue, const StudySpec& study,
                                               const std::function<void(const std::string&)>& progress) {
  std::vector<MachineRate> rates;
  Diagnostics faults;
  for (const auto& service : study.services) {
    for (const auto& choice : study.systems) {
      progress(service.service + " on " + choice.system);
      const System& system = catalogue.systems.at(choice.system);
      auto rate = service.kind == ServiceKind::serving ? rate_serving(catalogue, service, system)
                                                       : rate_training(catalogue, service, system);
      if (rate) {
        rates.push_back(std::move(*rate));
      } else {
        faults.insert(faults.end(), rate.faults().begin(), rate.faults().end());
      }
    }
  }
  if (!faults.empty()) return faults;
  return rates;
}

}  // namespace stargate
