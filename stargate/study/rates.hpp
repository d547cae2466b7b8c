// What each machine does for each service, one number a pair: from here on performance is data.
#pragma once

#include <functional>

#include "stargate/perf/law_choice.hpp"
#include "stargate/study/spec.hpp"

namespace stargate {

struct MachineRate {
  std::string service, system, accelerator;
  TokenRate per_accelerator;                    ///< tokens trained on or put out, while it works; zero when it cannot
  std::string layout;                           ///< "TP 8, 96 sequences", or why it cannot
  std::string limit;                            ///< what holds it back
  LawOrigin origin = LawOrigin::specification;  ///< the worst the times rest on
  std::string law;                              ///< by law, with the error to expect: "gemm fitted (4 %)"
};

/// Serving: the most output tokens under the latency targets. Training: of the fastest layout on the job's
/// accelerators, times the share of time that trains. `progress` is told each pair before it is rated.
Result<std::vector<MachineRate>> rate_machines(const Catalogue& catalogue, const StudySpec& study,
                                               const std::function<void(const std::string&)>& progress);

Result<MachineRate> rate_serving(const Catalogue& catalogue, const StudyServiceSpec& service, const System& system);
Result<MachineRate> rate_training(const Catalogue& catalogue, const StudyServiceSpec& service, const System& system);

}  // namespace stargate
