// What the steps of a replica rest on: shares of their time by the origin of the laws (perf/law_shares.hpp).
#pragma once

#include <functional>

#include "stargate/perf/law_shares.hpp"
#include "stargate/serving/steady_state.hpp"

namespace stargate {

/// Of any time that follows from the replica's steps.
LawShares step_law_shares(const Replica& replica, const std::function<Duration(const StepModel&)>& time);
/// Of the mean step with `decoding` sequences, the prompts that replace them included.
LawShares steady_law_shares(const Replica& replica, const ServingWorkload& workload, double decoding);

/// Whether its steps rest on laws typical of measured devices at all: then Catalogue::confidence changes them. Of one
/// accelerator that decodes few and many sequences, and prefills; whether the model fits does not matter.
bool rests_on_typical_laws(const Replica& replica);

}  // namespace stargate
