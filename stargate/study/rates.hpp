// What each machine does for each service, one number a pair: from here on performance is data. It is the number that
// `stargate serve size` and `stargate train search` give: the same functions are asked the same question.
//   serving    size_fleet on rated_accelerators of the system, the best of the engines, formats and modes allowed:
//              capacity / (1 + headroom) * output tokens a request / accelerators
//   training   search_layouts without limits: tokens a second of an accelerator * share of the time that trains
#pragma once

#include <array>
#include <functional>
#include <map>
#include <set>

#include "stargate/perf/law_origin.hpp"
#include "stargate/study/spec.hpp"
#include "stargate/training/job.hpp"

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
  LawShares shares{};                           ///< of its steps' time; none where it cannot
  /// Training: tp, pp, vpp, dp, cp, ep, etp and micro-batch of the layout; serving: tp, pp, attention dp and ep of the
  /// replicas, then of those that prefill. Zeros where there is none.
  std::array<int, 8> sizes{};
  double power_share = 1;  ///< of the machine's full power, on average while it does this
  bool ranged = false;     ///< some way of it rests on laws typical of measured devices: confidence may change it
};

/// Services outer, systems inner, in the study's order.
using MachineRates = std::vector<MachineRate>;

/// All pairs at each confidence, and at mid, side by side on the cores there are. Where mid says that no law has a
/// range, the ends are the same; else they are of the engine, mode and format that do best at mid, high of its layout
/// too. `progress` is told when one is done, from any thread, one at a time.
Result<std::map<Confidence, MachineRates>> rate_machines(const Catalogue& catalogue, const StudySpec& study,
                                                         const std::set<Confidence>& wanted, const RateCache& cache,
                                                         const std::function<void(const std::string&)>& progress);

/// At the catalogue's confidence. Both take seconds to minutes and are pure: the same question gives the same rate to
/// the last digit. `like`: only in its engine, mode and format, or with its sizes, where it has them.
Result<MachineRate> rate_serving(const Catalogue& catalogue, const StudyServiceSpec& service, const System& system,
                                 const MachineRate& like = {});
Result<MachineRate> rate_training(const Catalogue& catalogue, const StudyServiceSpec& service, const System& system,
                                  const MachineRate& like = {});

/// The question that sizing is asked about a serving service.
FleetQuestion rated_question(const Catalogue& catalogue, const StudyServiceSpec& service, const System& system);

/// The job that the search over layouts is asked about.
Result<TrainingJob> rated_job(const Catalogue& catalogue, const StudyServiceSpec& service, const System& system);

}  // namespace stargate
