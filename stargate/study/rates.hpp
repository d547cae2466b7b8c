// What each machine does for each service, one number a pair: from here on performance is data. It is the number that
// `stargate serve size` and `stargate train search` give: the same functions are asked the same question.
//   serving    size_fleet on rated_accelerators of the system, the best of the engines, formats and modes allowed:
//              capacity / (1 + headroom) * output tokens a request / accelerators
//   training   search_layouts without limits: tokens a second of an accelerator * share of the time that trains
#pragma once

#include <functional>

#include "stargate/perf/law_choice.hpp"
#include "stargate/study/spec.hpp"

namespace stargate {

class RateCache;

/// A machine that cannot serve has a rate of zero and says why in `layout`.
struct MachineRate {
  std::string service, system, accelerator;     ///< ids
  TokenRate per_accelerator{};                  ///< tokens trained on or put out, while it works; zero when it cannot
  std::string layout{};                         ///< "9 x TP 8", or why it cannot
  std::string engine{}, mode{}, precision{};    ///< serving: what it is that does best
  std::int64_t accelerators = 0;                ///< that were rated together
  std::string limit{};                          ///< what holds it back
  LawOrigin origin = LawOrigin::specification;  ///< the worst the times rest on
  std::string law{};                            ///< by law, with the error to expect: "gemm fitted (4 %)"
};

/// All pairs, side by side on the cores there are. `progress` is told when one is done, from any thread, one at a time.
/// Services outer, systems inner, in the study's order, whatever the threads did.
Result<std::vector<MachineRate>> rate_machines(const Catalogue& catalogue, const StudySpec& study,
                                               const RateCache& cache,
                                               const std::function<void(const std::string&)>& progress);

/// Both take seconds to minutes and are pure: the same question gives the same rate to the last digit.
Result<MachineRate> rate_serving(const Catalogue& catalogue, const StudyServiceSpec& service, const System& system);
Result<MachineRate> rate_training(const Catalogue& catalogue, const StudyServiceSpec& service, const System& system);

/// The question that sizing is asked about a serving service.
FleetQuestion rated_question(const Catalogue& catalogue, const StudyServiceSpec& service, const System& system);

}  // namespace stargate
