// The networks' times count where their own law comes from.
#include "stargate/perf/law_shares.hpp"

#include <algorithm>

namespace stargate {
namespace {

constexpr double kLonger = 0.01;

}  // namespace

LawShares law_shares(const DeviceLaw& law, const Fabric& fabric,
                     const std::function<Duration(const DeviceLaw&, const Fabric&)>& time) {
  LawShares out;
  const Duration whole = time(law, fabric);
  if (!(whole > Duration{})) return out;
  const auto growth = [&](Duration longer) { return std::max(0.0, (longer / whole - 1) / kLonger); };
  for (std::size_t i = 0; i < kLawOriginCount; ++i) {
    const auto origin = static_cast<LawOrigin>(i);
    DeviceLaw longer = law;
    longer.stretch(origin, 1 + kLonger);
    out[origin] += growth(time(longer, fabric));
  }
  Fabric longer = fabric;
  longer.stretch = 1 + kLonger;
  out[fabric.origin] += growth(time(law, longer));
  return out;
}

}  // namespace stargate
