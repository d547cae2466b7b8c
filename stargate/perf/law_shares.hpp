// Which share of a time rests on laws of which origin: those of one origin are made to take a hundredth longer, and by
// as many hundredths of itself as the whole grows, it rests on them. What other work hides counts for nothing, as
// making it better would change nothing. A time proportional to those of its parts is their sum (Euler).
#pragma once

#include <functional>

#include "stargate/perf/device_law.hpp"
#include "stargate/perf/fabric.hpp"

namespace stargate {

/// `time`: of the same work on whatever device and networks it is given. Asked six times.
LawShares law_shares(const DeviceLaw& law, const Fabric& fabric,
                     const std::function<Duration(const DeviceLaw&, const Fabric&)>& time);

}  // namespace stargate
