// How far a plan hangs on devices nobody measured: what share of its accelerators' work rests on laws of which origin,
// and how the build changes between the low and the high end of their range.
#pragma once

#include "stargate/questions/confidence.hpp"
#include "stargate/study/run.hpp"

namespace stargate {

/// Each machine's shares at each service, weighed by the accelerators given to it over all quarters.
LawShares plan_law_shares(const MachineRates& rates, const Plan& plan);

/// Lines below the headline: the shares, and a table of the build at low, mid and high where that was asked for.
std::string format_plan_ground(const StudyReport& report, const Plan& plan);
/// Members "confidence", "law_shares", "range".
void write_plan_ground(JsonWriter& json, const StudyReport& report, const Plan& plan);
const AnswerFields& plan_ground_fields();

}  // namespace stargate
